"""Which keys a table shows, in which order, and where its cursor, marks, ghosts and scroll are. No drawing.

Everything belongs to keys, never to row numbers: a poll between look and key must not move the target.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

GHOST_FOR = 10.0
"""Seconds for which a vanished row stays (product.md b2)."""


@dataclass
class Ghost(Generic[T]):
    """A row that vanished."""

    after: str
    """The key that it stood below; empty for the first row."""
    cells: T | None
    """How it looked last; None if that is not known."""
    until: float
    """Monotonic."""


class RowModel(Generic[T]):
    """The rows of a table. `height` is how many fit on the screen."""

    def __init__(self) -> None:
        self.keys: Sequence[str] = ()
        self.lines: list[str] = []
        """Keys with ghosts among them, as shown."""
        self.ghosts: dict[str, Ghost[T]] = {}
        self.cursor = ""
        self.marks: set[str] = set()
        self.top = 0
        self.height = 1
        self._at: dict[str, int] = {}
        self._anchor = ""
        self._meant = ""
        """Where the operator put the cursor: it returns there when rows asked for hold that one again."""
        self._touched = False

    def replace(
        self,
        keys: Sequence[str],
        *,
        looks: Callable[[str], T | None],
        keep: bool,
        now: float,
        floats: bool = False,
    ) -> bool:
        """Show other keys; returns whether the cursor had to move to another one.

        With `keep`, visible rows and the cursor's row that are no longer among them become ghosts, drawn as
        `looks` says; without, the operator asked for other rows and vanished ones just go. With `floats`, a
        cursor that the operator never moved is on the first row, so that the worst stays in sight.
        """
        present = set(keys)
        if len(present) < len(keys):  # a server may say anything; twice the same row would be two cursors
            keys = list(dict.fromkeys(keys))
        before = self.cursor
        was = self._at.get(before, 0)
        if keep:
            seen = self.lines[max(0, self.top - 1) : self.top + self.height + 1]
            for key in (*seen, self.cursor):
                if key and key not in present and key not in self.ghosts:
                    self._remember(key, looks(key), now)
        else:
            self.ghosts.clear()
        self.keys = keys
        self._index(present, now)
        if floats and not self._touched and keys:
            self.cursor = self._meant = keys[0]
        return self._settle(was, asked=not keep) or self.cursor != before

    def _remember(self, key: str, cells: T | None, now: float) -> None:
        if cells is not None or key == self.cursor:
            place = self._at.get(key, 0)
            self.ghosts[key] = Ghost(self.lines[place - 1] if place else "", cells, now + GHOST_FOR)

    def bury(self, now: float) -> bool:
        """Drop ghosts whose time is over, but for one that the cursor is on; returns whether any went."""
        over = [key for key, ghost in self.ghosts.items() if ghost.until <= now and key != self.cursor]
        if not over:
            return False
        was = self._at.get(self.cursor, 0)
        self._index(set(self.keys), now)
        self._settle(was, asked=False)
        return True

    def stay(self) -> None:
        """What the operator asked for is what was wanted: the cursor goes back nowhere."""
        self._meant = self.cursor

    def place(self, key: str) -> int | None:
        """The line of a key."""
        return self._at.get(key)

    @property
    def cursor_place(self) -> int:
        """The cursor's line."""
        return self._at.get(self.cursor, 0)

    def visible(self) -> list[str]:
        """The keys on the screen."""
        return self.lines[self.top : self.top + self.height]

    def move(self, place: int, now: float) -> bool:
        """Put the cursor on a line, within bounds; returns whether it is on another key."""
        if not self.lines:
            return False
        key = self.lines[max(0, min(place, len(self.lines) - 1))]
        moved = key != self.cursor
        self.cursor = self._meant = key
        self._touched = True
        self.bury(now)
        self.reveal()
        return moved

    def scroll(self, step: int) -> bool:
        """Move the window, not the cursor; returns whether it moved."""
        top = self._clamp(self.top + step)
        moved, self.top = top != self.top, top
        return moved

    def reveal(self) -> None:
        """Scroll as little as needed to have the cursor on the screen."""
        place = self.cursor_place
        if place < self.top:
            self.top = place
        elif place >= self.top + self.height:
            self.top = place - self.height + 1
        self.top = self._clamp(self.top)

    def toggle_mark(self) -> bool:
        """Mark or unmark the cursor's row; False if it is a ghost."""
        if not self.cursor or self.cursor in self.ghosts:
            return False
        self.marks ^= {self.cursor}
        self._anchor = self.cursor
        return True

    def mark_range(self) -> None:
        """Mark from the last marked row to the cursor."""
        anchor = self._anchor if self._anchor in self.marks else self.cursor
        low, high = sorted((self._at.get(anchor, self.cursor_place), self.cursor_place))
        self.marks.update(key for key in self.lines[low : high + 1] if key not in self.ghosts)

    def marked(self) -> tuple[str, ...]:
        """Marked keys in the order shown, then those that are not shown."""
        if not self.marks:  # titles ask after every poll, of ten thousand rows
            return ()
        shown = [key for key in self.keys if key in self.marks]
        return (*shown, *sorted(self.marks.difference(shown)))

    def _clamp(self, top: int) -> int:
        return max(0, min(top, len(self.lines) - self.height))

    def _settle(self, was: int, *, asked: bool) -> bool:
        """Keep the cursor on its key, and that at its place on the screen as far as possible."""
        if not self.lines:
            moved = bool(self.cursor)
            self.cursor, self.top = "", 0
            return moved
        before = self.cursor
        if asked and self._meant in self._at:
            self.cursor = self._meant
        elif before not in self._at:
            self.cursor = self.lines[0]
            self._meant = self._meant or self.cursor
        moved = self.cursor != before
        offset = was - self.top
        if 0 <= offset < self.height and self.top > 0:  # at the top, what is new above comes into sight
            self.top = self.cursor_place - offset
        self.reveal()
        return moved

    def _index(self, present: set[str], now: float) -> None:
        for key, ghost in list(self.ghosts.items()):
            if key in present or (ghost.until <= now and key != self.cursor):
                del self.ghosts[key]
        for ghost in self.ghosts.values():
            ghost.after = self._standing(ghost.after, present)
        self.lines = self._with_ghosts() if self.ghosts else list(self.keys)
        self._at = {key: index for index, key in enumerate(self.lines)}

    def _standing(self, key: str, present: set[str]) -> str:
        """The key, or the nearest one above it that is still shown."""
        place = self._at.get(key, -1)
        while place >= 0 and self.lines[place] not in present and self.lines[place] not in self.ghosts:
            place -= 1
        return self.lines[place] if place >= 0 else ""

    def _with_ghosts(self) -> list[str]:
        below: dict[str, list[str]] = {}
        for key, ghost in self.ghosts.items():
            below.setdefault(ghost.after, []).append(key)
        lines: list[str] = []
        for key in ("", *self.keys):
            if key:
                lines.append(key)
            stack = list(reversed(below.get(key, ())))
            while stack:
                ghost_key = stack.pop()
                lines.append(ghost_key)
                stack.extend(reversed(below.get(ghost_key, ())))
        return lines
