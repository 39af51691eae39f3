"""From the command to something on the screen, and to the first data."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack

from tests.bench.driver import FRAME_END, Terminal
from tests.bench.figures import US, Figure, ratios
from tests.bench.suite import FIRST_ROW, Suite
from tests.bench.world import World, world

CASE = "start"


def run(suite: Suite) -> Iterator[Figure]:
    """All alternating, so that what else the machine does befalls all of them."""
    times: dict[str, list[float]] = defaultdict(list)
    with ExitStack() as stack:
        small = stack.enter_context(world(agents=100, rooms=10))
        large = stack.enter_context(world(agents=10_000, rooms=10))
        peers = suite.peers("toolong", "harlequin", "posting", "lnav", "htop", "less")
        for number in range(suite.runs + 1):
            suite.calm()
            taken = {"empty app": _painted(suite.empty())}
            taken |= {peer.name: _painted(suite.peer(peer)) for peer in peers}
            taken |= _ours(suite, small, "100 agents") | _ours(suite, large, "10,000 agents")
            for name, value in taken.items():
                times[name] += [value] if number else []  # the first run warms the disk
    empty = times.pop("empty app")
    yield Figure(CASE, "first paint", "empty app", "ms", tuple(empty))
    for peer in peers:
        yield Figure(CASE, "first paint", peer.name, "x empty app", ratios(times[peer.name], empty))
    for what, size, budget in (
        ("first words", "100 agents", 1.3),
        ("first frame", "100 agents", None),
        ("first data", "100 agents", 2.0),
        ("first data", "10,000 agents", 3.5),
    ):
        found = times[f"{what}, {size}"]
        yield Figure(CASE, f"{what}, {size}", US, "x empty app", ratios(found, empty), budget)
        yield Figure(CASE, f"{what}, {size}", US, "ms", tuple(found))


def _painted(terminal: Terminal) -> float:
    """Milliseconds to the first screen of a program that is not blank."""
    with terminal:
        terminal.settle(1.0, 30.0)
        return terminal.painted()


def _ours(suite: Suite, served: World, size: str) -> dict[str, float]:
    with suite.lktop(served) as terminal:
        shown = terminal.until(FIRST_ROW)
        frame = next(chunk.at for chunk in terminal.chunks if FRAME_END in chunk.data)
        return {
            f"first words, {size}": terminal.painted(),
            f"first frame, {size}": terminal.since_start(frame),
            f"first data, {size}": terminal.since_start(shown),
        }
