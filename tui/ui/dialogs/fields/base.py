"""What every question of a form shares, and the two that need no list: a choice and a block of lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import BindingType
from textual.color import Color
from textual.events import Key, Paste
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import TextArea

from tui.api.text.clean import clean_block
from tui.operations.fields import Field, Option
from tui.secret import Secret
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import CHOICE
from tui.ui.widgets.exact_input import ExactInput
from tui.ui.widgets.exact_text import block, has_crlf_only, is_text, joined, typed
from tui.ui.widgets.hidden_text import TakesHiddenText
from tui.ui.widgets.text import to_ascii
from tui.ui.widgets.themed_widget import ASCII_CLASS, ThemedWidget

EDGE: Final = "▁"
"""What the line along the bottom of a field is made of."""

Options = Callable[[], Sequence[Option]]


class FieldAnswered(Message):
    """A question has another answer."""

    def __init__(self, field: str) -> None:
        super().__init__()
        self.field = field


class Next(Message):
    """Enter: on to the next question."""


class Read(Message):
    """Enter in the field of a file: read it."""


class Divided(Message):
    """`NAME=value` was pasted where a name is asked."""

    def __init__(self, field: str, value: Secret) -> None:
        super().__init__()
        self.field = field
        """The question that the value belongs to."""
        self.value = value


def with_edge(field: Widget, strip: Strip, size: int) -> Strip:
    """The line of a field, with a line along the bottom of its free cells: it tells fields apart that touch.

    What is typed has none, since it would hide underscores. In a theme that underlines fields the sign is for
    pictures, which leave blanks out.
    """
    variables = field.app.theme_variables
    end = place = 0
    for text, look, _ in strip:
        taken = cell_len(text if look is not None and look.reverse else text.rstrip(" "))
        end = place + taken if taken else end  # the cursor is a blank too, but reversed
        place += cell_len(text)
    sign = to_ascii(EDGE) if field.app.has_class(ASCII_CLASS) else EDGE
    if "underline" in variables["field-style"]:
        edge = field.rich_style
    else:
        color = Color.parse(variables["edge-focus" if field.has_focus else "edge"])
        edge = Style(color=color.rich_color, bgcolor=field.rich_style.bgcolor)
    return Strip([*strip.crop(0, end), Segment(sign * max(0, size - end), edge)])


class LineInput(ExactInput):
    """A one-line input that does not blink."""

    def __init__(self, value: str, *, id: str) -> None:
        super().__init__(value, id=id, select_on_focus=False)
        self.cursor_blink = False

    def render_line(self, y: int) -> Strip:
        """An empty one has its text style over its whole width too: that may be all that shows it."""
        size = self.content_size.width
        return with_edge(self, super().render_line(y).extend_cell_length(size, self.rich_style), size)


class ReasonInput(LineInput):
    """A line of free text, which is kept and not sent: the lines of a paste are joined."""

    JOINS = True

    def exact(self, pasted: str) -> str:
        """With spaces for line breaks and tabs."""
        return joined(pasted)


class NameInput(LineInput, TakesHiddenText):
    """An input for a name, in which the value of a pasted `NAME=value` is never shown."""

    def __init__(self, value: str, *, id: str, rest: str) -> None:
        super().__init__(value, id=id)
        self._rest = rest

    def hidden_part(self, pasted: str) -> str:
        """What follows `NAME=`."""
        return pasted.partition("=")[2] if self._rest else ""

    def _on_paste(self, event: Paste) -> None:
        name, sign, value = event.text.strip("\r\n").partition("=")
        if sign and self._rest:
            event.stop()
            event.prevent_default()
            self.value = name.strip().removeprefix("export ").strip()
            self.post_message(Divided(self._rest, Secret(value)))
        else:
            super()._on_paste(event)


class ChoiceInput(ThemedWidget, can_focus=True):
    """One of a few words in a line; ← and → choose."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(CHOICE)
    DEFAULT_CSS = "ChoiceInput { height: 1; width: 1fr; }"

    def __init__(self, field: Field, options: Sequence[Option]) -> None:
        super().__init__(id=f"field-{field.id}")
        self.field = field
        self._options = tuple(options)
        values = [option.value for option in self._options]
        self._at = values.index(field.value) if field.value in values else 0

    @property
    def answer(self) -> str:
        """What is chosen."""
        return self._options[self._at].value if self._options else ""

    def action_choose(self, step: int) -> None:
        """The next one."""
        self._at = (self._at + step) % max(1, len(self._options))
        self.refresh()
        self.post_message(FieldAnswered(self.field.id))

    def action_next(self) -> None:
        """Go on."""
        self.post_message(Next())

    def render_line(self, y: int) -> Strip:
        """All of them, the chosen one marked by its form."""
        segments = []
        for place, option in enumerate(self._options):
            chosen = place == self._at
            row = "cursor" if chosen and self.has_focus else ""
            words = f"{'(o)' if chosen else '( )'} {option.words[0]}"
            segments += [Segment(words, self.tone_style("text" if chosen else "muted", row))]
            segments.append(Segment("  ", self.tone_style("text")))
        return Strip(segments).adjust_cell_length(self.size.width, self.tone_style("text"))

    def on_focus(self) -> None:
        """Show that it has the keyboard."""
        self.refresh()

    def on_blur(self) -> None:
        """Show that it has not."""
        self.refresh()


class MultilineInput(TextArea):
    """Several lines. What nobody edits is handed back exactly as it was given."""

    DEFAULT_CSS = """
    MultilineInput { width: 1fr; border: none; padding: 0 1; background: $panel; color: $foreground; }
    MultilineInput:focus { border: none; }
    """

    def __init__(self, field: Field) -> None:
        self._shown = clean_block(field.value, limit=600_000)
        super().__init__(self._shown, id=f"field-{field.id}", show_line_numbers=False, tab_behavior="focus")
        self.field = field
        self.cursor_blink = False
        self.styles.height = field.lines
        self.is_foreign = self._shown != field.value
        """It holds characters that are shown by stand-ins: editing would send those."""
        self.read_only = self.is_foreign

    @property
    def answer(self) -> str:
        """The text; that of the beginning if nobody changed it."""
        return self.field.value if self.text == self._shown else self.text

    def on_key(self, event: Key) -> None:
        """Type what Textual drops; a line feed, as a paste without marks holds it, is a line."""
        text = "\n" if event.key == "ctrl+j" else typed(event, self.screen)
        if text and not self.read_only:
            event.stop()
            event.prevent_default()
            self.replace(text, *self.selection, maintain_selection_offset=False)

    def render_line(self, y: int) -> Strip:
        """Only the last line is underlined: or the field would look like several."""
        strip = super().render_line(y)
        if y == self.size.height - 1:
            return with_edge(self, strip, strip.cell_length)
        return Strip(Segment.apply_style(strip, post_style=Style(underline=False)), strip.cell_length)

    async def _on_paste(self, event: Paste) -> None:
        """Take it exactly; Textual makes line breaks of some characters and drops carriage returns."""
        event.stop()
        event.prevent_default()
        if self.read_only:
            return
        if not self.text and has_crlf_only(event.text):
            self.load_text(block(event.text, "\r\n").replace("\n", "\r\n"))
            self.move_cursor(self.document.end)
        else:
            self.replace(
                block(event.text, self.document.newline), *self.selection, maintain_selection_offset=False
            )

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Also what only this types."""
        return super().check_consume_key(key, character) or is_text(character)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Tell."""
        event.stop()
        self.post_message(FieldAnswered(self.field.id))
