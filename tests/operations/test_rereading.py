"""What an operation rests on is read again just before it is sent, compared, and known to everybody after."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec.structs import replace as with_fields

from tests.fixtures.operation import CONCIERGE, FAILING, START, Setup, operation_setup
from tui.api.models import Agent, Dispatch, Version
from tui.fleet.state import Fleet, Freshness, with_agents
from tui.fleet.view import Selection, View
from tui.operations.fields import Answers
from tui.operations.freshness_check import moved, with_learnt
from tui.operations.pending_operation import DETAILS_WITHIN, PendingOperation
from tui.operations.registry import BY_ID
from tui.sim.http.orders import WalkOrder


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Setup]:
    """The small fleet, standing still."""
    async with operation_setup(tmp_path) as opened:
        yield opened


def blank(agent_id: str = "", room: str = "") -> View:
    """Nothing is known yet."""
    return View(Fleet(), Selection(agent_id=agent_id, room=room), START, 0.0)


async def test_the_agent_and_its_versions(here: Setup) -> None:
    fresh = await here.operator.reread(BY_ID["rollback"], blank(CONCIERGE), Answers())
    assert fresh.agent is not None and fresh.agent.name == "concierge"
    assert len(fresh.fleet.versions[CONCIERGE]) == 3
    assert not fresh.fleet.secrets and not fresh.fleet.dispatches, "what it does not rest on is not asked for"
    assert fresh.monotonic == here.clock.monotonic() and fresh.now == START
    known = here.session.store.fleet
    assert known.versions == fresh.fleet.versions, "everybody knows"
    assert known.agents == (), "the whole list is the poller's"


async def test_its_secrets(here: Setup) -> None:
    fresh = await here.operator.reread(BY_ID["remove_secrets"], blank(CONCIERGE), Answers())
    assert fresh.agent is not None
    assert [item.name for item in fresh.fleet.secrets[CONCIERGE]] == ["DB_URL", "OLD_TOKEN", "OPENAI_API_KEY"]
    assert not fresh.fleet.versions
    assert here.session.store.fleet.secrets == fresh.fleet.secrets


@pytest.mark.parametrize(
    ("typed", "selected", "count"), [("lobby", "desk", 2), ("", "lobby", 2), ("new", "", 0)]
)
async def test_the_room_that_was_typed_or_else_selected(
    here: Setup, typed: str, selected: str, count: int
) -> None:
    fresh = await here.operator.reread(BY_ID["dispatch"], blank(room=selected), Answers({"room": typed}))
    assert {room: len(found) for room, found in fresh.fleet.dispatches.items()} == {typed or selected: count}
    assert not fresh.fleet.agents


async def test_an_agent_that_is_gone_is_gone_and_the_others_stay(here: Setup) -> None:
    view = await here.look(agent_id=CONCIERGE)
    gone = with_fields(view.fleet.index[CONCIERGE], agent_id="CA_gone")
    fleet = replace(
        view.fleet, agents=(gone, *view.fleet.agents), index={**view.fleet.index, "CA_gone": gone}
    )
    view = View(fleet, Selection(agent_id="CA_gone"), view.now, view.monotonic)
    fresh = await here.operator.reread(BY_ID["restart"], view, Answers())
    assert fresh.agent is None
    left = set(view.fleet.index) - {"CA_gone"}
    assert {agent.agent_id for agent in fresh.fleet.agents} == set(fresh.fleet.index) == left
    assert "not there any more" in BY_ID["restart"].unfit(fresh)


async def test_what_must_not_change_is_named_when_it_did(here: Setup) -> None:
    view = await here.look(agent_id=CONCIERGE)
    operation = BY_ID["restart"]
    asked = PendingOperation(operation, view, Answers(), production=False, refresh=2.0)
    assert asked.obstacle("", locked=False, now=view.monotonic) == ""
    here.simulator.control.walk(WalkOrder(agent_id=CONCIERGE, deployment="staging", walk=[(0, "CrashLoop")]))
    fresh = await here.operator.reread(operation, view, Answers())
    assert moved(asked.baseline, operation.preview(fresh, Answers())) == ("us-east staging",)
    asked.reread(fresh)
    assert asked.news == ("us-east staging",)
    assert "changed since you looked: us-east staging" in asked.obstacle("", locked=False, now=view.monotonic)
    asked.accept(fresh)
    assert asked.news == () and asked.obstacle("", locked=False, now=view.monotonic) == ""


async def test_the_target_stays_whatever_is_selected_meanwhile(here: Setup) -> None:
    view = await here.look(agent_id=CONCIERGE)
    asked = PendingOperation(BY_ID["restart"], view, Answers(), production=False, refresh=2.0)
    other = here.view(Selection(agent_id=FAILING))
    for take_in in (asked.see, asked.reread, asked.accept):
        take_in(other)
        assert asked.view.selection.agent_id == CONCIERGE
        assert "concierge" in asked.preview.what


async def test_what_is_chosen_from_is_read_again_where_it_was_read_long_ago(here: Setup) -> None:
    """Versions and secrets are polled only while one looks at them."""
    view = await here.look(agent_id=CONCIERGE)

    def is_to_be_read(operation: str, later: float, selection: Selection = view.selection) -> bool:
        seen = replace(view, monotonic=view.monotonic + later, selection=selection)
        asked = PendingOperation(BY_ID[operation], seen, Answers(), production=False, refresh=2.0)
        return asked.is_to_be_read

    for operation in ("rollback", "set_secret"):
        assert not is_to_be_read(operation, 5.0)
        assert is_to_be_read(operation, DETAILS_WITHIN + 1)
        assert is_to_be_read(operation, 5.0, Selection(agent_id=FAILING)), "those of another agent"
    assert not is_to_be_read("restart", DETAILS_WITHIN + 1), "it rests on neither"


def test_what_becomes_known_is_no_change_and_must_not_change_from_then_on() -> None:
    def seen(*names: str, at: float | None = 1.0) -> View:
        agents = tuple(Agent(agent_id=f"CA_{place}", agent_name=name) for place, name in enumerate(names))
        fleet = with_agents(Fleet(freshness={"agents": Freshness(at=at)}), agents)
        return View(fleet, Selection(), 0.0, 1.0)

    asked = PendingOperation(
        BY_ID["dispatch"],
        seen(at=None),
        Answers({"agent": "one", "room": "r"}),
        production=False,
        refresh=2.0,
    )
    for view, news in (
        (seen(at=None), ()),
        (seen("one", "two"), ()),
        (seen("two", "one"), ("agent id",)),
        (seen("one", "two"), ()),
        (seen("other", "two"), ("agent id",)),
    ):
        asked.see(view)
        assert asked.news == news


def test_what_was_learnt_meanwhile_stays() -> None:
    old, new = (Version(version="1"),), (Version(version="2"),)
    made = (Dispatch(id="AD_made"),)
    before = Fleet(versions={"CA_1": old, "CA_2": old})
    after = replace(before, versions={"CA_1": new, "CA_2": old})
    now = Fleet(versions={"CA_1": old, "CA_2": new, "CA_3": old}, dispatches={"r": made})
    assert with_learnt(before, after, now) == replace(now, versions={"CA_1": new, "CA_2": new, "CA_3": old})
    partly = Fleet(unreadable_rows={"versions of CA_1": 1, "rooms": 1}, cut={"versions of CA_1": 5})
    whole = replace(partly, unreadable_rows={"rooms": 1}, cut={})
    assert with_learnt(partly, whole, partly) == whole, "every row can be read now"
