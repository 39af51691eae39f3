"""The dispatch tree: what opens by itself, what a poll costs, and when a line is judged again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.fixtures.jobs import AGENT, NOW, asked, dispatch, job
from tui.api.models import Dispatch, Participant, Room
from tui.fleet.conditions import SLOW_AFTER, STUCK_AFTER, Worst
from tui.fleet.evidence import CHECKED_FOR
from tui.fleet.lists.tree import (
    OPENS_UP_TO,
    ROOM_SORTS,
    Tree,
    find_dispatch,
    find_key,
    key_of,
    owner_name,
    rooms_by_worst,
    sorted_rooms,
    split,
)
from tui.fleet.room_freshness import RoomFreshness
from tui.fleet.state import Fleet, Freshness
from tui.fleet.view import Selection, View

# ---- the lines -----------------------------------------------------------------------------------------

BAD = dispatch(job("JS_FAILED"), job("JS_SUCCESS", number=2), number=1)
GOOD = dispatch(job("JS_RUNNING", number=3), number=2)


def fleet(
    people: Mapping[str, tuple[Participant, ...]] | None = None, **rooms: tuple[Dispatch, ...]
) -> Fleet:
    """What is known, with these rooms, answered just now."""
    listed = tuple(Room(name=name, num_publishers=1) for name in rooms)
    return asked(Fleet(rooms=listed, dispatches=rooms, participants=people or {}))


def view(found: Fleet, now: float = NOW) -> View:
    """It at some time; our monotonic clock is the server's."""
    return View(found, Selection(), now, now)


def test_what_is_bad_opens_by_itself() -> None:
    tree = Tree()
    known = fleet(bad=(BAD, GOOD), good=(GOOD,), none=(), people={"bad": AGENT})
    keys = tree.flatten(view(known), ("bad", "good", "none"))
    assert keys == [
        "room:bad",
        "dispatch:bad\0AD_1",
        "job:bad\0AD_1\0AJ_1",
        "job:bad\0AD_1\0AJ_2",
        "dispatch:bad\0AD_2",
        "room:good",
        "room:none",
    ]
    shown = {key: (node.kind, node.depth, node.children, node.open) for key, node in tree.nodes.items()}
    assert shown["room:bad"] == ("room", 0, 2, True)
    assert shown["dispatch:bad\0AD_1"] == ("dispatch", 1, 2, True)
    assert shown["dispatch:bad\0AD_2"] == ("dispatch", 1, 1, False)
    assert shown["job:bad\0AD_1\0AJ_1"] == ("job", 2, 1, False)
    assert shown["room:good"] == ("room", 0, 1, False)
    assert shown["room:none"] == ("room", 0, 0, False)
    assert tree.nodes["room:bad"].worst is Worst.PROBLEM
    assert tree.nodes["dispatch:bad\0AD_2"].worst is Worst.RUNNING


def test_a_room_with_very_many_dispatches_opens_by_hand() -> None:
    """A hundred thousand lines took half a second with each answer."""
    many = tuple(dispatch(job("JS_FAILED", number=n), number=n) for n in range(OPENS_UP_TO + 1))
    tree, known = Tree(), view(fleet(many=many, few=many[1:]))
    assert tree.flatten(known, ("many",)) == ["room:many"]
    assert len(tree.flatten(known, ("few",))) == 1 + 2 * OPENS_UP_TO
    tree.toggle("room:many", True)
    assert len(tree.flatten(known, ("many",))) == 1 + len(many), "and so do they"


def test_the_operator_opens_and_closes_and_it_stays_so() -> None:
    tree, known = Tree(), view(fleet(bad=(BAD,), good=(GOOD,), people={"good": AGENT}))
    rooms = ("bad", "good")
    tree.toggle("room:bad", False)
    tree.toggle("room:good", True)
    keys = tree.flatten(known, rooms)
    assert keys == ["room:bad", "room:good", "dispatch:good\0AD_2"]
    tree.toggle_all(keys, True)
    tree.toggle("job:good\0AD_2\0AJ_3", True)
    keys = tree.flatten(known, rooms)
    assert "person:good\0AD_2\0AJ_3" in keys and "job:bad\0AD_1\0AJ_1" in keys
    assert tree.nodes["person:good\0AD_2\0AJ_3"].depth == 3
    assert tree.flatten(view(fleet(bad=(GOOD,), good=(BAD,))), rooms)[0] == "room:bad"
    assert tree.nodes["room:bad"].open, "also once nothing is bad there any more"


def test_a_job_opens_to_its_agent_and_to_nobody_else() -> None:
    """A publisher job names the user whom it serves; that is no line below it."""
    tree = Tree()
    tree.toggle_all(("room:r", "dispatch:r\0AD_2", "job:r\0AD_2\0AJ_3"), True)
    served = dispatch(job("JS_RUNNING", number=3, participant=AGENT[1]), number=2)
    for people in ({}, {"r": AGENT[1:]}):
        found = tree.flatten(view(fleet(r=(served,), people=people)), ("r",))
        assert found[-1] == "job:r\0AD_2\0AJ_3"
    found = tree.flatten(view(fleet(r=(served,), people={"r": AGENT})), ("r",))
    assert found[-1] == "person:r\0AD_2\0AJ_3"


# ---- when a room is judged again ------------------------------------------------------------------------


def test_waiting_counts_up_to_the_newest_answer() -> None:
    """Nobody knows what came after it: the server may be silent for minutes."""
    tree, known = Tree(), fleet(r=(dispatch(age=0),))
    worst = [tree.of_room(view(known, NOW + later), "r").worst for later in (0, 12, 31, 3600)]
    assert worst == [Worst.WAITING] * 4 and tree.summarised == 1
    answered = [asked(known, NOW + later) for later in (5, SLOW_AFTER, 20, STUCK_AFTER)]
    worst = [tree.of_room(view(found, NOW + 31), "r").worst for found in answered]
    assert worst == [Worst.WAITING, Worst.DOUBT, Worst.DOUBT, Worst.PROBLEM]


def test_a_summary_made_while_an_agent_may_be_joining_does_not_stay() -> None:
    """Nothing but the answer about the participants, the same nobody, is new a minute later."""
    young = dispatch(job("JS_RUNNING", started=NOW - 5), number=2)
    tree, known = Tree(), fleet(r=(young,), people={"r": ()})
    assert tree.of_room(view(known), "r").worst is Worst.WAITING
    later = asked(known, NOW + 60)
    assert tree.of_room(view(later, NOW + 60), "r").worst is Worst.DOUBT
    assert tree.flatten(view(later, NOW + 60), ("r",))[-1] == "job:r\0AD_2\0AJ_1"


def test_presence_is_said_only_as_long_as_the_answer_is_recent() -> None:
    tree, known = Tree(), fleet(r=(GOOD,), people={"r": AGENT})
    worst = [tree.of_room(view(known, NOW + later), "r").worst for later in (0, CHECKED_FOR - 1, CHECKED_FOR)]
    assert worst == [Worst.RUNNING, Worst.RUNNING, Worst.UNCHECKED]
    assert tree.summarised == 2, "once by the answer, once by its age"
    assert tree.of_room(view(asked(known, NOW + 100), NOW + 100), "r").worst is Worst.RUNNING


def test_a_room_that_no_node_answers_for_is_a_problem_and_keeps_what_was_known() -> None:
    """It is listed, and the listing is newer than the failure."""
    tree, known = Tree(), fleet(r=(GOOD,), people={"r": AGENT})
    assert tree.of_room(view(known), "r").worst is Worst.RUNNING
    failed = replace(known, room_freshness={"r": known.fresh_room("r").failed(NOW + 5, "no node answers")})
    assert tree.of_room(view(failed), "r").worst is Worst.RUNNING, "it may just have closed"
    listed = replace(failed, freshness={"rooms": Freshness(at=NOW + 6)})
    total = tree.of_room(view(listed), "r")
    assert (total.worst, total.jobs, total.room.error) == (Worst.PROBLEM, 1, "no node answers")


def test_what_an_agent_serves_is_learned_from_its_jobs_in_any_room() -> None:
    idle = replace(fleet(r=(dispatch(age=600),)), rooms=(Room(name="r"), Room(name="s")))
    tree = Tree()
    assert tree.of_room(view(idle), "r").worst is Worst.DOUBT, "it may wait for a publisher by right"
    served = dispatch(job("JS_RUNNING", type="JT_PUBLISHER"))
    known = asked(replace(idle, dispatches={**idle.dispatches, "s": (served,)}))
    known = replace(known, room_freshness={**known.room_freshness, "r": idle.room_freshness["r"]})
    tree.of_room(view(known), "s")
    assert tree.of_room(view(known), "r").worst is Worst.WAITING, "by right"


def test_a_poll_costs_the_rooms_that_changed() -> None:
    rooms = {f"r{number}": (GOOD,) for number in range(1000)}
    tree, known = Tree(), fleet(**rooms)
    tree.flatten(view(known), rooms)
    assert tree.summarised == 1000
    tree.flatten(view(known, NOW + 60), rooms)
    assert tree.summarised == 1000
    changed = replace(
        known,
        dispatches={**rooms, "r7": (BAD,)},
        participants={"r8": AGENT},
        room_freshness={**known.room_freshness, "r9": RoomFreshness(NOW + 60)},
    )
    tree.flatten(view(changed, NOW + 61), rooms)
    assert tree.summarised == 1003


def test_rooms_of_yesterday_are_forgotten() -> None:
    """A room is made per call: thousands a day."""
    tree = Tree()
    for day in range(50):
        rooms = {f"call-{day}-{number}": (GOOD,) for number in range(100)}
        today = fleet(**rooms)
        tree.flatten(view(today), rooms)
    assert len(tree._rooms) <= 2 * 100 + 64 + 100
    tree.flatten(view(today), rooms)
    assert tree.summarised == 5000, "those of today are still known"


def test_keys_name_what_they_are_of() -> None:
    assert split("room:a:b") == ("a:b", "", "")
    assert split("dispatch:a:b\0AD_1") == ("a:b", "AD_1", "")
    assert split("job:a\0AD_1\0AJ_1") == split("person:a\0AD_1\0AJ_1") == ("a", "AD_1", "AJ_1")
    assert split("") == ("", "", "")
    for names in (("a:b", "", ""), ("a:b", "AD_1", ""), ("a:b", "AD_1", "AJ_1")):
        assert split(key_of(*names)) == names
    known = fleet(r=(BAD, GOOD))
    assert find_dispatch(known, "r", "AD_2") is GOOD
    assert find_dispatch(known, "r", "AD_9") is find_dispatch(known, "x", "AD_2") is None


def test_rooms_are_worst_first_then_by_name() -> None:
    known = fleet(b=(), a=(), d=(), c=())
    order = rooms_by_worst(known, {"d": Worst.PROBLEM, "c": Worst.RUNNING, "a": Worst.UNCHECKED})
    assert order == ["d", "a", "c", "b"], "whether presence was checked moves no room"


def test_rooms_are_sorted_as_was_chosen() -> None:
    created = {"b": 3, "a": 1, "c": 2}
    known = Fleet(rooms=tuple(Room(name=name, creation_time=at) for name, at in created.items()))
    worst = {"c": Worst.PROBLEM}
    orders = {sort: sorted_rooms(known, worst, sort, reverse=False) for sort in ("", *ROOM_SORTS)}
    assert orders == {
        "": ["c", "a", "b"],
        "node": ["a", "b", "c"],
        "state": ["c", "a", "b"],
        "age": ["b", "c", "a"],
    }
    assert sorted_rooms(known, worst, "age", reverse=True) == ["a", "c", "b"]


def test_ids_lead_to_lines_and_lines_to_agents() -> None:
    other, nameless = dispatch(number=2, name="kyc"), dispatch(number=3, name="")
    one = dispatch(job("JS_RUNNING", number=7))
    fleet = Fleet(dispatches={"a": (one, nameless), "b": (dispatch(number=4), other)})
    assert find_key(fleet, "AD_2") == "dispatch:b\0AD_2"
    assert find_key(fleet, "AJ_7") == "job:a\0AD_1\0AJ_7"
    assert find_key(fleet, "AJ_8") == find_key(fleet, "") == ""
    assert owner_name(fleet, "b", "AD_2") == "kyc"
    assert owner_name(fleet, "a", "") == "concierge", "an automatic dispatch names nobody"
    assert owner_name(fleet, "b", "") == owner_name(fleet, "gone", "") == "", "none, or not one alone"
