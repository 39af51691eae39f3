"""The line under a log that asks for a search, a filter, a time, a note or a file name."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from tui.fleet.cells import Cell
from tui.ui.commandline.history import History
from tui.ui.widgets.lines import Lines
from tui.ui.widgets.text import width


class LogPrompt(Horizontal):
    """Hidden until opened. What is typed comes back in messages with the kind that was asked for."""

    DEFAULT_CSS = """
    LogPrompt { display: none; height: 1; width: 1fr; }
    LogPrompt.-open { display: block; }
    LogPrompt > #log-sign { width: 1; }
    LogPrompt > #log-hint { max-width: 60%; }
    LogPrompt > Input { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel"),
        Binding("up", "earlier(-1)", "Earlier"),
        Binding("down", "earlier(1)", "Later", show=False),
        Binding("ctrl+u", "clear", "Clear", show=False, priority=True),
        Binding("tab", "nothing", show=False, priority=True),
    ]

    class Typed(Message):
        """The text changed."""

        def __init__(self, kind: str, text: str) -> None:
            super().__init__()
            self.kind = kind
            self.text = text

    class Submitted(Typed):
        """Enter."""

    class Cancelled(Typed):
        """Esc."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__(id="log-prompt")
        self._ascii = ascii_only
        self._history = History()
        self.kind = ""
        """What is asked for; empty while the prompt is hidden."""

    def compose(self) -> ComposeResult:
        """The sign, the input, the hint."""
        yield Lines(ascii_only=self._ascii, id="log-sign")
        # a blinking cursor would send bytes for ever
        field = Input(select_on_focus=False, compact=True, id="log-typed")
        field.cursor_blink = False
        yield field
        yield Lines(ascii_only=self._ascii, id="log-hint")

    def open(self, kind: str, sign: str, text: str = "") -> None:
        """Ask for a line."""
        self.kind = kind
        self._history.begin(kind)
        label = self.query_one("#log-sign", Lines)
        label.styles.width = width(sign)
        label.set_lines([(Cell(sign, "accent"),)])
        self.hint("")
        field = self.query_one(Input)
        with self.prevent(Input.Changed):
            field.value = text
        field.cursor_position = len(text)
        self.add_class("-open")
        field.focus()

    def close(self) -> None:
        """Hide."""
        self.kind = ""
        self.remove_class("-open")

    def hint(self, words: str, *, bad: bool = False) -> None:
        """Say something about what is typed."""
        label = self.query_one("#log-hint", Lines)
        # wide enough for numbers to grow in, or every digit more would lay the prompt out again
        label.styles.width = max(30, width(words) + 3)
        label.set_lines([(Cell(f"  {words} ", "error" if bad else "muted"),)])

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass on what is typed."""
        event.stop()
        self.post_message(self.Typed(self.kind, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Remember the line and pass it on."""
        event.stop()
        self._history.add(event.value)
        self.post_message(self.Submitted(self.kind, event.value))

    def action_cancel(self) -> None:
        """Give up."""
        self.post_message(self.Cancelled(self.kind, ""))

    def action_earlier(self, step: int) -> None:
        """An earlier or later line."""
        field = self.query_one(Input)
        field.value = self._history.step(step)
        field.cursor_position = len(field.value)

    def action_clear(self) -> None:
        """Empty the line."""
        self.query_one(Input).value = ""

    def action_nothing(self) -> None:
        """Tab must not leave the prompt half way."""
