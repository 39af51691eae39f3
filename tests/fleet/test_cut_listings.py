"""A listing that was cut: it is marked, and nothing counts as gone because it is not in it."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from tests.fixtures.clocks import BACKEND
from tests.fleet.running_poller import running_poller
from tui.api import client as api_client
from tui.api import methods
from tui.api.decoding.batch import Batch
from tui.api.errors import Unknown
from tui.api.models import Agent, Dispatch, DispatchState, Room
from tui.fleet.find import no_such_agent, no_such_thing
from tui.fleet.ordering import open_dispatches
from tui.fleet.polling.cut_listings import known_after, unlisted_after, with_rows
from tui.fleet.room_freshness import RoomFreshness
from tui.fleet.state import Fleet, Freshness
from tui.fleet.view import Selection, View
from tui.operations.descriptions import jobs, no_agent, no_dispatch
from tui.operations.looks import whole
from tui.operations.verbs.dispatch_checks import likely_cause


@pytest.fixture
def anyio_backend() -> object:
    return BACKEND


def agents(*numbers: int, version: str = "") -> tuple[Agent, ...]:
    return tuple(Agent(agent_id=f"CA_{number}", version=version) for number in numbers)


def ids(items: tuple[Agent, ...]) -> list[str]:
    return [item.agent_id for item in items]


def test_what_was_known_stays_and_what_is_new_comes_in_where_there_is_room() -> None:
    known = agents(1, 2, 3)
    cut = Batch(agents(4, 1, 5, version="2"), listed=True, cut=3)
    after = known_after(cut, known)
    assert ids(after) == ["CA_1", "CA_2", "CA_3"]
    assert [agent.version for agent in after] == ["2", "", ""]
    assert ids(known_after(cut, agents(1))) == ["CA_1", "CA_4", "CA_5"]
    assert known_after(cut, ()) is cut.items
    assert known_after(Batch(known, listed=True, cut=3), known) is known, (
        "nothing changed, so nothing is drawn"
    )
    assert ids(known_after(Batch(agents(4), listed=True), known)) == ["CA_4"], "a whole list is believed"
    partly = Batch(agents(4, 1), listed=True, unreadable=1)
    assert ids(known_after(partly, known)) == ["CA_1", "CA_2", "CA_3", "CA_4"]
    assert unlisted_after(partly, known, {"CA_2": 1.0}, 5.0) == {"CA_2": 1.0, "CA_3": 5.0}
    assert unlisted_after(cut, known, {}, 5.0) == {"CA_2": 5.0, "CA_3": 5.0}
    assert not unlisted_after(replace(partly, unreadable=0), known, {}, 5.0)
    newer = Batch(agents(1, 2, 3, version="2"), listed=True, cut=3)
    assert known_after(newer, known) is newer.items, "of the same ones nothing has to be sorted out"


def test_dispatches_are_the_oldest_first_then_by_id() -> None:
    made = [(2, 5), (1, 9), (3, 5), (4, 0)]
    listed = [Dispatch(id=f"AD_{id}", state=DispatchState(created_at=at) if at else None) for id, at in made]
    gone = Dispatch(id="AD_9", state=DispatchState(created_at=1, deleted_at=2))
    assert [item.id for item in open_dispatches([*listed, gone])] == ["AD_4", "AD_2", "AD_3", "AD_1"]


def test_which_sources_are_cut() -> None:
    marks = with_rows(with_rows({}, "agents", 5), "rooms", 7)
    assert marks == {"agents": 5, "rooms": 7}
    assert with_rows(marks, "agents", 5) is marks
    assert with_rows(marks, "agents", None) == {"rooms": 7}
    assert with_rows({}, "dispatches", 0) == {"dispatches": 0}, "none is kept, and there are some"


def test_a_cut_listing_proves_nothing_of_what_is_not_in_it() -> None:
    cut = Batch(agents(1), listed=True, cut=1)
    assert not cut.is_whole
    with pytest.raises(Unknown, match="there are more than the 1 agents that were read"):
        whole(cut, "agents")


async def test_nothing_is_gone_because_a_listing_was_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LIST_AGENTS", "LIST_ROOMS", "LIST_DISPATCH"):
        monkeypatch.setattr(methods, name, msgspec.structs.replace(getattr(methods, name), most=2))
    async with running_poller() as made:
        world = made.world

        def show(*names: str) -> None:
            world.agents = [{"agent_id": f"CA_{name}"} for name in names]
            world.rooms = [f"room-{name}" for name in names]
            world.dispatches = {room: [{"id": f"AD_{name}"} for name in names] for room in world.rooms}

        show("a", "b")
        await made.run(20.0)
        assert made.fleet.cut == {}
        show("c", "a", "b")
        await made.run(20.0)
        assert made.fleet.cut == {"agents": 2, "rooms": 2, "dispatches": 4}
        assert [made.fleet.fresh_room(room).cut for room in ("room-a", "room-b")] == [2, 2]
        assert ids(made.fleet.agents) == ["CA_a", "CA_b"]
        assert [room.name for room in made.fleet.rooms] == ["room-a", "room-b"]
        assert {room: [item.id for item in items] for room, items in made.fleet.dispatches.items()} == {
            "room-a": ["AD_a", "AD_b"],
            "room-b": ["AD_a", "AD_b"],
        }
        show("b")
        await made.run(20.0)
        assert made.fleet.cut == {}
        assert (ids(made.fleet.agents), list(made.fleet.dispatches)) == (["CA_b"], ["room-b"])


async def test_dispatches_of_all_rooms_together_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_client, "ROWS_IN_ROOMS", 3)
    async with running_poller() as made:
        world = made.world
        world.rooms = ["a", "b", "c"]
        world.dispatches = {room: [{"id": f"{room}{number}"} for number in range(2)] for room in "abc"}
        await made.run(30.0)
        held = {room: len(items) for room, items in made.fleet.dispatches.items()}
        assert sum(held.values()) == 3
        assert made.fleet.cut == {"dispatches": 3}
        cuts = {room: made.fleet.fresh_room(room).cut for room in held}
        assert cuts == {room: None if count == 2 else count for room, count in held.items()}
        world.dispatches = {room: items[:1] for room, items in world.dispatches.items()}
        await made.run(30.0)
        assert made.fleet.cut == {}
        assert {room: made.fleet.fresh_room(room).cut for room in held} == dict.fromkeys("abc")


def test_words_on_what_is_not_in_a_cut_list() -> None:
    cut = Fleet(
        agents=agents(1),
        rooms=(Room(name="lobby"),),
        dispatches={"lobby": ()},
        room_freshness={"lobby": RoomFreshness(1.0, cut=0)},
        freshness={name: Freshness(at=1.0) for name in ("agents", "rooms")},
        cut={"agents": 1, "rooms": 1, "dispatches": 0},
    )
    whole = replace(cut, cut={}, room_freshness={"lobby": RoomFreshness(1.0)})
    view = View(cut, Selection(agent_id="CA_9", room="lobby", dispatch_id="AD_9"), 1.0, 1.0)
    before = replace(view, fleet=whole)
    for words, certain in (
        (lambda view: no_such_agent(view.fleet, "x"), "no agent 'x' in this project"),
        (lambda view: no_such_thing(view.fleet, "x"), "no match for 'x'"),
        (no_agent, "CA_9 is not there any more"),
        (no_dispatch, "AD_9 is not in lobby any more"),
        (lambda view: jobs(view, Agent(agent_name="x")), "no jobs running"),
        (lambda view: str(likely_cause(view.fleet, "x", "")), None),
    ):
        if certain:
            assert words(before) == certain
        assert words(view) != words(before), certain
    assert no_agent(view) == "the list of agents was cut at 1"
