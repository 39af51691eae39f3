"""Sessions at work, and how to wait for what they find."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from tui.clock import SystemClock
from tui.fleet.state import Fleet
from tui.project import Project
from tui.secret import Secret
from tui.session.live import Session
from tui.session.watched import Watched
from tui.sim.http.server import Simulator, serve


@asynccontextmanager
async def running(session: Watched) -> AsyncIterator[None]:
    """The session at work."""
    task = asyncio.create_task(session.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def watched(scenario: str, *, read_only: bool = False) -> AsyncIterator[tuple[Simulator, Session]]:
    """A session at work on a simulator."""
    async with serve(scenario, speed=0) as simulator:
        secret = Secret(simulator.secret)
        project = Project(
            "t", simulator.url, simulator.url, simulator.key, secret, "test", read_only=read_only
        )
        session = Session(project, clock=SystemClock(), chance=random.Random(1), refresh=2.0)
        async with running(session):
            yield simulator, session


async def until(session: Watched, condition: Callable[[Fleet], bool]) -> Fleet:
    """The fleet once it is so."""
    reached = asyncio.Event()

    def look(fleet: Fleet) -> None:
        if condition(fleet):
            reached.set()

    stop = session.store.subscribe(lambda change: look(change.after))
    look(session.store.fleet)
    async with asyncio.timeout(20):
        await reached.wait()
    stop()
    return session.store.fleet
