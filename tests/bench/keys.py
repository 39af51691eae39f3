"""From a key to what it does on the screen, while nothing happens and while everything is polled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isnan

from tests.bench.driver import Reaction, Terminal
from tests.bench.figures import US, Figure
from tests.bench.suite import FIRST_ROW, Suite
from tests.bench.world import world

CASE = "keys"
TIMES = 20
"""How often each key is pressed in one go."""
DOWN, UP, PAGE, PAGE_UP, TOP, BOTTOM = b"\x1b[B", b"\x1b[A", b"\x1b[6~", b"\x1b[5~", b"g", b"G"
BUDGETS = {"down": 6.0, "page": 15.0, "sort": 30.0, "filter": 40.0}
"""Milliseconds to the first frame, median."""
WORST = 40.0
"""Milliseconds for the slowest of the cursor's moves."""


def run(suite: Suite) -> Iterator[Figure]:
    """The empty app has no keys: `less`, posting and toolong stand for what people know."""
    for peer in suite.peers("less", "htop", "toolong", "posting"):
        with suite.peer(peer) as terminal:
            terminal.settle(1.5, 20.0)
            moves = [terminal.press(peer.down, seconds=0.5) for _ in range(TIMES)]
        yield _times("down", peer.name, moves)
        yield _sizes("down", peer.name, moves)
    for agents in suite.sizes:
        with world(agents=agents) as served, suite.lktop(served) as terminal:
            terminal.until(FIRST_ROW)
            terminal.settle(2.0, 15.0)
            suite.calm()
            yield from _pressed(terminal, f"{US}, {agents:,} agents")
            served.change(0.01)
            terminal.pump(5.0)
            suite.calm()
            yield from _while_polling(terminal, f"{US}, {agents:,} agents, polling", agents)


def _pressed(terminal: Terminal, subject: str) -> Iterator[Figure]:
    budgets = subject.endswith("10,000 agents")
    presses: dict[str, Sequence[bytes]] = {
        "down": [DOWN] * TIMES,
        "page": [PAGE, PAGE_UP] * (TIMES // 2),
        "top and bottom": [BOTTOM, TOP] * 5,
        "sort": [b"Sn", b"Ss"] * 5,
        "pane": [b"\t"] * 10,
        "full screen": [b"f"] * 6,
    }
    for name, keys in presses.items():
        done = [terminal.press(key, quiet=0.25) for key in keys]
        yield _times(name, subject, done, BUDGETS.get(name) if budgets else None)
        yield _sizes(name, subject, done, 700.0 if budgets and name == "down" else None)
    terminal.press(b"1")
    terminal.press(b"/", quiet=0.3)
    typed = [terminal.press(letter.to_bytes(), quiet=0.25) for letter in b"agent-000"]
    yield _times("filter", subject, typed, BUDGETS["filter"] if budgets else None)
    yield _sizes("filter", subject, typed)
    terminal.press(b"\x1b", quiet=0.3)
    helped = [terminal.press(key, quiet=0.3) for key in (b"?", b"\x1b") * 3]
    yield _times("help", subject, helped[::2])
    yield _sizes("help", subject, helped[::2])


def _while_polling(terminal: Terminal, subject: str, agents: int) -> Iterator[Figure]:
    """Long enough to meet polls: 10 s of a cursor that moves ten times a second."""
    moves = [terminal.press(DOWN if number % 40 < 20 else UP, quiet=0.08) for number in range(100)]
    large = agents == 10_000
    yield _times("down", subject, moves, BUDGETS["down"] if large else None)
    slowest = max(move.first for move in moves if not isnan(move.first))
    yield Figure(CASE, "down, slowest of 100", subject, "ms", (slowest,), WORST if large else None)


def _times(name: str, subject: str, done: Sequence[Reaction], budget: float | None = None) -> Figure:
    return Figure(CASE, name, subject, "ms", tuple(press.first for press in done), budget)


def _sizes(name: str, subject: str, done: Sequence[Reaction], budget: float | None = None) -> Figure:
    return Figure(CASE, name, subject, "B", tuple(float(press.size) for press in done), budget)
