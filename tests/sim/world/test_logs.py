"""The output of a program: what is made when read, and what is kept."""

from __future__ import annotations

import math

from tests.sim.caller import START
from tui.sim.world.logs import LogBook


def test_what_a_program_prints_depends_on_seed_and_time_alone() -> None:
    def book(seed: str) -> LogBook:
        made = LogBook(seed, "a")
        made.wake(START)
        return made

    lines, cursor = book("s").snapshot(START + 100, 1000)
    one, other = book("s"), book("s")
    _, near = one.snapshot(START, 0)
    pieces: list[bytes] = []
    for second in range(1, 101):
        more, near = one.since(near, START + second)
        pieces += more
    assert pieces == lines == other.snapshot(START + 100, 1000)[0]
    assert book("t").snapshot(START + 100, 1000)[0] != lines
    assert cursor.moment == START + 100


def test_a_program_that_rests_prints_nothing() -> None:
    book = LogBook("s", "a")
    book.wake(START)
    book.rest(START + 10)
    _, cursor = book.snapshot(START + 10, 10)
    assert book.since(cursor, START + 500)[0] == []


def test_a_flood_of_any_rate_gives_each_number_once() -> None:
    book = LogBook("s", "a")
    book.flood(START, 333.3, math.inf, "{n}")
    _, cursor = book.snapshot(START, 0)
    seen: list[int] = []
    for step in range(1, 300):
        lines, cursor = book.since(cursor, START + step * 0.037)
        seen += map(int, lines)
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) > 3000
