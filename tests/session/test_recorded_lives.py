"""What is recorded with outages, other projects and restarts: every sample is what was known then."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from livekit.protocol import models
from livekit.protocol.agent_dispatch import CreateAgentDispatchRequest

from tests.fixtures.session import until
from tui.clock import SystemClock
from tui.fleet.state import Fleet
from tui.fleet.view import Selection
from tui.history import writer_loop
from tui.history.files import sample_writer
from tui.history.files.folder_store import FolderReader
from tui.history.files.privacy import Privacy, recorded
from tui.project import Project
from tui.record_options import RecordOptions
from tui.secret import Secret
from tui.session.live import Session
from tui.session.registry import SessionRegistry
from tui.session.watched import Watched
from tui.sim.http.server import Simulator, serve
from tui.sim.scenarios.specs import FaultSpec

pytestmark = pytest.mark.anyio

OUTAGES = ("*", "*/ListAgents", "*/ListRooms", "*/ListDispatch", "*/ListParticipants")
STATUSES = ("Running", "Sleeping", "Error", "CrashLoop", "Updating")


class Lives:
    """lktop on two projects, one at a time; remembers what was known at every moment."""

    def __init__(self, root: Path, simulators: dict[str, Simulator], seed: int) -> None:
        self._root, self._simulators, self._chance = root, simulators, random.Random(seed)
        self.known: dict[str, dict[float, Fleet]] = {}
        """By the project's key and the monotonic time of the change."""
        self.broken: list[Exception] = []
        self._begin()
        self._name = next(iter(simulators))
        self._rooms = 0

    def _begin(self) -> None:
        self._registry = SessionRegistry(self._connect, changed=lambda _: None, broken=self.broken.append)

    def _connect(self, project: Project) -> Watched:
        session = Session(
            project,
            clock=SystemClock(),
            chance=random.Random(0),  # else what happens would depend on how often it polls
            refresh=30.0,
            history_dir=self._root,
            record=RecordOptions(),
        )
        known = self.known.setdefault(project.key, {})
        session.store.subscribe(lambda change: known.update({change.at.monotonic: change.after}))
        return session

    async def step(self) -> None:
        """Something happens, and lktop looks."""
        happens: tuple[Callable[[], None], ...] = (self._agents, self._agents, self._tree, self._tree)
        happens += (self._outage, self._heal, self._heal, self._switch)
        if self._chance.random() < 0.06:
            await self.end()
            self._begin()
        self._chance.choice(happens)()
        session = self._session()
        fleet = await until(session, lambda fleet: "agents" in fleet.freshness)
        if fleet.agents and fleet.rooms:
            agent, room = self._chance.choice(fleet.agents), self._chance.choice(fleet.rooms)
            session.select(Selection(agent_id=agent.agent_id, room=room.name, panes_in_view=("rooms",)))
        assert isinstance(session, Session)
        await session.poller.once()

    async def fail(self) -> None:
        """Nothing answers any more, in a run that has not used up its requests for this minute."""
        await self.end()
        self._begin()
        self._heal()
        await until(self._session(), lambda fleet: "agents" in fleet.freshness)
        for path in OUTAGES:
            self._here.faults.add(FaultSpec(path=path, code="unavailable", message="no capacity for mara"))
        session = self._session()
        assert isinstance(session, Session)
        polls = asyncio.create_task(session.poller.once())
        await until(session, lambda fleet: any(fresh.failures for fresh in fleet.freshness.values()))
        await polls

    async def end(self) -> None:
        """lktop ends."""
        await self._registry.aclose()

    def _session(self) -> Watched:
        here = self._simulators[self._name]
        secret = Secret(here.secret)
        return self._registry.open(Project(self._name, here.url, here.url, here.key, secret, "test"))

    # ---- what happens ----------------------------------------------------------------------------------

    @property
    def _here(self) -> Simulator:
        return self._simulators[self._name]

    def _agents(self) -> None:
        for record in self._chance.sample(list(self._here.world.agents.values()), 3):
            for row in record.rows(""):
                row.status = self._chance.choice(STATUSES)
                row.replicas = self._chance.randrange(4)
            self._here.world.touch(record)

    def _tree(self) -> None:
        rooms = self._here.app.rooms
        self._rooms += 1
        room = rooms.open(f"call-{self._rooms}")
        rooms.join(room, models.ParticipantInfo(identity="mara@example.org", name="Mara"))
        rooms.dispatch(room, CreateAgentDispatchRequest(agent_name="nobody", metadata="for Mara"))
        open_rooms = [name for name in self._here.world.rooms if name.startswith("call-")]
        closed = self._here.world.rooms.get(self._chance.choice(open_rooms))
        if closed is not None and self._chance.random() < 0.4:
            rooms.close(closed)

    def _outage(self) -> None:
        path = self._chance.choice(OUTAGES)
        self._here.faults.add(FaultSpec(path=path, code="unavailable", message="no capacity for mara"))

    def _heal(self) -> None:
        self._here.faults.clear()

    def _switch(self) -> None:
        self._registry.close(self._session().project.key)
        self._name = self._chance.choice(list(self._simulators))


@asynccontextmanager
async def lives(root: Path, seed: int) -> AsyncIterator[Lives]:
    """Two projects and lktop."""
    async with serve("incident", speed=0) as first, serve("statuses", speed=0) as second:
        found = Lives(root, {"first": first, "second": second}, seed)
        try:
            yield found
        finally:
            await found.end()


def check(where: Path, known: dict[float, Fleet]) -> tuple[int, int]:
    """Hold every sample of a project against what was known then; how many, and of how many failed polls."""
    privacy = Privacy((where / "digest.key").read_bytes())
    reader = FolderReader(where)
    stamps = reader.samples.stamps(0.0, float("inf"))
    failed = 0
    for stamp in stamps:
        sample = reader.samples.after(stamp.seq - 1)
        assert sample is not None and sample.stamp == stamp
        assert sample.fleet == recorded(known[stamp.mono], privacy), stamp
        failed += any(fresh.failures for fresh in sample.fleet.freshness.values())
        if stamp.seq % 7 == 0:  # from another sample than the one before
            at = reader.samples.seek(stamp.at)
            assert at is not None and at.fleet == recorded(known[at.stamp.mono], privacy)
    assert not reader.samples.problems
    reader.close()
    return len(stamps), failed


async def test_every_sample_is_what_was_known_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await live_and_check(tmp_path, monkeypatch, seed=2, steps=40)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(10, 30))
async def test_every_sample_of_long_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    await live_and_check(tmp_path, monkeypatch, seed, steps=300)


async def live_and_check(root: Path, monkeypatch: pytest.MonkeyPatch, seed: int, steps: int) -> None:
    """Hours pass in seconds; what is recorded has outages and several runs of both projects."""
    monkeypatch.setattr(writer_loop, "GATHER", 0.01)
    monkeypatch.setattr(writer_loop, "BEAT", 0.02)
    monkeypatch.setattr(sample_writer, "KEY_EVERY", 0.3)
    monkeypatch.setattr(sample_writer, "QUIET_EVERY", 0.2)
    monkeypatch.setattr(sample_writer, "HOUR", 2.0)
    async with lives(root, seed) as found:
        for _ in range(steps):
            await found.step()
        await found.fail()
    assert not found.broken
    counts = [check(root / key, known) for key, known in found.known.items()]
    # how many depends on how soon one run may go on where another ends
    assert len(counts) == 2 and all(count for count, _ in counts) and any(failed for _, failed in counts)
