"""How many requests this console may make: LiveKit counts them per project, shared with production."""

from __future__ import annotations

from collections import deque

from tui.clock import Clock

WINDOW = 60.0
"""Seconds over which requests are counted."""


class Budget:
    """Sliding one-minute request count, plus the pause after a 429.

    Polling waits when the budget is spent. Operator actions and the reads that they need are sent and
    counted. A pause holds for all reads.
    """

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._sent: deque[float] = deque()
        self._paused_until = 0.0

    def take(self, *, ordered: bool = False) -> bool:
        """Whether a read may be sent now; counts it if so. `ordered`: an operator action waits for it."""
        if self.pause() > 0 or (self.left() <= 0 and not ordered):
            return False
        self.count()
        return True

    def count(self) -> None:
        """Count a request that is sent regardless of the budget."""
        self._sent.append(self._clock.monotonic())

    def used(self) -> int:
        """Requests sent within the last minute."""
        horizon = self._clock.monotonic() - WINDOW
        while self._sent and self._sent[0] <= horizon:
            self._sent.popleft()
        return len(self._sent)

    def left(self) -> int:
        """Reads that may still be sent now."""
        return max(0, self.per_minute - self.used())

    def wait(self) -> float:
        """Seconds until a polling read may be sent."""
        if pause := self.pause():
            return pause
        if self.left():
            return 0.0
        return max(0.0, self._sent[0] + WINDOW - self._clock.monotonic())

    def hold(self, seconds: float) -> None:
        """Send no reads for so many seconds, as the server asked."""
        self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)

    def pause(self) -> float:
        """Seconds left of the pause."""
        return max(0.0, self._paused_until - self._clock.monotonic())
