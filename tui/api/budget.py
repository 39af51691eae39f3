"""How many requests this console may make: LiveKit counts them per project, shared with production."""

from __future__ import annotations

from collections import deque

from tui.clock import Clock

WINDOW = 60.0
"""Seconds over which requests are counted."""


class Budget:
    """A token bucket over one minute, and the pause that a 429 imposes on everything.

    Reads ask first and go without if there is nothing left. What the operator orders is sent anyway, and
    counted, and so is what has to be looked at for it; only a pause holds for everybody.
    """

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._sent: deque[float] = deque()
        self._paused_until = 0.0

    def take(self, *, ordered: bool = False) -> bool:
        """Whether a read may go now, one that the operator waits for if `ordered`; counts it if so."""
        if self.pause() > 0 or (self.left() <= 0 and not ordered):
            return False
        self.count()
        return True

    def count(self) -> None:
        """Note a request that goes out whatever the budget says."""
        self._sent.append(self._clock.monotonic())

    def used(self) -> int:
        """Requests sent within the last minute."""
        horizon = self._clock.monotonic() - WINDOW
        while self._sent and self._sent[0] <= horizon:
            self._sent.popleft()
        return len(self._sent)

    def left(self) -> int:
        """Reads that may still go now."""
        return max(0, self.per_minute - self.used())

    def wait(self) -> float:
        """Seconds until a read that nobody ordered may go."""
        if pause := self.pause():
            return pause
        if self.left():
            return 0.0
        return max(0.0, self._sent[0] + WINDOW - self._clock.monotonic())

    def hold(self, seconds: float) -> None:
        """Send no reads for so many seconds: the server asked for it."""
        self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)

    def pause(self) -> float:
        """Seconds left of such a pause."""
        return max(0.0, self._paused_until - self._clock.monotonic())
