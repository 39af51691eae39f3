"""The dispatch tree: what is bad, what opens by itself, and what a poll costs."""

from __future__ import annotations

import pytest

from tui.api.models import Dispatch, DispatchState, Job, JobState, Participant, Room
from tui.fleet.state import Fleet
from tui.fleet.tree import (
    JOINS_WITHIN,
    SLOW_AFTER,
    STUCK_AFTER,
    Tree,
    Worst,
    dispatch_worst,
    find_dispatch,
    find_key,
    is_stale,
    job_worst,
    key_of,
    owner_name,
    pick_up,
    rooms_by_worst,
    split,
    summary,
    waiting_for,
)

NOW = 1_786_000_000
AGENT = (Participant(identity="agent-1", kind="AGENT"), Participant(identity="caller"))
CALLER = (Participant(identity="caller"),)


def job(
    status: str | int, *, number: int = 1, started: int = NOW - 600, identity: str = "agent-1", **more: object
) -> Job:
    """A job in some state."""
    state = JobState(status=status, started_at=started, participant_identity=identity)
    return Job(id=f"AJ_{number}", state=state, **more)  # type: ignore[arg-type]


def dispatch(*jobs: Job, number: int = 1, name: str = "concierge", age: int = 0, unit: int = 1) -> Dispatch:
    """A dispatch of some age, in seconds."""
    state = DispatchState(jobs=jobs, created_at=(NOW - age) * unit)
    return Dispatch(id=f"AD_{number}", agent_name=name, state=state)


# ---- how bad -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "bad"),
    [
        ("JS_PENDING", Worst.WAITING),
        ("JS_RUNNING", Worst.RUNNING),
        ("JS_SUCCESS", Worst.DONE),
        ("JS_FAILED", Worst.PROBLEM),
        ("JS_CANCELLED", Worst.DONE),
        (4, Worst.DONE),
        ("JS_NEW", Worst.DOUBT),
        (17, Worst.DOUBT),
    ],
)
def test_how_bad_a_job_is(status: str | int, bad: Worst) -> None:
    assert job_worst(job(status), AGENT, NOW) is bad


def test_a_job_without_a_state_is_pending() -> None:
    assert job_worst(Job(id="AJ"), None) is Worst.WAITING


@pytest.mark.parametrize(
    ("found", "people", "stale"),
    [
        (job("JS_RUNNING"), AGENT, False),
        (job("JS_RUNNING"), CALLER, True),
        (job("JS_RUNNING"), (), True),
        (job("JS_RUNNING"), None, False),  # nobody looked
        (job("JS_RUNNING", identity=""), CALLER, False),  # nobody said who it is
        (job("JS_RUNNING", started=NOW - int(JOINS_WITHIN) + 1), CALLER, False),  # it may be joining
        (job("JS_RUNNING", started=NOW - int(JOINS_WITHIN)), CALLER, True),
        (job("JS_RUNNING", started=0), CALLER, True),
        (Job(id="AJ"), CALLER, False),
    ],
)
def test_a_running_job_without_its_participant_is_doubted(
    found: Job, people: tuple[Participant, ...] | None, stale: bool
) -> None:
    """Self-hosted servers never bring the state of a job up to date (PROTOCOL.md, Dispatches and jobs)."""
    assert is_stale(found, people, NOW) is stale
    if found.state:
        assert job_worst(found, people, NOW) is (Worst.DOUBT if stale else Worst.RUNNING)


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9])
@pytest.mark.parametrize(
    ("age", "bad"),
    [
        (0, Worst.WAITING),
        (int(SLOW_AFTER) - 1, Worst.WAITING),
        (int(SLOW_AFTER), Worst.DOUBT),
        (int(STUCK_AFTER) - 1, Worst.DOUBT),
        (int(STUCK_AFTER), Worst.PROBLEM),
        (86_400, Worst.PROBLEM),
        (-60, Worst.WAITING),  # clocks differ
    ],
)
def test_no_job_is_normal_at_first_and_then_not(age: int, bad: Worst, unit: int) -> None:
    """A dispatch to nobody waits without an error for ever."""
    assert dispatch_worst(dispatch(age=age, unit=unit), None, NOW) is bad


def test_automatic_dispatch_may_wait() -> None:
    assert dispatch_worst(dispatch(name="", age=86_400), None, NOW) is Worst.IDLE


def test_a_dispatch_of_unknown_age_waits() -> None:
    assert dispatch_worst(Dispatch(id="AD", agent_name="n"), None, NOW) is Worst.WAITING
    assert waiting_for(Dispatch(id="AD"), NOW) is None
    assert waiting_for(dispatch(job("JS_RUNNING"), age=50), NOW) is None
    assert waiting_for(dispatch(age=50), NOW) == 50


@pytest.mark.parametrize(
    ("statuses", "bad"),
    [
        (("JS_SUCCESS", "JS_RUNNING"), Worst.RUNNING),
        (("JS_RUNNING", "JS_PENDING"), Worst.WAITING),
        (("JS_FAILED", "JS_RUNNING", "JS_SUCCESS"), Worst.PROBLEM),
        (("JS_SUCCESS", "JS_SUCCESS"), Worst.DONE),
    ],
)
def test_a_dispatch_is_as_its_worst_job(statuses: tuple[str, ...], bad: Worst) -> None:
    found = dispatch(*(job(status, number=n) for n, status in enumerate(statuses)), age=86_400)
    assert dispatch_worst(found, iter(AGENT), NOW) is bad, "people may come as an iterator"


def test_a_room_is_as_its_worst_dispatch_and_counts_jobs() -> None:
    failed = dispatch(job("JS_FAILED", number=1), job("JS_RUNNING", number=2), number=1)
    running = dispatch(job("JS_RUNNING", number=3), number=2)
    total = summary((failed, running), AGENT, NOW)
    assert (total.worst, total.jobs, total.running, total.failed, total.dispatches) == (
        Worst.PROBLEM,
        3,
        2,
        1,
        2,
    )
    assert summary((), None, NOW).worst is Worst.IDLE
    assert summary((running,), CALLER, NOW).worst is Worst.DOUBT


def test_pick_up_is_from_creation_to_the_first_start() -> None:
    assert pick_up(Dispatch(id="AD")) is None
    assert pick_up(dispatch(age=50)) is None
    assert pick_up(dispatch(job("JS_PENDING", started=0), age=50)) is None
    assert (
        pick_up(dispatch(job("JS_RUNNING", started=NOW), job("JS_RUNNING", started=NOW - 48), age=50)) == 2.0
    )
    in_nanoseconds = job("JS_RUNNING", started=NOW * 10**9 + 340_000_000)
    assert pick_up(dispatch(in_nanoseconds, unit=10**9)) == pytest.approx(0.34)
    assert pick_up(dispatch(job("JS_RUNNING", started=NOW - 60), age=50)) == 0.0, "clocks differ"


# ---- the lines -----------------------------------------------------------------------------------------

PERSON = Participant(identity="caller")
BAD = dispatch(job("JS_FAILED", participant=PERSON), job("JS_SUCCESS", number=2), number=1)
GOOD = dispatch(job("JS_RUNNING", number=3), number=2)


def fleet(**rooms: tuple[Dispatch, ...]) -> Fleet:
    """What is known, with these rooms."""
    return Fleet(rooms=tuple(Room(name=name) for name in rooms), dispatches=rooms)


def test_what_is_bad_opens_by_itself() -> None:
    tree = Tree()
    keys = tree.flatten(fleet(bad=(BAD, GOOD), good=(GOOD,), none=()), ("bad", "good", "none"), NOW)
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
    assert shown["room:none"] == ("room", 0, 0, False)
    assert tree.nodes["room:bad"].worst is Worst.PROBLEM
    assert tree.nodes["dispatch:bad\0AD_2"].worst is Worst.RUNNING


def test_the_operator_opens_and_closes_and_it_stays_so() -> None:
    tree, known = Tree(), fleet(bad=(BAD,), good=(GOOD,))
    rooms = ("bad", "good")
    tree.toggle("room:bad", False)
    tree.toggle("room:good", True)
    keys = tree.flatten(known, rooms, NOW)
    assert keys == ["room:bad", "room:good", "dispatch:good\0AD_2"]
    tree.toggle_all(keys, True)
    tree.toggle("job:bad\0AD_1\0AJ_1", True)
    keys = tree.flatten(known, rooms, NOW)
    assert "person:bad\0AD_1\0AJ_1" in keys and "job:good\0AD_2\0AJ_3" in keys
    assert tree.nodes["person:bad\0AD_1\0AJ_1"].depth == 3
    assert tree.flatten(fleet(bad=(GOOD,), good=(BAD,)), rooms, NOW)[0] == "room:bad"
    assert tree.nodes["room:bad"].open, "also once nothing is bad there any more"


def test_a_job_without_a_participant_does_not_open() -> None:
    tree = Tree()
    tree.toggle_all(("room:r", "dispatch:r\0AD_2", "job:r\0AD_2\0AJ_3"), True)
    assert tree.flatten(fleet(r=(GOOD,)), ("r",), NOW)[-1] == "job:r\0AD_2\0AJ_3"


def test_waiting_grows_old_without_anything_coming_in() -> None:
    tree, known = Tree(), fleet(r=(dispatch(age=0),))
    worst = [tree.of_room(known, "r", NOW + later).worst for later in (0, 5, 12, 20, 31)]
    assert worst == [Worst.WAITING, Worst.WAITING, Worst.DOUBT, Worst.DOUBT, Worst.PROBLEM]


def test_a_poll_costs_the_rooms_that_changed() -> None:
    rooms = {f"r{number}": (GOOD,) for number in range(1000)}
    tree, known = Tree(), fleet(**rooms)
    tree.flatten(known, rooms, NOW)
    assert tree.summarised == 1000
    tree.flatten(known, rooms, NOW + 60)
    assert tree.summarised == 1000
    changed = Fleet(rooms=known.rooms, dispatches={**rooms, "r7": (BAD,)}, participants={"r8": AGENT})
    tree.flatten(changed, rooms, NOW + 61)
    assert tree.summarised == 1002


def test_rooms_of_yesterday_are_forgotten() -> None:
    """A room is made per call: thousands a day."""
    tree = Tree()
    for day in range(50):
        rooms = {f"call-{day}-{number}": (GOOD,) for number in range(100)}
        tree.flatten(fleet(**rooms), rooms, NOW)
    assert len(tree._rooms) <= 2 * 100 + 64 + 100
    tree.flatten(fleet(**rooms), rooms, NOW)
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
    order = rooms_by_worst(known, {"d": Worst.PROBLEM, "c": Worst.RUNNING})
    assert order == ["d", "c", "a", "b"]


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
