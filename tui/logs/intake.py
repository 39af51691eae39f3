"""The one door into a log: straight for one open stream, through the reorder window for several."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

from tui.logs import marks
from tui.logs.log import Log, Notice
from tui.logs.merge import Item, Reorder


class Intake:
    """Writes what streams bring into a log. Times are monotonic (`now`) and Unix (`wall`) seconds."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.merging = False
        """Several streams are open: what they bring is sorted by time."""
        self._reorder = Reorder()

    @property
    def waiting(self) -> int:
        """Lines in the reorder window."""
        return len(self._reorder)

    def lines(
        self, tag: int, lines: Sequence[bytes], levels: bytes | bytearray, now: float, wall: float
    ) -> None:
        """Whole lines of one stream."""
        if self._straight:
            self.log.append(lines, levels, bytes((tag,)) * len(lines), wall)
        else:
            self._reorder.add(tag, lines, levels, now, wall)

    def piece(self, tag: int, piece: bytes, now: float, wall: float) -> None:
        """What a cut left of a line."""
        if self._straight:
            self.log.append_piece(piece, tag, wall)
        else:
            self._reorder.add_one(tag, piece, marks.CUT, now, wall)

    def notice(self, notice: Notice, now: float, wall: float) -> None:
        """A line of ours about one stream, after all that it has brought."""
        if self._straight:
            self.log.notify(notice)
        else:
            self._reorder.add_one(notice.tag, b"", marks.NOTICE, now, wall, notice)

    def release(self, now: float, wall: float, *, everything: bool = False) -> None:
        """Write what has waited long enough."""
        items = self._reorder.release(now, everything=everything or not self.merging)
        for plain, run in groupby(items, key=_is_plain):
            if plain:
                self._write(list(run), wall)
            else:
                for item in run:
                    self._write_one(item, wall)

    @property
    def _straight(self) -> bool:
        return not self.merging and not self._reorder

    def _write(self, items: list[Item], wall: float) -> None:
        levels = bytes(map(attrgetter("mark"), items))
        self.log.append([item.raw for item in items], levels, bytes(map(attrgetter("tag"), items)), wall)

    def _write_one(self, item: Item, wall: float) -> None:
        if item.notice:
            self.log.notify(item.notice)
        else:
            self.log.append_piece(item.raw, item.tag, wall)


def _is_plain(item: Item) -> bool:
    return not item.mark & (marks.NOTICE | marks.CUT)
