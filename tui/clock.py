"""Time and chance as arguments, so that a test can hold both still. A leaf: any layer may import it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """What the program needs to know of time."""

    def now(self) -> float:
        """Wall clock, Unix seconds. Only for showing and signing: it can be stepped."""

    def monotonic(self) -> float:
        """Seconds that never go back. For every duration and deadline."""

    async def sleep(self, seconds: float) -> None:
        """Wait; zero yields to the loop once."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment on both clocks."""

    unix: float
    """Wall clock, Unix seconds: to show."""
    monotonic: float
    """Seconds that never go back: to reckon with."""

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
