"""The rows of a log that meet some criteria, in order, found in short slices of time. Pure."""

from __future__ import annotations

import asyncio
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import AsyncIterator, Callable
from typing import Final, Protocol

from tui.logs.expressions import time_limit
from tui.logs.log import Log
from tui.logs.search import Criteria

STEP_ROWS: Final = 512
STEP_BYTES: Final = 32 * 1024
"""Rows and bytes looked at before the time is checked."""
SLICE: Final = 0.008
"""Seconds that one slice may take: the screen must never wait for more than 10 ms."""
HANDED: Final = 256
"""Rows handed on before other tasks get their turn."""
STEPS: Final = 64
"""Steps of one slice at most, should the clock stand still."""


class Rows(Protocol):
    """Row numbers in ascending order."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> int: ...

    def rank(self, row: int) -> int:
        """How many of them are below `row`."""

    def trim(self) -> None:
        """Forget rows that the log no longer holds."""


class AllRows:
    """Every row that the log holds."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def __len__(self) -> int:
        return self._log.end - self._log.first

    def __getitem__(self, index: int) -> int:
        return self._log.first + index

    def rank(self, row: int) -> int:
        """How many of them are below `row`."""
        return min(max(row - self._log.first, 0), len(self))

    def trim(self) -> None:
        """Does nothing: the log itself is read each time."""


class FoundRows:
    """The rows that pass. The search goes backwards from the newest, so that the screen fills at once."""

    def __init__(self, log: Log, criteria: Criteria) -> None:
        self.criteria = criteria
        self._log = log
        self._older = array("q")
        """Found going backwards from where the search began: descending."""
        self._newer = array("q")
        """Found going forwards: ascending."""
        self._low = self._high = log.end
        """Rows from `_low` to `_high` have been looked at."""

    @property
    def complete(self) -> bool:
        """Every row held has been looked at."""
        return self._low <= self._floor and self._high >= self._log.end

    def covers(self, row: int) -> bool:
        """Every row from this one on has been looked at."""
        return (self._low <= row or self.complete) and self._high >= self._log.end

    @property
    def progress(self) -> float:
        """Share of the rows held that has been looked at."""
        held = self._log.end - self._floor
        seen = min(self._high, self._log.end) - max(self._low, self._floor)
        return seen / held if held > 0 else 1.0

    @property
    def _floor(self) -> int:
        first, since = self._log.first, self.criteria.since
        return first if since is None else max(first, since)

    def __len__(self) -> int:
        return len(self._older) + len(self._newer)

    def __getitem__(self, index: int) -> int:
        older = len(self._older)
        return self._older[older - 1 - index] if index < older else self._newer[index - older]

    def __contains__(self, row: int) -> bool:
        return self.rank(row + 1) > self.rank(row)

    def rank(self, row: int) -> int:
        """How many of them are below `row`."""
        older = len(self._older)
        if older and row <= self._older[0]:
            return older - bisect_right(self._older, -row, key=_negative)
        return older + bisect_left(self._newer, row)

    def step(self, clock: Callable[[], float]) -> bool:
        """Look at some more rows, new ones first; True when there are more. `clock` is monotonic seconds.

        Raises TooSlow when an expression takes too long on a line; the search must not be continued then.
        """
        until = clock() + SLICE
        with time_limit():
            for _ in range(STEPS):
                if not (self._forwards() or self._backwards()):
                    break
                if clock() >= until:
                    break
        self.trim()
        if self._older and self._low <= self._floor:
            self._older.reverse()
            self._older.extend(self._newer)
            self._older, self._newer = array("q"), self._older
        return not self.complete

    def _forwards(self) -> bool:
        start = max(self._high, self._log.first)
        if start >= self._log.end:
            self._high = max(self._high, self._log.end)
            return False
        block = self._log.spool.block(start, STEP_ROWS, STEP_BYTES)
        self._newer.extend(self.criteria.rows(block))
        self._high = block.end
        return True

    def _backwards(self) -> bool:
        if self._low <= self._floor:
            return False
        block = self._log.spool.block_before(self._low, STEP_ROWS, STEP_BYTES)
        self._older.extend(reversed(self.criteria.rows(block)))
        self._low = block.first
        return True

    def trim(self) -> None:
        """Forget rows that the log no longer holds."""
        first = self._log.first
        if self._older and self._older[-1] < first:
            del self._older[bisect_right(self._older, -first, key=_negative) :]
        if self._newer and self._newer[0] < first:
            del self._newer[: bisect_left(self._newer, first)]


async def in_slices(log: Log, rows: Rows, low: int, end: int) -> AsyncIterator[list[int]]:
    """The rows from `low` to below `end`, some at a time, so that other tasks get their turn in between.

    Rows that the log drops meanwhile are left out.
    """
    while low < end:
        start = rows.rank(low)
        found = [rows[index] for index in range(start, min(start + HANDED, len(rows)))]
        yield [row for row in found if log.first <= row < end]
        if not found:
            return
        low = found[-1] + 1
        await asyncio.sleep(0)


def _negative(row: int) -> int:
    return -row
