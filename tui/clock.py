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


async def wait_or_sleep(clock: Clock, event: asyncio.Event, seconds: float | None) -> bool:
    """Wait for the event, at most so many seconds, without end for None; whether it is set."""
    if seconds is None:
        return await event.wait()
    waits = (asyncio.ensure_future(event.wait()), asyncio.ensure_future(clock.sleep(seconds)))
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return event.is_set()
