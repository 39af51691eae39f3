"""How many requests a console makes, and how old the tree gets for it, at the default budget."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Iterator

from tests.bench.figures import US, Figure
from tests.bench.suite import Suite
from tests.bench.world import KEY, SECRET, World, world
from tui.fleet.state import Selection
from tui.project import Project
from tui.secret import Secret
from tui.session.live import Session

CASE = "requests"
SPEED = 60.0
"""Seconds of the console's in one of ours."""
MINUTES = 6
"""The console's; the first three fill the tree and are not counted."""
BUDGET = 60
"""Requests a minute, as against a project in the cloud; a server on this machine is asked more often."""


class FastClock:
    """A clock that runs faster."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def now(self) -> float:
        """Unix seconds: real ones, for tokens."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds of the console's."""
        return 1000.0 + (time.monotonic() - self._began) * SPEED

    async def sleep(self, seconds: float) -> None:
        """Wait so many of the console's."""
        await asyncio.sleep(seconds / SPEED)


def run(suite: Suite) -> Iterator[Figure]:
    """Fleets with few, many and very many rooms."""
    for rooms in (10, 100) if suite.quick else (10, 100, 1_000):
        with world(agents=100, rooms=rooms, dispatches=2, jobs=2) as served:
            counts, age, share = asyncio.run(_watch(served))
        what = f"{rooms:,} rooms"
        yield Figure(CASE, f"requests a minute, {what}", US, "", tuple(counts), float(BUDGET))
        yield Figure(CASE, f"tree polled after {MINUTES} min, {what}", US, "%", (share,))
        yield Figure(CASE, f"oldest of it, {what}", US, "s", (age,))


async def _watch(served: World) -> tuple[list[float], float, float]:
    """Requests in each of the later minutes; age of the oldest room, seconds; share of rooms polled."""
    clock = FastClock()
    target = Project(
        name="bench",
        url=served.url,
        agents_url=served.url,
        api_key=KEY,
        api_secret=Secret(SECRET),
        source="bench",
    )
    session = Session(target, clock=clock, chance=random.Random(1), refresh=2.0)
    session.client.budget.per_minute = BUDGET
    arrived = asyncio.Event()
    session.store.subscribe(lambda change: arrived.set() if change.after.agents else None)
    task = asyncio.create_task(session.run())
    await arrived.wait()
    session.select(Selection(agent_id=session.store.fleet.agents[0].agent_id))
    counts: list[float] = []
    for minute in range(MINUTES):
        used = session.client.budget.used() if minute else 0
        counts += [float(used)] if minute > MINUTES // 2 else []
        await clock.sleep(60.0)
    coverage = session.store.fleet.coverage
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    age = clock.monotonic() - coverage.oldest if coverage.oldest is not None else float("nan")
    return counts, age, 100 * coverage.polled / max(1, coverage.total)
