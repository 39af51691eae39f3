"""What recording costs, and going back: in processor time and bytes, with ten thousand agents that move."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Final

from tests.bench import recorded_program, recorder
from tests.bench.driver import Terminal
from tests.bench.figures import Figure
from tests.bench.moving import AGENTS, BEGIN, EVERY, Moving
from tests.bench.suite import Suite
from tests.bench.usage import spent
from tests.ptyrun import python
from tui.clock import Moment
from tui.fleet.past import Since, Transition
from tui.fleet.since_by_id import SinceById
from tui.fleet.state import Fleet
from tui.fleet.store import Change
from tui.fleet.transitions import in_order
from tui.history.events.derive import State, Step
from tui.history.files import database
from tui.history.files.event_file import NAME, EventFile
from tui.history.files.event_reader import EventReader
from tui.history.files.folder_store import FolderReader, FolderWriter
from tui.history.files.sample_files import sample_files
from tui.history.records import Run
from tui.history.store import Batch, Taken
from tui.history.timeline import History
from tui.record_options import RecordOptions

CASE = "recording"
POLLS: Final = 600
"""Twenty minutes of them."""
DAY: Final = 86_400.0


def run(suite: Suite) -> Iterator[Figure]:
    """Writing and reading, then a session and the whole program, each beside itself without recorder."""
    where = suite.scratch / "history"
    (where / "project").mkdir(parents=True, mode=0o700)
    yield from _writing(suite, where)
    yield from recorder.run(suite)
    yield from _reading(suite, where / "project")
    yield from _painting(suite, where / "project")
    yield from _transitions(suite)
    yield from recorded_program.run(suite)


def _cpu(work: Callable[[], object]) -> float:
    """Milliseconds of processor."""
    before = time.process_time()
    work()
    return 1000 * (time.process_time() - before)


def _writing(suite: Suite, root: Path) -> Iterator[Figure]:
    moving, history = Moving(), History(State(run="1a2b3c4d-"))
    writer = FolderWriter(root, "project", RecordOptions(), Run("1a2b3c4d-", 0.0, 0.0, "host", "1"))
    first = Change(Fleet(), moving.fleet, frozenset({"agents"}), Moment(BEGIN.timestamp(), moving.at))
    steps: list[Step] = []
    history.follow(steps.append)
    history.take(first)
    writer.write(
        Batch(
            samples=[Taken(moving.fleet, first.at, 0.0)],
            transitions=steps[-1].transitions,
            since=steps[-1].state.agents.statuses,
        )
    )
    writer.tend(first.at)  # what is written once is not what a day takes
    samples, events = _sizes(root / "project")
    suite.calm()
    costs = []
    for _ in range(POLLS):
        change = moving.poll()
        history.take(change)
        step = steps.pop()
        batch = Batch(
            samples=[Taken(change.after, change.at, 0.0, agents=change.differing_agents)],
            events=list(step.events),
            transitions=step.transitions,
            since=step.state.agents.statuses,
        )
        costs.append(_cpu(lambda batch=batch: writer.write(batch)))
    writer.close()
    share = DAY / (POLLS * EVERY) / 1e6
    after = _sizes(root / "project")
    what = f"{AGENTS:,} agents, 1 % changed"
    yield Figure(CASE, "one poll, in the writer, one after the other", what, "ms", tuple(costs))
    yield Figure(CASE, "samples, a day", what, "MB", ((after[0] - samples) * share,), 220.0)
    yield Figure(CASE, "events, a day", what, "MB", ((after[1] - events) * share,), 20.0)


def _sizes(where: Path) -> tuple[int, int]:
    """Bytes of samples, and of events."""
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
    file, chance = EventFile(where), Random(1)
    for number in range(0, 86_400, 100):
        steps = [
            Transition(f"CA_{chance.randrange(AGENTS)}", "Running", "CrashLoop", None, begun + number + part)
            for part in range(100)
        ]
        since = SinceById((step.id, Since(step.after, step.at)) for step in steps)
        file.add_transitions(in_order(steps), since)
        file.commit()
    file.close()
    reader = EventReader(where)
    costs = tuple(
        _cpu(lambda id=f"CA_{number}": reader.transitions(id, 0.0, begun + DAY)) for number in range(50)
    )
    reader.close()
    yield Figure(CASE, "a day of transitions of an agent", "86,400 in all", "ms", costs, 10.0)
