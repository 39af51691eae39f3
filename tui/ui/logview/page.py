"""Which rows of a log are on the screen: cursor, scrolling, following. Pure; knows no widget and no colours.

A position in the log is (line, row of that line): lines differ in height, and only lines near the screen are
laid out, so the cost does not depend on the length of the log.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tui.logs.log import Log
from tui.logs.rows import Rows


class Position(msgspec.Struct, frozen=True, order=True):
    """A line and one of the rows that show it, both counted from 0."""

    line: int
    part: int = 0


class Page:
    """The part of a log that is on the screen."""

    def __init__(self, log: Log, rows: Rows, height_of: Callable[[int], int]) -> None:
        """`height_of` says how many rows a line takes."""
        self.log = log
        self.rows = rows
        """The lines that are shown; may be replaced at any time."""
        self.height = 1
        """Height of the screen in rows."""
        self.follow = True
        """Keep the newest line at the bottom of the screen."""
        self.cursor = 0
        """Number of the line that keys act on."""
        self._height_of = height_of
        self._top = Position(0)
        self._seen = 0
        """Lines with lower numbers have been on the screen."""
        self._errors_seen = 0

    @property
    def top(self) -> Position:
        """The first row on the screen."""
        return self._top

    def visible(self) -> list[Position]:
        """The rows to show, from the top; fewer than `height` when there are no more."""
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
        """Lines received since following was stopped, and not on the screen since."""
        return 0 if self.follow else len(self.rows) - self.rows.rank(self._seen)

    @property
    def unseen_errors(self) -> int:
        """Errors received since following was stopped, shown or hidden by filters."""
        return 0 if self.follow else max(0, self.log.counts.errors - self._errors_seen)

    def pause(self) -> None:
        """Stop following; the rows on the screen stay where they are."""
        if self.follow:
            self.visible()
            self.follow = False
            self._errors_seen = self.log.counts.errors

    def resume(self) -> None:
        """Follow again, from the newest line."""
        self.follow = True
        self._go_bottom()

    def move(self, lines: int) -> None:
        """Move the cursor by lines; within a line higher than the screen, by rows."""
        if lines < 0:
            self.pause()
        if not len(self.rows) or (self.follow and lines > 0):
            return
        step = 1 if lines > 0 else -1
        for _ in range(abs(lines)):
            if not self._within(step):
                index = self._index(self.cursor) + step
                self.cursor = self.rows[min(max(index, 0), len(self.rows) - 1)]
                self._reveal(step)

    def scroll(self, rows: int) -> None:
        """Move the screen by rows and keep the cursor on it."""
        if rows < 0:
            self.pause()
        if not len(self.rows) or self.follow:
            return
        self._top = self._down(self._top, rows) if rows > 0 else self._up(self._top, -rows)
        self._top = min(self._top, self._bottom_top())
        lines = [position.line for position in self._from(self._top, self.height)]
        self.cursor = min(max(self.cursor, lines[0]), lines[-1])

    def page_by(self, rows: int) -> None:
        """Move the screen by rows and the cursor with it; at either end of the log only the cursor."""
        before = self.visible()
        at = next((y for y, position in enumerate(before) if position.line == self.cursor), 0)
        self.scroll(rows)
        if self.follow or not before or not rows:
            return
        if self._top == before[0]:
            self.cursor = self.rows[0 if rows < 0 else len(self.rows) - 1]
            return
        shown = self._from(self._top, self.height)
        self.cursor = shown[min(at, len(shown) - 1)].line

    def home(self) -> None:
        """Go to the oldest line."""
        self.pause()
        if len(self.rows):
            self.cursor = self.rows[0]
            self._top = Position(self.cursor)

    def go_to(self, line: int) -> None:
        """Put the cursor on this line, or the next one that is shown, and scroll to it."""
        self.pause()
        if not len(self.rows):
            return
        self.cursor = self.rows[min(self.rows.rank(line), len(self.rows) - 1)]
        if not self._on_screen(self.cursor):
            self._top = min(self._up(Position(self.cursor), self.height // 3), self._bottom_top())

    def refit(self) -> None:
        """After other lines or heights: keep the cursor on its line, or the nearest one shown."""
        if len(self.rows) and not self.follow:
            self.cursor = self.rows[min(self.rows.rank(self.cursor), len(self.rows) - 1)]
            if not self._on_screen(self.cursor):
                self._top = min(self._up(Position(self.cursor), self.height // 3), self._bottom_top())

    def reveal_cursor(self) -> None:
        """Scroll until as much as possible of the line at the cursor is on the screen."""
        if len(self.rows):
            self._reveal(1)

    def line_at(self, y: int) -> int | None:
        """The line in row `y` of the screen; None below the last one."""
        found = self._from(self._top, self.height)
        return found[y].line if 0 <= y < len(found) else None

    # ---- positions ------------------------------------------------------------------------------------

    def _index(self, line: int) -> int:
        return min(self.rows.rank(line), len(self.rows) - 1)

    def _hold(self) -> None:
        """Keep the top where it is, as far as its line is still held and shown."""
        index = self._index(self._top.line)
        line = self.rows[index]
        if line != self._top.line:
            self._top = Position(line)
        elif self._top.part >= self._height_of(line):
            self._top = Position(line, self._height_of(line) - 1)
        if self.cursor < self.rows[0]:
            self.cursor = self.rows[0]

    def _go_bottom(self) -> None:
        if len(self.rows):
            self.cursor = self.rows[len(self.rows) - 1]
            self._top = self._bottom_top()

    def _bottom_top(self) -> Position:
        """The top of the last screen of rows."""
        last = self.rows[len(self.rows) - 1]
        return self._up(Position(last, self._height_of(last) - 1), self.height - 1)

    def _from(self, top: Position, count: int) -> list[Position]:
        """Up to `count` rows from `top` on."""
        found: list[Position] = []
        if not len(self.rows):
            return found
        part = top.part
        for index in range(self._index(top.line), len(self.rows)):
            line = self.rows[index]
            found += [
                Position(line, n) for n in range(part, min(self._height_of(line), part + count - len(found)))
            ]
            part = 0
            if len(found) >= count:
                break
        return found

    def _up(self, position: Position, rows: int) -> Position:
        index, part = self._index(position.line), position.part
        while rows > part:
            if index == 0:
                return Position(self.rows[0])
            rows -= part + 1
            index -= 1
            part = self._height_of(self.rows[index]) - 1
        return Position(self.rows[index], part - rows)

    def _down(self, position: Position, rows: int) -> Position:
        index, part = self._index(position.line), position.part
        while rows > 0:
            left = self._height_of(self.rows[index]) - 1 - part
            if rows <= left:
                return Position(self.rows[index], part + rows)
            if index == len(self.rows) - 1:
                return Position(self.rows[index], part + left)
            rows -= left + 1
            index, part = index + 1, 0
        return Position(self.rows[index], part)

    def _within(self, step: int) -> bool:
        """Scroll within a line that is higher than the screen; False at its end."""
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
        return bool(shown) and shown[0].line <= line <= shown[-1].line and self._top <= Position(line)

    def _reveal(self, step: int) -> None:
        """Scroll as little as needed to show the line at the cursor."""
        first, last = Position(self.cursor), Position(self.cursor, self._height_of(self.cursor) - 1)
        if first < self._top:
            # moving up, the end of a high line comes into view first
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
