"""When the operator was last active, so that newer events can be marked. Must not know the screen."""

from __future__ import annotations

from typing import Final

PAUSE: Final = 60.0
"""Seconds without a key after which the operator counts as away."""
ABSENCE: Final = 300.0
"""Seconds without a key after which what changed meanwhile is summed up."""


class Attention:
    """Follows keys, clicks and pastes. Times are monotonic."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._left_at: float | None = None
        self._absence: tuple[float, float] | None = None
        """The last key before the newest absence that ended untold, and the first key after it."""

    def pressed(self, now: float) -> None:
        """The operator did something."""
        if self._last is not None and now - self._last >= PAUSE:
            self._left_at = self._last
        self._absence = self.absence(now)
        self._last = now

    def left_at(self, now: float) -> float | None:
        """The last key before the newest pause, which may last still; None if there was none."""
        if self._last is not None and now - self._last >= PAUSE:
            return self._last
        return self._left_at

    def absence(self, now: float) -> tuple[float, float] | None:
        """From when to when the operator was away without being told what changed; None if there is none.

        One that lasts still ends now. Two of which neither was told are one.
        """
        if self._last is not None and now - self._last >= ABSENCE:
            return (self._absence[0] if self._absence else self._last, now)
        return self._absence

    def told(self) -> None:
        """The operator has seen what changed in the absence that is over, or nothing did."""
        self._absence = None
