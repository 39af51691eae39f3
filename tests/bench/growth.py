"""How costs grow with the fleet: the exponent is 0 where they do not, 1 where they grow with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from statistics import median

from tests.bench.figures import US, Figure, exponent
from tests.bench.suite import FIRST_ROW, Suite
from tests.bench.world import world

CASE = "growth"
SIZES = (100, 300, 1_000, 3_000, 10_000)
FLAT = 0.15
"""An exponent that counts as flat: twice as many agents, a tenth more."""


def run(suite: Suite) -> Iterator[Figure]:
    """One session in a world of each size."""
    costs: dict[tuple[str, str], list[float]] = defaultdict(list)
    for agents in SIZES:
        with world(agents=agents) as served, suite.lktop(served) as terminal:
            data = terminal.since_start(terminal.until(FIRST_ROW))
            terminal.settle(2.0, 15.0)
            suite.calm()
            moves = [terminal.press(b"\x1b[B", quiet=0.15) for _ in range(15)]
            served.change(0.01)
            terminal.pump(5.0)
            stretch = terminal.watch(13.0)
            costs["first data", "ms"].append(data)
            costs["cursor down", "ms"].append(median(move.first for move in moves))
            costs["output of a cursor down", "B"].append(median(move.size for move in moves))
            costs["processor while 1 % change", "%"].append(stretch.cpu)
            costs["resident memory", "MB"].append(stretch.after.memory)
    for (name, unit), values in costs.items():
        for agents, value in zip(SIZES, values, strict=True):
            yield Figure(CASE, f"{name}, {agents:,} agents", US, unit, (value,))
        flat = FLAT if name.startswith(("cursor", "output")) else None
        yield Figure(CASE, f"{name}: exponent", US, "", (exponent(SIZES, values),), flat)
