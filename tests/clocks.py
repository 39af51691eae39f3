"""Clocks that tests move."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class ManualClock:
    """Stands still until moved. `sleep` returns at once, having moved it, and is remembered."""

    def __init__(self, now: float = 1_786_000_000.0) -> None:
        self.wall = now
        self.passed = 1000.0
        self.slept: list[float] = []
        self.on_sleep: Callable[[], Awaitable[object]] | None = None
        """What happens while somebody sleeps."""

    def now(self) -> float:
        """Unix seconds."""
        return self.wall

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self.passed

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.wall += seconds
        self.passed += seconds

    async def sleep(self, seconds: float) -> None:
        """Let time pass without waiting; the loop gets its turn."""
        if seconds:
            self.slept.append(seconds)
            self.advance(seconds)
            if self.on_sleep:
                await self.on_sleep()
        await asyncio.sleep(0)
