"""A question that one key answers, with its choices in the footer. The screen asks it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct
from textual.message import Message


class KeyOption(Struct, frozen=True):
    """One choice."""

    key: str
    """As Textual calls it."""
    words: str
    answer: Callable[[], object]
    """Called when it is chosen."""


class KeyChoice(Message):
    """Asks for one of these keys, without a time limit; any other key ends it and does nothing else."""

    def __init__(self, title: str, options: Sequence[KeyOption]) -> None:
        super().__init__()
        self.title = title
        self.options = tuple(options)

    def answer(self, key: str) -> None:
        """Act on a key."""
        for option in self.options:
            if option.key == key:
                option.answer()
