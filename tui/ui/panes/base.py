"""What every pane shares: it is given a `View` and shows it, under a title that says how current it is."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.reactive import var

from tui.fleet.cells import Cell
from tui.fleet.state import View
from tui.ui.widgets.lines import Line, Lines, spread
from tui.ui.widgets.text import fit, width

LIVE = Cell("live", "muted")
"""What the title says while polls succeed."""


class Pane(Vertical):
    """A bordered part of the screen with a number, a name and a `View`."""

    NUMBER: ClassVar[str] = ""
    NAME: ClassVar[str] = ""
    """As in the title and after `:`."""
    HELP: ClassVar[str] = ""
    """What it shows, for the help overlay."""
    SOURCE: ClassVar[str] = ""
    """The source whose freshness the border shows."""

    view: var[View | None] = var(None, init=False)

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(id=self.NAME.lower(), classes="pane")
        self.ascii_only = ascii_only
        self.tabs: tuple[str, ...] = ()
        """Names of the panes that share this place, the longest form first; set by the screen."""
        # Held, not looked up: something may still be shown while the pane is being taken down.
        self._title = Lines(ascii_only=ascii_only, id="title")

    def compose(self) -> ComposeResult:
        """The title line."""
        yield self._title

    def watch_view(self, view: View | None) -> None:
        """Show another view."""
        if view is not None and self.is_mounted:
            self.show(view)

    def show(self, view: View) -> None:
        """Draw what differs."""

    def on_mount(self) -> None:
        """First draw."""
        if self.view is not None:
            self.show(self.view)

    def on_resize(self) -> None:
        """The title has other room."""
        if self.view is not None:
            self.show(self.view)

    @property
    def is_narrowed(self) -> bool:
        """It shows only a part, by the operator's wish."""
        return False

    def widen(self) -> None:
        """Take back what narrows it, the newest wish first."""

    def set_filter(self, text: str) -> str:
        """Filter what it shows; returns what is wrong with the filter."""
        return f"{self.NAME} has no filter"

    def copy_text(self) -> str:
        """What `c` copies; empty for nothing."""
        return ""

    def raw_item(self) -> object | None:
        """What `y` shows as JSON: the thing under the cursor."""
        return None

    def take_focus(self) -> None:
        """Give the keyboard to what the pane shows."""
        for child in self.query("*"):
            if child.can_focus:
                child.focus()
                return

    def set_title(self, left: Line, right: Line) -> None:
        """Change the words of the title line; only what differs is painted."""
        bar = self._title
        rule = "muted" if not self.has_class("-focused") else "info"
        name = "accent" if self.has_class("-focused") else "text"
        head = (Cell("─ ", rule), Cell(f"{self.NUMBER} {self.NAME}", name))
        size = bar.size.width
        # what the pane shows is worth more than the whole of an error
        right = tuple(Cell(_cut(cell.text, size // 2), cell.tone) for cell in right)
        end = (Cell(" "), *right, Cell(" ─", rule)) if right else (Cell("─", rule),)
        tabs = self._tabs_for(size, (*head, *left, *end))
        if self.tabs and right == (LIVE,) and tabs not in self.tabs[:2]:
            end = (Cell("─", rule),)  # that all is well is worth less than the names of the neighbours
            tabs = self._tabs_for(size, (*head, *left, *end))
        line = spread((*head, *left, Cell(tabs, "muted"), Cell(" ", rule)), end, size)
        place = len(line) - len(end) - 1  # the empty middle: a rule, but for the gap after what was cut
        middle = line[place]
        if len(middle.text) > 1 or line[place - 1].text.endswith(" "):
            middle = Cell("─" * len(middle.text), rule)
        bar.set_lines([(*line[:place], middle, *line[place + 1 :])])

    def _tabs_for(self, size: int, taken: Line) -> str:
        """The longest form of the tabs that fits beside what is there."""
        room = size - sum(width(cell.text) for cell in taken) - 2
        return next((words for words in self.tabs if width(words) <= room), "")


def _cut(text: str, size: int) -> str:
    """Without the last of its parts as far as there is no room for them."""
    while width(text) > size and " · " in text:
        text = text.rpartition(" · ")[0]
    return text if width(text) <= size else fit(text, size)
