"""The program beside itself without recorder, on 120x40 cells: memory, processor, loop gaps, first frame."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.bench.driver import FRAME_END, PATIENCE, Terminal
from tests.bench.figures import US, Figure
from tests.bench.looped import longest_gap
from tests.bench.moving import AGENTS, Moving
from tests.bench.recorder import GAP
from tests.bench.suite import FIRST_ROW, Suite
from tests.bench.usage import spent
from tests.bench.world import World, world
from tui.clock import Moment
from tui.fleet.past import Event, Kind, Severity, Subject, Transition
from tui.fleet.transitions import Transitions, in_order
from tui.history.files.folder_store import FolderReader, FolderWriter
from tui.history.records import Run
from tui.history.store import Batch, Taken
from tui.record_options import RecordOptions

CASE: Final = "recording"
PLAIN: Final = f"{US} --no-record"
DAY: Final = 86_400.0
SAMPLE_EVERY: Final = 900.0
"""Seconds; of a day one sample in so many seconds is enough to have every file of it."""
LAST: Final = 60
"""Polls at its end, which a start has to put together."""
TRANSITIONS: Final = 86_400
"""Of the budgets' fleet in a day: two agents a poll."""
EVENTS: Final = 40_000


def run(suite: Suite) -> Iterator[Figure]:
    """Both in the same world, one after the other."""
    for agents in (100, AGENTS):
        with world(agents=agents) as served:
            served.change(0.01)
            yield from _steady(suite, served, agents)
            if agents == AGENTS:
                yield from _starts(suite, served)


def _steady(suite: Suite, served: World, agents: int) -> Iterator[Figure]:
    memory, cpu, gaps = (defaultdict[str, list[float]](list) for _ in range(3))
    for number in range(1 if suite.quick else suite.runs):
        for name, flags in ((PLAIN, ("--no-record",)), (US, ())):
            noted = suite.scratch / f"gaps-{agents}-{number}-{len(flags)}"
            suite.calm()
            with suite.lktop(served, *flags, gaps=noted) as terminal:
                terminal.until(FIRST_ROW)
                terminal.pump(12.0)
                since = time.monotonic()
                stretch = terminal.watch(20.0)
                gaps[name].append(longest_gap(noted, since, time.monotonic()))
                memory[name].append(stretch.after.memory)
                cpu[name].append(stretch.cpu)
    what = f"{agents:,} agents, 1 % changed"
    more = tuple(mine - other for mine, other in zip(memory[US], memory[PLAIN], strict=True))
    yield Figure(CASE, "memory that recording takes", what, "MB", more, 5.0 if agents == 100 else 25.0)
    for name in (PLAIN, US):
        yield Figure(CASE, f"processor, {name}", what, "%", tuple(cpu[name]))
        budget = GAP if name == US else None
        yield Figure(CASE, f"longest loop gap in 20 s, {name}", what, "ms", tuple(gaps[name]), budget)


# ---- the start -------------------------------------------------------------------------------------------


def _starts(suite: Suite, served: World) -> Iterator[Figure]:
    """To the first frame and the first data, with a day of history and without any."""
    full = suite.scratch / "full"
    with suite.lktop(served, state=full) as terminal:
        terminal.until(FIRST_ROW)
        terminal.pump(5.0)
    (project,) = (path.parent for path in full.glob("lktop/history/*/events.sqlite"))
    _fill(project)
    times = defaultdict[str, list[float]](list)
    for number in range(1 + 2 * suite.runs):
        for name, state in (("none", suite.scratch / f"empty-{number}"), ("a day", full)):
            suite.calm()
            with suite.lktop(served, state=state) as terminal:
                frame = _first_frame(terminal)
                found = {"frame": frame, "data": terminal.since_start(terminal.until(FIRST_ROW))}
            for what, value in found.items():
                times[f"{what}, {name}"] += [value] if number else []  # the first run warms the disk
    what = f"{AGENTS:,} agents, a day of history"
    for figure, name, budget in (
        ("frame", "processor to the first frame", 10.0),
        ("data", "first data", None),
    ):
        plain, ours = times[f"{figure}, none"], times[f"{figure}, a day"]
        yield Figure(CASE, f"{name}, without history", what, "ms", tuple(plain))
        more = tuple(mine - other for mine, other in zip(ours, plain, strict=True))
        yield Figure(CASE, f"{name}, what history adds", what, "ms", more, budget)


def _first_frame(terminal: Terminal) -> float:
    """Milliseconds of processor up to it: what other programs do would be more than what history adds."""
    end = time.monotonic() + PATIENCE
    while not any(FRAME_END in chunk.data for chunk in terminal.chunks):
        if time.monotonic() > end:
            raise TimeoutError("no frame")
        terminal.read(0.001)
    return spent(terminal.process.pid)


def _fill(project: Path) -> None:
    """Put a day before what was recorded: every hour has its file, the other file all events of a day."""
    reader = FolderReader(project)
    last = reader.samples.last
    assert last is not None
    sample = reader.samples.seek(last.at)
    assert sample is not None
    begun = reader.loaded()
    reader.close()
    assert begun is not None
    for path in project.glob("*.samples"):
        path.unlink()
    moving = Moving(sample.fleet)
    moving.at = 0.0
    at = last.unix - DAY
    writer = FolderWriter(project.parent, project.name, RecordOptions(), Run("day-", at, 0.0, "host", "1"))
    ids = [agent.agent_id for agent in sample.fleet.agents]
    times = [*range(0, int(DAY) - 2 * LAST, int(SAMPLE_EVERY)), *range(int(DAY) - 2 * LAST, int(DAY), 2)]
    for begin, end in zip(times, [*times[1:], int(DAY)], strict=True):
        moving.at = float(begin)
        taken = Taken(moving.poll().after, Moment(at + begin, begin), 0.0)
        writer.write(Batch([taken], *_told(ids, at, begin, end)))
    writer.close()


def _told(ids: list[str], at: float, begin: int, end: int) -> tuple[list[Event], Transitions]:
    """Events and transitions of a stretch of the day."""
    changed = [
        Transition(ids[number % len(ids)], "Running", "CrashLoop", None, at + number * DAY / TRANSITIONS)
        for number in range(int(begin * TRANSITIONS / DAY), int(end * TRANSITIONS / DAY))
    ]
    events = [
        Event(
            f"day-{number}",
            at + number * DAY / EVENTS,
            Kind.STATUS,
            Severity.ERROR,
            "CrashLoop (was Running)",
            Subject(agent_id=ids[number % len(ids)], agent_name=f"agent-{number % len(ids):05d}"),
        )
        for number in range(int(begin * EVENTS / DAY), int(end * EVENTS / DAY))
    ]
    return events, in_order(changed)
