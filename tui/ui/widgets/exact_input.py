"""A one-line input that keeps what is typed or pasted exactly, and marks what cannot be sent."""

from __future__ import annotations

from textual.events import Key, Paste
from textual.widgets import Input

from tui.ui.widgets.exact_text import is_text, one_line, typed


class ExactInput(Input):
    """Textual's keeps the first line of a paste only, and drops characters that it cannot type."""

    def exact(self, pasted: str) -> str:
        """What a paste puts in."""
        return one_line(pasted)

    def on_key(self, event: Key) -> None:
        """Type what Textual drops."""
        if text := typed(event, self.screen):
            event.stop()
            event.prevent_default()
            self.replace(text, *self.selection)

    def _on_paste(self, event: Paste) -> None:
        event.stop()
        event.prevent_default()
        self.replace(self.exact(event.text), *self.selection)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Also what only this types."""
        return super().check_consume_key(key, character) or is_text(character)
