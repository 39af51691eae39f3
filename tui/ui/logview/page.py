"""Which rows of the log are on the screen: cursor, scrolling, following. Pure; knows no widget and no look.

A place in the log is (line, row of it): lines differ in height, and only those near the screen are ever laid
out, so nothing here depends on how long the log is.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tui.logs.log import Log
from tui.logs.rows import Rows


class Place(msgspec.Struct, frozen=True, order=True):
    """A row of the screen: number of the line and which of its rows."""

    line: int
    part: int = 0


class Page:
    """A screenful of a log."""

    def __init__(self, log: Log, rows: Rows, height_of: Callable[[int], int]) -> None:
        """`height_of` says how many rows a line takes."""
        self.log = log
        self.rows = rows
        """The lines that are shown; may be exchanged at any time."""
        self.height = 1
        """Rows of the screen."""
        self.follow = True
        """The newest line stays at the bottom."""
        self.cursor = 0
        """Number of the line that keys are about."""
        self._height_of = height_of
        self._top = Place(0)
        self._seen = 0
        """Lines below this have been on the screen."""
        self._errors_seen = 0

    @property
    def top(self) -> Place:
        """The first row on the screen."""
        return self._top

    def places(self) -> list[Place]:
        """What to show, from the top; fewer than `height` when there is no more."""
        self.rows.trim()
        if not len(self.rows):
            return []
        if self.follow:
            self._go_bottom()
        else:
            self._hold()
        found = self._from(self._top, self.height)
        if found:
            self._see(found[-1].line)
        return found

    @property
    def unseen(self) -> int:
        """Lines that came since the screen was left standing."""
        return 0 if self.follow else len(self.rows) - self.rows.rank(self._seen)

    @property
    def unseen_errors(self) -> int:
        """How many of them, shown or not, are errors."""
        return 0 if self.follow else max(0, self.log.counts.errors - self._errors_seen)

    def stand(self) -> None:
        """Stop following: what is on the screen stays there."""
        if self.follow:
            self.places()
            self.follow = False
            self._errors_seen = self.log.counts.errors

    def resume(self) -> None:
        """Follow again, from the newest line."""
        self.follow = True
        self._go_bottom()

    def move(self, lines: int) -> None:
        """Move the cursor by so many lines; within a line that is higher than the screen, by rows."""
        if lines < 0:
            self.stand()
        if not len(self.rows) or (self.follow and lines > 0):
            return
        step = 1 if lines > 0 else -1
        for _ in range(abs(lines)):
            if not self._within(step):
                index = self._index(self.cursor) + step
                self.cursor = self.rows[min(max(index, 0), len(self.rows) - 1)]
                self._reveal(step)

    def scroll(self, rows: int) -> None:
        """Move the screen by so many rows and keep the cursor on it."""
        if rows < 0:
            self.stand()
        if not len(self.rows) or self.follow:
            return
        self._top = self._down(self._top, rows) if rows > 0 else self._up(self._top, -rows)
        self._top = min(self._top, self._bottom_top())
        lines = [place.line for place in self._from(self._top, self.height)]
        self.cursor = min(max(self.cursor, lines[0]), lines[-1])

    def page(self, rows: int) -> None:
        """Move the screen by so many rows and the cursor with it; at the end of the log only the cursor."""
        places = self.places()
        at = next((y for y, place in enumerate(places) if place.line == self.cursor), 0)
        self.scroll(rows)
        if self.follow or not places or not rows:
            return
        if self._top == places[0]:
            self.cursor = self.rows[0 if rows < 0 else len(self.rows) - 1]
            return
        shown = self._from(self._top, self.height)
        self.cursor = shown[min(at, len(shown) - 1)].line

    def home(self) -> None:
        """To the oldest line."""
        self.stand()
        if len(self.rows):
            self.cursor = self.rows[0]
            self._top = Place(self.cursor)

    def go(self, line: int) -> None:
        """Put the cursor on a line that is shown, or on the next one, and bring it on the screen."""
        self.stand()
        if not len(self.rows):
            return
        self.cursor = self.rows[min(self.rows.rank(line), len(self.rows) - 1)]
        if not self._on_screen(self.cursor):
            self._top = min(self._up(Place(self.cursor), self.height // 3), self._bottom_top())

    def changed(self) -> None:
        """Other lines are shown or they take other heights: keep the cursor on its line, or the nearest."""
        if len(self.rows) and not self.follow:
            self.cursor = self.rows[min(self.rows.rank(self.cursor), len(self.rows) - 1)]
            if not self._on_screen(self.cursor):
                self._top = min(self._up(Place(self.cursor), self.height // 3), self._bottom_top())

    def reveal(self) -> None:
        """Show as much of the line at the cursor as there is room for."""
        if len(self.rows):
            self._reveal(1)

    def line_at(self, y: int) -> int | None:
        """The line in a row of the screen."""
        found = self._from(self._top, self.height)
        return found[y].line if 0 <= y < len(found) else None

    # ---- places ---------------------------------------------------------------------------------------

    def _index(self, line: int) -> int:
        return min(self.rows.rank(line), len(self.rows) - 1)

    def _hold(self) -> None:
        """Keep the screen where it is as far as its lines are still held and shown."""
        index = self._index(self._top.line)
        line = self.rows[index]
        if line != self._top.line:
            self._top = Place(line)
        elif self._top.part >= self._height_of(line):
            self._top = Place(line, self._height_of(line) - 1)
        if self.cursor < self.rows[0]:
            self.cursor = self.rows[0]

    def _go_bottom(self) -> None:
        if len(self.rows):
            self.cursor = self.rows[len(self.rows) - 1]
            self._top = self._bottom_top()

    def _bottom_top(self) -> Place:
        """The top of the last screenful."""
        last = self.rows[len(self.rows) - 1]
        return self._up(Place(last, self._height_of(last) - 1), self.height - 1)

    def _from(self, top: Place, count: int) -> list[Place]:
        """Up to `count` rows from `top` on."""
        found: list[Place] = []
        if not len(self.rows):
            return found
        part = top.part
        for index in range(self._index(top.line), len(self.rows)):
            line = self.rows[index]
            found += [
                Place(line, n) for n in range(part, min(self._height_of(line), part + count - len(found)))
            ]
            part = 0
            if len(found) >= count:
                break
        return found

    def _up(self, place: Place, rows: int) -> Place:
        index, part = self._index(place.line), place.part
        while rows > part:
            if index == 0:
                return Place(self.rows[0])
            rows -= part + 1
            index -= 1
            part = self._height_of(self.rows[index]) - 1
        return Place(self.rows[index], part - rows)

    def _down(self, place: Place, rows: int) -> Place:
        index, part = self._index(place.line), place.part
        while rows > 0:
            left = self._height_of(self.rows[index]) - 1 - part
            if rows <= left:
                return Place(self.rows[index], part + rows)
            if index == len(self.rows) - 1:
                return Place(self.rows[index], part + left)
            rows -= left + 1
            index, part = index + 1, 0
        return Place(self.rows[index], part)

    def _within(self, step: int) -> bool:
        """Move through a line that does not fit on the screen; False when there is nothing more of it."""
        shown = self._from(self._top, self.height)
        if step > 0 and shown[-1].line == self.cursor and shown[-1].part < self._height_of(self.cursor) - 1:
            self._top = self._down(self._top, 1)
            return True
        if step < 0 and self._top.line == self.cursor and self._top.part > 0:
            self._top = self._up(self._top, 1)
            return True
        return False

    def _on_screen(self, line: int) -> bool:
        shown = self._from(self._top, self.height)
        return bool(shown) and shown[0].line <= line <= shown[-1].line and self._top <= Place(line)

    def _reveal(self, step: int) -> None:
        """Scroll as little as it takes to show the cursor's line."""
        first, last = Place(self.cursor), Place(self.cursor, self._height_of(self.cursor) - 1)
        if first < self._top:
            # coming from below, the end of a high line is read first
            start = self._up(last, self.height - 1)
            self._top = max(first, start) if step < 0 else first
            return
        shown = self._from(self._top, self.height)
        if shown and last > shown[-1]:
            self._top = min(first, self._up(last, self.height - 1))

    def _see(self, line: int) -> None:
        if line >= self._seen:
            self._seen = line + 1
            if not self.follow and not self.unseen:
                self._errors_seen = self.log.counts.errors
