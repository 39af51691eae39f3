"""Every operation by call: its effects, its journal, and its outcome when answers get lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fixtures.operation import CONCIERGE, Setup, operation_setup, world
from tui.api.errors import Throttled
from tui.api.models import Room
from tui.operations.fields import Answers
from tui.operations.journal.journal import Verdict
from tui.operations.registry import BY_ID
from tui.sim.scenarios.specs import FaultSpec


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Setup]:
    """The small fleet, standing still."""
    async with operation_setup(tmp_path) as opened:
        yield opened


async def test_restart_is_sent_once_and_journalled(here: Setup) -> None:
    view = await here.look(agent_id=CONCIERGE)
    outcome = await here.do("restart", view)
    assert outcome.verdict is Verdict.ACCEPTED, outcome.words
    assert "done" not in outcome.words and "a restart leaves no trace" in outcome.words
    assert not outcome.doubt
    assert here.effects() == ["RestartAgent"]
    entry = here.entry()
    assert (entry.intent.operation, entry.intent.target, entry.verdict) == (
        "restart",
        CONCIERGE,
        Verdict.ACCEPTED,
    )


async def test_what_is_ordered_never_waits_for_what_polling_has_left(here: Setup) -> None:
    view = await here.look(agent_id=CONCIERGE, room="lobby")
    budget = here.session.client.budget
    budget.per_minute = 0
    before = budget.used()
    outcome = await here.do("rollback", view, version=view.fleet.versions[CONCIERGE][1].version)
    assert outcome.verdict is Verdict.DONE, outcome.words
    outcome = await here.do("dispatch", view, agent="concierge", room="lobby")
    assert outcome.verdict is Verdict.DONE, outcome.words
    assert budget.used() > before + 2, "looking is counted"
    with pytest.raises(Throttled):
        await here.session.client.list_rooms()
    budget.hold(5)
    outcome = await here.do("dispatch", view, agent="concierge", room="lobby")
    assert outcome.verdict is Verdict.NOT_SENT, "a pause that the server asked for holds for everybody"


@asynccontextmanager
async def self_hosted(folder: Path, **switches: object) -> AsyncIterator[Setup]:
    """A server that says after a while that nobody answers for a room."""
    scenario = world(missing_room="oss", missing_room_seconds=0.01, **switches)
    async with operation_setup(folder, scenario) as opened:
        yield opened


async def test_a_room_that_does_not_exist_is_not_waited_for(tmp_path: Path) -> None:
    """Each look for what is dispatched there takes three seconds to find nobody."""
    async with self_hosted(tmp_path) as here:
        view, answers = await here.look(), Answers({"agent": "concierge", "room": "new"})
        asked = len(here.posts("ListDispatch"))
        fresh = await here.operator.reread(BY_ID["dispatch"], view, answers)
        assert fresh.fleet.dispatches["new"] == ()
        assert (await here.do("dispatch", view, agent="concierge", room="new")).verdict is Verdict.DONE
        assert len(here.posts("ListDispatch")) == asked


async def test_a_room_that_a_server_does_not_create_is_a_refusal(tmp_path: Path) -> None:
    async with self_hosted(tmp_path, auto_create=False) as here:
        outcome = await here.do("dispatch", await here.look(), agent="concierge", room="new")
        assert outcome.verdict is Verdict.REFUSED
        assert "refused: the room does not exist and this server does not create it" in outcome.words
        assert not [told for told in here.told if "look 1" in told.words], "one list of rooms is enough"
        assert here.entry().verdict is Verdict.REFUSED
        assert here.effects() == []


@pytest.mark.parametrize("known", ["listed", "cut", "unreadable", "never received"])
async def test_the_same_answer_for_a_room_that_may_have_been_listed_stays_unknown(
    tmp_path: Path, known: str
) -> None:
    async with self_hosted(tmp_path, auto_create=False) as here:
        view = await here.look()
        fleet = {
            "listed": replace(view.fleet, rooms=(*view.fleet.rooms, Room(name="new"))),
            "cut": replace(view.fleet, cut={"rooms": len(view.fleet.rooms)}),
            "unreadable": replace(view.fleet, unreadable_rows={"rooms": 1}),
            "never received": replace(view.fleet, rooms=(), freshness={}),
        }[known]
        seen = replace(view, fleet=fleet)
        outcome = await here.do("dispatch", seen, agent="concierge", room="new")
        assert outcome.verdict is Verdict.NOT_SEEN and "the answer proves nothing" in outcome.words
        assert any("look 1" in told.words for told in here.told)


async def test_what_is_known_of_a_room_stays_where_no_node_answers_for_it(tmp_path: Path) -> None:
    async with self_hosted(tmp_path) as here:
        view = await here.look()
        assert view.fleet.dispatches["lobby"]
        here.simulator.faults.add(
            FaultSpec(path="*/ListDispatch", code="unavailable", message="no response from servers")
        )
        fresh = await here.operator.reread(BY_ID["dispatch"], view, Answers({"room": "lobby"}))
        assert fresh.fleet.dispatches["lobby"] == view.fleet.dispatches["lobby"], "unknown is not none"


async def test_a_dispatch_is_made_with_all_that_was_said(here: Setup) -> None:
    view = await here.look()
    outcome = await here.do(
        "dispatch", view, agent="concierge", room="desk", metadata='{"a":1}', attributes="tenant=7"
    )
    assert outcome.verdict is Verdict.DONE, outcome.words
    assert here.effects() == ["CreateDispatch"]
