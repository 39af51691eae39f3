"""The path of a file on this machine. It reads nothing itself and asks for that with `Read`."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from tui.operations.fields import Field
from tui.ui.dialogs.fields.base import FieldAnswered, LineInput, Read
from tui.ui.widgets.path_suggester import PathSuggester


class FileField(Vertical):
    """The path of a file; → completes it, Enter reads it."""

    DEFAULT_CSS = "FileField { height: 1; width: 1fr; }"

    def __init__(self, field: Field) -> None:
        super().__init__(id=f"field-{field.id}")
        self.field = field
        self._input = LineInput(field.value, id="typed")
        self._input.suggester = PathSuggester()

    def compose(self) -> ComposeResult:
        """The input."""
        yield self._input

    @property
    def answer(self) -> str:
        """The path as typed."""
        return self._input.value

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another path: what was read before no longer counts."""
        event.stop()
        self.post_message(FieldAnswered(self.field.id))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Ask for the file to be read."""
        event.stop()
        self.post_message(Read())
