"""A short list over the lower part of a log: sources, fields, filters, kinds of errors.

No modal screen: under one, every line of the stream would repaint the whole terminal (performance.md §3.6).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import msgspec
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from tui.fleet.cells import Cell
from tui.ui.widgets.text import fit, to_ascii
from tui.ui.widgets.themed_widget import ThemedWidget


class Choice(msgspec.Struct, frozen=True):
    """A row of the list."""

    key: str
    cells: tuple[Cell, ...]


class Picker(ThemedWidget, can_focus=True):
    """A list to pick from; shown by `ask`, gone with Esc."""

    DEFAULT_CSS = """
    Picker { display: none; dock: bottom; height: auto; max-height: 60%; width: 1fr; background: $panel; }
    Picker.-open { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", show=False),
        Binding("k,up", "move(-1)", "Up", show=False),
        Binding("g,home", "move(-100000)", "First", show=False),
        Binding("G,end", "move(100000)", "Last", show=False),
        Binding("pagedown", "move(8)", "Page down", show=False),
        Binding("pageup", "move(-8)", "Page up", show=False),
        Binding("enter", "pick", "Choose"),
        Binding("space", "switch", "On / off"),
        Binding("d,delete", "remove", "Remove"),
        Binding("escape,q", "close", "Close"),
    ]

    class Done(Message):
        """Something was done to a choice."""

        def __init__(self, about: str, key: str, verb: str) -> None:
            super().__init__()
            self.about = about
            """What the list is of."""
            self.key = key
            self.verb = verb
            """`pick`, `switch`, `remove` or `close`."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(id="log-picker")
        self.about = ""
        self._ascii = ascii_only
        self._title = ""
        self._choices: tuple[Choice, ...] = ()
        self._at = 0
        self._top = 0
        self._switches = self._removes = False

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Letters that the list has no use for reach nothing behind it: `r` restarts no agent here."""
        return character is not None and character.isalnum() and key not in self._bindings.key_to_bindings

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what the list knows how to do."""
        return {"switch": self._switches, "remove": self._removes}.get(action, True)

    @property
    def text(self) -> str:
        """What it reads, for tests."""
        return "\n".join("".join(cell.text for cell in choice.cells) for choice in self._choices)

    def ask(self, about: str, title: str, choices: Sequence[Choice], *verbs: str) -> None:
        """Show a list; again with the same `about` to bring it up to date.

        `verbs` are what can be done beside choosing: `switch`, `remove`.
        """
        self._switches, self._removes = "switch" in verbs, "remove" in verbs
        if about != self.about:
            self._at = self._top = 0
        self.about, self._title, self._choices = about, title, tuple(choices)
        self._at = min(self._at, max(0, len(self._choices) - 1))
        self.add_class("-open")
        self.refresh(layout=True)
        self.focus()

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """A row for the title and one for each choice."""
        return 1 + max(1, len(self._choices))

    def render_line(self, y: int) -> Strip:
        """One row, for the compositor."""
        if y == 0:
            return self._strip((Cell(f" {self._title}", "accent"),), "")
        index = y - 1 + self._top
        if not self._choices:
            return self._strip((Cell(" nothing here", "muted"),), "")
        if index >= len(self._choices):
            return Strip.blank(self.size.width, self.tone_style("text"))
        at_cursor = index == self._at
        mark = Cell("▌" if at_cursor else " ", "accent")
        return self._strip((mark, *self._choices[index].cells), "cursor" if at_cursor else "")

    def action_move(self, steps: int) -> None:
        """Move the cursor."""
        self._at = min(max(0, self._at + steps), max(0, len(self._choices) - 1))
        rows = max(1, self.size.height - 1)
        self._top = min(max(self._top, self._at - rows + 1), self._at)
        self.refresh()

    def action_pick(self) -> None:
        """Choose this one."""
        self._post("pick")

    def action_switch(self) -> None:
        """Switch this one on or off."""
        self._post("switch")

    def action_remove(self) -> None:
        """Take this one away."""
        self._post("remove")

    def action_close(self) -> None:
        """Away with the list."""
        self.hide()
        self.post_message(self.Done(self.about, "", "close"))

    def hide(self) -> None:
        """Take the list off the screen."""
        self.remove_class("-open")

    def on_click(self, event: events.Click) -> None:
        """Put the cursor there."""
        if event.y:
            self.action_move(self._top + event.y - 1 - self._at)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        self.action_move(0)

    def _post(self, verb: str) -> None:
        if self._choices:
            self.post_message(self.Done(self.about, self._choices[self._at].key, verb))

    def _strip(self, cells: Sequence[Cell], band: str) -> Strip:
        texts = ((to_ascii(cell.text) if self._ascii else cell.text, cell.tone) for cell in cells)
        strip = Strip([Segment(text, self.tone_style(tone, band)) for text, tone in texts if text])
        return strip.adjust_cell_length(self.size.width, self.tone_style("text", band))


def padded(text: str, size: int, tone: str = "text") -> Cell:
    """A cell of a fixed width with a space after it."""
    return Cell(fit(text, size) + " ", tone)
