"""The two lines on top as pure functions: what is told of the data and of the line, and what is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.scenes import PRODUCTION, TARGET
from tui.fleet.state import Coverage, Fleet, Freshness, Selection, View
from tui.fleet.target import Target
from tui.fleet.watch import Link
from tui.ui.header import header

NOW = 1000.0
WELL = {name: Freshness(at=NOW) for name in ("agents", "rooms", "dispatches", "versions", "secrets")}
"""When everything has just been received."""


def lines(view: View, link: Link, target: Target = TARGET) -> tuple[str, str]:
    first, second = header(view, target, link, 120)
    return "".join(cell.text for cell in first), "".join(cell.text for cell in second)


def view_of(**fleet: object) -> View:
    known = replace(Fleet(freshness=WELL), **fleet)  # type: ignore[arg-type]
    return View(known, Selection(), now=NOW, monotonic=NOW)


@pytest.mark.parametrize(
    ("used", "coverage", "told"),
    [
        (59, Coverage(polled=12, total=12, oldest=NOW - 20), False),
        (59, Coverage(polled=12, total=30, oldest=NOW - 20), True),
        (59, Coverage(polled=30, total=30, oldest=NOW - 90), True),
        (30, Coverage(polled=12, total=30, oldest=NOW - 20), False),
        (59, Coverage(), False),
    ],
)
def test_a_budget_that_is_used_up_is_told_while_rooms_wait_for_it(
    used: int, coverage: Coverage, told: bool
) -> None:
    _, second = lines(view_of(coverage=coverage), Link(used=used, budget=60))
    assert ("all of 60 requests a minute used" in second) is told
    assert second.endswith("live ")


@pytest.mark.parametrize(
    ("stale", "words"),
    [
        ((), "live"),
        (("agents",), "STALE 24 s old: agents · refused"),
        (("agents", "rooms"), "STALE 24 s old: agents, rooms · refused"),
        (("agents", "rooms", "dispatches", "versions"), "STALE 24 s old: 4 of 5 sources · refused"),
        (tuple(WELL), "STALE 24 s old: everything · refused"),
    ],
)
def test_what_is_stale_is_told_with_its_age_and_why(stale: tuple[str, ...], words: str) -> None:
    old = Freshness(at=NOW - 24.0, failures=3, error="refused")
    _, second = lines(view_of(freshness={**WELL, **dict.fromkeys(stale, old)}), Link())
    assert second.rstrip().endswith(words)


def test_where_data_come_from_is_always_there() -> None:
    first, second = lines(view_of(), Link(hosts="prod-eu.livekit.cloud"), PRODUCTION)
    assert " prod-eu  PRODUCTION  read-only" in first
    assert second.startswith(" prod-eu.livekit.cloud · config.toml")
