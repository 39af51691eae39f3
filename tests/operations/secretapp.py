"""A field for a secret under a real terminal; what it holds goes to a file when F12 is pressed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.ui import theme
from tui.ui.dialogs.fields.secret_input import SecretInput
from tui.ui.terminal.safe_app import SafeApp, run_guarded


class SecretApp(SafeApp, inherit_bindings=False):
    """Says what the field shows, and nothing else."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f12", "save")]

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our tones."""
        return theme.defaults()

    def compose(self) -> ComposeResult:
        """The field."""
        yield SecretInput()

    def action_save(self) -> None:
        """Write the value down and leave."""
        held = self.query_one(SecretInput)
        self._path.write_bytes(held.value.reveal().encode("utf-8", "surrogateescape"))
        self._path.with_suffix(".note").write_text(held.note)
        self.exit()


if __name__ == "__main__":
    sys.exit(run_guarded(SecretApp(Path(sys.argv[1])), mouse=False))
