"""One field under a real terminal; what it holds goes to a file when F12 is pressed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import Event, Key
from textual.widget import Widget

from tui.operations.fields import Field, FieldKind
from tui.ui import theme
from tui.ui.dialogs.fields.base import LineInput, MultilineInput
from tui.ui.dialogs.fields.secret_input import SecretInput
from tui.ui.dialogs.typed_run import parts
from tui.ui.terminal.key_queue import KeyQueue
from tui.ui.terminal.keyboard import UnmarkedPaste
from tui.ui.terminal.safe_app import SafeApp, run_guarded
from tui.ui.widgets.lines import Lines

KINDS = ("line", "block", "secret")


class FieldsApp(SafeApp, inherit_bindings=False):
    """A field of each kind; F11 goes to the next."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f12", "save"),
        Binding("f11", "app.focus_next"),
    ]

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._key_queue = KeyQueue(self)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our tones."""
        return theme.defaults()

    def compose(self) -> ComposeResult:
        """The fields."""
        yield LineInput("", id="line")
        yield MultilineInput(Field("block", "block", FieldKind.BLOCK, lines=5))
        yield SecretInput(id="secret")
        yield Lines(id="saved")

    async def on_event(self, event: Event) -> None:
        """Keys, pastes and clicks in their order, as the program delivers them."""
        if self._key_queue.holds(event):
            return
        if isinstance(event, UnmarkedPaste) and not event.is_forwarded:
            for part in parts(event, self.focused):
                await self.on_event(part)
            return
        is_key = isinstance(event, Key) and not event.is_forwarded
        to: Widget | None = self.focused if is_key else None
        await super().on_event(event)
        if is_key:
            self._key_queue.sent(to)

    def action_save(self) -> None:
        """Write down what the fields hold, and leave."""
        held = (
            self.query_one(LineInput).value,
            self.query_one(MultilineInput).answer,
            self.query_one(SecretInput).value.reveal(),
        )
        for kind, text in zip(KINDS, held, strict=True):
            (self._folder / kind).write_bytes(text.encode("utf-8", "surrogatepass"))
        self.exit()


if __name__ == "__main__":
    sys.exit(run_guarded(FieldsApp(Path(sys.argv[1])), mouse=False))
