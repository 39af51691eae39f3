"""The widgets behind the questions of a form. Each holds its answer; what it means is not its business."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from rich.segment import Segment
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.strip import Strip
from textual.suggester import Suggester
from textual.widgets import Input, TextArea

from tui.api.clean import clean_block
from tui.fleet.operations.answers import Field, Option
from tui.ui.rows import Cell, Column
from tui.ui.table import LineTable
from tui.ui.text import fit
from tui.ui.toned import Toned

OFFERED: Final = 7
"""Suggestions shown at a time."""

Options = Callable[[], Sequence[Option]]


class Answered(Message):
    """A question has another answer."""

    def __init__(self, field: str) -> None:
        super().__init__()
        self.field = field


class Next(Message):
    """Enter: on to the next question."""


class Read(Message):
    """Enter in the field of a file: read it."""


def plain_input(value: str, id: str) -> Input:
    """A one-line input that does not blink."""
    field = Input(value, id=id, select_on_focus=False)
    field.cursor_blink = False
    return field


class TextField(Vertical):
    """One line; ↓ lists suggestions over what is below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "offer(1)", show=False),
        Binding("up", "offer(-1)", show=False),
    ]
    DEFAULT_CSS = "TextField { height: 1; width: 1fr; }"

    def __init__(self, field: Field, options: Options, fresh: Callable[[str], str], ascii_only: bool) -> None:
        super().__init__(id=f"field-{field.id}")
        self.field = field
        self._options = options
        self._made = [Option(fresh(field.fresh), ("(new)",))] if field.fresh else []
        self._list = Offers(ascii_only=ascii_only)
        self._typed = field.value

    def compose(self) -> ComposeResult:
        """The input and what is offered for it."""
        yield plain_input(self.field.value, "typed")
        yield self._list

    @property
    def answer(self) -> str:
        """What stands in it."""
        return self.query_one(Input).value

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
        field = self.query_one(Input)
        with field.prevent(Input.Changed):
            field.value = value
        field.cursor_position = len(value)
        self.post_message(Answered(self.field.id))

    def on_input_changed(self, event: Input.Changed) -> None:
        """What is typed narrows the list down."""
        event.stop()
        self._typed = event.value
        if self._list.display:
            self._list.offer(self._matching(event.value))
        self.post_message(Answered(self.field.id))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter takes what is chosen, or goes on."""
        event.stop()
        was_open, self._list.display = self._list.display, False
        self._typed = self.answer
        if not was_open:
            self.post_message(Next())

    def on_descendant_blur(self) -> None:
        """Nothing is offered to nobody."""
        self._list.display = False
        self._typed = self.answer

    def close_list(self) -> bool:
        """Close the list; False if it was not open."""
        was_open, self._list.display = bool(self._list.display), False
        return was_open


class Offers(Toned):
    """A short list that hangs over what is below."""

    DEFAULT_CSS = """
    Offers { display: none; overlay: screen; constrain: inside inside; height: auto; width: 1fr;
             background: $panel; padding: 0 1; }
    """

    def __init__(self, *, ascii_only: bool) -> None:
        super().__init__()
        self._offered: list[Option] = []
        self._at = -1

    def offer(self, options: Sequence[Option]) -> None:
        """Show these."""
        self._offered, self._at = list(options), -1
        self.display = bool(self._offered)
        self.styles.height = max(1, min(OFFERED, len(self._offered)))
        self.refresh(layout=True)

    def move(self, step: int) -> str | None:
        """Another one; None without any."""
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
        return Strip([Segment(fit(sign + words, self.size.width), style)])


class Choice(Toned, can_focus=True):
    """One of a few words in a line; ← and → choose."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "choose(-1)", show=False),
        Binding("right,l,space", "choose(1)", show=False),
        Binding("enter", "next", show=False),
    ]
    DEFAULT_CSS = "Choice { height: 1; width: 1fr; }"

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
        self.post_message(Answered(self.field.id))

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


class Pick(LineTable):
    """One row of a list: the row under the cursor is the answer."""

    def __init__(self, field: Field, options: Options, ascii_only: bool) -> None:
        self._titles = field.columns or (field.label.upper(),)
        super().__init__(self._columns_for(()), ascii_only=ascii_only, id=f"field-{field.id}")
        self.field = field
        self._read = options
        self._found: dict[str, Option] = {}
        self.styles.height = field.lines + 1

    @property
    def answer(self) -> str:
        """The value under the cursor."""
        return self.cursor or (self.field.value if not self._found else "")

    def refill(self) -> None:
        """Show the options as they are now; the cursor stays on its value."""
        found = {option.value: option for option in self._read()}
        first = not self._found and bool(found)
        self._found = found
        self.empty = (Cell("nothing to choose from", "muted"),)
        self.styles.height = max(1, min(self.field.lines, len(found))) + 1
        self.set_columns(self._columns_for(tuple(found.values())))
        self.show(list(found), self._row, keep=False)
        if first and self.field.value in found:
            self.select(self.field.value)

    def _row(self, key: str) -> tuple[Cell, ...]:
        words = self._found[key].words
        return (Cell(words[0]), *(Cell(word, "muted") for word in words[1:]))

    def _columns_for(self, options: Sequence[Option]) -> tuple[Column, ...]:
        """As wide as what stands in them."""
        columns = []
        for place, title in enumerate(self._titles):
            longest = max((len(item.words[place]) for item in options if place < len(item.words)), default=0)
            size = min(24, max(len(title), longest))
            columns.append(Column(title.lower(), title, size, grow=1 if place == 1 else 0, rank=place))
        return tuple(columns)

    def action_mark(self) -> None:
        """Nothing: one row is the answer."""

    def on_line_table_opened(self, event: LineTable.Opened) -> None:
        """Enter goes on."""
        event.stop()
        self.post_message(Next())

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        """Another row, another answer."""
        event.stop()
        self.post_message(Answered(self.field.id))

    def on_line_table_scrolled(self, event: LineTable.Scrolled) -> None:
        """Nothing to fetch for what comes into sight."""
        event.stop()


class Block(TextArea):
    """Several lines. What nobody edits is handed back exactly as it was given."""

    DEFAULT_CSS = """
    Block { width: 1fr; border: none; padding: 0 1; background: $panel; color: $foreground; }
    Block:focus { border: none; }
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

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Tell."""
        event.stop()
        self.post_message(Answered(self.field.id))


class FileField(Vertical):
    """The path of a file; → completes it, Enter reads it."""

    DEFAULT_CSS = "FileField { height: 1; width: 1fr; }"

    def __init__(self, field: Field) -> None:
        super().__init__(id=f"field-{field.id}")
        self.field = field

    def compose(self) -> ComposeResult:
        """The input."""
        typed = plain_input(self.field.value, "typed")
        typed.suggester = Paths()
        yield typed

    @property
    def answer(self) -> str:
        """What stands in it."""
        return self.query_one(Input).value

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another path: what was read is of no use."""
        event.stop()
        self.post_message(Answered(self.field.id))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Read it."""
        event.stop()
        self.post_message(Read())


class Paths(Suggester):
    """Completes a path by what is on the disk."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The first name that begins so."""
        head, slash, last = value.rpartition("/")
        return await asyncio.to_thread(_first, f"{head}{slash}", last) if value else None


def _first(folder: str, begin: str) -> str | None:
    try:
        names = sorted(os.listdir(os.path.expanduser(folder) or "."))
    except OSError:
        return None
    found = next((name for name in names if name.startswith(begin) and name.isprintable()), None)
    if found is None:
        return None
    end = "/" if os.path.isdir(os.path.expanduser(folder + found)) else ""
    return f"{folder}{found}{end}"
