"""Bytes to the terminal: for a changed cell, a whole screen, what operators do; plain and low bandwidth."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.driver import Terminal
from tests.bench.figures import US, Figure
from tests.bench.suite import FIRST_ROW, Suite
from tests.bench.world import World, world

CASE = "output"
NAMES = ("agent-00003", "agent-00005", "agent-00008", "agent-00011", "agent-00014")
"""Agents in sight whose replicas change: one cell each."""
MODES = (("plain", (), 13_000.0), ("low bandwidth", ("--low-bandwidth",), 8_000.0))
CELL = 90.0
REDRAW = b"\x0c"


def run(suite: Suite) -> Iterator[Figure]:
    """In both modes: bytes do not depend on the machine, so once is enough."""
    with world(agents=30, rooms=10) as served:
        for mode, arguments, whole in MODES:
            subject = f"{US}, {mode}"
            with suite.lktop(served, "--refresh", "0.5", *arguments, rate=600) as terminal:
                terminal.until(FIRST_ROW)
                terminal.settle(4.0, 30.0)
                size = terminal.press(REDRAW, quiet=0.5).size
                yield Figure(CASE, "whole screen, 120x40", subject, "B", (float(size),), whole)
                yield Figure(CASE, "a changed cell", subject, "B", _changed(served, terminal), CELL)
                for name, keys in (
                    ("cursor down", b"\x1b[B"),
                    ("page down", b"\x1b[6~"),
                    ("other pane", b"\t"),
                    ("help", b"?"),
                    ("help gone", b"\x1b"),
                    ("full screen", b"f"),
                ):
                    press = terminal.press(keys, quiet=0.7)
                    yield Figure(CASE, name, subject, "B", (float(press.size),))


def _changed(served: World, terminal: Terminal) -> tuple[float, ...]:
    """For each of a few polls in which some cells changed: what they took, the marks of change included."""
    sizes: list[float] = []
    for _ in range(3):
        served.turn(NAMES)
        stretch = terminal.watch(3.0)
        sizes.append(stretch.size / len(NAMES))
    return tuple(sizes)
