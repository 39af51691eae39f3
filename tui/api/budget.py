"""How many requests this console may make: LiveKit counts them per project, shared with production."""

from __future__ import annotations

from collections import deque

from tui.clock import Clock

WINDOW = 60.0
"""Seconds over which requests are counted."""
LEAST_RATE = 15
"""Requests a minute that are left after any number of 429s."""
REGAINED = 10
"""Requests a minute that the rate grows by in each minute without a 429."""


class Budget:
    """Sliding one-minute request count, plus the pause and the lower rate after a 429.

    Polling waits when the budget is spent. Operator actions and the reads that they need are sent and
    counted. A pause holds for all reads.
    """

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self.per_minute = per_minute
        """The cap: requests a minute that polling never exceeds."""
        self._clock = clock
        self._sent: deque[float] = deque()
        self._paused_until = 0.0
        self._lowered: tuple[float, int] | None = None
        """When a 429 lowered the rate last, and to what."""

    @property
    def rate(self) -> int:
        """Requests a minute that polling may make now: the cap, or less for some time after a 429."""
        if self._lowered is None:
            return self.per_minute
        at, lowered = self._lowered
        return min(self.per_minute, lowered + int(REGAINED * (self._clock.monotonic() - at) / WINDOW))

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
        return max(0, self.rate - self.used())

    def wait(self) -> float:
        """Seconds until a polling read may be sent."""
        if pause := self.pause():
            return pause
        used, rate = self.used(), self.rate
        if used < rate:
            return 0.0
        if not used:
            return WINDOW
        # more may have been sent than a lowered rate allows: so many must be a minute old first
        return max(0.0, self._sent[min(used - rate, used - 1)] + WINDOW - self._clock.monotonic())

    def limited(self, seconds: float) -> None:
        """The server said 429: send no reads for so many seconds, and then half as many as before.

        Requests that were under way together are answered together: they lower the rate once.
        """
        if not self.pause():
            lowered = max(min(LEAST_RATE, self.per_minute), self.rate // 2)
            self._lowered = self._clock.monotonic(), lowered
        self.hold(seconds)

    def hold(self, seconds: float) -> None:
        """Send no reads for so many seconds, as the server asked."""
        self._paused_until = max(self._paused_until, self._clock.monotonic() + seconds)

    def pause(self) -> float:
        """Seconds left of the pause."""
        return max(0.0, self._paused_until - self._clock.monotonic())


KEPT = 2
"""Requests beyond those that the budget has left which a pace may make up for."""


class Pace:
    """Spreads requests evenly over a minute instead of sending all of them at its beginning.

    Requests that went at once come free at once a minute later. While none is free, a pace falls behind: if
    it made up for that, it would send as many at once again, and wait as long again a minute later.
    """

    def __init__(self, burst: int, ahead: int = 0, spared: int = 0) -> None:
        """`burst` is how many may go at once when none went for a while.

        Urgent ones may go so many requests `ahead` of their time; those after them wait the longer. Of what
        the budget has left so many are `spared`: only urgent ones take them.
        """
        self._burst = float(burst)
        self._ahead = float(ahead)
        self._spared = spared
        self._credit = float(burst)
        self._credited = 0.0

    def allows(self, per_minute: float, now: float, *, left: int, urgent: int = 0) -> int:
        """How many requests may go now, at this monotonic time, to make so many a minute.

        `left` is how many the budget lets go, `urgent` how many of them should not wait.
        """
        elapsed, self._credited = max(0.0, now - self._credited), now
        credit = self._credit + max(0.0, per_minute) / WINDOW * elapsed
        in_turn = max(0, left - self._spared)
        self._credit = min(self._burst, in_turn + KEPT, credit)
        hurried = min(left, urgent, int(self._credit + self._ahead))
        return max(0, hurried, min(in_turn, int(self._credit)))

    def count(self, requests: int = 1) -> None:
        """Count requests that were sent."""
        self._credit = max(-self._ahead, self._credit - requests)
