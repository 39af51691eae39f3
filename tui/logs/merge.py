"""Several streams in one order: by the time their lines carry, within a short window. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from tui.logs import marks
from tui.logs.log import Notice

WINDOW: Final = 0.3
"""Seconds that a line waits for an older one from another stream."""


class Item(msgspec.Struct, frozen=True):
    """A line, a piece of one or a notice on its way into the log."""

    key: float
    """Unix seconds that it is sorted by; never less than that of the item before it in the same stream."""
    tag: int
    raw: bytes
    mark: int
    arrived: float
    """Monotonic seconds."""
    notice: Notice | None = None


@dataclass
class Reorder:
    """Holds what came for `window` seconds and lets it out sorted. Lines of one stream keep their order."""

    window: float = WINDOW
    _waiting: list[Item] = field(default_factory=list)
    _newest: dict[int, float] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._waiting)

    def add(
        self, tag: int, lines: Sequence[bytes], levels: bytes | bytearray, now: float, wall: float
    ) -> None:
        """Take in lines of one stream; `now` is monotonic, `wall` Unix seconds for lines without a time."""
        moments = marks.times(lines)
        key = self._newest.get(tag)
        if key is None:  # a snapshot may begin within a traceback: that was before the next line with a time
            key = min(wall, next((moment for moment in moments if moment is not None), wall))
        for line, mark, moment in zip(lines, levels, moments, strict=True):
            if moment is not None:
                key = max(key, moment)
            self._waiting.append(Item(key, tag, line, mark, now))
        self._newest[tag] = key

    def add_one(
        self, tag: int, piece: bytes, mark: int, now: float, wall: float, notice: Notice | None = None
    ) -> None:
        """Take in what stays where it is in its stream: a piece of a line or a notice."""
        key = self._newest.setdefault(tag, wall)
        self._waiting.append(Item(key, tag, piece, mark, now, notice))

    def release(self, now: float, *, everything: bool = False) -> list[Item]:
        """What has waited long enough, and all that belongs before it."""
        if not self._waiting:
            return []
        self._waiting.sort(key=lambda item: item.key)  # stable: equal times stay as they came
        count = len(self._waiting)
        if not everything:
            aged = (n for n in range(count, 0, -1) if now - self._waiting[n - 1].arrived >= self.window)
            count = next(aged, 0)
        out, self._waiting = self._waiting[:count], self._waiting[count:]
        return out
