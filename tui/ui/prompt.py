"""The one-line prompt above the footer: filters with `/`, commands with `:`."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

from tui.ui.lines import Lines
from tui.ui.rows import Cell

REMEMBER = 50
"""Lines of history of each kind."""


class Prompt(Vertical):
    """Hidden until opened; says what is typed, submitted or given up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", show=False),
        Binding("up", "history(-1)", "Earlier", show=False),
        Binding("down", "history(1)", "Later", show=False),
        Binding("tab", "accept", "Complete", show=False, priority=True),
        Binding("ctrl+u", "clear", "Clear", show=False, priority=True),
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
        """Esc; the text is what was there when the prompt opened."""

    def __init__(self, complete: Callable[[str, str], str], *, ascii_only: bool = False) -> None:
        super().__init__(id="prompt")
        self._complete = complete
        self._ascii = ascii_only
        self.kind = ""
        self._before = ""
        self._history: dict[str, list[str]] = {}
        self._at = 0

    def compose(self) -> ComposeResult:
        """The hint and the input."""
        yield Lines(ascii_only=self._ascii, id="hint")
        field = Input(id="typed", select_on_focus=False, suggester=_Live(self))
        field.cursor_blink = False
        yield field

    @property
    def text(self) -> str:
        """What is typed."""
        return self.query_one(Input).value

    def open(self, kind: str, sign: str, text: str = "") -> None:
        """Ask for a line; `kind` comes back in the messages."""
        self.kind = kind
        self._before = text
        self._at = len(self._history.get(kind, ()))
        field = self.query_one(Input)
        field.border_title = None
        field.placeholder = sign
        self.display = True
        with self.prevent(Input.Changed):
            field.value = text
        field.cursor_position = len(text)
        field.focus()

    def close(self) -> None:
        """Hide."""
        self.display = False
        self.kind = ""

    def say(self, words: str, *, bad: bool = False) -> None:
        """The line above the input."""
        self.query_one("#hint", Lines).set_lines([(Cell(" " + words, "error" if bad else "muted"),)])
        self.set_class(bad, "-bad")

    def complete(self, text: str) -> str:
        """The whole line that the text is completed to; empty for none."""
        return self._complete(self.kind, text)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Tell what is typed."""
        event.stop()
        self.post_message(self.Typed(self.kind, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Remember the line and tell it."""
        event.stop()
        if event.value:
            lines = self._history.setdefault(self.kind, [])
            lines[:] = [*(line for line in lines if line != event.value), event.value][-REMEMBER:]
        self.post_message(self.Submitted(self.kind, event.value))

    def action_cancel(self) -> None:
        """Give up."""
        self.post_message(self.Cancelled(self.kind, self._before))

    def action_history(self, step: int) -> None:
        """An earlier or later line."""
        lines = self._history.get(self.kind, [])
        self._at = max(0, min(len(lines), self._at + step))
        field = self.query_one(Input)
        field.value = lines[self._at] if self._at < len(lines) else ""
        field.cursor_position = len(field.value)

    def action_accept(self) -> None:
        """Take the completion."""
        field = self.query_one(Input)
        if completed := self.complete(field.value):
            field.value = completed
            field.cursor_position = len(completed)

    def action_clear(self) -> None:
        """Empty the line."""
        self.query_one(Input).value = ""

    def on_key(self, event: events.Key) -> None:
        """Backspace in an empty prompt gives up, as in a shell's search."""
        if event.key == "backspace" and not self.text:
            event.stop()
            self.action_cancel()


class _Live(Suggester):
    """Completion from live data: never cached, since the data lives."""

    def __init__(self, prompt: Prompt) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._prompt = prompt

    async def get_suggestion(self, value: str) -> str | None:
        """The ghost text."""
        return self._prompt.complete(value) or None
