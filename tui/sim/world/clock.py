"""The simulator's own clock: it can run faster, stop and be advanced. Knows nothing of the world."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

FASTEST = 10_000.0
"""World seconds in one real second at most: above it a busy world cannot keep up."""


class Pulse:
    """Wakes all who wait for a change."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def fire(self) -> None:
        """Wake all who wait now."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self, timeout: float | None) -> None:
        """Return at the next `fire`, or after `timeout` real seconds (None: never by itself)."""
        event = self._event
        try:
            async with asyncio.timeout(timeout):
                await event.wait()
        except TimeoutError:
            return


class WorldClock:
    """Time inside the simulated world, in Unix seconds.

    World time is the start plus the real time elapsed times `speed`, plus everything added by `advance`.
    `skew` shifts only what clients see: the `Date` header and the validity of tokens. Raises ValueError
    for a speed outside of 0 to `FASTEST`.
    """

    def __init__(
        self, start: float, speed: float = 1.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._monotonic = monotonic
        self._mark = monotonic()
        self._base = start
        self._speed = 0.0
        self.skew = 0.0
        self.pulse = Pulse()
        self.speed = speed

    def now(self) -> float:
        """World time, Unix seconds."""
        return self._base + (self._monotonic() - self._mark) * self._speed

    def shown(self) -> float:
        """The server's wall clock as clients see it: world time plus the skew, Unix seconds."""
        return self.now() + self.skew

    @property
    def speed(self) -> float:
        """World seconds in one real second; 0 stands still."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        if not 0 <= speed <= FASTEST:
            raise ValueError(f"time runs neither backwards nor that fast: speed is 0 to {FASTEST:.0f}")
        self._base, self._mark = self.now(), self._monotonic()
        self._speed = speed
        self.pulse.fire()

    def advance(self, seconds: float) -> None:
        """Push world time forward by `seconds`; raises ValueError for a negative push."""
        if not seconds >= 0:
            raise ValueError("time does not run backwards: advance by 0 or more")
        self._base += seconds
        self.pulse.fire()

    def real_seconds_until(self, moment: float) -> float | None:
        """Real seconds until world time `moment`; None when it never comes by itself."""
        ahead = moment - self.now()
        if ahead <= 0:
            return 0.0
        return ahead / self._speed if self._speed > 0 else None

    async def until(self, moment: float) -> None:
        """Wait for world time `moment`, through pushes and changes of speed."""
        while self.now() < moment:
            await self.pulse.wait(self.real_seconds_until(moment))

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds` of world time."""
        await self.until(self.now() + seconds)
