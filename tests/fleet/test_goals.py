"""How soon a poller with the default cap sees what changes in its rooms, and how old the rest grows."""

from __future__ import annotations

import asyncio
import math
import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from tests.fixtures.clocks import BACKEND, EPOCH
from tests.fleet.fake_livekit import World
from tests.fleet.running_poller import RunningPoller, running_poller
from tui.fleet.store import Change
from tui.fleet.view import Selection

CAP = 120
"""Requests a minute."""
ROOMS, RUNNING = 100, 50
"""How many rooms there are, and in how many of them a job runs."""
CHANGING = 0.05
"""Share of the rooms that change in a minute, so that ListRooms shows it."""
LATE = 5.0
"""Seconds until ListRooms shows it, as real servers do."""
MINUTES = 30


@pytest.fixture
def anyio_backend() -> object:
    """Virtual time."""
    return BACKEND


@dataclass
class Changing:
    """Rooms that change at random moments, and when the poller had asked after each change."""

    it: RunningPoller
    pending: list[tuple[str, float]] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)

    async def run(self) -> None:
        """Change rooms until cancelled."""
        world, chance, loop = self.it.world, random.Random(1), asyncio.get_running_loop()
        self.it.store.subscribe(self.look)
        for number in range(1_000_000):
            await asyncio.sleep(chance.expovariate(ROOMS * CHANGING / 60))
            room = chance.choice(world.rooms)
            self.pending.append((room, self.it.clock.monotonic()))
            loop.call_later(LATE, world.describe.__setitem__, room, str(number))

    def look(self, change: Change) -> None:
        """Note the changes that an answer covers."""
        for item in tuple(self.pending):
            room, at = item
            answered = change.after.fresh_room(room).dispatches_at
            if answered is not None and answered >= at:
                self.pending.remove(item)
                self.delays.append(self.it.clock.monotonic() - at)


@pytest.mark.parametrize("is_there", [True, False])
async def test_what_changes_is_seen_within_ten_seconds_and_nothing_is_older_than_promised(
    is_there: bool,
) -> None:
    """With twelve rooms, an agent and its versions on the screen, and as many suspects as there can be.

    The agent of a running job is there, or is not, which puts the job in doubt.
    """
    async with running_poller(per_minute=CAP) as it:
        names = fill(it.world, is_there=is_there)
        running = frozenset(names[:RUNNING])
        it.poller.select(selection(names, agent=1))
        await it.run(180)
        changing = Changing(it)
        changes = asyncio.create_task(changing.run())
        oldest, oldest_running, used = 0.0, 0.0, 0
        for _ in range(60 * MINUTES):
            await it.run(1)
            now, known = it.clock.monotonic(), it.fleet.room_freshness
            ages = {room: now - (fresh.dispatches_at or 0.0) for room, fresh in known.items()}
            oldest = max(oldest, *ages.values())
            oldest_running = max(oldest_running, *(ages[room] for room in running))
            used = max(used, it.client.budget.used())
        changes.cancel()
    delays = sorted(changing.delays)
    assert len(delays) > 100
    assert delays[math.ceil(0.95 * len(delays)) - 1] <= 10
    assert oldest <= 90 and oldest_running <= 60 and used <= CAP


async def test_what_is_asked_in_a_hurry_does_not_come_back_every_minute() -> None:
    """Requests that went at once come free at once: rooms share these evenly, and none waits for the next."""
    async with running_poller(per_minute=CAP) as it:
        names = fill(it.world, is_there=True)
        it.poller.select(selection(names, agent=0))
        await it.run(180)
        for number in range(20):  # the cursor runs through the agents
            it.poller.select(selection(names, agent=number))
            await it.run(0.5)
        await it.run(60)
        begin = it.clock.monotonic()
        await it.run(120)
        times = it.world.times("ListDispatch", since=begin)
        assert max(after - before for before, after in pairwise(times)) < 2.5
        assert max(Counter(round(at, 1) for at in times).values()) <= 4


def fill(world: World, *, is_there: bool) -> list[str]:
    """Agents and rooms, and in some of these an agent is there or ought to be; the names of the rooms."""
    world.agents = [agent(number) for number in range(20)]
    names = world.rooms = [f"room-{number:03d}" for number in range(ROOMS)]
    for number, room in enumerate(names):
        world.dispatches[room] = [dispatch(number, room)]
        world.people[room] = [f"agent-AJ_{number}"] if is_there else []
    return names


def selection(names: list[str], agent: int) -> Selection:
    """An agent, and a room in the middle of the screen."""
    return Selection(
        agent_id=f"CA_{agent}",
        room=names[RUNNING],
        rooms_in_view=tuple(names[RUNNING - 6 : RUNNING + 6]),
        panes_in_view=("agents", "versions", "dispatches", "logs"),
    )


def agent(number: int) -> dict[str, object]:
    """An agent as it is sent; half of them are broken."""
    row = {"region": "us-east", "status": "Running" if number % 2 else "CrashLoop"}
    return {"agent_id": f"CA_{number}", "agent_name": f"agent-{number}", "agent_deployments": [row]}


def dispatch(number: int, room: str) -> dict[str, object]:
    """A dispatch of an hour ago with its job, as it is sent: in the first rooms it runs."""
    began = str(round((EPOCH - 3600) * 1e9))
    state = {"status": "JS_RUNNING" if number < RUNNING else "JS_SUCCESS", "started_at": began}
    job = {"id": f"AJ_{number}", "dispatch_id": f"AD_{number}", "room": {"name": room}, "state": state}
    return {
        "id": f"AD_{number}",
        "agent_name": "one",
        "room": room,
        "state": {"jobs": [job], "created_at": began},
    }
