"""A few lines of text in tones that repaint only where they differ: header, footer, hints."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip

from tui.fleet.lists.cells import Cell
from tui.ui.widgets.text import fit, width
from tui.ui.widgets.themed_widget import ThemedWidget

Line = tuple[Cell, ...]


class Lines(ThemedWidget):
    """Shows as many lines as it is high; one that is too long ends with an ellipsis.

    Setting equal lines again sends no bytes.
    """

    DEFAULT_CSS = "Lines { height: 1; width: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: tuple[Line, ...] = ()

    @property
    def text(self) -> str:
        """What is shown, as plain text."""
        return "\n".join("".join(cell.text for cell in line) for line in self._lines)

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show these lines."""
        new = tuple(lines)
        if new == self._lines:
            return
        dirty = []
        for y in range(max(len(new), len(self._lines))):
            before = self._lines[y] if y < len(self._lines) else ()
            after = new[y] if y < len(new) else ()
            if before != after:
                start = _common(before, after)
                dirty.append(Region(start, y, max(1, self.size.width - start), 1))
        self._lines = new
        self.refresh(*dirty)

    def render_line(self, y: int) -> Strip:
        """One line, for the compositor."""
        base = self.tone_style("text")
        line = self._lines[y] if y < len(self._lines) else ()
        texts = ((self.encode(cell.text), cell.tone) for cell in line)
        strip = Strip([Segment(text, self.tone_style(tone)) for text, tone in texts if text])
        if strip.cell_length > self.size.width > 0:
            cut = strip.crop(0, self.size.width - 1)
            last = list(cut)[-1].style if cut.cell_length else base
            return Strip([*cut, Segment(self.encode("…"), last)])
        return strip.adjust_cell_length(self.size.width, base)


class TitleLine(Lines):
    """The title of a list over the main screen and, as far as there is room beside it, what its keys do."""

    def __init__(self, *keys: str, id: str | None = None) -> None:
        """`keys` are forms of the same hint, the longest first."""
        super().__init__(id=id)
        self._title: Line = ()
        self._keys = keys

    def say(self, *title: Cell, keys: tuple[str, ...] = ()) -> None:
        """Show this title; `keys` take the place of the hint."""
        self._title, self._keys = title, keys or self._keys
        self.on_resize()

    def on_resize(self) -> None:
        """The hint that fits."""
        taken = sum(width(cell.text) for cell in self._title)
        hints = (f" · {words}" for words in self._keys)
        hint = next((words for words in hints if taken + width(words) <= self.size.width), "")
        self.set_lines([(*self._title, Cell(hint, "muted"))])


def _common(before: Line, after: Line) -> int:
    """Width of the equal cells at the start."""
    x = 0
    for old, new in zip(before, after, strict=False):
        if old != new:
            break
        x += width(old.text)
    return x


def spread(left: Line, right: Line, size: int) -> Line:
    """`left` and `right` at the edges of a line of `size` cells; where both do not fit, `left` is cut."""
    taken = sum(width(cell.text) for cell in right)
    room = max(0, size - taken - 1)
    kept: list[Cell] = []
    for cell in left:
        need = width(cell.text)
        if need > room:
            if room > 1:
                kept.append(Cell(fit(cell.text, room), cell.tone))
                room = 0
            break
        kept.append(cell)
        room -= need
    gap = max(0, size - taken - sum(width(cell.text) for cell in kept))
    return (*kept, Cell(" " * gap), *right)
