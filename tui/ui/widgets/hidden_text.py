"""Text that is never shown: which widgets take it, and that it is pasted nowhere else. Keeps digests only."""

from __future__ import annotations

import secrets
from abc import abstractmethod
from collections import deque
from typing import Final

from textual.widget import Widget

TELLING: Final = 8
"""Characters from which a paste is long enough to be told from a word."""
KEPT: Final = 64
"""Pastes that are remembered."""


class TakesHiddenText(Widget):
    """A widget that keeps a paste, or a part of it, where it is not shown."""

    @abstractmethod
    def hidden_part(self, pasted: str) -> str:
        """The part of a paste that is not shown; empty for none."""


class PastedSecrets:
    """Recognises what was pasted as a secret when it is pasted again, for the whole run."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._digests: deque[bytes] = deque(maxlen=KEPT)

    def add(self, value: str) -> None:
        """Remember a value that was pasted as a secret."""
        if len(value.strip()) >= TELLING and not self._knows(value):
            self._digests.append(self._digest(value))

    def is_in(self, pasted: str) -> bool:
        """Whether a paste is such a value, or `NAME=` and such a value."""
        return bool(self._digests) and (self._knows(pasted) or self._knows(pasted.partition("=")[2]))

    def _knows(self, value: str) -> bool:
        return self._digest(value) in self._digests

    def _digest(self, value: str) -> bytes:
        import hashlib  # loads OpenSSL, which a start without secrets does without

        bare = value.strip().strip("\"'").replace("\r\n", "\n").replace("\r", "\n")
        return hashlib.blake2b(bare.encode("utf-8", "surrogatepass"), key=self._key).digest()
