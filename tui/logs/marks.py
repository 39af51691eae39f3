"""What happened to an agent, among the lines of its log. Must not know who says so.

A mark is no row: it stands above the first row that was written at its time or later, also when that row
came first. Until there is one, it stands below the newest row.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from typing import Final, Protocol

from msgspec import Struct

MOST: Final = 200
"""Marks of one log."""


class Mark(Struct, frozen=True):
    """Something that happened."""

    at: float
    """Unix seconds."""
    tone: str
    """The name of its tone, such as `error`."""
    text: str
    """One line, printable."""


class TimedRows(Protocol):
    """A log, as far as marks are placed in it."""

    @property
    def first(self) -> int:
        """The oldest row held."""

    @property
    def end(self) -> int:
        """One past the newest row."""

    def time(self, row: int) -> float | None:
        """When a row was written, or else received; Unix seconds."""

    def at(self, moment: float) -> int:
        """The first row that was written at `moment` or after; `end` if there is none."""


class Marks:
    """The marks of one log."""

    def __init__(self) -> None:
        self._rows: list[int] = []
        self._placed: list[Mark] = []
        """Each above the row of the same index; both in the order of rows."""
        self.waiting: list[Mark] = []
        """Those that are newer than every row, in the order of their times."""

    def __bool__(self) -> bool:
        return bool(self._placed or self.waiting)

    @property
    def rows(self) -> Sequence[int]:
        """The rows that have a mark above them, in order."""
        return self._rows

    def add(self, mark: Mark) -> None:
        """Add a mark; `place` gives it its place."""
        if mark not in self.waiting:
            insort(self.waiting, mark, key=lambda item: item.at)

    def place(self, log: TimedRows) -> None:
        """Place what waits, as far as the log goes. What is older than every row is dropped."""
        if not self.waiting or log.end == log.first:
            return
        oldest, newest = log.time(log.first), log.time(log.end - 1)
        if newest is None or self.waiting[0].at > newest:
            return
        left: list[Mark] = []
        for mark in self.waiting:
            if oldest is not None and mark.at < oldest:
                continue
            row = log.at(mark.at) if mark.at <= newest else log.end
            if row < log.end:
                self._insert(row, mark)
            else:
                left.append(mark)
        self.waiting = left

    def _insert(self, row: int, mark: Mark) -> None:
        place = bisect_right(self._rows, row)
        while place and self._rows[place - 1] == row and self._placed[place - 1].at > mark.at:
            place -= 1
        self._rows.insert(place, row)
        self._placed.insert(place, mark)
        if len(self._rows) > MOST:
            del self._rows[0], self._placed[0]

    def above(self, row: int, after: int) -> Sequence[Mark]:
        """What stands above a row that is shown, and above those from `after` on that are not."""
        if not self._placed:
            return ()
        return self._placed[bisect_right(self._rows, after) : bisect_right(self._rows, row)]
