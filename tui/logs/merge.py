"""Several streams in one order: the only writer of a log.

One open stream is written as it comes. Lines of several are sorted by the time that they carry, within a
short window.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import Final

import msgspec

from tui.logs.lines.levels import CUT, NOTICE, PART
from tui.logs.lines.times import time_of
from tui.logs.log import Log, Notice

WINDOW: Final = 0.3
"""Seconds that a line waits for an older one from another stream."""


class WaitingRow(msgspec.Struct, frozen=True):
    """A line, a piece of one or a notice that waits to be written."""

    key: tuple[float, int]
    """It is sorted by this: the time of its record in Unix seconds, and the number of its record.

    Rows that go on from a record have the key of that record: nothing of another stream comes between them.
    """
    tag: int
    raw: bytes
    mark: int
    arrived: float
    """Monotonic seconds."""
    notice: Notice | None = None


class LogWriter:
    """Writes what streams bring into a log. Times are monotonic (`now`) and Unix (`wall`) seconds."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.merging = False
        """Several streams are open: what they bring is sorted by time."""
        self._waiting: list[WaitingRow] = []
        self._newest: dict[int, tuple[float, int]] = {}
        """The key of the newest row of each stream that went through the window."""
        self._records = 0
        """Records that went through the window."""

    @property
    def waiting(self) -> int:
        """Rows that wait for older ones."""
        return len(self._waiting)

    def lines(
        self, tag: int, lines: Sequence[bytes], levels: bytes | bytearray, now: float, wall: float
    ) -> None:
        """Write whole lines of one stream."""
        if self._direct:
            self.log.append(lines, levels, bytes((tag,)) * len(lines), wall)
            return
        moments = [time_of(line, wall) for line in lines]
        key = self._newest.get(tag)
        if key is None:  # a snapshot may begin within a traceback: that was before the next line with a time
            key = self._next(min(wall, next((moment for moment in moments if moment is not None), wall)))
        for line, mark, moment in zip(lines, levels, moments, strict=True):
            if moment is not None and not mark & PART:
                key = self._next(moment)
            self._waiting.append(WaitingRow(key, tag, line, mark, now))
        self._newest[tag] = key

    def _next(self, moment: float) -> tuple[float, int]:
        self._records += 1
        return moment, self._records

    def piece(self, tag: int, piece: bytes, now: float, wall: float) -> None:
        """Write the beginning of a line whose end never came."""
        if self._direct:
            self.log.append_piece(piece, tag, wall)
        else:
            self._keep_place(tag, piece, CUT, now, wall)

    def notice(self, notice: Notice, now: float, wall: float) -> None:
        """Write a notice about one stream, after all that it has brought."""
        if self._direct:
            self.log.notify(notice)
        else:
            self._keep_place(notice.tag, b"", NOTICE, now, wall, notice)

    def release(self, now: float, wall: float, *, everything: bool = False) -> None:
        """Write the rows that have waited long enough, and all that belong before them."""
        if not self._waiting:
            return
        self._waiting.sort(key=attrgetter("key"))  # stable: equal times stay as they came
        count = len(self._waiting)
        if not everything and self.merging:
            aged = (n for n in range(count, 0, -1) if now - self._waiting[n - 1].arrived >= WINDOW)
            count = next(aged, 0)
        rows, self._waiting = self._waiting[:count], self._waiting[count:]
        for whole, run in groupby(rows, key=_is_whole_line):
            if whole:
                self._write_lines(list(run), wall)
            else:
                for row in run:
                    self._write_one(row, wall)

    @property
    def _direct(self) -> bool:
        return not self.merging and not self._waiting

    def _keep_place(
        self, tag: int, piece: bytes, mark: int, now: float, wall: float, notice: Notice | None = None
    ) -> None:
        """Add what carries no time: it stays after the row before it in its stream."""
        key = self._newest.setdefault(tag, self._next(wall))
        self._waiting.append(WaitingRow(key, tag, piece, mark, now, notice))

    def _write_lines(self, rows: list[WaitingRow], wall: float) -> None:
        levels = bytes(map(attrgetter("mark"), rows))
        self.log.append([row.raw for row in rows], levels, bytes(map(attrgetter("tag"), rows)), wall)

    def _write_one(self, row: WaitingRow, wall: float) -> None:
        if row.notice:
            self.log.notify(row.notice)
        else:
            self.log.append_piece(row.raw, row.tag, wall)


def _is_whole_line(row: WaitingRow) -> bool:
    return not row.mark & (NOTICE | CUT)
