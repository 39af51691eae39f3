"""What a console sees of its rooms with the default cap on requests: how soon a change, how old the rest.

With the agents listed, an agent and a room selected, twelve rooms and the versions on the screen. A change is
one that ListRooms shows: a room that is new or gone, participants, metadata. Real servers show who came and
went about five seconds late.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tests.bench.figures import US, Figure
from tests.bench.suite import Suite
from tests.bench.world import KEY, SECRET, World, world
from tui.fleet.state import Fleet
from tui.fleet.view import Selection
from tui.project import REQUESTS_PER_MINUTE, Project
from tui.secret import Secret
from tui.session.live import Session

CASE: Final = "requests"
SPEED: Final = 10.0
"""Seconds of the console's in one of ours."""
WARM_UP, MINUTES, QUICK_MINUTES = 3, 8, 4
"""The console's: not measured at first, then measured."""
LATE: Final = 5.0
"""Seconds after which real servers show who came and went."""
IN_VIEW: Final = 12
"""Rooms on the screen."""


@dataclass(frozen=True, slots=True)
class Case:
    """Rooms of which some change, and what is to be reached with them."""

    rooms: int
    running: int
    """Rooms with running jobs."""
    changing: float
    """Share of the rooms that change in a minute."""
    seen_within: float
    """Seconds within which 95 of 100 changes are to be seen."""
    oldest: float | None
    """Seconds that the oldest room may be old."""
    oldest_running: float | None
    """Seconds that the oldest room with running jobs may be old."""


CASES: Final = (
    Case(10, 10, 0.5, 10.0, 12.0, 12.0),
    Case(100, 50, 0.05, 10.0, 90.0, 60.0),
    Case(1_000, 50, 0.02, 15.0, None, None),
)


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


@dataclass
class Seen:
    """What was measured in one world."""

    requests: list[float] = field(default_factory=list)
    """Of each minute."""
    delays: list[float] = field(default_factory=list)
    """Seconds from each change until the console had an answer from after it."""
    oldest: float = 0.0
    """The greatest age of a room's answer, seconds."""
    oldest_running: float = 0.0
    """The same of rooms with running jobs."""
    polled: float = 0.0
    """Share of the rooms that were ever answered."""


def run(suite: Suite) -> Iterator[Figure]:
    """Few, many and very many rooms, with counters that are shown at once, and late."""
    minutes = QUICK_MINUTES if suite.quick else MINUTES
    for case in CASES[:2] if suite.quick else CASES:
        for late in (LATE,) if suite.quick else (0.0, LATE):
            with world(
                agents=100,
                rooms=case.rooms,
                dispatches=2,
                jobs=2,
                running=case.running,
                late=late / SPEED,
            ) as served:
                seen = asyncio.run(_watch(served, case, minutes))
            what = f"{case.rooms:,} rooms, counters {f'{late:.0f} s late' if late else 'at once'}"
            yield from _figures(case, seen, what)


def _figures(case: Case, seen: Seen, what: str) -> Iterator[Figure]:
    cap = float(REQUESTS_PER_MINUTE)
    last = sorted(seen.delays)[math.ceil(0.95 * len(seen.delays)) - 1] if seen.delays else float("nan")
    count = len(seen.delays)
    yield Figure(CASE, f"requests a minute, {what}", US, "", tuple(seen.requests), cap)
    yield Figure(CASE, f"95 of 100 changes seen within, {what} ({count})", US, "s", (last,), case.seen_within)
    yield Figure(CASE, f"oldest room, {what}", US, "s", (seen.oldest,), case.oldest)
    name = f"oldest with running jobs, {what}"
    yield Figure(CASE, name, US, "s", (seen.oldest_running,), case.oldest_running)
    yield Figure(CASE, f"rooms answered, {what}", US, "%", (100 * seen.polled,))


async def _watch(served: World, case: Case, minutes: int) -> Seen:
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
    arrived = asyncio.Event()
    session.store.subscribe(
        lambda change: arrived.set() if change.after.agents and change.after.rooms else None
    )
    task = asyncio.create_task(session.run())
    await arrived.wait()
    fleet = session.store.fleet
    names = sorted(room.name for room in fleet.rooms)
    middle = max(0, case.running - IN_VIEW // 2)
    session.select(
        Selection(
            agent_id=fleet.agents[0].agent_id,
            room=names[middle],
            rooms_in_view=tuple(names[middle : middle + IN_VIEW]),
            panes_in_view=("agents", "versions", "dispatches", "logs"),
        )
    )
    await clock.sleep(60.0 * WARM_UP)
    seen = Seen()
    changes = asyncio.create_task(_change(served, case, session, clock, seen))
    for second in range(60 * minutes):
        if second % 60 == 0:
            seen.requests.append(float(session.client.budget.used()))
        _note_ages(session.store.fleet, frozenset(names[: case.running]), clock.monotonic(), seen)
        await clock.sleep(1.0)
    for working in (changes, task):
        working.cancel()
    await asyncio.gather(changes, task, return_exceptions=True)
    return seen


def _note_ages(fleet: Fleet, running: frozenset[str], now: float, seen: Seen) -> None:
    known = {name: fresh.dispatches_at for name, fresh in fleet.room_freshness.items()}
    ages = {name: now - at for name, at in known.items() if at is not None}
    seen.oldest = max(seen.oldest, max(ages.values(), default=0.0))
    kept = (age for name, age in ages.items() if name in running)
    seen.oldest_running = max(seen.oldest_running, max(kept, default=0.0))
    seen.polled = fleet.coverage.polled / max(1, fleet.coverage.total)


async def _change(served: World, case: Case, session: Session, clock: FastClock, seen: Seen) -> None:
    """Change rooms at random moments, and note when the console has an answer from after it."""
    chance, pending = random.Random(2), list[tuple[str, str, float]]()
    opened = closed = 0

    def look(fleet: Fleet) -> None:
        listed = {room.name for room in fleet.rooms}
        for item in tuple(pending):
            change, room, at = item
            answered = fleet.fresh_room(room).dispatches_at
            if room not in listed if change == "close" else answered is not None and answered >= at:
                pending.remove(item)
                seen.delays.append(clock.monotonic() - at)

    session.store.subscribe(lambda told: look(told.after))
    while True:
        await clock.sleep(chance.expovariate(case.rooms * case.changing / 60))
        change = chance.choices(("join", "describe", "open"), (7, 1, 2))[0]
        room = chance.choice(session.store.fleet.rooms).name
        if change == "open":  # and close the one opened before, so that their number stays
            change, opened = ("open", opened + 1) if opened == closed else ("close", opened)
            room, closed = f"opened-{opened:05d}", opened if change == "close" else closed
        pending.append((change, room, clock.monotonic()))
        served.alter(change, room)
