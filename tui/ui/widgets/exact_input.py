"""One-line inputs that keep what is typed or pasted exactly, and mark what cannot be sent."""

from __future__ import annotations

from typing import ClassVar

from textual.events import Key, Paste
from textual.message import Message
from textual.widgets import Input

from tui.ui.widgets.exact_text import command_line, is_text, lines_in, one_line, typed


class LinesJoined(Message):
    """The lines of a paste stand in one line now."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count


class ExactInput(Input):
    """Textual's keeps the first line of a paste only, and drops characters that it cannot type."""

    JOINS: ClassVar[bool] = False
    """The lines of a paste become one, which is said; else the breaks between them are marked."""

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
        if self.JOINS and (count := lines_in(event.text)) > 1:
            self.post_message(LinesJoined(count))

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Also what only this types."""
        return super().check_consume_key(key, character) or is_text(character)


class PromptInput(ExactInput):
    """The input of a prompt, which asks for a line."""

    JOINS = True

    def exact(self, pasted: str) -> str:
        """One line, also of lines that a shell reads on from."""
        return command_line(pasted)
