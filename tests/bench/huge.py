"""The scenario `huge` as anybody can start it: what it takes for a minute, and what a key does."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

from tests.bench.driver import FRAME_END, Stretch, Terminal
from tests.bench.figures import US, Figure, ratios
from tests.bench.keys import DOWN, PAGE, PAGE_UP, UP
from tests.bench.suite import Suite
from tests.bench.world import World, practice

CASE = "huge"
LISTED = "agent-00021"
"""The first of those that crash, so the first of the list."""
SECONDS = 60.0
"""How long each is watched."""
FAST = 240
"""Requests a minute, the most it allows: through a thousand rooms in less than five minutes."""
PRESSES: dict[str, tuple[bytes, ...]] = {
    "cursor": (DOWN, UP) * 20,
    "page": (PAGE, PAGE_UP) * 10,
    "sort": (b"Sn", b"Ss") * 5,
    "filter": (b"/", b"a", b"g", b"e", b"n", b"t", b"-", b"0", b"0", b"1", b"\x1b", b"\x1b"),
}


def run(suite: Suite) -> Iterator[Figure]:
    """Its clock running as in life, then stopped: what does not move sends nothing."""
    yield from _watched("empty app", suite.empty())
    with practice("huge", speed=1) as served:
        yield from _started(suite, served)
        terminal = suite.lktop(served)
        terminal.until(LISTED)
        terminal.settle(2.0, 15.0)
        yield from _pressed(terminal)
        yield from _watched(f"{US}, moving", terminal)
    with practice("huge", speed=0) as served:
        terminal = suite.lktop(served, rate=FAST)
        terminal.until(LISTED)
        terminal.settle(45.0, 420.0)  # until it has been through all rooms: what it finds there is news
        yield from _watched(f"{US}, speed 0", terminal, silent=True)


def _started(suite: Suite, served: World) -> Iterator[Figure]:
    empty, frames, data = [], [], []
    for _ in range(suite.runs):
        suite.calm()
        with suite.empty() as terminal:
            terminal.settle(1.0, 30.0)
            empty.append(terminal.painted())
        with suite.lktop(served) as terminal:
            shown = terminal.until(LISTED)
            frame = next(chunk.at for chunk in terminal.chunks if FRAME_END in chunk.data)
            frames.append(terminal.since_start(frame))
            data.append(terminal.since_start(shown))
    yield Figure(CASE, "first paint", "empty app", "ms", tuple(empty))
    for name, found in (("first whole frame", frames), ("first data", data)):
        yield Figure(CASE, name, US, "ms", tuple(found))
        yield Figure(CASE, name, US, "x empty app", ratios(found, empty))


def _pressed(terminal: Terminal) -> Iterator[Figure]:
    for name, keys in PRESSES.items():
        done = [terminal.press(key, quiet=0.25) for key in keys]
        times = [press.first for press in done if not isnan(press.first)]
        yield Figure(CASE, f"key to paint, {name}", US, "ms", tuple(times))
        yield Figure(CASE, f"key to paint, {name}, slowest", US, "ms", (max(times),))


def _watched(subject: str, terminal: Terminal, *, silent: bool = False) -> Iterator[Figure]:
    with terminal:
        terminal.settle(2.0, 30.0)
        stretch: Stretch = terminal.watch(SECONDS)
    yield Figure(CASE, "processor over 60 s", subject, "%", (stretch.cpu,))
    yield Figure(CASE, "output over 60 s", subject, "B/s", (stretch.rate,), 0.0 if silent else None)
    yield Figure(CASE, "resident memory", subject, "MB", (stretch.after.memory,))
