"""A poller at work on a scripted world, in virtual time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from tests.fixtures.clocks import VirtualClock
from tests.fleet.fake_livekit import World, client_of
from tui.api.client import Client
from tui.fleet.polling.poller import Poller
from tui.fleet.polling.sources import SOURCES, Source
from tui.fleet.state import Fleet, Freshness
from tui.fleet.store import Store


class RunningPoller:
    """A poller at work on a world."""

    def __init__(self, world: World, client: Client, sources: Sequence[Source], refresh: float) -> None:
        self.world = world
        self.client = client
        self.clock = VirtualClock()
        self.reports: list[str] = []
        self.store = Store(self.clock, report=self.reports.append)
        self.poller = Poller(
            client,
            self.store,
            clock=self.clock,
            chance=random.Random(7),
            refresh=refresh,
            sources=sources,
        )
        self.running: asyncio.Task[None] | None = None

    @property
    def fleet(self) -> Fleet:
        """What is known."""
        return self.store.fleet

    def fresh(self, source: str) -> Freshness:
        """How current a source is."""
        return self.fleet.fresh(source)

    async def run(self, seconds: float) -> None:
        """Let it work for a while."""
        if self.running is None:
            self.running = asyncio.create_task(self.poller.run())
        await asyncio.sleep(seconds)
        assert not self.running.done(), "nothing ends the poller"


@asynccontextmanager
async def running_poller(
    *, sources: Sequence[Source] = SOURCES, per_minute: int = 6000, refresh: float = 2.0
) -> AsyncIterator[RunningPoller]:
    """A poller on a world of its own, stopped at the end."""
    clock = VirtualClock()
    world = World(clock)
    async with client_of(world, clock, per_minute) as client:
        made = RunningPoller(world, client, sources, refresh)
        try:
            yield made
        finally:
            if made.running:
                made.running.cancel()
                with suppress(asyncio.CancelledError):
                    await made.running
