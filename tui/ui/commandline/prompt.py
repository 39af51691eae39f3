"""The one-line prompt above the footer. Its mode handles the input."""

from __future__ import annotations

from typing import ClassVar, Protocol

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.suggester import Suggester
from textual.widgets import Input

from tui.fleet.lists.cells import Cell
from tui.ui.commandline.history import PromptHistory
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import PROMPT
from tui.ui.widgets.exact_input import PromptInput
from tui.ui.widgets.exact_text import FOREIGN, foreign
from tui.ui.widgets.lines import Lines
from tui.ui.widgets.path_suggester import PathSuggester


class PromptMode(Protocol):
    """What a line is typed for. `submit` and `give_up` end it and give the keyboard back."""

    @property
    def kind(self) -> str:
        """Lines of one kind share their history."""

    @property
    def sign(self) -> str:
        """The text shown in an empty line."""

    @property
    def words(self) -> str:
        """The first text above the line."""

    @property
    def begun(self) -> str:
        """The text that the line starts with."""

    def typed(self, text: str) -> tuple[str, bool]:
        """Try what is typed; returns the words above it, and whether they report a mistake."""

    def complete(self, text: str) -> str:
        """The whole line that the text is completed to; empty for none."""

    def path(self, text: str) -> tuple[str, str]:
        """The line before a path of this machine that is being typed, and that path; else two empty texts."""

    def submit(self, text: str) -> None:
        """Enter."""

    def give_up(self) -> None:
        """Esc: everything stays as it was."""


class Prompt(Vertical):
    """Hidden until it is opened in a mode."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(PROMPT)

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self._mode: PromptMode | None = None
        self._history = PromptHistory()

    def compose(self) -> ComposeResult:
        """The hint and the input."""
        yield Lines(id="hint")
        field = PromptInput(id="typed", select_on_focus=False, suggester=_Live(self))
        field.cursor_blink = False
        yield field

    def open(self, mode: PromptMode) -> None:
        """Ask for a line."""
        self._mode = mode
        self._history.begin(mode.kind)
        field = self.query_one(Input)
        field.placeholder = mode.sign
        self.display = True
        with self.prevent(Input.Changed):
            field.value = mode.begun
        field.cursor_position = len(mode.begun)
        field.focus()
        self._say(mode.words, bad=False)

    def complete(self, text: str) -> str:
        """The whole line that the text is completed to; empty for none."""
        return self._mode.complete(text) if self._mode is not None else ""

    def path(self, text: str) -> tuple[str, str]:
        """The line before a path that is being typed, and that path; else two empty texts."""
        return self._mode.path(text) if self._mode is not None else ("", "")

    def _say(self, words: str, *, bad: bool) -> None:
        """The line above the input."""
        self.query_one("#hint", Lines).set_lines([(Cell(" " + words, "error" if bad else "muted"),)])
        self.set_class(bad, "-bad")

    def _close(self) -> PromptMode | None:
        """Hide; returns the mode it was in."""
        mode, self._mode = self._mode, None
        self.display = False
        return mode

    def on_input_changed(self, event: Input.Changed) -> None:
        """Try what is typed."""
        event.stop()
        if self._mode is not None:
            words, bad = self._mode.typed(event.value)
            self._say(words, bad=bad)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Remember the line and hand it to the mode."""
        event.stop()
        if words := foreign(event.value):
            self._say(f"it holds {words}, shown as {FOREIGN}: remove it", bad=True)
            return
        self._history.add(event.value)
        if (mode := self._close()) is not None:
            mode.submit(event.value)

    def action_cancel(self) -> None:
        """Give up."""
        if (mode := self._close()) is not None:
            mode.give_up()

    def action_history(self, step: int) -> None:
        """An earlier or later line."""
        field = self.query_one(Input)
        field.value = self._history.step(step, field.value)
        field.cursor_position = len(field.value)

    def action_accept(self) -> None:
        """Take the completion."""
        field = self.query_one(Input)
        if completed := self.complete(field.value):
            field.value = completed
            field.cursor_position = len(completed)
        else:  # a path: what the disk says has come as the ghost text, or is still to come
            field.action_end()
            field.action_cursor_right()

    def action_clear(self) -> None:
        """Empty the line."""
        self.query_one(Input).value = ""

    def on_key(self, event: events.Key) -> None:
        """Backspace in an empty prompt gives up, as in a shell's search."""
        if event.key == "backspace" and not self.query_one(Input).value:
            event.stop()
            self.action_cancel()


class _Live(Suggester):
    """Completion from live data, so it is never cached."""

    def __init__(self, prompt: Prompt) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._prompt = prompt
        self._paths = PathSuggester()

    async def get_suggestion(self, value: str) -> str | None:
        """The ghost text."""
        if completed := self._prompt.complete(value):
            return completed
        head, path = self._prompt.path(value)
        found = await self._paths.get_suggestion(path) if path else None
        return f"{head}{found}" if found and found.split() == [found] else None
