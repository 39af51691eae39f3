"""How a dialog looks: title, questions, facts, reason, status and buttons. It decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Key, Paste
from textual.widget import Widget

from tui.fleet.lists.cells import Cell
from tui.ui.dialogs.buttons import Press
from tui.ui.dialogs.fact_lines import LABEL, FactLine, wrap_facts, wrap_text
from tui.ui.dialogs.fields.base import LineInput, ReasonInput
from tui.ui.dialogs.form import Form
from tui.ui.widgets.exact_text import FOREIGN, foreign, without_marks
from tui.ui.widgets.lines import Line, Lines, spread
from tui.ui.widgets.text import fit, width

KEYS = (
    "Tab moves · ctrl+s, then Enter confirms · Esc cancels · c copies the command · ctrl+r reloads",
    "Tab moves · ctrl+s, then Enter · Esc cancels · c copies · ctrl+r reloads",
    "Tab · ctrl+s, then Enter · Esc cancels · c copies · ctrl+r reloads",
    "ctrl+s, then Enter · Esc cancels · c copies",
    "ctrl+s, then Enter · Esc cancels",
)
"""What the keys do, the longest first."""

AROUND = 5
"""Lines that are neither facts nor questions nor title nor status: borders, reason, buttons, keys."""
TITLE = 3
"""Lines of a title at most; the id of the target stands at its end."""
WIDE = 64
"""Cells from which there is room for every button behind the column of labels."""
SMALL = 32
"""Lines of a terminal in which a dialog may take all of them."""


def without_copy(keys: str) -> str:
    """The same where `c` is a letter of what is typed."""
    return (
        keys.replace(" · c copies the commands", "")
        .replace(" · c copies the command", "")
        .replace(" · c copies", "")
    )


class DialogLayout(Vertical):
    """Draws what it is given, and equal things once.

    It holds its parts instead of querying for them: something may still be drawn while it is being closed.
    """

    DEFAULT_CSS = """
    DialogLayout #dlg-body { height: auto; width: 1fr; scrollbar-size-vertical: 1; }
    DialogLayout #dlg-facts, DialogLayout #dlg-status { width: 1fr; }
    DialogLayout #dlg-title, DialogLayout #dlg-keys { width: 1fr; }
    DialogLayout #dlg-buttons { height: 1; }
    DialogLayout Input { width: 1fr; }
    """

    def __init__(self, *, danger: bool, reason: bool = True) -> None:
        super().__init__(id="dialog", classes="-danger" if danger else "")
        self._reason_wanted = reason
        self._names: tuple[str, ...] = ()
        self._drawn: dict[str, tuple[Line, ...]] = {}
        self._words: tuple[str, ...] = ()
        self._parts = {name: Lines(id=f"dlg-{name}") for name in ("title", "facts", "status", "keys")}
        self._buttons = {
            name: Press(name, words)
            for name, words in (("cancel", "Cancel"), ("again", "Dry run"), ("go", "…"))
        }
        self._body = VerticalScroll(self._parts["facts"], id="dlg-body", can_focus=False)
        self._reason = ReasonInput("", id="reason")
        self._typed = LineInput("", id="typed")
        self._labels = {name: Lines(id=f"label-{name}") for name in ("reason", "typed")}
        self._row_reason = Horizontal(self._labels["reason"], self._reason, classes="row", id="row-reason")
        self._row_typed = Horizontal(self._labels["typed"], self._typed, classes="row", id="row-typed")
        self._row_buttons = Horizontal(*self._buttons.values(), id="dlg-buttons")
        self._form: Form | None = None

    def compose(self) -> ComposeResult:
        """Everything except the questions."""
        yield self._parts["title"]
        yield self._body
        yield self._row_reason
        yield self._row_typed
        yield self._parts["status"]
        yield self._row_buttons
        yield self._parts["keys"]

    def on_mount(self) -> None:
        """Labels that never change."""
        for label, words, tone in (("reason", "reason", "muted"), ("typed", "confirm", "warn")):
            self._labels[label].add_class("label")
            self._labels[label].set_lines([(Cell(words, tone),)])
        self._row_typed.display = False
        self._row_reason.display = self._reason_wanted
        self.watch(self._body, "show_vertical_scrollbar", self._draw_keys, init=False)

    async def put(self, form: Form) -> None:
        """Put the questions above the facts."""
        await self._body.mount(form, before=0)
        self._form = form

    # ---- what stands in it ----------------------------------------------------------------------------

    @property
    def reason(self) -> str:
        """The operator's words."""
        return without_marks(self._reason.value).strip()

    def fill_reason(self, words: str) -> None:
        """Put in what was given as the reason before."""
        self._reason.value = words

    @property
    def foreign(self) -> str:
        """What stands in a question or in the reason and cannot be sent, in words; empty if all of it can."""
        if self._form is not None and self._form.foreign:
            return self._form.foreign
        words = foreign(self._reason.value)
        return f"the reason holds {words}, shown as {FOREIGN}: remove it" if words else ""

    @property
    def typed(self) -> str:
        """The typed confirmation."""
        return self._typed.value

    def buttons(self, labels: Mapping[str, tuple[str, str] | None]) -> None:
        """Words and tones of the buttons; None hides one."""
        for name, label in labels.items():
            self._buttons[name].display = label is not None
            if label is not None:
                self._buttons[name].say(*label)

    def button(self, name: str) -> Press:
        """`cancel`, `again` or `go`."""
        return self._buttons[name]

    def ask_reason(self) -> None:
        """Give the keyboard to the reason."""
        self._reason.focus()

    def conclude(self) -> None:
        """Hide everything that asks."""
        self._reason_wanted, self._names = False, ()
        for part in self._asked:
            part.display = False

    def freeze(self, frozen: bool) -> None:
        """Take no more answers, or take them again."""
        for part in self._asked:
            part.disabled = frozen

    @property
    def _asked(self) -> tuple[Widget, ...]:
        return (*([self._form] if self._form is not None else []), self._row_reason, self._row_typed)

    # ---- drawing --------------------------------------------------------------------------------------

    def title(self, left: str, right: Sequence[Cell], tone: str) -> None:
        """What is done to what, in up to `TITLE` lines, and where."""
        first = next(wrap_text(left, max(1, self._room - sum(width(cell.text) for cell in right) - 1)))
        if left[len(first) : len(first) + 1].strip():  # a word is longer than that
            first = ""
        rest = left[len(first) :].strip()
        more = list(wrap_text(rest, self._room)) if rest else []
        if len(more) > TITLE - 1:
            more[TITLE - 2 :] = [fit(" ".join(more[TITLE - 2 :]), self._room)]
        found = [spread((Cell(first, tone),), tuple(right), self._room)]
        self._draw("title", [*found, *((Cell(text, tone),) for text in more)], fit=True)

    def facts(self, facts: Iterable[FactLine]) -> None:
        """What is known."""
        self._draw("facts", wrap_facts(facts, self._room), fit=True)

    def status(self, facts: Iterable[FactLine]) -> None:
        """What is in the way, is happening, or has happened."""
        self._draw("status", wrap_facts(facts, self._room), fit=True)
        self._arrange()

    def keys(self, *words: str) -> None:
        """What the keys do here: the first of these that fits."""
        self._words = words
        self._draw_keys()

    def _draw_keys(self) -> None:
        """With a hint at how to scroll, where more facts are known than fit."""
        more = " · PgDn more" if self._body.show_vertical_scrollbar else ""
        known = [text + more for text in self._words]
        if known:
            fitting = next((text for text in known if width(text) <= self._room), known[-1])
            self._draw("keys", [(Cell(fitting, "muted"),)])

    def ask_typed(self, names: tuple[str, ...]) -> None:
        """Ask for one of these names to be typed as a confirmation; for none, hide the line."""
        if bool(names) != bool(self._names):
            self._row_typed.display = bool(names)
        self._names = names

    def is_letter_typed(self) -> bool:
        """A `c` is a letter where the keyboard is, and not the key that copies."""
        focused = self.screen.focused
        return self.takes("c") or (focused is not None and focused.check_consume_key("c", "c"))

    def takes(self, letter: str) -> bool:
        """Whether a letter begins or continues a name that is asked for."""
        return any(name.startswith(self.typed + letter) for name in self._names)

    def takes_name(self, event: Key | Paste) -> bool:
        """Whether it may be a name that is asked for, or a letter of it: those before may be on their way."""
        if isinstance(event, Paste):
            return bool(self._with(event.text))
        letter = event.character if event.is_printable else None
        return letter is not None and any(letter in name[len(self.typed) :] for name in self._names)

    def on_key(self, event: Key) -> None:
        """A name that is asked for is typed wherever the keyboard is: a `c` in it does not copy."""
        letter = event.character
        if letter and event.is_printable and self.takes(letter):
            event.stop()
            event.prevent_default()
            self._put_typed(self.typed + letter)

    def on_paste(self, event: Paste) -> None:
        """A name is taken wherever the keyboard is, and so is a part of it that was typed in a stall."""
        if text := self._with(event.text):
            event.stop()
            self._put_typed(text)

    def _with(self, pasted: str) -> str:
        """What stands there after a paste of a name or of its next letters; empty for any other paste."""
        if (name := pasted.strip()) in self._names:
            return name
        return self.typed + pasted if pasted and self.takes(pasted) else ""

    def _put_typed(self, text: str) -> None:
        self._typed.value = text
        self._typed.cursor_position = len(text)
        self._typed.focus()

    def scroll(self, step: int) -> None:
        """Move through facts that do not fit."""
        (self._body.scroll_page_down if step > 0 else self._body.scroll_page_up)(animate=False)

    @property
    def _room(self) -> int:
        return max(20, self.size.width)

    def _draw(self, name: str, found: Sequence[Line], *, fit: bool = False) -> None:
        if self._drawn.get(name) != tuple(found):
            self._drawn[name] = tuple(found)
            if fit:
                self._parts[name].styles.height = len(found)
            self._parts[name].set_lines(found)

    def _arrange(self) -> None:
        """The facts get the lines that the rest leaves."""
        drawn = sum(len(self._drawn.get(name, ())) for name in ("title", "status"))
        taken = AROUND + drawn + bool(self._names) - (not self._reason_wanted)
        height = self.app.size.height
        room = height if height <= SMALL else int(height * 0.96)
        self.styles.max_height = room
        self._row_buttons.styles.margin = (0, 0, 0, LABEL if self.size.width >= WIDE else 0)
        self._body.styles.max_height = max(3, room - taken)
