"""A project's file of events, and of transitions, jobs, errors in logs, and when it was watched.

Texts that repeat, such as ids, are kept once and named by a number. Must not know who derives events, nor
threads, nor which data of participants may be kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec
from msgspec import structs

from tui.fleet.past import Event, FailedJob, JobCount, Since, Transition
from tui.fleet.since_by_id import OfAgent, SinceById
from tui.fleet.transitions import Alike, Transitions
from tui.history.files import database
from tui.history.files.alike_transitions import AlikeTransitions
from tui.history.files.event_limits import EventLimits, Trim, used
from tui.history.files.event_tables import ADDED, OUR_CLOCK, STATEMENTS
from tui.history.files.sample_files import UNFINISHED
from tui.history.records import ErrorCount, Run, WatchedTime

NAME: Final = "events.sqlite"
SCHEMA: Final = "1"
NAMES: Final = 50_000
"""Texts whose numbers are held: ids of jobs come and go for days."""
MANY: Final = 50
"""Agents with transitions that are alike from which on these are written together."""
MIGRATIONS: Final[dict[str, tuple[str, Sequence[str]]]] = {}
"""By an older schema, the one after it and what makes it that."""

_DIGITS: Final = 15
"""Digits of a number in an id that is kept as one."""


class EventFile:
    """The file, opened by its one writer."""

    def __init__(self, folder: Path) -> None:
        """Makes or migrates it. Raises `UnknownSchema`, `OSError` and `sqlite3.Error`."""
        path = folder / NAME
        database.remove(_unfinished(path))
        if path.exists():
            _migrate(path)
        else:
            _create(path)
        self._file = database.opened(path, SCHEMA)
        for statement in ADDED:
            self._file.execute(statement)
        self._alike = AlikeTransitions(self._file)
        self._names: dict[str, int] = {}
        """By text, its number, of as many as there is room for."""
        self._in_transaction = False

    def begin_run(self, run: Run) -> None:
        """Note a run of the program."""
        row = (run.id, run.unix, run.mono, run.host, run.version)
        self._do("INSERT OR REPLACE INTO run VALUES(?,?,?,?,?)", [row])

    def add_events(self, events: Iterable[Event]) -> None:
        """Keep events. One that is known by its id stays as it is."""
        self._do(f"INSERT OR IGNORE INTO event VALUES(NULL{',?' * 18})", map(self._event_row, events))

    def add_transitions(self, transitions: Transitions, since: SinceById) -> None:
        """Keep transitions, and `since` when their subjects have their status now."""
        pieces = ((alike, ids) for alike, all in transitions.parts for ids in database.in_parts(all))
        for are_many, group in groupby(pieces, lambda piece: len(piece[1]) >= MANY and piece[0].after != ""):
            if are_many:
                for alike, ids in group:
                    self._add_alike(alike, ids, since)
            else:
                for steps in database.in_parts(alike.of(id) for alike, ids in group for id in ids):
                    self._add_few(steps, since)

    def _add_alike(self, alike: Alike, agent_ids: Sequence[str], since: SinceById) -> None:
        """The same for agents, or deployments of them, whose transitions are alike."""
        self._begin()
        ids = [id + alike.rest for id in agent_ids]
        self._alike.name(ids)
        self._alike.add(alike, self._name(alike.before), self._name(alike.after))
        first = since.of(agent_ids[0])
        if (known := since.get(ids[0])) and all(since.of(id) is first for id in agent_ids):
            self._alike.keep_since(known)
        else:
            self.keep_since((id, since.get(id)) for id in ids)

    def _add_few(self, steps: Sequence[Transition], since: SinceById) -> None:
        self._do("INSERT OR REPLACE INTO transition VALUES(?,?,?,?,?)", map(self._transition_row, steps))
        self._mark_clock((step.id, step.at) for step in steps if step.is_clock_unknown)
        self.keep_since((step.id, since.get(step.id) if step.after else None) for step in steps)

    def keep_since(self, news: Iterable[tuple[str, Since | None]]) -> None:
        """Keep since when subjects have their status now; None for one that is gone."""
        for part in database.in_parts(news):
            now = dict(part)  # the last word on a subject counts
            gone = ((self._name(id),) for id, since in now.items() if since is None)
            self._do("DELETE FROM since WHERE subject = ?", gone)
            held = ((self._name(id), *structs.astuple(since)[:-1]) for id, since in now.items() if since)
            self._do("INSERT OR REPLACE INTO since VALUES(?,?,?,?,?,?)", held)
            marked = ((id, since) for id, since in now.items() if since and since.is_clock_unknown)
            self._mark_clock((id, since.not_after if since.at is None else since.at) for id, since in marked)

    def keep_all_since(self, since: SinceById) -> None:
        """Keep since when all subjects have their status now."""
        self._begin()
        few: list[tuple[OfAgent, Sequence[str]]] = []
        for held, agent_ids in since.alike():
            if len(agent_ids) < MANY:
                few.append((held, agent_ids))
                continue
            for part in database.in_parts(agent_ids):
                for rest, known in held.by_rest().items():
                    self._alike.name([id + rest for id in part])
                    self._alike.keep_since(known)
        self.keep_since(
            (id + rest, known) for held, ids in few for id in ids for rest, known in held.by_rest().items()
        )

    def _mark_clock(self, times: Iterable[tuple[str, float | None]]) -> None:
        """Keep which times of subjects are by this machine's clock."""
        rows = ((self._name(id), at) for id, at in times if at is not None)
        self._do(f"INSERT OR IGNORE INTO {OUR_CLOCK} VALUES(?,?)", rows)

    def add_failed_jobs(self, jobs: Iterable[FailedJob]) -> None:
        """Keep failed jobs; of one that is known, what is known now."""
        rows = ((job.job_id, job.at, msgspec.msgpack.encode(job)) for job in jobs)
        self._do("INSERT OR REPLACE INTO failed_job VALUES(?,?,?)", rows)

    def add_error_counts(self, counts: Iterable[ErrorCount]) -> None:
        """Add to counts of errors."""
        rows = ((self._name(item.agent_id), *structs.astuple(item)[1:]) for item in counts)
        self._do(
            "INSERT INTO error_count VALUES(?,?,?,?,?) ON CONFLICT DO UPDATE"
            " SET count = count + excluded.count, line = excluded.line",
            rows,
        )

    def add_job_counts(self, counts: Iterable[JobCount]) -> None:
        """Add to counts of jobs that succeeded."""
        rows = ((self._name(item.agent_name), item.minute, item.succeeded) for item in counts)
        self._do(
            "INSERT INTO job_count VALUES(?,?,?)"
            " ON CONFLICT DO UPDATE SET succeeded = succeeded + excluded.succeeded",
            rows,
        )

    def extend_watched(self, times: Iterable[WatchedTime]) -> None:
        """Keep when sources were watched; one that began at the same time has become longer."""
        rows = ((self._name(item.source), item.since, item.until, item.run, item.why) for item in times)
        self._do("INSERT OR REPLACE INTO watched VALUES(?,?,?,?,?)", rows)

    def commit(self) -> None:
        """Make what was added safe from a kill. Raises `sqlite3.Error`."""
        if self._in_transaction:
            self._file.execute("COMMIT")
        self._in_transaction = False

    def close(self) -> None:
        """Leave one file that opens from anywhere. Raises `sqlite3.Error`."""
        self.commit()
        database.close(self._file)

    def drop(self) -> None:
        """Close without keeping what was not committed, such as after an error."""
        self._file.close()

    def trim(self, limits: EventLimits, now: float) -> Iterator[None]:
        """Drop what is beyond the limits, a step at a time, between which more may be kept.

        `now` is Unix seconds by the server's clock. Raises `sqlite3.Error`.
        """
        self.commit()
        for _ in Trim(self._file, limits, now).steps():
            self._names.clear()  # some may be gone
            yield
            self.commit()

    def used(self) -> int:
        """Bytes in use."""
        return used(self._file)

    def _do(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        self._begin()
        for part in database.in_parts(rows):
            self._file.executemany(statement, part)

    def _begin(self) -> None:
        if not self._in_transaction:
            self._file.execute("BEGIN")
            self._in_transaction = True

    def _name(self, text: str) -> int:
        """The number of a text."""
        known = self._names.get(text)
        if known is None:
            if len(self._names) >= NAMES:
                self._names.clear()
            row = self._file.execute("SELECT id FROM name WHERE text = ?", (text,)).fetchone()
            if row is None:
                self._file.execute("INSERT INTO name(text) VALUES(?)", (text,))
                row = self._file.execute("SELECT last_insert_rowid()").fetchone()
            known = self._names[text] = int(row[0])
        return known

    def _transition_row(self, step: Transition) -> tuple[object, ...]:
        subject, before, after = map(self._name, (step.id, step.before, step.after))
        return subject, step.at, before, after, step.not_before

    def _event_row(self, event: Event) -> tuple[object, ...]:
        origin, number = _parted(event.id)
        subject = (self._name(text) for text in structs.astuple(event.subject))
        ids = [self._name(id) for id in event.ids]
        distances = [after - before for before, after in zip([0, *ids], ids, strict=False)]
        return (
            self._name(origin),
            number,
            event.at,
            self._name(event.kind),
            self._name(event.severity),
            event.text,
            event.detail,
            event.before,
            event.after,
            event.not_before,
            *subject,
            msgspec.msgpack.encode(distances) if ids else None,
            int(event.is_clock_unknown),
        )


def _parted(id: str) -> tuple[str, int]:
    """An id as what it begins with and the number that it ends with, -1 for none."""
    digits = id[len(id.rstrip("0123456789")) :]
    if not digits or digits[0] == "0" or len(digits) > _DIGITS:
        return id, -1
    return id[: -len(digits)], int(digits)


def _create(path: Path) -> None:
    fresh = _unfinished(path)
    with closing(database.create(fresh, SCHEMA, STATEMENTS)) as new:
        new.execute("COMMIT")
    fresh.rename(path)


def _migrate(path: Path) -> None:
    """Bring an older file to the present schema, on a copy, which then takes its place."""
    with closing(database.opened(path, "")) as found:
        schema = database.schema(found, path)
        if schema not in MIGRATIONS:
            return
        fresh = _unfinished(path)
        with closing(database.copied(found, fresh)) as copy:
            copy.execute("BEGIN")
            while schema != SCHEMA:
                for statement in MIGRATIONS[schema][1]:
                    copy.execute(statement)
                schema = MIGRATIONS[schema][0]
            copy.execute("UPDATE meta SET value = ? WHERE name = 'schema'", (schema,))
            copy.execute("COMMIT")
    database.remove(path)
    fresh.rename(path)


def _unfinished(path: Path) -> Path:
    return path.with_name(path.name + UNFINISHED)
