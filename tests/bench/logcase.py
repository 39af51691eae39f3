"""The log cases as figures of the suite; `tests.bench.logs` takes them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from math import nan

from tests.bench.figures import US, Figure
from tests.bench.logs import Followed, following, holding, opening
from tests.bench.suite import Suite

CASE = "logs"
BUDGETS = {
    ("processor", 10_000): 15.0,
    ("output", 10_000): 60.0,
    ("lag", 10_000): 40.0,
    ("key", 10_000): 25.0,
    ("worst key", 10_000): 100.0,
    ("loop gap", 10_000): 100.0,
    ("loop gap", 100_000): 100.0,
    ("output standing still", 10_000): 1.0,
}
RATES = (1_000, 10_000, 100_000)


def run(suite: Suite) -> Iterator[Figure]:
    """Following at three rates, opening a million lines, holding them, finding things in them."""
    toolong = shutil.which("tl")
    for rate in RATES[1:2] if suite.quick else RATES:
        for followed in following(rate, 4.0 if suite.quick else 8.0, toolong, suite.scratch):
            yield from _figures(followed, rate)
    if not suite.quick:
        for opened in opening(toolong, suite.scratch):
            budget = 1.25 if opened.name == US else None
            yield Figure(CASE, "open 1,000,000 lines", opened.name, "x empty app", (opened.ratio,), budget)
        held, found = holding(suite.scratch)
        yield Figure(CASE, "memory for 1,000,000 lines", US, "MB", (held.index,), 16.0)
        yield Figure(CASE, "growth by 1,000,000 lines", US, "MB", (held.resident,))
        for item in found:
            subject = US if item.first == item.first else "grep"
            yield Figure(CASE, f"find in 1,000,000 lines: {item.name}", subject, "s", (item.seconds,))
            if subject == US:
                yield Figure(CASE, f"longest slice: {item.name}", US, "ms", (item.slice,), 50.0)


def _figures(followed: Followed, rate: int) -> Iterator[Figure]:
    for name, unit, value in (
        ("processor", "%", followed.cpu),
        ("output", "kB/s", followed.kilobytes),
        ("lag", "ms", followed.lag),
        ("key", "ms", followed.key),
        ("worst key", "ms", followed.worst),
        ("lines received", "/s", nan if followed.received is None else followed.received),
        ("loop gap", "ms", nan if followed.gap is None else followed.gap),
        ("output standing still", "kB/s", followed.back),
        ("memory", "MB", followed.memory),
    ):
        budget = BUDGETS.get((name, rate)) if followed.name == US else None
        yield Figure(CASE, f"{name}, {rate:,} lines/s", followed.name, unit, (value,), budget)
