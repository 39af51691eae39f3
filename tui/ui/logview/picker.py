"""A short list over the lower part of a log: sources, fields, filters, kinds of errors.

Not a modal screen: under one, every line of the stream would repaint the whole terminal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.strip import Strip

from tui.fleet.lists.cells import Cell
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import PICKER
from tui.ui.logview.choices import ChoiceRow, Choices
from tui.ui.widgets.themed_widget import ThemedWidget


class Picker(ThemedWidget, can_focus=True):
    """A list to choose from; `ask` shows it, Esc closes it."""

    DEFAULT_CSS = """
    Picker { display: none; dock: bottom; height: auto; max-height: 60%; width: 1fr; background: $panel; }
    Picker.-open { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings(PICKER)

    def __init__(self, leave: Callable[[], object]) -> None:
        """`leave` is called when the list closes; it moves the keyboard elsewhere."""
        super().__init__(id="log-picker")
        self._leave = leave
        self._choices: Choices | None = None
        self._about = ""
        self._at = 0
        self._top = 0

    @property
    def is_open(self) -> bool:
        """A list is shown."""
        return self._choices is not None

    @property
    def text(self) -> str:
        """What the rows of the list read, for tests."""
        empty = self._choices.empty if self._choices else ""
        return "\n".join("".join(cell.text for cell in choice.cells) for choice in self._rows) or empty

    @property
    def _rows(self) -> Sequence[ChoiceRow]:
        return self._choices.rows if self._choices else ()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Other letters must not reach the panes behind the list, where `r` restarts an agent."""
        return character is not None and character.isalnum() and key not in self._bindings.key_to_bindings

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what can be done to the rows of this list."""
        return action not in ("switch", "remove") or (
            self._choices is not None and action in self._choices.verbs
        )

    def ask(self, choices: Choices) -> None:
        """Show a list."""
        if choices.about != self._about:
            self._at = self._top = 0
        self._about, self._choices = choices.about, choices
        self._at = min(self._at, max(0, len(choices.rows) - 1))
        self.add_class("-open")
        self.refresh(layout=True)
        self.focus()

    def close(self) -> None:
        """Hide the list, if it is open."""
        if self._choices is not None:
            self._choices = None
            self.remove_class("-open")
            self._leave()

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """A row for the title and one for each choice."""
        return 1 + max(1, len(self._rows))

    def render_line(self, y: int) -> Strip:
        """One row, for the compositor."""
        if y == 0:
            return self._strip((Cell(f" {self._choices.title if self._choices else ''}", "accent"),), "")
        index = y - 1 + self._top
        if not self._rows:
            return self._strip((Cell(f" {self._choices.empty if self._choices else ''}", "muted"),), "")
        if index >= len(self._rows):
            return Strip.blank(self.size.width, self.tone_style("text"))
        at_cursor = index == self._at
        mark = Cell("▌" if at_cursor else " ", "accent")
        return self._strip((mark, *self._rows[index].cells), "cursor" if at_cursor else "")

    def action_move(self, steps: int) -> None:
        """Move the cursor."""
        self._at = min(max(0, self._at + steps), max(0, len(self._rows) - 1))
        rows = max(1, self.size.height - 1)
        self._top = min(max(self._top, self._at - rows + 1), self._at)
        self.refresh()

    def action_pick(self) -> None:
        """Choose this one."""
        self._act("pick")

    def action_switch(self) -> None:
        """Switch this one on or off."""
        self._act("switch")

    def action_remove(self) -> None:
        """Remove this one."""
        self._act("remove")

    def action_close(self) -> None:
        """Close the list."""
        self.close()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor there."""
        if event.y:
            self.action_move(self._top + event.y - 1 - self._at)

    def on_resize(self) -> None:
        """Keep the cursor in sight."""
        if self.is_open:
            self.action_move(0)

    def _act(self, verb: str) -> None:
        choices = self._choices
        if choices is None or not choices.rows:
            return
        if not choices.verbs:
            self.close()  # first, for the answer may open the prompt
        if after := choices.answer(choices.rows[self._at].key, verb):
            self.ask(after)

    def _strip(self, cells: Sequence[Cell], band: str) -> Strip:
        texts = ((self.encode(cell.text), cell.tone) for cell in cells)
        strip = Strip([Segment(text, self.tone_style(tone, band)) for text, tone in texts if text])
        return strip.adjust_cell_length(self.size.width, self.tone_style("text", band))
