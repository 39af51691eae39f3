"""A dialog with questions: Enter leads from one to the next; no secret is pasted where it would be shown."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.events import Event, Paste
from textual.widgets import Input

from tui.ui.dialogs.base import Dialog
from tui.ui.dialogs.fields.base import Next
from tui.ui.dialogs.fields.secret_input import SecretInput
from tui.ui.dialogs.form import REPEATED, Form
from tui.ui.dialogs.layout import DialogLayout


class FormDialog(Dialog):
    """The questions come once it is known what to fill them in with."""

    def __init__(self, frame: DialogLayout) -> None:
        super().__init__()
        self.frame = frame
        self.form: Form | None = None
        """The questions; None until they are put."""

    def compose(self) -> ComposeResult:
        """The frame; the questions follow."""
        yield self.frame

    # ---- from one question to the next ----------------------------------------------------------------

    def go_on(self) -> None:
        """Enter in a question: to the next one."""
        self.to_next_question()

    def on_next(self, event: Next) -> None:
        """Enter in a question."""
        event.stop()
        self.go_on()

    def on_secret_input_done(self, event: SecretInput.Done) -> None:
        """The same in a secret value."""
        event.stop()
        self.go_on()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """The same in the reason, or in the name that is typed."""
        self.go_on()

    def action_scroll(self, step: int) -> None:
        """Move through what does not fit."""
        self.frame.scroll(step)

    # ---- values of secrets ----------------------------------------------------------------------------

    def ignores(self, event: Event) -> bool:
        """Also the value of a secret that is pasted once more, where it would be shown."""
        is_shown = isinstance(event, Paste) and not isinstance(self.focused, SecretInput)
        if is_shown and isinstance(event, Paste) and self._repeats(event.text):
            self.refuse_paste(f"{REPEATED}: it was not pasted here")
            return True
        return super().ignores(event)

    def refuse_paste(self, words: str) -> None:
        """Say why something was not pasted."""

    def problem_in(self, texts: Iterable[str]) -> str:
        """What stands in these answers and must not be sent or shown, in words; empty for nothing."""
        if self._repeats("\n".join((self.frame.reason, *texts))):
            return f"{REPEATED}: remove it where it is shown"
        return self.frame.foreign

    def _repeats(self, text: str) -> bool:
        return self.form is not None and self.form.repeats_secret(text)
