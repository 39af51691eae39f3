"""What a project's file of events may hold, and what is dropped so that it holds no more."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import msgspec

from tui.fleet.past import Severity
from tui.history.files.event_tables import NAMED, OUR_CLOCK

DAY: Final = 86_400.0
JOBS_FOR: Final = DAY
"""Seconds for which failed jobs, and counts of others, are kept."""
ERRORS_FOR: Final = DAY
"""Seconds for which counts of errors are kept."""
STEP: Final = 5_000
"""Rows that are dropped at once: others may wait for the file."""
MOST_SUBJECTS: Final = (1 << 63) - 1
"""No subject has a greater number."""
LOOKED_AT: Final = 20_000
"""Rows that are looked at at once where these are small."""
MANY_NAMES: Final = 4
"""Texts may take this part of a full file, a quarter, before it is asked which are named: that is slow."""
NEWEST: Final = 60.0
"""Seconds that are kept, however much it is."""


@dataclass(frozen=True, slots=True)
class EventLimits:
    """What may be kept in the file."""

    days: float = 30.0
    size: int = 128 << 20
    """Bytes."""


def used(file: sqlite3.Connection) -> int:
    """Bytes in use; what was dropped is used again before the file grows."""
    pages, free, size = (
        int(file.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


class Trim:
    """Drops from a file what is beyond limits, a little at a time: others wait for the file meanwhile.

    `now` is Unix seconds by the server's clock.
    """

    def __init__(self, file: sqlite3.Connection, limits: EventLimits, now: float) -> None:
        self._file, self._limits, self._now = file, limits, now

    def steps(self) -> Iterator[None]:
        """Drop what is too old; and, from the oldest on, whole days until the rest fits, then less at a time.

        After each step the file may be written. While one is made no transaction is open in it. Raises
        `sqlite3.Error`.
        """
        now = self._now
        yield from self._drop("failed_job", "at < ?", now - JOBS_FOR)
        yield from self._drop("error_count", "minute < ?", (now - ERRORS_FOR) // 60)
        yield from self._drop("job_count", "minute < ?", (now - JOBS_FOR) // 60)
        yield from self._drop_until(now - self._limits.days * DAY)
        while self._is_too_large:
            if self._has_many_names:
                self._drop_names()
                yield
                if not self._is_too_large:
                    return
            first = self._first()
            if first is None or first >= now - NEWEST:
                return
            is_day = first <= now - DAY
            if is_day:
                oldest = min((first // DAY + 1) * DAY, now - NEWEST)
            else:  # a day alone may be too much: of a large fleet of which all break and heal
                oldest = min(first + max(NEWEST, (now - first) / 4), now - NEWEST)
            self._write("INSERT OR REPLACE INTO meta VALUES('complete_since', ?)", (str(oldest),))
            if is_day:
                info = self._number(Severity.INFO)
                yield from self._drop("event", f"at < ? AND severity = {info}", oldest)
            if not is_day or self._is_too_large:
                yield from self._drop_until(oldest)

    @property
    def _is_too_large(self) -> bool:
        return used(self._file) > self._limits.size

    @property
    def _has_many_names(self) -> bool:
        """Whether texts take much of the room; each is kept twice, in its table and in the index of that."""
        size = self._file.execute("SELECT 2 * sum(length(text)) FROM name").fetchone()[0] or 0
        return int(size) > self._limits.size // MANY_NAMES

    def _first(self) -> float | None:
        """The oldest time of anything that is dropped by its time."""
        queries = (f"SELECT min(at) FROM {table}" for table in ("event", "transition"))
        times = (self._file.execute(query).fetchone()[0] for query in queries)
        return min((float(at) for at in times if at is not None), default=None)

    def _number(self, name: str) -> int:
        """The number of a text; one that no row has where there is none."""
        row = self._file.execute("SELECT id FROM name WHERE text = ?", (name,)).fetchone()
        return -1 if row is None else int(row[0])

    def _drop_until(self, oldest: float) -> Iterator[None]:
        yield from self._drop("event", "at < ?", oldest)
        yield from self._drop_by_subject("transition", "", oldest)
        is_used = f"subject = {OUR_CLOCK}.subject AND {OUR_CLOCK}.at IN (since.at, not_after)"
        yield from self._drop_by_subject(
            OUR_CLOCK, f"AND NOT EXISTS (SELECT 1 FROM since WHERE {is_used})", oldest
        )
        yield from self._drop("watched", "until < ?", oldest)

    def _drop(self, table: str, where: str, value: float) -> Iterator[None]:
        """Drop rows some thousand at once."""
        order = {"event": "id", "failed_job": "job"}.get(table)
        if order is None:  # tables without a number of their own are small
            self._write(f"DELETE FROM {table} WHERE {where}", (value,))
            yield
            return
        statement = (
            f"DELETE FROM {table} WHERE {order} IN (SELECT {order} FROM {table} WHERE {where} LIMIT {STEP})"
        )
        while self._write(statement, (value,)) == STEP:
            yield
        yield

    def _drop_by_subject(self, table: str, where: str, oldest: float) -> Iterator[None]:
        """Drop rows subject by subject, as those of one stand together in the file."""
        if self._file.execute(f"SELECT 1 FROM {table} WHERE at < ? LIMIT 1", (oldest,)).fetchone() is None:
            return
        query = f"SELECT subject FROM {table} WHERE subject > ? ORDER BY subject LIMIT 1 OFFSET {LOOKED_AT}"
        after = -1
        while after != MOST_SUBJECTS:
            row = self._file.execute(query, (after,)).fetchone()
            last = MOST_SUBJECTS if row is None else int(row[0])
            among = f"subject > ? AND subject <= ? AND at < ? {where}"
            self._write(f"DELETE FROM {table} WHERE {among}", (after, last, oldest))
            after = last
            yield

    def _drop_names(self) -> None:
        """Drop texts that no row names any more, such as ids of jobs of long ago."""
        self._file.execute("PRAGMA temp_store=MEMORY")  # a disk may be full when this is needed
        self._file.execute("CREATE TEMP TABLE used(id INTEGER PRIMARY KEY)")
        try:
            for table, column in NAMED:
                self._write(f"INSERT OR IGNORE INTO used SELECT {column} FROM {table}", ())
            self._file.execute("BEGIN")
            self._file.executemany("INSERT OR IGNORE INTO used VALUES(?)", self._counted())
            self._file.execute("COMMIT")
            self._write("DELETE FROM name WHERE id NOT IN (SELECT id FROM used)", ())
        finally:
            self._file.execute("DROP TABLE used")

    def _counted(self) -> Iterator[tuple[int]]:
        """The numbers of all that is counted in events."""
        rows: Iterable[tuple[bytes]] = self._file.execute("SELECT ids FROM event WHERE ids IS NOT NULL")
        for (ids,) in rows:
            yield from ((id,) for id in accumulate(msgspec.msgpack.decode(ids, type=list[int])))

    def _write(self, statement: str, values: tuple[object, ...]) -> int:
        """Make a change, which is safe from a kill then; how many rows it was."""
        return self._file.execute(statement, values).rowcount
