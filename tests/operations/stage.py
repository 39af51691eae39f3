"""A simulator, a session that looks at it over real sockets, and what it takes to operate on it."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tui.api.transport import Transport
from tui.fleet.state import Selection, View
from tui.operations.fields import Answers
from tui.operations.journal.journal import AuditEntry, Intent, Journal, Origin
from tui.operations.journal.outcome import Outcome, Progress
from tui.operations.operation import Operation
from tui.operations.registry import BY_ID
from tui.operations.runner import OperationRunner
from tui.project import Project
from tui.secret import Secret
from tui.session.live import Session
from tui.sim.http.server import Simulator, serve
from tui.sim.scenarios.specs import (
    AgentSpec,
    DeploymentSpec,
    DispatchSpec,
    FaultSpec,
    JobSpec,
    PersonSpec,
    RoomSpec,
    Scenario,
    VersionSpec,
)

START = 1_786_000_000.0
HERE = Origin("ops", "192.0.2.7")
FAILING = "CA_failing22222"
CONCIERGE = "CA_concierge222"
SLEEPER = "CA_sleeper22222"
DAY = 86_400.0
PATIENCE = 30.0
"""Real seconds for every request that no fault was set for."""


class Hurry:
    """A clock on which waiting takes no time: a schedule of half a minute passes at once."""

    def __init__(self, now: float = START) -> None:
        self.at = now
        self.slept: list[float] = []

    def now(self) -> float:
        """Unix seconds."""
        return self.at

    def monotonic(self) -> float:
        """Seconds since some moment."""
        return self.at - START + 1000.0

    async def sleep(self, seconds: float) -> None:
        """Move on and let others run."""
        if seconds > 0:
            self.slept.append(seconds)
            self.at += seconds
        await asyncio.sleep(0)


def world(**switches: object) -> Scenario:
    """A small fleet with one of everything that operations care about; nothing happens by itself."""
    versions = [
        VersionSpec(age=DAY * days, attributes={"git_commit": f"c{days}", "git_branch": "main"})
        for days in (1, 2, 3)
    ]
    return Scenario(
        # a repeated request id must do it again, as where nobody remembers ids: then a double would show
        switches={"replay_seconds": 0.0, **switches},
        agents=[
            AgentSpec(
                name="concierge",
                id=CONCIERGE,
                deployments=[
                    DeploymentSpec(),
                    DeploymentSpec(region="eu-central"),
                    DeploymentSpec(name="staging", version=1),
                ],
                versions=versions,
                secrets=["OPENAI_API_KEY", "DB_URL", "OLD_TOKEN"],
            ),
            AgentSpec(
                name="failing",
                id=FAILING,
                deployments=[DeploymentSpec(status="CrashLoop", replicas=0)],
                versions=versions[:2],
            ),
            AgentSpec(
                name="sleeper", id=SLEEPER, deployments=[DeploymentSpec(status="Sleeping", replicas=0)]
            ),
        ],
        rooms=[
            RoomSpec(
                name="lobby",
                people=[PersonSpec(identity="ann")],
                dispatches=[
                    DispatchSpec(agent_name="concierge", metadata='{"lang":"nl"}', jobs=[JobSpec()]),
                    DispatchSpec(agent_name="nobody-home", attributes={"tenant": "7"}, restart=False),
                ],
            ),
            RoomSpec(name="desk", people=[PersonSpec(identity="bob")]),
        ],
    )


@dataclass
class Stage:
    """What a test works with."""

    simulator: Simulator
    session: Session
    operator: OperationRunner
    journal: Journal
    clock: Hurry
    path: Path
    transport: Transport
    deadline: float
    """Real seconds after which an answer counts as lost, for a request that faults were set for."""
    told: list[Progress] = field(default_factory=list)
    _faults: list[FaultSpec] = field(default_factory=list)

    async def look(self, agent_id: str = "", room: str = "", dispatch_id: str = "") -> View:
        """Poll once and give the view with this selected."""
        chosen = Selection(agent_id=agent_id, room=room, dispatch_id=dispatch_id)
        self.session.select(chosen)
        await self.session.poller.once()
        await self.session.poller.once()
        return self.view(chosen)

    def view(self, selection: Selection) -> View:
        """What is known now, with this selected."""
        return View(self.session.store.fleet, selection, self.clock.now(), self.clock.monotonic())

    async def do(
        self,
        name: str,
        view: View,
        texts: Mapping[str, str] | None = None,
        /,
        *,
        earlier: Intent | None = None,
        values: Mapping[str, Secret] | None = None,
        **more: str,
    ) -> Outcome:
        """Do an operation by id with these answers; faults set by `lose` begin when it is sent."""
        operation = BY_ID[name]
        answers = operation.resolve(Answers({**(texts or {}), **more}, values or {}))
        operation.check(view, answers)
        return await self.operator.perform(operation, view, answers, tell=self.tell, earlier=earlier)

    def lose(self, *faults: FaultSpec) -> None:
        """Faults that begin when the next request is sent, and not while it is looked how things are."""
        self._faults = list(faults)

    def tell(self, progress: Progress) -> None:
        """Note what is said, and begin the faults with the sending."""
        self.told.append(progress)
        faults: list[FaultSpec] = []
        if progress.words == "sending…":
            faults, self._faults = self._faults, []
            for fault in faults:
                self.simulator.faults.add(fault)
        self.transport._deadline = self.deadline if faults else PATIENCE  # a busy machine is no lost answer

    def posts(self, method: str) -> list[dict[str, object]]:
        """Requests of a method that arrived."""
        seen = self.simulator.control.requests()
        return [request for request in seen if str(request["path"]).endswith(f"/{method}")]

    def effects(self) -> list[str]:
        """Names of what really happened, in order."""
        return [str(effect["effect"]) for effect in self.simulator.control.effects()]

    def entry(self) -> AuditEntry:
        """The newest line of the audit trail."""
        return self.journal.entries(1)[0]


@asynccontextmanager
async def stage(
    folder: Path,
    scenario: Scenario | str | None = None,
    *,
    clock: Hurry | None = None,
    deadline: float = 0.4,
    speed: float = 0.0,
    read_only: bool = False,
) -> AsyncIterator[Stage]:
    """A stage on a free port; the silence of a fault is noticed after `deadline` real seconds."""
    clock = clock or Hurry()
    async with serve(scenario or world(), seed=1, speed=speed, start_time=START) as simulator:
        session = Session(
            target(simulator, read_only=read_only), clock=clock, chance=random.Random(1), refresh=2.0
        )
        transport: Transport = session.client._caller.transport
        transport._deadline = PATIENCE
        ids = random.Random(7)
        journal = Journal(folder / "state" / "journal.jsonl", clock, origin=HERE)
        operator = OperationRunner(
            session.remote,
            session.store,
            journal,
            clock=clock,
            project="prod",
            url=simulator.url,
            new_id=lambda: f"r-{ids.randrange(1 << 60):x}",
            nudge=session.nudge,
        )
        try:
            yield Stage(simulator, session, operator, journal, clock, folder, transport, deadline)
        finally:
            await session.client.aclose()


def target(simulator: Simulator, *, read_only: bool = False, danger: bool = False) -> Project:
    """The simulator as a project."""
    return Project(
        name="prod",
        url=simulator.url,
        agents_url=simulator.url,
        api_key=simulator.key,
        api_secret=Secret(simulator.secret),
        source="test",
        read_only=read_only,
        danger=danger,
        requests_per_minute=100_000,
    )


async def until(condition: Callable[[], bool], seconds: float = 40.0) -> None:
    """Wait for something that happens on its own; raises AssertionError if it does not."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.005)


def operation(name: str) -> Operation:
    """An operation by id."""
    return BY_ID[name]
