"""One trial: an operation, performed against lies, and what was said of it beside what is true."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.api.scripted import connected, listening
from tests.fixtures.clocks import ManualClock
from tests.hostile.lies import BASELINES, LOOKS, Fault
from tests.hostile.server import HostileServer
from tests.hostile.world import DESK, DISPATCH, LINK, LOBBY, NEW_ROOM, OURS, TAGS, World
from tui.api.client import Client
from tui.fleet.ordering import newest_first, open_dispatches, own_secrets
from tui.fleet.state import Fleet, with_agents
from tui.fleet.store import Store
from tui.fleet.view import Selection, View
from tui.operations.fields import Answers
from tui.operations.journal.hosts import Hosts
from tui.operations.journal.journal import Journal, Origin, Verdict
from tui.operations.journal.outcome import Outcome
from tui.operations.operation import Operation
from tui.operations.registry import BY_ID
from tui.operations.runner import OperationRunner
from tui.secret import Secret

PROJECT = "prod"
PATIENCE = 20.0
"""Real seconds for an answer that comes."""
IMPATIENCE = 0.15
"""Real seconds for one that does not."""
FILE = "DB_URL=postgres://new\nFRESH=1\n"
DISPATCHED = {"agent": "concierge", "metadata": '{"for":"ann"}'}


AGENT = Selection(agent_id=OURS)


@dataclass(frozen=True)
class Case:
    """An operation with its answers."""

    name: str
    operation: str
    texts: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    selection: Selection = AGENT
    twin: bool = False
    """Done twice there are two of it, and nothing tells whose is whose."""

    def answers(self, folder: Path) -> tuple[Operation, Answers]:
        """What the operator typed; files are in the folder."""
        texts = {name: str(folder / text) if name == "file" else text for name, text in self.texts.items()}
        operation = BY_ID[self.operation]
        values = {name: Secret(text) for name, text in self.values.items()}
        return operation, operation.resolve(Answers(texts, values))


IN_LOBBY = Selection(room=LOBBY, dispatch_id=DISPATCH)
LINKED = {"name": "cache", "endpoint": "cache.internal", "port": "6379", "region": "us-east"}
CASES = (
    Case("dispatch", "dispatch", {**DISPATCHED, "room": DESK}, selection=Selection(room=DESK), twin=True),
    Case(
        "dispatch to a new room",
        "dispatch",
        {**DISPATCHED, "room": NEW_ROOM},
        selection=Selection(),
        twin=True,
    ),
    Case("redispatch", "redispatch", {**DISPATCHED, "room": LOBBY}, selection=IN_LOBBY, twin=True),
    Case("undispatch", "undispatch", selection=IN_LOBBY),
    Case("restart", "restart"),
    Case("rollback", "rollback", {"version": TAGS[2]}),
    Case("promote", "promote", {"deployment": "staging"}),
    Case("update", "update", {"file": "secrets.env"}),
    Case("update without secrets", "update"),
    Case("set_secret", "set_secret", {"name": "DB_URL"}, {"value": "v"}),
    Case("new_secret", "new_secret", {"name": "FRESH"}, {"value": "v"}),
    Case("import_secrets", "import_secrets", {"file": "secrets.env"}),
    Case("mount_secret", "mount_secret", {"file": "secrets.env"}),
    Case("remove_secrets", "remove_secrets", {"names": "OLD_TOKEN"}),
    Case("replace_secrets", "replace_secrets", {"file": "secrets.env"}),
    Case("delete_deployment", "delete_deployment", {"deployment": "staging"}),
    Case("delete_agent", "delete_agent"),
    Case("create_link", "create_link", LINKED, selection=Selection(), twin=True),
    Case("delete_link", "delete_link", {"link": LINK}, selection=Selection()),
)


@dataclass(frozen=True)
class Trial:
    """What was answered, what was said, and what is true."""

    case: Case
    fault: Fault
    executed: bool
    look: str
    baseline: str = "true"
    twin: str = ""
    """`before` or `during`: when somebody else does the very same; empty for never."""

    def __str__(self) -> str:
        done = "carried out" if self.executed else "not carried out"
        more = f", baseline {self.baseline}" if self.baseline != "true" else ""
        more += f", twin {self.twin}" if self.twin else ""
        return f"{self.case.name}: answered {self.fault.name}, {done}; looks {self.look}{more}"


@dataclass(frozen=True)
class Result:
    """How a trial went."""

    trial: Trial
    said: tuple[Outcome, ...]
    """What was said at once, and when what stayed unknown was settled later."""
    resent: Outcome | None
    """What was said when it was sent again, where that was offered."""
    looks: int
    """Reads after the change."""
    lied: bool
    """One of them was not answered truly."""
    arrived: int
    """How often the change came in before the operator sent it again."""
    executed: tuple[int, int]
    """How often it was carried out: at first, and with what the operator sent again."""
    foreign: bool
    """An undo would touch what was not made here."""

    @property
    def happened(self) -> bool:
        """What was asked for was carried out."""
        return self.executed[0] > 0


class Rig:
    """A hostile server and an operator in front of it, for any number of trials of one case and fault."""

    def __init__(
        self,
        server: HostileServer,
        client: Client,
        clock: ManualClock,
        folder: Path,
        *,
        patient: Client | None = None,
    ) -> None:
        """`patient` reads what the operator looks at, where `client` does not wait long for an answer."""
        self.server = server
        self.client = client
        self._patient = patient or client
        self.clock = clock
        self.folder = folder
        self._ids = itertools.count()
        self._views: dict[str, View] = {}
        (folder / "secrets.env").write_text(FILE)

    async def run(self, trial: Trial) -> Result:
        """Perform it; settle what stayed unknown; send again what is offered to be."""
        server, clock = self.server, self.clock
        clock.advance(600.0)
        server.begin(World(clock.now))
        view = await self._view(trial.case)
        operation, answers = trial.case.answers(self.folder)
        operation.check(view, answers)
        if trial.twin == "before":
            server.world.execute(operation.method.name, operation.request(view, answers), mine=False)
        server.baseline, server.look = LOOKS[trial.baseline], LOOKS[trial.look]
        server.fault, server.executes = trial.fault, trial.executed
        server.has_twin = trial.twin == "during"
        runner = self._runner(view)
        standing = len(server.world.done)
        first = await runner.perform(operation, view, answers)
        arrived, done = len(server.arrived), len(server.world.done) - standing - server.has_twin
        said = [first]
        if first.verdict is Verdict.UNKNOWN and first.intent is not None:
            said.append(await runner.settle(first.intent))
        again, resent, lied = done, None, server.lied
        if first.may_resend and first.intent is not None:
            server.fault, server.executes, server.has_twin = None, True, False
            resent = await runner.perform(operation, view, answers, earlier=first.intent)
            again = len(server.world.done) - standing - (trial.twin == "during")
        foreign = any(self._is_foreign(outcome) for outcome in said)
        return Result(trial, tuple(said), resent, server.looks, lied, arrived, (done, again), foreign)

    def _is_foreign(self, outcome: Outcome) -> bool:
        undo, world = outcome.undo, self.server.world
        if undo is None or undo.operation != "undispatch":
            return False
        gone = undo.selection.dispatch_id
        return gone in world.rooms.get(undo.selection.room, {}) and gone not in world.mine

    def _runner(self, view: View) -> OperationRunner:
        return OperationRunner(
            self.client,
            Store(self.clock, view.fleet),
            Journal(self.folder / f"journal{next(self._ids)}.jsonl", self.clock, origin=Origin("ops", "")),
            clock=self.clock,
            project=PROJECT,
            hosts=Hosts(self.server.url, self.server.url),
            new_id=lambda: f"r-{next(self._ids)}",
            nudge=lambda *sources: None,
        )

    async def _view(self, case: Case) -> View:
        """What the operator looks at, told truly; every trial begins in the same world."""
        if case.name not in self._views:
            self._views[case.name] = View(await self._fleet(case.selection), case.selection, 0.0, 0.0)
        return replace(self._views[case.name], now=self.clock.now(), monotonic=self.clock.monotonic())

    async def _fleet(self, selection: Selection) -> Fleet:
        client, room, agent_id = self._patient, selection.room, selection.agent_id
        fleet = with_agents(Fleet(), (await client.list_agents()).items)
        rooms = await client.list_rooms()
        fleet = replace(fleet, rooms=rooms.items)
        if agent_id:
            versions = newest_first((await client.list_versions(agent_id)).items)
            secrets = own_secrets((await client.list_secrets(agent_id)).items)
            fleet = replace(fleet, versions={agent_id: versions}, secrets={agent_id: secrets})
        if room:
            here = open_dispatches((await client.list_dispatches(room)).items)
            fleet = replace(fleet, dispatches={room: here})
        return fleet


@asynccontextmanager
async def rig(folder: Path, fault: Fault) -> AsyncIterator[Rig]:
    """A server that is going to answer like this."""
    server, clock = HostileServer(), ManualClock()
    deadline = IMPATIENCE if fault.slow else PATIENCE
    plenty = 10_000_000
    async with (
        listening(server),
        connected(server.url, clock=clock, per_minute=plenty, deadline=deadline) as client,
        connected(server.url, clock=clock, per_minute=plenty, deadline=PATIENCE) as patient,
    ):
        yield Rig(server, client.ordered(), clock, folder, patient=patient)


async def trials(folder: Path, case: Case, fault: Fault, looks: tuple[str, ...]) -> AsyncIterator[Result]:
    """Every trial of a fault: carried out and not, under each of the looks."""
    async with rig(folder, fault) as here:
        for executed in (False,) if fault.proof else (True, False):
            for look in looks:
                result = await here.run(Trial(case, fault, executed, look))
                yield result
                if not result.looks:
                    break  # nobody looked, so no lie of a look makes a difference


async def blind(folder: Path, case: Case, fault: Fault) -> AsyncIterator[Result]:
    """Trials in which the look before the change shows nothing, and somebody else did the same."""
    async with rig(folder, fault) as here:
        for executed in (True, False):
            for baseline in BASELINES:
                for twin in ("before", "during") if case.twin else ("",):
                    for look in ("true", "{}", "503 no response"):
                        yield await here.run(Trial(case, fault, executed, look, baseline, twin))
