"""The fan-out over rooms: there is no call for all dispatches, so each room is asked about in its turn."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Mapping

import pytest

from tests.fixtures.clocks import BACKEND
from tests.fleet.running_poller import RunningPoller, running_poller
from tui.api import errors
from tui.api.models import Dispatch
from tui.fleet.find import no_rooms
from tui.fleet.polling.room_polling import AHEAD, AT_ONCE, BURST, LEFT_FREE
from tui.fleet.polling.room_scheduler import AGAIN
from tui.fleet.polling.sources import DISPATCHES, PARTICIPANTS, ROOMS
from tui.fleet.room_freshness import NO_NODE_ANSWERS
from tui.fleet.state import dispatches_age, participants_age, with_dispatches
from tui.fleet.store import Change
from tui.fleet.view import Selection


@pytest.fixture
def anyio_backend() -> object:
    """Virtual time."""
    return BACKEND


POLLED = (ROOMS, DISPATCHES)


def names(count: int) -> list[str]:
    """So many rooms."""
    return [f"room-{number:03d}" for number in range(count)]


def dispatch(number: int, created: int = 0, deleted: int = 0) -> dict[str, object]:
    """A dispatch as it is sent."""
    return {
        "id": f"AD_{number}",
        "state": {"jobs": [], "created_at": str(created), "deleted_at": str(deleted)},
    }


async def test_every_room_gets_its_turn_and_the_coverage_says_so() -> None:
    async with running_poller(sources=POLLED) as it:
        it.world.rooms = names(100)
        seen: list[tuple[int, int]] = []
        it.store.subscribe(
            lambda change: seen.append((change.after.coverage.polled, change.after.coverage.total))
        )
        await it.run(60)
        polled = [polled for polled, _ in seen]
        assert polled == sorted(polled) and polled[-1] == 100
        assert {total for _, total in seen} == {100}
        assert set(it.fleet.dispatches) == set(it.world.rooms)
        asked = it.world.calls("ListDispatch")
        turns = [asked_of.room for asked_of in asked[:100]]
        assert sorted(turns) == it.world.rooms, "nobody twice before everybody once"
        oldest = it.fleet.coverage.oldest
        assert oldest is not None and 0 <= it.clock.monotonic() - oldest < 16
        assert it.world.most_under_way["ListDispatch"] == AT_ONCE


async def test_rooms_in_view_come_first_and_the_selected_one_before_them() -> None:
    async with running_poller(sources=POLLED) as it:
        it.world.rooms = names(100)
        view = tuple(it.world.rooms[60:64])
        it.poller.select(Selection(room="room-077", rooms_in_view=view))
        await it.run(0.99)
        first = [call.room for call in it.world.calls("ListDispatch")]
        await it.run(1)
        first = [call.room for call in it.world.calls("ListDispatch")]
        assert first[0] == "room-077" and set(first[1:5]) == set(view)


async def test_rooms_in_view_are_asked_about_more_often_and_the_others_are_not_starved() -> None:
    """Sixty rooms in view are more than the budget can follow."""
    async with running_poller(sources=POLLED, per_minute=60) as it:
        it.world.rooms = names(120)
        view = tuple(it.world.rooms[:60])
        it.poller.select(Selection(room="room-000", rooms_in_view=view))
        await it.run(1800)
        ages = {room: max(gaps(it, room)) for room in it.world.rooms}
        assert ages["room-000"] < min(ages[room] for room in it.world.rooms[1:])
        assert max(ages[room] for room in view) < min(ages[room] for room in it.world.rooms[60:])
        assert it.fleet.coverage.polled == 120


def gaps(it: RunningPoller, room: str) -> list[float]:
    """Seconds between the questions about a room."""
    times = [call.at for call in it.world.calls("ListDispatch") if call.room == room]
    return [after - before for before, after in itertools.pairwise(times)]


async def test_a_room_is_not_asked_about_again_at_once() -> None:
    async with running_poller(sources=POLLED) as it:
        it.world.rooms = names(2)
        it.poller.select(Selection(room="room-000"))
        await it.run(60)
        for room in it.world.rooms:
            assert min(gaps(it, room)) >= AGAIN


@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("rooms", [5, 200])
async def test_the_default_cap_is_kept_and_serves_everything(rooms: int, moving: bool) -> None:
    """A hundred and twenty a minute, of which the fan-out takes what the others leave."""
    async with running_poller(per_minute=120) as it:
        it.world.rooms = names(rooms)
        panes = ("agents", "dispatches", "versions")
        view = tuple(names(5))
        it.poller.select(Selection(agent_id="CA_1", room="room-000", rooms_in_view=view, panes_in_view=panes))
        it.running = asyncio.create_task(it.poller.run())
        for second in range(600):
            status = "Updating" if moving and second // 50 % 2 else "Running"
            it.world.agents[0]["agent_deployments"] = [{"status": status}]
            await it.run(1)
        for start in range(0, 540, 7):
            assert len(it.world.calls(since=start, until=start + 60)) <= 120
        agents = [call.at for call in it.world.calls("ListAgents", since=120)]
        slowest = max(after - before for before, after in itertools.pairwise(agents))
        assert slowest < (7.0 if rooms == 5 else 13.0), "the fan-out does not make the agents wait"
        assert min(after - before for before, after in itertools.pairwise(agents)) < (3.0 if moving else 13.0)
        assert it.fresh("agents").failures == 0 and it.fresh("participants").at is not None
        assert per_minute(it, "ListParticipants") <= 20
        assert it.fleet.coverage.polled == rooms and per_minute(it) > (105 if rooms == 200 else 60)


def per_minute(it: RunningPoller, method: str = "") -> float:
    """Requests a minute, after the first two."""
    return len(it.world.calls(method, since=120)) / (it.clock.monotonic() - 120) * 60


async def test_something_is_left_to_what_the_operator_selects() -> None:
    async with running_poller(sources=POLLED, per_minute=60) as it:
        it.world.rooms = names(200)
        await it.run(30)
        for _ in range(200):
            await it.run(1)
            assert it.client.budget.left() >= LEFT_FREE - 1, "a listing of rooms besides"


async def test_a_room_that_changes_never_waits_for_a_request() -> None:
    """However many rooms there are, those in their turn leave some of the minute's requests."""
    async with running_poller(per_minute=120) as it:
        it.world.rooms = names(100)
        it.poller.select(Selection(agent_id="CA_1", room="room-000", panes_in_view=("versions",)))
        await it.run(120)
        for _ in range(480):
            await it.run(0.5)
            assert it.client.budget.left() >= AHEAD + LEFT_FREE


async def test_a_room_that_the_budget_did_not_let_ask_keeps_its_turn() -> None:
    async with running_poller(sources=(ROOMS, DISPATCHES, PARTICIPANTS)) as it:
        it.world.rooms = names(1)
        throttled = [errors.Throttled("budget used up", retry_after=1.0) for _ in range(2)]

        def once(request: Mapping[str, object]) -> Exception | None:
            return throttled.pop() if throttled else None

        it.world.troubles = {"ListDispatch": once, "ListParticipants": once}
        it.poller.select(Selection(room="room-000"))
        await it.run(4)
        assert not throttled and len(it.fleet.dispatches) == len(it.fleet.participants) == 1


async def test_without_any_budget_nothing_is_asked_and_nothing_fails() -> None:
    async with running_poller(sources=POLLED, per_minute=60) as it:
        it.world.rooms = names(20)
        await it.run(5)
        it.client.budget.hold(40)
        before = len(it.world.asked)
        await it.run(39)
        assert len(it.world.asked) == before
        assert it.fresh("dispatches").failures == 0 and it.fresh("dispatches").error == ""
        await it.run(20)
        assert len(it.world.asked) > before


async def test_rooms_take_over_what_nothing_else_needs_any_more() -> None:
    async with running_poller(per_minute=120) as it:
        it.world.rooms = names(200)
        panes = ("versions", "secrets")
        it.poller.select(Selection(agent_id="CA_1", room="room-000", panes_in_view=panes))
        await it.run(600)
        it.poller.select(Selection(agent_id="CA_1", room="room-000"))
        await it.run(600)
        before = len(it.world.calls("ListDispatch", since=120, until=540))
        after = len(it.world.calls("ListDispatch", since=720, until=1140))
        assert after > before + 5
        assert len(it.world.calls("ListAgentVersions", since=600)) == 0, "nobody looks at them"


async def test_a_single_round_asks_as_much_as_may_go_at_once() -> None:
    async with running_poller(sources=POLLED, per_minute=30) as it:
        it.world.rooms = names(30)
        await it.poller.once()
        assert len(it.world.calls("ListDispatch")) == BURST
        for _ in range(5):
            await it.poller.once()
        assert it.client.budget.left() >= LEFT_FREE - 6, "six listings of rooms besides"
        asked = [call.room for call in it.world.calls("ListDispatch")]
        assert len(asked) == len(set(asked)), "those that were not asked about come first"


# ---- what becomes of rooms -----------------------------------------------------------------------------


async def test_vanished_rooms_are_dropped_with_all_that_was_known_of_them() -> None:
    async with running_poller() as it:
        it.world.rooms = ["a", "b"]
        it.world.people = {"a": ["p"]}
        it.poller.select(Selection(room="a"))
        await it.run(12)
        assert it.fleet.dispatches.keys() == {"a", "b"} and it.fleet.participants.keys() == {"a"}
        it.world.rooms = ["b"]
        await it.run(12)
        assert it.fleet.dispatches.keys() == {"b"} and it.fleet.participants == {}
        assert (it.fleet.coverage.polled, it.fleet.coverage.total) == (1, 1)
        seen: list[object] = []
        it.store.subscribe(lambda change: seen.append(change.after.participants))
        await it.run(60)
        assert all(value is seen[0] for value in seen), "a room that is gone does not come and go"
        it.world.rooms = ["a", "b"]
        await it.run(20)
        assert it.fleet.participants.keys() == {"a"} and it.fleet.coverage.polled == 2


async def test_a_room_listed_but_not_served_has_no_dispatches() -> None:
    """It closed between two calls: no failure, and the poll is not slowed."""
    async with running_poller(sources=POLLED) as it:
        it.world.rooms = ["a", "b"]
        it.world.troubles["ListDispatch"] = lambda request: (
            errors.NotFound("requested room does not exist", status=404) if request["room"] == "a" else None
        )
        await it.run(30)
        assert it.fleet.dispatches == {"a": (), "b": ()}
        assert it.fresh("dispatches").failures == 0 and it.fleet.coverage.polled == 2


async def test_a_room_that_cannot_be_read_stands_in_nobodys_way() -> None:
    async with running_poller(sources=POLLED) as it:
        it.world.rooms = names(30)
        bad = it.world.rooms[0]
        it.poller.select(Selection(room=bad, rooms_in_view=(bad,)))
        it.world.troubles["ListDispatch"] = lambda request: (
            errors.Unknown("internal", status=500) if request["room"] == bad else None
        )
        ages: list[float] = []

        def note(change: Change) -> None:
            fresh = change.after.fresh("dispatches")
            if fresh.error and fresh.at is not None:
                ages.append(it.clock.monotonic() - fresh.at)

        it.store.subscribe(note)
        await it.run(20)
        assert set(it.fleet.dispatches) == set(it.world.rooms[1:])
        assert it.fleet.coverage.polled == 29 and not it.fresh("dispatches").stale
        assert len(ages) > 2 and min(ages) == 0, "what came in beside the failure is news"
        await it.run(40)
        assert len([call for call in it.world.calls("ListDispatch") if call.room == bad]) <= 60 / AGAIN


async def test_rooms_of_which_some_fail_are_asked_on_and_are_not_stale_for_it() -> None:
    """A service that refuses one call in seven: most rounds bring something, and what they bring is new."""
    async with running_poller(sources=POLLED, per_minute=240) as it:
        it.world.rooms = names(30)
        chance = random.Random(1)
        it.world.troubles["ListDispatch"] = lambda request: (
            errors.Unknown("internal", status=500) if chance.random() < 0.15 else None
        )
        stale = 0
        for _ in range(300):
            await it.run(1)
            stale += it.fresh("dispatches").stale
        assert stale < 150
        assert len(it.world.calls("ListDispatch")) > 600
        assert it.fleet.coverage.polled == 30


async def test_an_outage_is_probed_with_one_room_at_a_time() -> None:
    async with running_poller(sources=POLLED) as it:
        it.world.rooms = names(30)
        await it.run(20)
        it.world.troubles["ListDispatch"] = errors.Unreachable("connection refused")
        await it.run(5)
        down = it.clock.monotonic()
        known = it.fleet.dispatches
        await it.run(120)
        fresh = it.fresh("dispatches")
        assert fresh.stale and it.fleet.dispatches is known
        assert fresh.at is not None and fresh.at < down, "nothing came in"
        assert len(it.world.calls("ListDispatch", since=down)) <= 40, "one with each listing of rooms"
        it.world.troubles.clear()
        retry_at = it.fresh("dispatches").retry_at
        assert retry_at is not None
        await it.run(retry_at - it.clock.monotonic() + 0.2)
        assert it.fresh("dispatches").failures == 0


async def test_a_pause_in_the_middle_of_a_round_keeps_what_came_in_and_is_no_failure() -> None:
    async with running_poller(sources=POLLED) as it:
        it.world.rooms = names(2 * AT_ONCE)
        it.world.troubles["ListDispatch"] = lambda request: it.client.budget.hold(20)
        await it.run(10)
        assert it.fleet.coverage.polled == AT_ONCE == len(it.world.calls("ListDispatch"))
        assert it.fresh("dispatches").failures == 0 and it.fresh("dispatches").at is not None
        it.world.troubles.clear()
        await it.run(15)
        assert it.fleet.coverage.polled == 2 * AT_ONCE, "it goes on by itself when the pause is over"


# ---- races ---------------------------------------------------------------------------------------------


async def test_rooms_listed_while_dispatches_are_asked_for_lose_nothing() -> None:
    async with running_poller(sources=POLLED) as it:
        it.world.rooms = ["a", "b"]
        for room in "abc":
            it.world.dispatches[room] = [dispatch(1)]
        await it.run(1.5)
        assert it.fleet.dispatches.keys() == {"a", "b"}
        # a slow round begins; while it is under way b goes and c comes
        it.world.delay = 3.0
        await it.run(9.0)
        assert it.world.under_way["ListDispatch"] == 2
        it.world.rooms = ["a", "c"]
        it.world.delay = 0.01
        it.poller.nudge(ROOMS)
        await it.run(0.1)
        assert [room.name for room in it.fleet.rooms] == ["a", "c"]
        assert it.fleet.dispatches.keys() == {"a"}
        await it.run(3.0)
        assert it.fleet.dispatches.keys() <= {"a", "c"} and "a" in it.fleet.dispatches
        assert it.fleet.coverage.polled <= it.fleet.coverage.total == 2
        await it.run(10)
        assert it.fleet.dispatches.keys() == {"a", "c"} and it.fleet.coverage.polled == 2


async def test_what_came_in_while_a_round_was_under_way_stays() -> None:
    """A dispatch made by hand is in the store at once; an older answer for other rooms must not undo it."""
    async with running_poller(sources=POLLED) as it:
        it.world.rooms = ["a", "b"]
        await it.run(1.5)
        it.world.rooms = ["a", "b", "z"]
        it.poller.nudge(ROOMS)
        await it.run(0.1)
        it.world.delay = 3.0
        it.world.rooms = ["a", "b"]  # so that z is asked no more
        await it.run(9.0)
        assert it.world.under_way["ListDispatch"] == 2
        made = Dispatch(id="AD_made", room="z")
        it.store.update(lambda fleet: with_dispatches(fleet, "z", (made,)))
        await it.run(1.0)
        assert it.fleet.dispatches["z"] == (made,)


async def test_two_answers_at_the_same_moment_are_both_there() -> None:
    async with running_poller(sources=POLLED) as it:
        it.world.rooms = names(AT_ONCE)
        it.world.dispatches = {room: [dispatch(number)] for number, room in enumerate(it.world.rooms)}
        await it.run(3)
        assert {room: items[0].id for room, items in it.fleet.dispatches.items()} == {
            room: f"AD_{number}" for number, room in enumerate(it.world.rooms)
        }


# ---- what is shown of a room ---------------------------------------------------------------------------


async def test_dispatches_are_oldest_first_without_deleted_and_double_ones() -> None:
    async with running_poller(sources=POLLED) as it:
        it.world.rooms = ["a", "b"]
        it.world.dispatches["a"] = [
            dispatch(3, created=30),
            dispatch(1, created=10),
            dispatch(4, created=5, deleted=20),
            dispatch(2, created=10),
            dispatch(1, created=10),
            {"id": "AD_0"},
        ]
        await it.run(3)
        before = it.fleet.dispatches["a"]
        assert [item.id for item in before] == ["AD_0", "AD_1", "AD_2", "AD_3"]
        it.world.dispatches["a"].reverse()  # servers answer in random order
        it.world.dispatches["b"] = [dispatch(9)]  # so that the mapping is another one
        await it.run(11)
        assert it.fleet.dispatches["b"]
        assert len(it.world.calls("ListDispatch")) > 1
        assert it.fleet.dispatches["a"] is before


# ---- how current each room is ---------------------------------------------------------------------------


def no_response(request: Mapping[str, object]) -> errors.ApiError:
    """What a self-hosted server answers for a room without a node, after three seconds."""
    return errors.Unknown("no response from servers", code="unavailable", status=503)


async def test_a_room_whose_node_is_gone_keeps_its_dispatches_with_their_age_and_says_why() -> None:
    async with running_poller() as it:
        it.world.rooms = ["a", "b"]
        it.world.dispatches = {room: [dispatch(1)] for room in "ab"}
        it.world.people = {"a": ["p"]}
        it.poller.select(Selection(room="a"))
        await it.run(3)
        known, died = it.fleet.dispatches["a"], it.clock.monotonic()
        assert dispatches_age(it.fleet, "a", died) is not None and it.fleet.room_error("a") == ""
        assert participants_age(it.fleet, "a", died) is not None
        assert participants_age(it.fleet, "b", died) is None, "nobody asked"
        it.world.troubles["ListDispatch"] = it.world.troubles["ListParticipants"] = lambda request: (
            no_response(request) if request["room"] == "a" else None
        )
        await it.run(60)
        now = it.clock.monotonic()
        assert it.fleet.dispatches["a"] is known and it.fleet.room_error("a") == NO_NODE_ANSWERS
        age = dispatches_age(it.fleet, "a", now)
        assert age is not None and age > 55 and it.fleet.fresh_room("a").failures > 2
        assert (dispatches_age(it.fleet, "b", now) or 0.0) < 10 and it.fleet.room_error("b") == ""
        assert it.fresh("dispatches").failures == 0, "the other room is served"
        assert it.fresh("participants").failures == 0
        it.world.troubles.clear()
        await it.run(40)
        assert it.fleet.room_error("a") == "" and it.fleet.fresh_room("a").failures == 0


async def test_a_room_that_just_closed_is_not_in_trouble() -> None:
    """It is listed until the next listing, and a self-hosted server answers 503 for it."""
    async with running_poller(sources=POLLED) as it:
        it.world.rooms = ["a", "b"]
        await it.run(3)
        said: set[str] = set()
        it.store.subscribe(lambda change: said.add(change.after.room_error("a")))
        it.world.rooms = ["b"]
        it.world.troubles["ListDispatch"] = lambda request: (
            no_response(request) if request["room"] == "a" else None
        )
        await it.run(30)
        assert said == {""} and it.fleet.room_freshness.keys() == {"b"}


async def test_answers_of_503_for_every_room_are_no_answers() -> None:
    """Nothing is new, and the header may say so of the dispatches."""
    async with running_poller(sources=POLLED) as it:
        it.world.rooms = ["a", "b", "c"]
        await it.run(3)
        died = it.clock.monotonic()
        it.world.troubles["ListDispatch"] = no_response
        await it.run(60)
        fresh = it.fresh("dispatches")
        assert fresh.at is not None and fresh.at <= died and fresh.stale and "no node answers" in fresh.error
        assert it.fleet.coverage.failing == 3 and it.fleet.coverage.oldest is None


async def test_an_answer_after_an_outage_clears_what_stood_there_and_all_rooms_are_asked_again() -> None:
    """A room without a node answers after three seconds: asking one by one would take half a minute."""
    async with running_poller(sources=POLLED, per_minute=120) as it:
        it.world.rooms = names(20)
        await it.run(20)
        it.world.troubles["ListDispatch"], it.world.delay = no_response, 3.0
        await it.run(90)
        assert it.fresh("dispatches").stale and it.fleet.room_error("room-003") == NO_NODE_ANSWERS
        it.world.troubles.clear()
        it.world.delay = 0.01
        await it.run(8)  # the next listing of rooms, and what was under way
        assert not it.fresh("dispatches").failures and it.fleet.coverage.failing == 0
        await it.run(12)
        now = it.clock.monotonic()
        assert max(dispatches_age(it.fleet, room, now) or 99.0 for room in it.world.rooms) < 30


async def test_changed_rooms_are_asked_at_once() -> None:
    async with running_poller(sources=POLLED, per_minute=120) as it:
        it.world.rooms = names(100)
        await it.run(120)
        it.world.rooms += ["new"]
        it.world.describe["room-050"] = "changed"
        at = it.clock.monotonic()
        await it.run(5)
        for room in ("new", "room-050"):
            seen = it.fleet.fresh_room(room).dispatches_at
            assert seen is not None and seen >= at, room
        assert it.fleet.coverage.changed == 0


async def test_rooms_that_vanish_all_at_once_with_an_outage_may_be_served_on() -> None:
    """A store that comes back empty lists none (PROTOCOL.md, Rooms and participants)."""
    async with running_poller(sources=POLLED) as it:
        it.world.rooms = names(3)
        await it.run(5)
        it.world.rooms = []
        await it.run(10)
        assert it.fleet.rooms == () and no_rooms(it.fleet) == "No open rooms.", "they closed"
        it.world.rooms = names(2)
        await it.run(10)
        it.world.troubles["*"] = errors.Unknown("connection refused", status=500)
        await it.run(10)
        it.world.troubles.clear()
        it.world.rooms = []
        await it.run(90)
        assert it.fleet.rooms_lost == 2 and "Before the outage there were 2" in no_rooms(it.fleet)
        it.world.rooms = names(1)
        await it.run(10)
        assert it.fleet.rooms and it.fleet.rooms_lost == 0
