"""Trials of create and deploy: a fault at one of their three requests, and lies of the looks that follow."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.api.scripted import connected, listening
from tests.fixtures.clocks import ManualClock
from tests.hostile.lies import BELIEVABLE, LOOKS, Fault
from tests.hostile.server import HostileServer
from tests.hostile.trial import IMPATIENCE, PATIENCE, PROJECT
from tests.hostile.world import BUILT, OTHER, OURS, World
from tui.api.client import Client
from tui.deploy.plan import DeployReport, Plan
from tui.deploy.run import DeployRun
from tui.fleet.store import Store
from tui.operations.journal.hosts import Hosts
from tui.operations.journal.journal import Journal, Origin, Verdict
from tui.operations.runner import OperationRunner
from tui.packaging.secrets import SecretToSend
from tui.secret import Secret

PLACES = ("announce", "upload", "build")
CLOSED = (Verdict.REFUSED, Verdict.NOT_SENT, Verdict.NOT_SEEN)


@dataclass(frozen=True)
class DeployCase:
    """A create or deploy."""

    name: str
    agent_id: str = ""
    secrets: tuple[SecretToSend, ...] = ()

    def plan(self, root: Path) -> Plan:
        """As confirmed."""
        return Plan(
            root=root,
            agent_id=self.agent_id,
            region="" if self.agent_id else "us-east",
            subdomain="p",
            secrets=self.secrets,
            project=PROJECT,
        )


SECRETS = (SecretToSend("DB_URL", Secret("v")),)
DEPLOYS = (
    DeployCase("create"),
    DeployCase("create with secrets", secrets=SECRETS),
    DeployCase("deploy", OURS),
    DeployCase("deploy with secrets", OURS, SECRETS),
)


@dataclass(frozen=True)
class DeployTrial:
    """What was answered, what was said, and what is true."""

    case: DeployCase
    place: str
    fault: Fault
    executed: bool
    look: str

    def __str__(self) -> str:
        done = "carried out" if self.executed else "not carried out"
        return f"{self.case.name}: {self.place} answered {self.fault.name}, {done}; looks {self.look}"


@dataclass(frozen=True)
class DeployResult:
    """How a trial went."""

    trial: DeployTrial
    report: DeployReport
    verdicts: tuple[Verdict | None, ...]
    """In the journal at its end, and when it was settled later."""
    words: str
    looks: int
    arrived: tuple[str, ...]
    made: bool
    """There is a new agent."""
    built: bool
    """There is a new version of the very agent."""
    changed: bool
    """Anything is other than it was."""
    foreign: bool
    """An agent that nobody asked about was touched."""

    def complaints(self) -> Iterator[str]:
        """Everything that was said and is not so, and everything that was done and must not be."""
        trial = self.trial
        is_carried = trial.place == "announce" and trial.fault.truthful and not trial.case.agent_id
        is_done = self.built if trial.case.agent_id else self.made or is_carried
        for verdict in self.verdicts if trial.look not in BELIEVABLE else ():
            if verdict in CLOSED and self.changed:
                yield f"false nothing changed: {trial} | {self.words}"
            elif verdict is Verdict.DONE and not is_done:
                yield f"false done: {trial} | {self.words}"
        if self.report.good and not self.built and trial.look not in BELIEVABLE:
            yield f"false built: {trial} | {self.words}"
        if len(self.arrived) > len(set(self.arrived)):
            yield f"sent twice: {trial} | {self.words}"
        if self.foreign:
            yield f"foreign: {trial} | {self.words}"


async def trials(
    folder: Path, case: DeployCase, place: str, fault: Fault, looks: tuple[str, ...]
) -> AsyncIterator[DeployResult]:
    """Every trial of a fault: carried out and not, under each of the looks."""
    server, clock = HostileServer(), ManualClock()
    deadline = IMPATIENCE if fault.slow else PATIENCE
    root = folder / "app"
    root.mkdir(exist_ok=True)
    (root / "Dockerfile").write_text("FROM scratch\n")
    async with (
        listening(server),
        connected(server.url, clock=clock, per_minute=10_000_000, deadline=deadline) as client,
    ):
        for executed in (False,) if fault.proof else (True, False):
            for look in looks:
                trial = DeployTrial(case, place, fault, executed, look)
                result = await run(trial, server, client, clock, folder)
                yield result
                if not result.looks:
                    break  # nobody looked, so no lie of a look makes a difference


_IDS = itertools.count()


async def run(
    trial: DeployTrial, server: HostileServer, client: Client, clock: ManualClock, folder: Path
) -> DeployResult:
    """One of them."""
    clock.advance(600.0)
    server.begin(World(clock.now))
    server.look, server.fault, server.executes = LOOKS[trial.look], trial.fault, trial.executed
    server.faulty = "" if trial.place == "announce" else trial.place
    before, world = server.world.copy(), server.world
    journal = Journal(folder / f"journal{next(_IDS)}.jsonl", clock, origin=Origin("ops", ""))
    plan = trial.case.plan(folder / "app")
    report = await DeployRun(plan, client, journal, clock=clock, tell=lambda told: None).run()
    entries, looks = journal.entries(1), server.looks
    said = [entries[0].verdict if entries else Verdict.NOT_SENT]
    words = [f"{said[0]}: {report.verdict}"]
    if said[0] is Verdict.UNKNOWN:
        runner = OperationRunner(
            client,
            Store(clock),
            journal,
            clock=clock,
            project=PROJECT,
            hosts=Hosts(server.url, server.url),
            new_id=lambda: "r",
            nudge=lambda *sources: None,
        )
        clock.advance(60.0)
        later = await runner.settle(entries[0].intent)
        said.append(later.verdict)
        words.append(f"{later.verdict}: {later.words}")
    agent_id = trial.case.agent_id or next(iter(world.mine), "")
    tags = {version["version"] for version in world.versions.get(agent_id, ())}
    return DeployResult(
        trial,
        report,
        tuple(said),
        " / ".join(words),
        looks,
        tuple(server.arrived),
        made=bool(world.mine),
        built=BUILT in tags,
        changed=(before.agents, before.versions, before.secrets)
        != (world.agents, world.versions, world.secrets),
        foreign=OTHER in server.stored or before.versions[OTHER] != world.versions[OTHER],
    )
