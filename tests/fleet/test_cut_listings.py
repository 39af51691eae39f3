"""A listing that was cut: it is marked, and nothing counts as gone because it is not in it."""

from __future__ import annotations

import msgspec
import pytest

from tests.fixtures.clocks import BACKEND
from tests.fleet.running_poller import running_poller
from tui.api import methods
from tui.api.errors import Unknown
from tui.api.models import Agent
from tui.api.reader import Batch
from tui.fleet.cut_listings import known_after, with_cut
from tui.operations.looks import whole


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


def test_which_sources_are_cut() -> None:
    marks = with_cut(with_cut({}, "agents", 5), "rooms", 7)
    assert marks == {"agents": 5, "rooms": 7}
    assert with_cut(marks, "agents", 5) is marks
    assert with_cut(marks, "agents", 0) == {"rooms": 7}


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
        assert made.fleet.cut == {"agents": 2, "rooms": 2, "dispatches": 2}
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
