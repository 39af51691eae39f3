"""What recording costs, and going back: in processor time and bytes, with ten thousand agents that move."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Final

from msgspec import structs

from tests.bench.driver import Terminal
from tests.bench.figures import US, Figure
from tests.bench.suite import FIRST_ROW, Suite
from tests.bench.usage import spent
from tests.bench.world import world
from tests.ptyrun import python
from tui.api.models import Agent, Deployment, Event
from tui.clock import Moment
from tui.fleet.past import Since, Transition
from tui.fleet.state import Fleet, Freshness, with_agents
from tui.fleet.store import Change
from tui.history.events.derive import State
from tui.history.files import database
from tui.history.files.folder_store import FolderReader, FolderWriter
from tui.history.files.long_file import NAME, LongFile
from tui.history.files.long_reader import LongReader
from tui.history.files.samples import sample_files
from tui.history.records import Run
from tui.history.store import Batch, Taken
from tui.history.timeline import History
from tui.record_options import RecordOptions

CASE = "recording"
AGENTS: Final = 10_000
POLLS: Final = 600
"""Twenty minutes of them."""
EVERY: Final = 2.0
DAY: Final = 86_400.0
BEGIN: Final = datetime(2026, 11, 1, tzinfo=UTC)
LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


def run(suite: Suite) -> Iterator[Figure]:
    """Writing, then reading what was written, then the program beside itself without recorder."""
    where = suite.scratch / "history"
    (where / "project").mkdir(parents=True, mode=0o700)
    yield from _writing(suite, where)
    yield from _reading(suite, where / "project")
    yield from _painting(suite, where / "project")
    yield from _transitions(suite)
    yield from _beside(suite)


class Moving:
    """A fleet of which one in a hundred agents differs at every poll."""

    def __init__(self) -> None:
        self._chance = Random(1)
        self.at = 1000.0
        self.fleet = with_agents(Fleet(), tuple(self._agent(number) for number in range(AGENTS)), self.at)

    def poll(self) -> Change:
        """The next answer: of the agents that differ two in a hundred have another status."""
        self.at += EVERY
        agents = list(self.fleet.agents)
        for position in self._chance.sample(range(AGENTS), AGENTS // 100):
            agent, part = agents[position], self._chance.random()
            row, *others = agent.agent_deployments
            if part < 0.02:
                row = structs.replace(row, status=self._chance.choice(("Running", "CrashLoop", "Error")))
            elif part < 0.8:
                row = structs.replace(row, replicas=self._chance.randrange(1, 9))
            else:
                row = structs.replace(row, version=self._version())
            agents[position] = structs.replace(agent, agent_deployments=(row, *others))
        before = self.fleet
        after = with_agents(before, tuple(agents), self.at)
        self.fleet = replace(after, freshness={"agents": Freshness(at=self.at)})
        fields = frozenset({"agents", "statuses", "index", "freshness"})
        return Change(before, self.fleet, fields, Moment(BEGIN.timestamp() + self.at, self.at))

    def _agent(self, number: int) -> Agent:
        agent_id = "CA_" + "".join(self._chance.choices(LETTERS, k=12))
        names = ("",) if self._chance.random() < 0.75 else ("", "staging")
        version = self._version()
        return Agent(
            agent_id=agent_id,
            agent_name=f"agent-{number:05d}",
            version=version,
            deployed_at=BEGIN + timedelta(seconds=self._chance.randrange(2_000_000)),
            agent_deployments=tuple(self._deployment(agent_id, number, name, version) for name in names),
        )

    def _deployment(self, agent_id: str, number: int, name: str, version: str) -> Deployment:
        events = (Event(type="AGENT_EVENT_TYPE_APPLICATION_CRASHED", count=2, timestamp=BEGIN),)
        return Deployment(
            region=self._chance.choice(("us-east", "eu-central", "ap-south")),
            agent_id=agent_id,
            status="Running",
            replicas=self._chance.randrange(1, 9),
            min_replicas=1,
            max_replicas=10,
            cur_cpu=f"{self._chance.randrange(1000)}m",
            cur_mem=f"{self._chance.randrange(4000)}Mi",
            mem_limit="4Gi",
            cpu_limit="2000m",
            server_region="ca1",
            version=version,
            agent_name=f"agent-{number:05d}",
            deployment=name,
            last_scraped_at=BEGIN + timedelta(seconds=self._chance.randrange(30)),
            events=events if self._chance.random() < 0.1 else (),
        )

    def _version(self) -> str:
        return (BEGIN + timedelta(seconds=self._chance.randrange(2_000_000))).strftime("%Y%m%d%H%M%S")


def _cpu(work: Callable[[], object]) -> float:
    """Milliseconds of processor."""
    before = time.process_time()
    work()
    return 1000 * (time.process_time() - before)


def _writing(suite: Suite, root: Path) -> Iterator[Figure]:
    moving, history = Moving(), History(State(run="1a2b3c4d-"))
    writer = FolderWriter(root, "project", RecordOptions(), Run("1a2b3c4d-", 0.0, 0.0, "host", "1"))
    first = Change(Fleet(), moving.fleet, frozenset({"agents"}), Moment(BEGIN.timestamp(), moving.at))
    known = history.take(first)
    writer.write(
        Batch(
            samples=[Taken(moving.fleet, first.at, 0.0)],
            transitions=list(known.transitions),
            since=known.state.agents.statuses,
        )
    )
    writer.tend(first.at)  # what is written once is not what a day takes
    samples, events = _sizes(root / "project")
    suite.calm()
    costs = []
    for _ in range(POLLS):
        change = moving.poll()
        step = history.take(change)
        batch = Batch(
            samples=[Taken(change.after, change.at, 0.0)],
            events=list(step.events),
            transitions=list(step.transitions),
            since=step.state.agents.statuses,
        )
        costs.append(_cpu(lambda batch=batch: writer.write(batch)))
    writer.close()
    share = DAY / (POLLS * EVERY) / 1e6
    after = _sizes(root / "project")
    what = f"{AGENTS:,} agents, 1 % changed"
    yield Figure(CASE, "one poll, in the writer", what, "ms", tuple(costs), 0.5)
    yield Figure(CASE, "samples, a day", what, "MB", ((after[0] - samples) * share,), 220.0)
    yield Figure(CASE, "events, a day", what, "MB", ((after[1] - events) * share,), 20.0)


def _sizes(where: Path) -> tuple[int, int]:
    """Bytes of samples, and of what lasts."""
    for path in (*sample_files(where), where / NAME):
        found = sqlite3.connect(path)
        found.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # what waits beside the file is not more
        found.close()
    return sum(map(database.size, sample_files(where))), database.size(where / NAME)


def _reading(suite: Suite, where: Path) -> Iterator[Figure]:
    reader, chance = FolderReader(where), Random(1)
    stamps = reader.samples.stamps(0.0, float("inf"))
    seeks, on, back = [], [], []
    for _ in range(10 if suite.quick else 40):
        stamp = chance.choice(stamps)
        seeks.append(_cpu(lambda at=stamp.at: reader.samples.seek(at)))
        on.append(_cpu(lambda seq=stamp.seq: reader.samples.after(seq)))
        back.append(_cpu(lambda seq=stamp.seq: reader.samples.before(seq)))
    loads = [_cpu(reader.loaded) for _ in range(5)]
    reader.close()
    what = f"{AGENTS:,} agents"
    yield Figure(CASE, "going to a moment, without drawing", what, "ms", tuple(seeks))
    yield Figure(CASE, "the next sample, without drawing", what, "ms", tuple(on))
    yield Figure(CASE, "the sample before, without drawing", what, "ms", tuple(back))
    yield Figure(CASE, "what earlier runs knew, at the start", what, "ms", tuple(loads))


def _painting(suite: Suite, where: Path) -> Iterator[Figure]:
    """The same with the program's screen: processor time from the key to the end of painting.

    A moment is typed: what closing that prompt takes is measured, too, and not counted.
    """
    chance, last = Random(1), int(POLLS * EVERY)
    closing: list[float] = []
    found: dict[str, list[float]] = {"going to a moment": [], "the next sample": [], "the sample before": []}
    with Terminal(python("tui", "replay", str(where)), env=suite.environment()) as terminal:

        def spent_on(key: bytes) -> float:
            before = spent(terminal.process.pid)
            terminal.press(key, quiet=0.3)
            return spent(terminal.process.pid) - before

        terminal.until("PAST")
        terminal.pump(8.0)  # until the collector of garbage is on
        for _ in range(10 if suite.quick else 40):
            terminal.press(b"T")
            closing.append(spent_on(b"\x1b"))
            terminal.press(b"T")
            at = BEGIN + timedelta(seconds=1000 + chance.randrange(last))
            terminal.press(f"{at:%Y-%m-%d %H:%M:%S}Z".encode())
            for costs, key in zip(found.values(), (b"\r", b"\x1b[C", b"\x1b[D"), strict=True):
                costs.append(spent_on(key))
    prompt = median(closing)
    found["going to a moment"] = [cost - prompt for cost in found["going to a moment"]]
    for (name, costs), budget in zip(found.items(), (100.0, 16.0, 16.0), strict=True):
        yield Figure(CASE, f"{name}, painted", f"{AGENTS:,} agents, 120x40", "ms", tuple(costs), budget)


def _transitions(suite: Suite) -> Iterator[Figure]:
    where, begun = suite.scratch / "long", BEGIN.timestamp()
    where.mkdir(mode=0o700)
    file, chance = LongFile(where), Random(1)
    for number in range(0, 86_400, 100):
        steps = [
            Transition(f"CA_{chance.randrange(AGENTS)}", "Running", "CrashLoop", None, begun + number + part)
            for part in range(100)
        ]
        file.add_transitions(steps, ((step.id, Since(step.after, step.at)) for step in steps))
        file.commit()
    file.close()
    reader = LongReader(where)
    costs = tuple(
        _cpu(lambda id=f"CA_{number}": reader.transitions(id, 0.0, begun + DAY)) for number in range(50)
    )
    reader.close()
    yield Figure(CASE, "a day of transitions of an agent", "86,400 in all", "ms", costs, 10.0)


def _beside(suite: Suite) -> Iterator[Figure]:
    """The program with and without recorder, one beside the other in the same world."""
    for agents in (100, AGENTS):
        held: dict[str, list[float]] = {}
        cpu: dict[str, list[float]] = {}
        with world(agents=agents) as served:
            served.change(0.01)
            for _ in range(1 if suite.quick else suite.runs):
                for name, flags in ((f"{US} --no-record", ("--no-record",)), (US, ())):
                    with suite.lktop(served, *flags) as terminal:
                        terminal.until(FIRST_ROW)
                        terminal.pump(12.0)
                        stretch = terminal.watch(20.0)
                        held.setdefault(name, []).append(stretch.after.memory)
                        cpu.setdefault(name, []).append(stretch.cpu)
        plain, ours = held[f"{US} --no-record"], held[US]
        more = tuple(mine - other for mine, other in zip(ours, plain, strict=True))
        what = f"{agents:,} agents, 1 % changed"
        yield Figure(CASE, "memory that recording takes", what, "MB", more, 5.0 if agents == 100 else 25.0)
        for name, found in cpu.items():
            yield Figure(CASE, f"processor, {name}", what, "%", tuple(found))
