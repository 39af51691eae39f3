"""A loop whose time passes only while everybody waits: an hour takes no time and is the same each run."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Mapping

PATIENCE = 100_000
"""Turns of the loop in which time may stand still."""
EPOCH = 1_786_000_000.0
"""Unix seconds when a loop begins."""


class _Selector(selectors.DefaultSelector):
    """Waits for nothing: it moves the time on to the next timer instead."""

    now = 0.0
    turns = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready; if nothing is, time passes."""
        ready = super().select(0)
        self.turns += 1
        if not ready:
            if timeout is None:
                raise RuntimeError("everybody waits for something that never comes")
            self.turns = 0 if timeout else self.turns
            self.now += timeout
        if self.turns > PATIENCE:
            raise RuntimeError("everybody is busy and no time passes")
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time. For code that waits for timers and for itself, not for sockets."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Seconds since it began."""
        return self._virtual.now


BACKEND: tuple[str, Mapping[str, object]] = ("asyncio", {"loop_factory": VirtualLoop})
"""For a fixture `anyio_backend` that puts a module's tests into virtual time."""


class VirtualClock:
    """The time of the running loop."""

    def now(self) -> float:
        """Unix seconds."""
        return EPOCH + self.monotonic()

    def monotonic(self) -> float:
        """Seconds since the loop began."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Wait, in virtual time."""
        await asyncio.sleep(seconds)
