"""Time as an argument, so that a test can control it. A leaf: any layer may import it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """A clock."""

    def now(self) -> float:
        """Wall clock, Unix seconds. Only for display and tokens: it can be stepped."""

    def monotonic(self) -> float:
        """Monotonic seconds. For every duration and deadline."""

    async def sleep(self, seconds: float) -> None:
        """Wait; zero yields to the event loop once."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment by both clocks."""

    unix: float
    """Wall clock, Unix seconds, for display."""
    monotonic: float
    """Monotonic seconds, for durations."""

    @classmethod
    def read(cls, clock: Clock) -> Moment:
        """The present moment."""
        return cls(clock.now(), clock.monotonic())


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        """Unix seconds by `time.time`."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds by `time.monotonic`."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """`asyncio.sleep`."""
        await asyncio.sleep(seconds)
