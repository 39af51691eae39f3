"""The log cases as figures of the suite; `tests.bench.logs` takes them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from tests.bench.figures import US, Figure
from tests.bench.logs import RATES, Followed, following, held, opening
from tests.bench.stage import Stage

CASE = "logs"
BUDGETS = {
    ("processor", 10_000): 15.0,
    ("output", 10_000): 60.0,
    ("lag", 10_000): 40.0,
    ("key", 10_000): 25.0,
}


def run(stage: Stage) -> Iterator[Figure]:
    """Following at two rates, opening a million lines, holding them."""
    toolong = shutil.which("tl")
    for rate in RATES[:1] if stage.quick else RATES:
        for followed in following(rate, 4.0 if stage.quick else 8.0, toolong, stage.scratch):
            yield from _figures(followed, rate)
    if not stage.quick:
        for opened in opening(toolong, stage.scratch):
            budget = 1.25 if opened.name == US else None
            yield Figure(CASE, "open 1,000,000 lines", opened.name, "x empty app", (opened.ratio,), budget)
        yield Figure(CASE, "memory for 1,000,000 lines", US, "MB", (held(),), 16.0)


def _figures(followed: Followed, rate: int) -> Iterator[Figure]:
    for name, unit, value in (
        ("processor", "%", followed.cpu),
        ("output", "kB/s", followed.kilobytes),
        ("lag", "ms", followed.lag),
        ("key", "ms", followed.key),
        ("memory", "MB", followed.memory),
    ):
        budget = BUDGETS.get((name, rate)) if followed.name == US else None
        yield Figure(CASE, f"{name}, {rate:,} lines/s", followed.name, unit, (value,), budget)
