"""What a poll costs when nothing, a little or everything has changed."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.driver import Terminal
from tests.bench.figures import US, Figure
from tests.bench.suite import FIRST_ROW, Suite
from tests.bench.world import LISTING, World, world

CASE = "polling"
SHARES = (0.0, 0.01, 1.0)
BUDGETS = {(10_000, 0.01): 60.0}
"""Milliseconds of processor for one poll, by agents and share that changed."""


def run(suite: Suite) -> Iterator[Figure]:
    """Every size with every share, in one session each."""
    for agents in suite.sizes:
        with world(agents=agents) as served, suite.lktop(served) as terminal:
            terminal.until(FIRST_ROW)
            terminal.settle(2.0, 15.0)
            for share in SHARES:
                served.change(share)
                terminal.pump(6.0)
                yield from _figures(suite, served, terminal, agents, share)


def _figures(suite: Suite, served: World, terminal: Terminal, agents: int, share: float) -> Iterator[Figure]:
    cpu, size, frames = [], [], []
    for _ in range(suite.runs):
        suite.calm()
        before = _polls(served)
        stretch = terminal.watch(13.0)
        polls = max(1, _polls(served) - before)
        cpu.append(10 * stretch.cpu * stretch.seconds / polls)
        size.append(stretch.size / polls)
        frames.append(stretch.frames / polls)
    what = f"{agents:,} agents, {share:.0%} changed"
    yield Figure(CASE, f"processor a poll, {what}", US, "ms", tuple(cpu), BUDGETS.get((agents, share)))
    yield Figure(CASE, f"output a poll, {what}", US, "B", tuple(size))
    yield Figure(CASE, f"frames a poll, {what}", US, "", tuple(frames))


def _polls(served: World) -> int:
    return sum(1 for request in served.requests() if request["path"] == LISTING)
