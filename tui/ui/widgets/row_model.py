"""The rows of a table: their order, cursor, marks, scroll position and ghosts of vanished rows. No drawing.

Everything belongs to keys, never to row numbers: a poll just before a key press must not move the target.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

GHOST_FOR = 10.0
"""Seconds for which a vanished row stays."""
MOVING_FOR = 5.0
"""Seconds after a move within which the window follows the cursor's row wherever it is sorted to."""


@dataclass
class Ghost(Generic[T]):
    """A vanished row that is still shown."""

    after: str
    """The key of the row above it; empty for the first row."""
    cells: T | None
    """Its last cells; None if it was never drawn."""
    until: float
    """Monotonic seconds at which it goes."""


class RowModel(Generic[T]):
    """Rows by key."""

    def __init__(self) -> None:
        self.keys: Sequence[str] = ()
        """The rows in order, without ghosts."""
        self.lines: list[str] = []
        """Keys as shown: the rows with the ghosts among them."""
        self.ghosts: dict[str, Ghost[T]] = {}
        self.cursor = ""
        """The key under the cursor; empty without rows, and after the ghost under it went."""
        self.marks: set[str] = set()
        """Keys that are marked, also those not shown."""
        self.top = 0
        """The first line on the screen."""
        self.height = 1
        """Lines that fit on the screen."""
        self._line_of: dict[str, int] = {}
        self._anchor = ""
        """The row marked last, where a range begins."""
        self._wanted = ""
        """Where the operator put the cursor: it returns there when a filter shows that row again."""
        self._moved_at: float | None = None
        """When the operator moved the cursor last, monotonic seconds; None if never."""
        self._gap: int | None = None
        """The line whose ghost went from under the cursor; until that is moved, it is on no row."""

    def replace(
        self,
        keys: Sequence[str],
        *,
        last_cells: Callable[[str], T | None],
        leave_ghosts: bool,
        now: float,
        follow_top: bool = False,
    ) -> bool:
        """Show other keys; returns whether the cursor had to move to another one.

        With `leave_ghosts`, visible rows and the cursor's row that are no longer among them become ghosts
        with their `last_cells`; without it, the operator asked for other rows and vanished ones just go.
        With `follow_top`, a cursor that the operator never moved stays on the first row, so that the worst
        is seen.
        """
        present = _lines_of(keys)
        if len(present) < len(keys):  # a server may repeat a row, and two equal rows would be two cursors
            keys = list(dict.fromkeys(keys))
            present = _lines_of(keys)
        before, window = self.cursor, self._window()
        if leave_ghosts:
            seen = self.lines[max(0, self.top - 1) : self.top + self.height + 1]
            for key in (*seen, self.cursor):
                if key and key not in present and key not in self.ghosts:
                    self._add_ghost(key, last_cells(key), now)
        else:
            self.ghosts.clear()
        self.keys = keys
        self._index(present, now)
        if follow_top and self._moved_at is None and keys:
            self.cursor = self._wanted = keys[0]
        moved = self._restore_cursor(asked=not leave_ghosts) or self.cursor != before
        follow = not leave_ghosts or self.cursor != before or self._is_moving(now)
        self._restore_window(window, follow=follow)
        return moved

    def _add_ghost(self, key: str, cells: T | None, now: float) -> None:
        if cells is not None or key == self.cursor:
            line = self._line_of.get(key, 0)
            self.ghosts[key] = Ghost(self.lines[line - 1] if line else "", cells, now + GHOST_FOR)

    def drop_ghosts(self, now: float) -> bool:
        """Drop ghosts whose time is over; returns whether any went.

        Where one was under the cursor, that is on no row then, so that no key acts on a neighbour.
        """
        if all(ghost.until > now for ghost in self.ghosts.values()):
            return False
        window = self._window()
        self._index(_lines_of(self.keys), now)
        self._restore_window(window, follow=self._is_moving(now))
        return True

    def rest(self) -> None:
        """The operator moves no longer."""
        if self._moved_at is not None:
            self._moved_at = float("-inf")

    def keep_cursor(self) -> None:
        """The operator accepts the row under the cursor: it does not go back to one that a filter hides."""
        self._wanted = self.cursor

    def line_of(self, key: str) -> int | None:
        """The line of a key; None if it is not shown."""
        return self._line_of.get(key)

    @property
    def cursor_line(self) -> int:
        """The cursor's line, or where it was when its ghost went."""
        return self._line_of.get(self.cursor, self._gap or 0)

    def visible(self) -> list[str]:
        """The keys on the screen."""
        return self.lines[self.top : self.top + self.height]

    def move(self, line: int, now: float) -> bool:
        """Put the cursor on a line, within bounds; returns whether it is on another key."""
        if not self.lines:
            return False
        if self._gap is not None and line > self._gap:
            line -= 1  # the row below has moved up into the gap
        key = self.lines[max(0, min(line, len(self.lines) - 1))]
        moved = key != self.cursor
        self.cursor = self._wanted = key
        self._moved_at, self._gap = now, None
        self.drop_ghosts(now)
        self.reveal()
        return moved

    def scroll(self, step: int) -> bool:
        """Move the window, not the cursor; returns whether it moved."""
        top = self._clamp(self.top + step)
        moved, self.top = top != self.top, top
        return moved

    def reveal(self) -> None:
        """Scroll as little as needed to have the cursor on the screen."""
        line = self.cursor_line
        if line < self.top:
            self.top = line
        elif line >= self.top + self.height:
            self.top = line - self.height + 1
        self.top = self._clamp(self.top)

    def toggle_mark(self) -> bool:
        """Mark or unmark the cursor's row; False if that is a ghost or there is none."""
        if not self.cursor or self.cursor in self.ghosts:
            return False
        self.marks ^= {self.cursor}
        self._anchor = self.cursor
        return True

    def mark_range(self) -> None:
        """Mark from the last marked row to the cursor."""
        anchor = self._anchor if self._anchor in self.marks else self.cursor
        low, high = sorted((self._line_of.get(anchor, self.cursor_line), self.cursor_line))
        self.marks.update(key for key in self.lines[low : high + 1] if key not in self.ghosts)

    def marked(self) -> tuple[str, ...]:
        """Marked keys in the order shown, then those that are not shown."""
        if not self.marks:  # asked after every poll, of ten thousand rows
            return ()
        shown = [key for key in self.keys if key in self.marks]
        return (*shown, *sorted(self.marks.difference(shown)))

    def _clamp(self, top: int) -> int:
        return max(0, min(top, len(self.lines) - self.height))

    def _is_moving(self, now: float) -> bool:
        return self._moved_at is not None and now - self._moved_at < MOVING_FOR

    def _restore_cursor(self, *, asked: bool) -> bool:
        """Keep the cursor on its key if that is shown; returns whether it is on another one.

        `asked`: the operator asked for other rows, so the cursor returns to where it was put.
        """
        before = self.cursor
        if asked or not self.lines:
            self._gap = None
        if not self.lines:
            self.cursor = ""
        elif self._gap is not None:
            pass  # only the operator puts the cursor on a row again
        elif asked and self._wanted in self._line_of:
            self.cursor = self._wanted
        elif before not in self._line_of:
            self.cursor = self.lines[0]
            self._wanted = self._wanted or self.cursor
        return self.cursor != before

    def _window(self) -> dict[str, int]:
        """The rows on the screen, each with its line there."""
        return {key: line for line, key in enumerate(self.visible())}

    def _restore_window(self, window: Mapping[str, int], *, follow: bool) -> None:
        """Scroll so that what was on the screen stays there, given the `_window` of before.

        With `follow` the cursor's row is what stays. Without it a row that is sorted far away does not take
        the window along: whoever watches the worst rows goes on seeing them.
        """
        if self.top > 0:  # at the top of the list, new rows above come into sight
            stays = [self.cursor] if follow else window
            tops = sorted(
                self._line_of[key] - window[key] for key in stays if key in window and key in self._line_of
            )
            self.top = tops[len(tops) // 2] if tops else self.top
        if follow:
            self.reveal()
        self.top = self._clamp(self.top)

    def _index(self, present: dict[str, int], now: float) -> None:
        """`present`: the keys, each with its line where there are no ghosts."""
        for key, ghost in list(self.ghosts.items()):
            if key not in present and ghost.until > now:
                continue
            del self.ghosts[key]
            if key == self.cursor and key not in present:
                self.cursor, self._gap = "", self._line_of.get(key, 0)
        for ghost in self.ghosts.values():
            ghost.after = self._nearest_above(ghost.after, present)
        self.lines = self._with_ghosts() if self.ghosts else list(self.keys)
        self._line_of = _lines_of(self.lines) if self.ghosts else present

    def _nearest_above(self, key: str, present: Container[str]) -> str:
        """The key, or the nearest one above it that is still shown."""
        line = self._line_of.get(key, -1)
        while line >= 0 and self.lines[line] not in present and self.lines[line] not in self.ghosts:
            line -= 1
        return self.lines[line] if line >= 0 else ""

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


def _lines_of(keys: Sequence[str]) -> dict[str, int]:
    """By key, its place; made fast, as there may be ten thousand."""
    return dict(zip(keys, range(len(keys)), strict=True))
