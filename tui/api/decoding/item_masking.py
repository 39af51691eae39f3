"""Masks secrets in the texts of listed items, a part at a time. Must not know what is listed."""

from __future__ import annotations

from typing import Final

from tui.api.models import Wire
from tui.api.text.masking import SentSecrets
from tui.secret import MASK

AT_ONCE: Final = 1 << 13
"""Characters of masked texts from one pause to the next: some milliseconds, as hundreds of items take."""
OF_ONE: Final = 1 << 17
"""Characters of an item's texts that are looked at: of what is beyond them nothing is kept."""


class ItemMasking:
    """Masks what was sent in one item after the other."""

    def __init__(self, sent: SentSecrets | None) -> None:
        self._sent = sent
        self._size = 0
        """Characters that were looked at since the last pause."""
        self._left = 0
        """Characters that may be looked at of the present item."""

    def mask(self, item: Wire) -> None:
        """Mask the texts of an item."""
        if self._sent is not None and self._sent.has_values:
            self._left = OF_ONE
            item.mask(self._masked)

    def _masked(self, text: str) -> str:
        looked_at, beyond = text[: self._left], text[self._left :]
        self._left -= len(looked_at)
        self._size += len(looked_at)
        shown = looked_at if self._sent is None else self._sent.mask(looked_at)
        return shown + MASK if beyond else shown

    def needs_pause(self) -> bool:
        """Whether enough was looked at since the last time that it did."""
        is_due = self._size > AT_ONCE
        if is_due:
            self._size = 0
        return is_due
