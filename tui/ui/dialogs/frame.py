"""The look of a dialog about an operation: title, questions, facts, reason, status, buttons. No decisions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Input

from tui.ui.dialogs.buttons import Press
from tui.ui.dialogs.fields import plain_input
from tui.ui.dialogs.form import Form
from tui.ui.dialogs.wrap import Told, lines
from tui.ui.lines import Line, Lines, spread
from tui.ui.rows import Cell

KEYS = "Tab moves · Enter presses · Esc cancels · c copies cmd · ctrl+r rereads"
AROUND = 6
"""Lines that are neither facts nor questions nor status: borders, title, reason, buttons, keys."""


class Frame(Vertical):
    """Draws what it is told; equal things are drawn once."""

    DEFAULT_CSS = """
    Frame #dlg-body { height: auto; width: 1fr; scrollbar-size-vertical: 1; }
    Frame #dlg-facts, Frame #dlg-status, Frame #dlg-title, Frame #dlg-keys { width: 1fr; }
    Frame #dlg-buttons { height: 1; margin: 0 0 0 13; }
    Frame Input { width: 1fr; }
    """

    def __init__(self, *, ascii_only: bool, danger: bool, reason: bool = True) -> None:
        super().__init__(id="dialog", classes="-danger" if danger else "")
        self._ascii = ascii_only
        self._reason = reason
        self._drawn: dict[str, tuple[Line, ...]] = {}
        self._typed_shown = False

    def compose(self) -> ComposeResult:
        """Everything but the questions."""
        yield Lines(ascii_only=self._ascii, id="dlg-title")
        with VerticalScroll(id="dlg-body", can_focus=False):
            yield Lines(ascii_only=self._ascii, id="dlg-facts")
        with Horizontal(classes="row", id="row-reason"):
            yield self._label("label-reason")
            yield plain_input("", "reason")
        with Horizontal(classes="row", id="row-typed"):
            yield self._label("label-typed")
            yield plain_input("", "typed")
        yield Lines(ascii_only=self._ascii, id="dlg-status")
        with Horizontal(id="dlg-buttons"):
            yield Press("cancel", "Cancel")
            yield Press("again", "Dry run")
            yield Press("go", "…")
        yield Lines(ascii_only=self._ascii, id="dlg-keys")

    def _label(self, id: str) -> Lines:
        label = Lines(ascii_only=self._ascii, id=id)
        label.add_class("label")
        return label

    def on_mount(self) -> None:
        """Labels that never change."""
        self._lines("#label-reason", [(Cell("reason", "muted"),)])
        self._lines("#label-typed", [(Cell("to arm it", "warn"),)])
        self.query_one("#row-typed").display = False
        self.query_one("#row-reason").display = self._reason

    async def put(self, form: Form) -> None:
        """Put the questions above the facts."""
        await self.query_one("#dlg-body").mount(form, before="#dlg-facts")

    # ---- what stands in it ----------------------------------------------------------------------------

    @property
    def reason(self) -> str:
        """The operator's words."""
        return self.query_one("#reason", Input).value.strip()

    @property
    def typed(self) -> str:
        """What was typed to arm the button."""
        return self.query_one("#row-typed Input", Input).value

    def button(self, name: str) -> Press:
        """`cancel`, `again` or `go`."""
        return self.query_one(f"#{name}", Press)

    def conclude(self) -> None:
        """Nothing is asked any more."""
        self._reason = False
        for part in (*self.query(Form), self.query_one("#row-reason"), self.query_one("#row-typed")):
            part.display = False
        self._typed_shown = False

    def freeze(self, frozen: bool) -> None:
        """Take no more answers, or take them again."""
        for field in (*self.query(Form), *self.query(Input)):
            field.disabled = frozen

    # ---- drawing --------------------------------------------------------------------------------------

    def title(self, left: str, right: Sequence[Cell], tone: str) -> None:
        """The first line."""
        self._lines("#dlg-title", [spread((Cell(left, tone),), tuple(right), max(10, self.size.width))])

    def facts(self, told: Iterable[Told]) -> None:
        """What is known."""
        self._lines("#dlg-facts", lines(told, self._room), fit=True)

    def status(self, told: Iterable[Told]) -> None:
        """What is in the way, or happening, or became of it."""
        self._lines("#dlg-status", lines(told, self._room), fit=True)
        self._arrange()

    def keys(self, words: str) -> None:
        """What the keys do here."""
        self._lines("#dlg-keys", [(Cell(words, "muted"),)])

    def ask_typed(self, wanted: bool) -> None:
        """Show the line to arm the button with."""
        if wanted != self._typed_shown:
            self._typed_shown = wanted
            self.query_one("#row-typed").display = wanted
            self._arrange()

    def scroll(self, step: int) -> None:
        """Move through facts that do not fit."""
        body = self.query_one("#dlg-body", VerticalScroll)
        (body.scroll_page_down if step > 0 else body.scroll_page_up)(animate=False)

    @property
    def _room(self) -> int:
        return max(20, self.size.width)

    def _lines(self, selector: str, found: Sequence[Line], *, fit: bool = False) -> None:
        if self._drawn.get(selector) == tuple(found):
            return
        self._drawn[selector] = tuple(found)
        shown = self.query_one(selector, Lines)
        if fit:
            shown.styles.height = len(found)
        shown.set_lines(found)

    def _arrange(self) -> None:
        """The facts get the lines that the rest leaves."""
        taken = (
            AROUND + len(self._drawn.get("#dlg-status", ())) + int(self._typed_shown) - int(not self._reason)
        )
        room = int(self.app.size.height * 0.96) - taken
        self.query_one("#dlg-body").styles.max_height = max(3, room)
