"""The last operation that can be undone, for a limited time."""

from __future__ import annotations

from typing import Final

from tui.clock import Clock
from tui.operations.operation import Undo

UNDO_SECONDS: Final = 30.0
"""Seconds for which it is offered: afterwards the world has moved on."""


class LastUndo:
    """Holds one `Undo` for a while."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._undo: Undo | None = None
        self._until = 0.0

    def offer(self, undo: Undo | None) -> None:
        """Offer this one; with None nothing can be undone."""
        self._undo = undo
        self._until = self._clock.monotonic() + UNDO_SECONDS

    @property
    def offered(self) -> Undo | None:
        """The one that is offered, also after its dialog was cancelled; None once its time is over."""
        return self._undo if self.left else None

    @property
    def left(self) -> float:
        """Seconds for which something can be undone."""
        return max(0.0, self._until - self._clock.monotonic()) if self._undo is not None else 0.0
