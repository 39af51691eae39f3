"""The look of a dialog about an operation: title, questions, facts, reason, status, buttons. No decisions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget

from tui.ui.dialogs.buttons import Press
from tui.ui.dialogs.fields import plain_input
from tui.ui.dialogs.form import Form
from tui.ui.dialogs.wrap import Told, lines
from tui.ui.lines import Line, Lines, spread
from tui.ui.rows import Cell
from tui.ui.text import width

KEYS = (
    "Tab moves · ctrl+s to the button · Enter presses · Esc cancels · c copies the command · ctrl+r rereads",
    "Tab moves · ctrl+s to the button · Esc cancels · c copies · ctrl+r rereads",
    "Tab · ctrl+s to the button · Esc cancels · c copies · ctrl+r rereads",
)
"""What the keys do, the longest first."""
AROUND = 6
"""Lines that are neither facts nor questions nor status: borders, title, reason, buttons, keys."""


class Frame(Vertical):
    """Draws what it is told; equal things are drawn once.

    It holds its parts instead of asking for them: what is told while it is being closed finds them still.
    """

    DEFAULT_CSS = """
    Frame #dlg-body { height: auto; width: 1fr; scrollbar-size-vertical: 1; }
    Frame #dlg-facts, Frame #dlg-status, Frame #dlg-title, Frame #dlg-keys { width: 1fr; }
    Frame #dlg-buttons { height: 1; margin: 0 0 0 13; }
    Frame Input { width: 1fr; }
    """

    def __init__(self, *, ascii_only: bool, danger: bool, reason: bool = True) -> None:
        super().__init__(id="dialog", classes="-danger" if danger else "")
        self._reason_wanted = reason
        self._typed_wanted = False
        self._drawn: dict[str, tuple[Line, ...]] = {}
        self._parts = {
            name: Lines(ascii_only=ascii_only, id=f"dlg-{name}")
            for name in ("title", "facts", "status", "keys")
        }
        self._buttons = {
            name: Press(name, words)
            for name, words in (("cancel", "Cancel"), ("again", "Dry run"), ("go", "…"))
        }
        self._body = VerticalScroll(self._parts["facts"], id="dlg-body", can_focus=False)
        self._reason = plain_input("", "reason")
        self._typed = plain_input("", "typed")
        self._labels = {
            name: Lines(ascii_only=ascii_only, id=f"label-{name}") for name in ("reason", "typed")
        }
        self._row_reason = Horizontal(self._labels["reason"], self._reason, classes="row", id="row-reason")
        self._row_typed = Horizontal(self._labels["typed"], self._typed, classes="row", id="row-typed")
        self._form: Form | None = None

    def compose(self) -> ComposeResult:
        """Everything but the questions."""
        yield self._parts["title"]
        yield self._body
        yield self._row_reason
        yield self._row_typed
        yield self._parts["status"]
        yield Horizontal(*self._buttons.values(), id="dlg-buttons")
        yield self._parts["keys"]

    def on_mount(self) -> None:
        """Labels that never change."""
        for label, words, tone in (("reason", "reason", "muted"), ("typed", "to arm it", "warn")):
            self._labels[label].add_class("label")
            self._labels[label].set_lines([(Cell(words, tone),)])
        self._row_typed.display = False
        self._row_reason.display = self._reason_wanted

    async def put(self, form: Form) -> None:
        """Put the questions above the facts."""
        await self._body.mount(form, before=0)
        self._form = form

    # ---- what stands in it ----------------------------------------------------------------------------

    @property
    def reason(self) -> str:
        """The operator's words."""
        return self._reason.value.strip()

    @property
    def typed(self) -> str:
        """What was typed to arm the button."""
        return self._typed.value

    def button(self, name: str) -> Press:
        """`cancel`, `again` or `go`."""
        return self._buttons[name]

    def ask_reason(self) -> None:
        """Give the keyboard to the reason."""
        self._reason.focus()

    def conclude(self) -> None:
        """Nothing is asked any more."""
        self._reason_wanted = self._typed_wanted = False
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
        """The first line."""
        self._draw("title", [spread((Cell(left, tone),), tuple(right), max(10, self.size.width))])

    def facts(self, told: Iterable[Told]) -> None:
        """What is known."""
        self._draw("facts", lines(told, self._room), fit=True)

    def status(self, told: Iterable[Told]) -> None:
        """What is in the way, or happening, or became of it."""
        self._draw("status", lines(told, self._room), fit=True)
        self._arrange()

    def keys(self, *words: str) -> None:
        """What the keys do here: the first of these that fits."""
        fitting = next((text for text in words if width(text) <= self._room), words[-1])
        self._draw("keys", [(Cell(fitting, "muted"),)])

    def ask_typed(self, wanted: bool) -> None:
        """Show the line to arm the button with."""
        if wanted != self._typed_wanted:
            self._typed_wanted = wanted
            self._row_typed.display = wanted
            self._arrange()

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
        taken = AROUND + len(self._drawn.get("status", ())) + self._typed_wanted - (not self._reason_wanted)
        self._body.styles.max_height = max(3, int(self.app.size.height * 0.96) - taken)
