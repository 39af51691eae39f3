"""The two lines on top as pure functions: what is told of the data and of the line, and what is not."""

from __future__ import annotations

from dataclasses import replace
from typing import Unpack

import pytest
from msgspec.structs import replace as struct_replace

from tests.fixtures.fleet_fields import FleetFields
from tests.scenes import PRODUCTION, PROJECT
from tui.api.models import Agent
from tui.fleet.coverage import Coverage
from tui.fleet.state import Fleet, Freshness
from tui.fleet.status import STATUSES
from tui.fleet.times import TimeStyle
from tui.fleet.view import Selection, View
from tui.project import Project
from tui.session.watched import Link
from tui.ui.main_screen.header import header

NOW = 1000.0
WELL = {name: Freshness(at=NOW) for name in ("agents", "rooms", "dispatches", "versions", "secrets")}
"""When everything has just been received."""


def lines(view: View, link: Link, project: Project = PROJECT, width: int = 120) -> tuple[str, str]:
    first, second = header(view, project, link, width)
    return "".join(cell.text for cell in first), "".join(cell.text for cell in second)


def view_of(**fleet: Unpack[FleetFields]) -> View:
    known = replace(Fleet(freshness=WELL), **fleet)
    return View(known, Selection(), now=NOW, monotonic=NOW)


def test_a_source_that_was_cut_says_so() -> None:
    assert (
        "agents cut at 50,000  rooms cut at 20,000"
        in lines(view_of(cut={"rooms": 20_000, "agents": 50_000}), Link())[1]
    )


ALL = Coverage(polled=100, total=100, oldest=NOW - 89)


@pytest.mark.parametrize(
    ("coverage", "words"),
    [
        (Coverage(), "live"),
        (Coverage(polled=5, total=5, oldest=NOW - 12), "live"),
        (
            Coverage(polled=5, total=5, oldest=NOW - 13),
            "changed rooms: seen · quiet rooms: oldest under 1 min",
        ),
        (ALL, "live"),
        (struct_replace(ALL, oldest=NOW - 100), "changed rooms: seen · quiet rooms: oldest 1 min"),
        (
            struct_replace(ALL, total=102, unread=2, unread_since=NOW - 3),
            "changed rooms: seen · quiet rooms: oldest 1 min",
        ),
        (struct_replace(ALL, polled=98, unread=2, unread_since=NOW - 3), "live"),  # opened a moment ago
        (
            struct_replace(ALL, polled=98, unread=2, unread_since=NOW - 20),
            "rooms: 98 of 100 loaded",
        ),
        (
            struct_replace(ALL, polled=40, unread=60, unread_since=NOW),
            "rooms: 40 of 100 loaded",
        ),
        (
            Coverage(polled=1000, total=1000, oldest=NOW - 500, changed=1, changed_since=NOW - 2),
            "changed rooms: seen · quiet rooms: oldest 8 min",
        ),
        (struct_replace(ALL, changed=7, changed_since=NOW - 20), "changed rooms: 7 to load"),
        (struct_replace(ALL, failing=3), "3 rooms without an answer"),
    ],
)
def test_live_is_said_only_of_a_tree_that_is_current_as_a_whole(coverage: Coverage, words: str) -> None:
    view = view_of(coverage=coverage)
    assert lines(view, Link(), width=160)[1].endswith(f"  {words} ")
    is_loaded = words == "live" or coverage.polled == coverage.total
    recorded = "recorded" if is_loaded else f"recorded · {words}"
    assert lines(replace(view, is_past=True), Link(), width=160)[1].endswith(f"  {recorded} ")


def test_the_cap_is_told_where_it_is_what_rooms_wait_for_and_a_429_always() -> None:
    waits = view_of(coverage=struct_replace(ALL, oldest=NOW - 300))
    assert "all of 120 requests a minute used" in lines(waits, Link(used=110), width=160)[1]
    assert "requests" not in lines(waits, Link(used=60), width=160)[1]
    assert "requests" not in lines(view_of(coverage=ALL), Link(used=118), width=160)[1]
    _, second = lines(view_of(), Link(slowed_to=60), width=160)
    assert "slowed to 60 of 120 requests a minute: LiveKit answered 429" in second


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


def test_what_a_server_does_not_have_is_no_source_whose_age_counts() -> None:
    absent = Freshness(at=NOW - 500.0, failures=9, absent=True, error="refused")
    old = Freshness(at=NOW - 24.0, failures=3, error="refused")
    known = {**dict.fromkeys(WELL, old), "agents": absent}
    _, second = lines(view_of(freshness=known), Link())
    assert second.endswith("STALE 24 s old: everything · refused ")
    assert lines(view_of(freshness={**WELL, "agents": absent}), Link())[1].endswith("live ")


def test_where_data_come_from_is_always_there() -> None:
    first, second = lines(view_of(), Link(hosts="prod-eu.livekit.cloud"), PRODUCTION)
    assert " prod-eu  PRODUCTION  read-only" in first
    assert second.startswith(" prod-eu.livekit.cloud · config.toml")


LONG = replace(PRODUCTION, name="customer-calls-production-eu-west")
UNLOCKED = Link(unlocked=600, dry_run=True, skew=70, latency=1.2)
EVERY_STATUS = {state.name: 3 for state in STATUSES} | {"Gremlin": 1}


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("project", [PRODUCTION, LONG])
def test_what_a_change_would_hit_is_never_cut_for_numbers(project: Project, width: int) -> None:
    """Nor whether it may be sent, nor that it is not sent at all."""
    view = view_of(statuses=EVERY_STATUS)
    for link, marks in ((Link(), "PRODUCTION  read-only"), (UNLOCKED, "PRODUCTION  unlocked 10m dry run")):
        first, _ = lines(view, link, project, width)
        assert marks in first and project.name[:19] in first and len(first) <= width, first


def test_where_counts_make_room_the_worst_stay() -> None:
    view = view_of(statuses=EVERY_STATUS)
    first, _ = lines(view, Link(), LONG, 60)
    assert first.rstrip().endswith("↻3 ✗3 ▣3 ◆3 …"), first
    first, _ = lines(view, Link(), PRODUCTION, 80)
    assert first.rstrip().endswith("◆3 ?1 ■3 ◔3 ◐12 ◌3 ●3 z3 ·3"), "unknown ones where the list has them"


def test_that_data_are_stale_is_never_pushed_out() -> None:
    old = Freshness(at=NOW - 24.0, failures=3, error="refused")
    view = replace(view_of(freshness=dict.fromkeys(WELL, old)), times=TimeStyle.UTC)
    link = replace(UNLOCKED, used=60, hosts="prod-eu.livekit.cloud · agents.livekit.cloud")
    for width in (60, 80, 120):
        _, second = lines(view, link, PRODUCTION, width)
        assert second.rstrip().endswith("STALE 24 s old: everything · refused"), second
        assert len(second) <= width


@pytest.mark.parametrize(
    ("fresh", "words"),
    [
        ({"agents": Freshness()}, "connecting…"),
        ({"agents": Freshness(at=NOW - 12, failures=1, error="no answer in time")}, "retrying"),
        ({"rooms": Freshness(at=NOW - 12, failures=1, error="no answer in time")}, "retrying"),
        ({"versions": Freshness(at=NOW - 12, failures=1, error="no answer in time")}, "live"),
        ({"agents": Freshness(failures=1, error="refused")}, "NO DATA: agents · refused"),
        ({"versions": Freshness(failures=1, error="refused")}, "live"),
    ],
)
def test_only_what_came_in_is_called_live(fresh: dict[str, Freshness], words: str) -> None:
    _, second = lines(view_of(freshness={**WELL, **fresh}), Link())
    assert second.rstrip().endswith(f"  {words}")


def test_large_counts_have_their_digits_in_groups_as_limits_have() -> None:
    agents = tuple(Agent(agent_id=f"CA_{number}") for number in range(1234))
    first, _ = lines(view_of(agents=agents, statuses={"Running": 1200, "Error": 34}), Link())
    assert "agents 1,234  ✗34 ●1,200 " in first
