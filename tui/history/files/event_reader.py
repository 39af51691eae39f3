"""Reads the file of a project that lasts. Must not know threads; none of its calls is made on the loop.

Texts are masked once more: older versions kept some as they came.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Struct, structs

from tui.api.text.masking import masked
from tui.fleet.past import (
    HELD,
    Event,
    FailedJob,
    Gap,
    JobCount,
    Kind,
    Severity,
    Since,
    Subject,
    Transition,
    newest,
)
from tui.fleet.since_by_id import SinceById
from tui.history.files import database
from tui.history.files.event_file import NAME, SCHEMA
from tui.history.files.event_tables import OUR_CLOCK
from tui.history.records import ErrorCount, WatchedTime

FEW: Final = 4
"""Transitions that say since when a status holds: more gaps than that in a row bound it no further."""
NOT_RECORDED: Final = "not recorded"
"""Why there is a gap of which no more is known."""
R = TypeVar("R")


class _EventRow(Struct):
    """The columns of an event."""

    id: int
    origin: int
    number: int
    at: float
    kind: int
    severity: int
    text: str
    detail: str
    before: str
    after: str
    not_before: float | None
    agent: int
    agent_name: int
    room: int
    dispatch: int
    job: int
    source: int
    ids: bytes | None
    clock: bool


class _SinceRow(Since, frozen=True, kw_only=True):
    """Since when a subject has its status."""

    id: str


class _Value(Struct):
    """One column."""

    value: str


class _Blob(Struct):
    """One column."""

    value: bytes


class _Number(Struct):
    """One column."""

    number: int


class _Time(Struct):
    """One column."""

    at: float


class EventReader:
    """The file, for reading, also while it is written."""

    def __init__(self, folder: Path) -> None:
        """Raises `UnknownSchema`, `OSError` and `sqlite3.Error`."""
        self._file = database.for_reading(folder / NAME, SCHEMA)
        self._names: dict[int, str] = {}

    def events(self, since: float, until: float, limit: int = HELD) -> list[Event]:
        """The newest events of a time, oldest first."""
        query = "SELECT * FROM event WHERE at BETWEEN ? AND ? ORDER BY at DESC, id DESC"
        return self._newest(limit, query, since, until)

    def newer(self, number: int, limit: int = HELD) -> tuple[int, list[Event]]:
        """Events that were kept after the one of this number, the newest of them; and the newest number."""
        last = self._rows(_Number, "SELECT ifnull(max(id), 0) AS number FROM event")[0].number
        if last < number:  # all was forgotten, and it was begun anew
            number = 0
        return last, self._newest(limit, "SELECT * FROM event WHERE id > ? ORDER BY id DESC", number)

    def transitions(self, id: str, since: float, until: float) -> list[Transition]:
        """Transitions of an agent or deployment, oldest first."""
        query = (
            f"SELECT ? AS id, b.text AS before, a.text AS after, not_before, at, {self._is_by_ours('at')}"
            " FROM transition t JOIN name a ON a.id = after JOIN name b ON b.id = before"
            " WHERE subject = (SELECT id FROM name WHERE text = ?) AND at BETWEEN ? AND ? ORDER BY at"
        )
        return self._rows(Transition, query, id, id, since, until)

    def newest_transitions(self, ids: Iterable[str], at: float) -> Mapping[str, Sequence[Transition]]:
        """By id, the newest few transitions of agents and deployments up to a time, oldest first."""
        query = (
            f"SELECT ? AS id, b.text AS before, a.text AS after, not_before, at, {self._is_by_ours('at')}"
            " FROM transition t JOIN name a ON a.id = after JOIN name b ON b.id = before"
            " WHERE subject = (SELECT id FROM name WHERE text = ?) AND at <= ? ORDER BY at DESC LIMIT ?"
        )
        return {id: self._rows(Transition, query, id, id, at, FEW)[::-1] for id in ids}

    def since(self) -> SinceById:
        """Since when agents and deployments have their status, by id."""
        is_by_ours = self._is_by_ours("at", "not_after")
        query = f"SELECT t.*, text AS id, {is_by_ours} FROM since t JOIN name ON name.id = subject"
        return SinceById(
            (row.id, Since(*(getattr(row, name) for name in Since.__struct_fields__)))
            for row in self._rows(_SinceRow, query)
        )

    def _is_by_ours(self, *times: str) -> str:
        """The column that tells whether one of these times of `t` is by the clock of who recorded it."""
        query = "SELECT count(*) AS number FROM sqlite_master WHERE name = ?"
        if not self._rows(_Number, query, OUR_CLOCK)[0].number:
            return "0 AS is_clock_unknown"  # an older program made the file
        known = ", ".join(f"t.{time}" for time in times)
        return (
            f"EXISTS (SELECT 1 FROM {OUR_CLOCK} o WHERE o.subject = t.subject AND o.at IN ({known}))"
            " AS is_clock_unknown"
        )

    def failed_jobs(self, since: float) -> list[FailedJob]:
        """Failed jobs from then on, oldest first."""
        rows = self._rows(_Blob, "SELECT value FROM failed_job WHERE at >= ? ORDER BY at", since)
        jobs = [msgspec.msgpack.decode(row.value, type=FailedJob) for row in rows]
        return [structs.replace(job, reason=masked(job.reason)) if job.reason else job for job in jobs]

    def job_counts(self, since: float) -> list[JobCount]:
        """Counts of jobs that succeeded from then on, oldest first; none in an older file."""
        query = (
            "SELECT text AS agent_name, minute, succeeded FROM job_count JOIN name ON name.id = agent"
            " WHERE minute >= ? ORDER BY minute"
        )
        return self._rows(JobCount, query, since // 60)

    def error_counts(self, agent_id: str, since: float, until: float) -> list[ErrorCount]:
        """Counts of errors in an agent's log, oldest first."""
        query = (
            "SELECT ? AS agent_id, minute, signature, count, line FROM error_count"
            " WHERE agent = (SELECT id FROM name WHERE text = ?) AND minute BETWEEN ? AND ? ORDER BY minute"
        )
        found = self._rows(ErrorCount, query, agent_id, agent_id, since // 60, until // 60)
        return [
            structs.replace(item, signature=masked(item.signature), line=masked(item.line)) for item in found
        ]

    def watched(self, source: str, since: float, until: float) -> list[WatchedTime]:
        """When a source was watched, oldest first."""
        query = (
            "SELECT ? AS source, since, until, run, why FROM watched WHERE until >= ? AND since <= ?"
            " AND source = (SELECT id FROM name WHERE text = ?) ORDER BY since"
        )
        found = self._rows(WatchedTime, query, source, since, until, source)
        return [structs.replace(item, why=masked(item.why)) if item.why else item for item in found]

    def gaps(self, source: str, since: float, until: float) -> list[Gap]:
        """The times between those in which a source was watched, oldest first."""
        return [
            Gap(source, before.until, after.since, after.why or NOT_RECORDED)
            for before, after in pairwise(self.watched(source, since, until))
            if after.since > before.until
        ]

    @property
    def first_watched(self) -> float | None:
        """When anything was watched first, as far as it is kept."""
        rows = self._rows(_Time, "SELECT since AS at FROM watched ORDER BY since LIMIT 1")
        return rows[0].at if rows else None

    @property
    def complete_since(self) -> float | None:
        """From when on no event had to go for want of room; None if none had to."""
        rows = self._rows(_Value, "SELECT value FROM meta WHERE name = 'complete_since'")
        return float(rows[0].value) if rows else None

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _rows(self, kind: type[R], query: str, *values: float | str) -> list[R]:
        return [*self._each(kind, query, *values)]

    def _each(self, kind: type[R], query: str, *values: float | str) -> Iterator[R]:
        """Rows as far as they can be read: where the file is damaged, they end."""
        with (
            suppress(sqlite3.DatabaseError, msgspec.ValidationError),
            closing(self._file.execute(query, values)) as rows,
        ):
            names = [column[0] for column in rows.description]
            for row in rows:
                yield msgspec.convert(dict(zip(names, row, strict=True)), kind, strict=False)

    def _newest(self, limit: int, query: str, *values: float) -> list[Event]:
        """Events of a query that gives the newest first; oldest first."""

        def readable() -> Iterator[Event]:
            for row in self._each(_EventRow, query, *values):
                with suppress(ValueError):  # of a kind that only a newer version knows
                    yield self._event(row)

        return [*newest(readable(), limit)][::-1]

    def _text(self, number: int) -> str:
        known = self._names.get(number)
        if known is None:
            rows = self._rows(_Value, "SELECT text AS value FROM name WHERE id = ?", number)
            known = self._names[number] = rows[0].value if rows else ""
        return known

    def _event(self, row: _EventRow) -> Event:
        subject = (row.agent, row.agent_name, row.room, row.dispatch, row.job, row.source)
        origin = self._text(row.origin)
        return Event(
            id=origin if row.number < 0 else f"{origin}{row.number}",
            at=row.at,
            kind=Kind(self._text(row.kind)),
            severity=Severity(self._text(row.severity)),
            text=masked(row.text),
            subject=Subject(*map(self._text, subject)),
            detail=masked(row.detail),
            before=row.before,
            after=row.after,
            not_before=row.not_before,
            ids=tuple(map(self._text, _numbers(row.ids))) if row.ids else (),
            is_clock_unknown=row.clock,
        )


def _numbers(data: bytes) -> Sequence[int]:
    """Numbers from the distances between them."""
    return list(accumulate(msgspec.msgpack.decode(data, type=list[int])))
