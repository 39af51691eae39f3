"""One line with suggestions: ↓ lists them over what is below, typing narrows them down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from rich.segment import Segment
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.strip import Strip
from textual.widgets import Input

from tui.operations.fields import Field, Option
from tui.ui.dialogs.fields.base import FieldAnswered, NameInput, Next, Options
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import SUGGESTIONS
from tui.ui.widgets.text import fit
from tui.ui.widgets.themed_widget import ThemedWidget

OFFERED: Final = 7
"""Suggestions shown at a time."""


class TextField(Vertical):
    """One line; ↓ lists suggestions over what is below."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(SUGGESTIONS)
    DEFAULT_CSS = "TextField { height: 1; width: 1fr; }"

    def __init__(self, field: Field, options: Options, fresh: Callable[[str], str]) -> None:
        super().__init__(id=f"field-{field.id}")
        self.field = field
        self._options = options
        self._made = [Option(fresh(field.fresh), ("(new)",))] if field.fresh else []
        self._list = Offers()
        made = self._made[0].value if self._made and field.starts_fresh else ""
        self._typed = field.value or made
        self._input = NameInput(self._typed, id="typed", rest=field.rest)

    def compose(self) -> ComposeResult:
        """The input and its suggestions."""
        yield self._input
        yield self._list

    @property
    def answer(self) -> str:
        """The text as typed."""
        return self._input.value

    def fill(self, value: str) -> None:
        """Put an answer in, which is not told as one of the operator's."""
        with self._input.prevent(Input.Changed):
            self._input.value = value

    def action_offer(self, step: int) -> None:
        """Open the list, or go through it."""
        if not self._list.display:
            found = self._matching("" if self._exact() else self._typed)
            self._list.offer(found)
            if step < 0 or not found:
                return
        if (chosen := self._list.move(step)) is not None:
            self._put(chosen)

    def _exact(self) -> bool:
        return any(option.value == self._typed for option in self._options())

    def _matching(self, text: str) -> list[Option]:
        folded = text.strip().casefold()
        found = [item for item in self._options() if folded in " ".join((item.value, *item.words)).casefold()]
        return [Option(item.value, (item.value, *item.words)) for item in self._made] + found

    def _put(self, value: str) -> None:
        self.fill(value)
        self._input.cursor_position = len(value)
        self.post_message(FieldAnswered(self.field.id))

    def on_input_changed(self, event: Input.Changed) -> None:
        """What is typed narrows the list down."""
        event.stop()
        self._typed = event.value
        if self._list.display:
            self._list.offer(self._matching(event.value))
        self.post_message(FieldAnswered(self.field.id))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter takes what is chosen, or goes on."""
        event.stop()
        was_open, self._list.display = self._list.display, False
        self._typed = self.answer
        if not was_open:
            self.post_message(Next())

    def on_descendant_blur(self) -> None:
        """Hide the suggestions when unfocused."""
        self._list.display = False
        self._typed = self.answer

    def close_list(self) -> bool:
        """Close the list; False if it was not open."""
        was_open, self._list.display = bool(self._list.display), False
        return was_open


class Offers(ThemedWidget):
    """A short list that hangs over what is below."""

    DEFAULT_CSS = """
    Offers { display: none; overlay: screen; constrain: inside inside; height: auto; width: 1fr;
             background: $panel; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._offered: list[Option] = []
        self._at = -1

    def offer(self, options: Sequence[Option]) -> None:
        """Show these suggestions."""
        self._offered, self._at = list(options), -1
        self.display = bool(self._offered)
        self.styles.height = max(1, min(OFFERED, len(self._offered)))
        self.refresh(layout=True)

    def move(self, step: int) -> str | None:
        """Move to another suggestion; None without any."""
        if not self._offered:
            return None
        self._at = max(0, min(len(self._offered) - 1, self._at + step))
        self.refresh()
        return self._offered[self._at].value

    def render_line(self, y: int) -> Strip:
        """One suggestion."""
        top = max(0, min(self._at - OFFERED + 1, len(self._offered) - OFFERED))
        place = top + y
        if place >= len(self._offered):
            return Strip.blank(self.size.width)
        more = len(self._offered) - top - OFFERED if y == OFFERED - 1 else 0
        words = "  ".join(dict.fromkeys(self._offered[place].words))
        words += f"   … {more} more" if more > 0 else ""
        row = "cursor" if place == self._at else ""
        sign = "> " if row else "  "
        style = self.tone_style("accent" if row else "text", row)
        return Strip([Segment(fit(sign + self.encode(words), self.size.width), style)])
