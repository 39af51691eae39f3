"""A project directory, a simulator on a real socket, and a deploy between the two."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.operations.stage import HERE, target
from tests.packaging.trees import grow
from tui.clock import Clock, SystemClock
from tui.deploy.attempt import DeployAttempt
from tui.deploy.client import DeployClient
from tui.deploy.plan import DeployReport, Plan
from tui.operations.journal.journal import AuditEntry, Journal
from tui.session.live import Session
from tui.sim.http.server import Simulator, serve
from tui.sim.scenarios.specs import AgentSpec, DeploymentSpec, FaultSpec, Scenario

AGENT = "CA_concierge222"
PROGRAM = "agent.py"
FILES = {
    PROGRAM: 'from livekit import agents\nserver = agents.AgentServer(agent_name="hello")\n',
    "requirements.txt": "livekit-agents==1.2.3\n",
    "Dockerfile": "FROM scratch\n",
}
ENVIRONMENT = {"PATH": os.environ["PATH"]}


def project(root: Path, **changes: str | None) -> Path:
    """An agent's directory; `Dockerfile=None` leaves a file out, `_` in a name stands for a dot."""
    named = {name.replace("_", "."): text for name, text in changes.items()}
    files = {name: text for name, text in {**FILES, **named}.items() if text is not None}
    return grow(root, files)


@dataclass
class Stage:
    """What a test works with."""

    simulator: Simulator
    session: Session
    journal: Journal
    root: Path
    clock: Clock
    told: list[DeployReport] = field(default_factory=list)

    @property
    def deployer(self) -> DeployClient:
        """Inspects and deploys."""
        return DeployClient(self.session.client, self.journal, clock=self.clock, environment=ENVIRONMENT)

    def attempt(self, plan: Plan, looks: Sequence[float] = (0.0, 0.0)) -> DeployAttempt:
        """A deploy whose reports are kept; looks for what got lost take no time."""
        return DeployAttempt(
            plan, self.session.client, self.journal, clock=self.clock, tell=self.told.append, looks=looks
        )

    async def run(self, plan: Plan) -> DeployReport:
        """Deploy to the end."""
        return await self.attempt(plan).run()

    def fault(self, path: str, action: str, **more: object) -> None:
        """Let something go wrong once."""
        self.simulator.faults.add(FaultSpec(path=path, action=action, times=1, **more))

    def effects(self) -> list[str]:
        """Names of what really happened, in order."""
        return [str(effect["effect"]) for effect in self.simulator.control.effects()]

    def sent(self, method: str) -> int:
        """How often a path was asked for."""
        return sum(1 for seen in self.simulator.control.requests() if str(seen["path"]).endswith(method))

    def entry(self) -> AuditEntry:
        """The newest line of the audit trail."""
        return self.journal.entries(1)[0]

    def create(self, **changes: object) -> Plan:
        """A plan for a new agent."""
        given: dict[str, object] = {
            "root": self.root,
            "region": "us-east",
            "subdomain": "p",
            "project": "prod",
        }
        return Plan(**{**given, **changes})

    def deploy(self, **changes: object) -> Plan:
        """A plan for a new version of the agent that is there."""
        return self.create(**{"agent_id": AGENT, "region": "", **changes})


@asynccontextmanager
async def stage(
    folder: Path, *, clock: Clock | None = None, read_only: bool = False, **switches: object
) -> AsyncIterator[Stage]:
    """A stage on a free port, with one agent; builds take no time."""
    scenario = Scenario(agents=[AgentSpec(name="concierge", id=AGENT, deployments=[DeploymentSpec()])])
    clock = clock or SystemClock()
    options = {"build_seconds": 0.0, **switches}
    async with serve(scenario, seed=1, speed=1.0, **options) as simulator:
        session = Session(
            target(simulator, read_only=read_only), clock=clock, chance=random.Random(1), refresh=2.0
        )
        (folder / "app").mkdir()
        journal = Journal(folder / "state" / "journal.jsonl", clock, origin=HERE)
        try:
            yield Stage(simulator, session, journal, project(folder / "app"), clock)
        finally:
            await session.client.aclose()
