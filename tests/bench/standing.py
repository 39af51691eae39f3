"""What it takes to be there: memory, and processor, bytes and wake-ups while nothing changes."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.driver import Stretch, Terminal
from tests.bench.figures import US, Figure
from tests.bench.suite import FIRST_ROW, Suite
from tests.bench.world import world

CASE = "standing"
SECONDS = 20.0
"""How long each program is watched."""
COVERED = 2.0
"""Seconds after the last byte at which a program counts as idle."""


def run(suite: Suite) -> Iterator[Figure]:
    """Peers first, then ours in worlds of growing size."""
    yield from _figures("empty app", [_still(suite, suite.empty()) for _ in range(suite.runs)])
    for peer in suite.peers("htop", "lnav", "posting", "toolong", "harlequin"):
        yield from _figures(peer.name, [_still(suite, suite.peer(peer))])
    for agents, rooms, dispatches, jobs, memory, cpu in (
        (100, 10, 5, 20, 50.0, None),
        (1_000, 10, 5, 20, None, 1.0),
        (10_000, 20, 5, 20, 90.0, None),
        (10_000, 200, 100, 5, 200.0, None),
    ):
        # As many requests as make the tree whole soon, or memory would be that of an empty one; but what
        # standing idle costs is measured with as many as it allows itself, which here are enough.
        rate = None if cpu else 600
        with world(agents=agents, rooms=rooms, dispatches=dispatches, jobs=jobs) as served:
            found = []
            for _ in range(1 if suite.quick or rooms == 200 else suite.runs):
                terminal = suite.lktop(served, rate=rate)
                terminal.until(FIRST_ROW)
                terminal.pump(rooms / 8 + 6 if rate else 30.0)
                found.append(_still(suite, terminal))
        subject = f"{US}, {agents:,} agents, {rooms * dispatches * jobs:,} jobs"
        yield from _figures(subject, found, memory=memory, cpu=cpu)


def _still(suite: Suite, terminal: Terminal) -> Stretch:
    with terminal:
        terminal.settle(COVERED, 30.0)
        suite.calm()
        return terminal.watch(5.0 if suite.quick else SECONDS)


def _figures(
    subject: str, found: list[Stretch], *, memory: float | None = None, cpu: float | None = None
) -> Iterator[Figure]:
    held = tuple(stretch.after.memory for stretch in found)
    yield Figure(CASE, "resident memory", subject, "MB", held, memory)
    yield Figure(CASE, "processor, idle", subject, "%", tuple(stretch.cpu for stretch in found), cpu)
    silent = None if cpu is None else 0.0
    yield Figure(CASE, "output, idle", subject, "B/s", tuple(stretch.rate for stretch in found), silent)
    few = None if cpu is None else 14.0
    yield Figure(CASE, "wake-ups, idle", subject, "/s", tuple(stretch.wakeups for stretch in found), few)
