"""When the operator was last here: tells what has come since from what was seen. Must not know the screen."""

from __future__ import annotations

from typing import Final

PAUSE: Final = 60.0
"""Seconds without a key after which the operator counts as away."""


class Attention:
    """Follows keys, clicks and pastes. Times are monotonic."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._left_at: float | None = None

    def pressed(self, now: float) -> None:
        """The operator did something."""
        if self._last is not None and now - self._last >= PAUSE:
            self._left_at = self._last
        self._last = now

    def left_at(self, now: float) -> float | None:
        """The last key before the newest pause, which may last still; None if there was none."""
        if self._last is not None and now - self._last >= PAUSE:
            return self._last
        return self._left_at
