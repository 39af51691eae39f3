"""A long watch over a busy fleet, its clock running fast: does anything grow?"""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import cycle

from tests.bench.figures import US, Figure, slope
from tests.bench.suite import Suite
from tests.bench.usage import Usage
from tests.bench.world import practice

CASE = "soak"
SPEED = 720
"""World seconds in one of ours: two minutes are a day."""
EVERY = 2.0
"""Seconds between looks at memory, descriptors and threads."""
KEYS = (
    b"\x1b[B",
    b"\x1b[B",
    b"2",
    b"3",
    b"5",
    b"\x1b[B",
    b"z",
    b"1",
    b"\x1b[6~",
    b"6",
    b"1",
    b"g",
    b"?",
    b"\x1b",
)
WARM = 0.3
"""Share of the time after which memory should not grow any more."""


def run(suite: Suite) -> Iterator[Figure]:
    """Keys all the while, as of an operator who never rests."""
    with practice("incident", speed=SPEED) as served, suite.lktop(served, "--refresh", "0.5") as terminal:
        terminal.settle(2.0, 20.0)
        began = time.monotonic()
        looks: list[tuple[float, Usage]] = []
        for key in cycle(KEYS):
            terminal.press(key, quiet=0.1, seconds=EVERY / 4)
            passed = time.monotonic() - began
            if not looks or passed - looks[-1][0] >= EVERY:
                looks.append((passed, terminal.usage()))
                terminal.chunks.clear()  # ours would grow otherwise
            if passed > suite.minutes * 60:
                break
    late = [(at, usage) for at, usage in looks if at >= WARM * suite.minutes * 60]
    times = [at / 60 for at, _ in late]
    days = suite.minutes * 60 * SPEED / 86_400
    what = f"over {days:.1f} simulated days"
    yield Figure(CASE, f"memory, {what}", US, "MB", tuple(usage.memory for _, usage in late))
    growth = slope(times, [usage.memory for _, usage in late])
    yield Figure(CASE, "memory, growth a minute", US, "MB", (growth,), 0.5)
    yield Figure(CASE, "descriptors, most", US, "", (float(max(u.descriptors for _, u in late)),))
    yield Figure(
        CASE, "descriptors, growth", US, "", (float(late[-1][1].descriptors - late[0][1].descriptors),), 4.0
    )
    yield Figure(CASE, "threads, most", US, "", (float(max(u.threads for _, u in late)),), 8.0)
