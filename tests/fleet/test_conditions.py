"""How jobs and dispatches are: what the server says, held against who was in the room and when."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.fixtures.jobs import AGENT, CALLER, NOW, dispatch, job, room
from tui.api.models import Dispatch, Job, JobState, Participant, Room
from tui.fleet.conditions import (
    JOINS_WITHIN,
    LISTED_WITHIN,
    SLOW_AFTER,
    STARTS_WITHIN,
    STUCK_AFTER,
    DispatchCondition,
    JobCondition,
    Worst,
    dispatch_condition,
    dispatch_worst,
    job_condition,
    pick_up,
    summary,
    waiting_for,
)
from tui.fleet.evidence import CHECKED_FOR, RoomEvidence, agent_of, evidence
from tui.fleet.room_freshness import RoomFreshness
from tui.fleet.state import Fleet
from tui.fleet.view import Selection, View

UNKNOWN = room(None)
SEEN = frozenset({"agent-1"})


@pytest.mark.parametrize(
    ("status", "condition"),
    [
        ("JS_PENDING", JobCondition.PENDING),
        ("JS_RUNNING", JobCondition.IN_ROOM),
        ("JS_SUCCESS", JobCondition.SUCCESS),
        ("JS_FAILED", JobCondition.FAILED),
        ("JS_CANCELLED", JobCondition.CANCELLED),
        (4, JobCondition.CANCELLED),
        ("JS_NEW", JobCondition.UNKNOWN),
        (17, JobCondition.UNKNOWN),
    ],
)
def test_what_the_server_says_of_a_job(status: str | int, condition: JobCondition) -> None:
    assert job_condition(job(status), room(AGENT)) is condition
    assert job_condition(Job(id="AJ"), UNKNOWN) is JobCondition.PENDING


def test_a_job_that_waits_because_every_worker_is_full_is_a_warning() -> None:
    for reason in ("JSR_NO_CAPACITY", 1):
        full = job_condition(Job(id="AJ", state=JobState(reason=reason)), UNKNOWN)
        assert full is JobCondition.NO_CAPACITY and full.worst is Worst.DOUBT


def test_a_refusal_is_no_success() -> None:
    """The server answers SUCCESS with equal times and nobody's identity."""
    refused = JobState(status="JS_SUCCESS", started_at=NOW, ended_at=NOW)
    found = [
        job_condition(Job(id="AJ", state=state), UNKNOWN)
        for state in (
            refused,
            replace(refused, ended_at=NOW + 1),
            replace(refused, participant_identity="agent-AJ"),
            JobState(status="JS_SUCCESS"),
        )
    ]
    assert found == [JobCondition.REFUSED, *[JobCondition.SUCCESS] * 3]
    assert JobCondition.REFUSED.worst is Worst.DOUBT


@pytest.mark.parametrize(
    ("found", "known", "condition"),
    [
        (job("JS_RUNNING"), room(AGENT), JobCondition.IN_ROOM),
        (job("JS_RUNNING"), room(CALLER), JobCondition.ABSENT),
        (job("JS_RUNNING"), room(()), JobCondition.ABSENT),
        (job("JS_RUNNING", started=0), room(()), JobCondition.ABSENT),
        # its agent was seen in the room before, however young the job is
        (job("JS_RUNNING", started=NOW - 5), replace(room(()), agents_seen=SEEN), JobCondition.LEFT),
        (job("JS_RUNNING"), replace(room((), ago=CHECKED_FOR), agents_seen=SEEN), JobCondition.WAS_ABSENT),
        # the user whom it served is gone too
        (job("JS_RUNNING", participant=CALLER[0]), room(()), JobCondition.USER_LEFT),
        (job("JS_RUNNING", participant=CALLER[0]), room(CALLER), JobCondition.ABSENT),
        # nobody asked, or too long ago, or nobody said who its agent is
        (job("JS_RUNNING"), UNKNOWN, JobCondition.UNCHECKED),
        (job("JS_RUNNING"), room(AGENT, ago=CHECKED_FOR), JobCondition.UNCHECKED),
        (job("JS_RUNNING"), room((), ago=CHECKED_FOR), JobCondition.WAS_ABSENT),
        (job("JS_RUNNING", started=NOW - 5), room((), ago=10), JobCondition.UNCHECKED),
        (job("JS_RUNNING", identity=""), room(CALLER), JobCondition.UNCHECKED),
        (job("JS_RUNNING", identity=""), room((Participant(identity="agent-AJ_1"),)), JobCondition.IN_ROOM),
        # how young it was when somebody asked
        (job("JS_RUNNING", started=NOW - int(JOINS_WITHIN) + 1), room(()), JobCondition.STARTING),
        (job("JS_RUNNING", started=NOW - int(JOINS_WITHIN)), room(()), JobCondition.SLOW_START),
        (job("JS_RUNNING", started=NOW - 40), room(()), JobCondition.SLOW_START),
        (job("JS_RUNNING", started=NOW - 80), room((), ago=40), JobCondition.SLOW_START),
        (job("JS_RUNNING", started=NOW - int(STARTS_WITHIN)), room(()), JobCondition.ABSENT),
    ],
)
def test_a_running_job_is_held_against_who_is_in_the_room(
    found: Job, known: RoomEvidence, condition: JobCondition
) -> None:
    """Self-hosted servers never bring the state of a job up to date (PROTOCOL.md, Dispatches and jobs)."""
    assert job_condition(found, known) is condition


def test_the_agent_of_a_job_is_the_participant_that_it_is_and_not_the_user_whom_it_serves() -> None:
    named = Participant(identity="desk", kind="AGENT", attributes={"lk.agent_name": "concierge"})
    other = Participant(identity="agent-AJ_1", kind="AGENT")
    served = job(
        "JS_RUNNING", identity="desk", participant=Participant(identity="bob"), agent_name="concierge"
    )
    assert agent_of(served, (*AGENT, named)) is named
    assert agent_of(served, AGENT) is None and agent_of(served, None) is None
    silent = job("JS_RUNNING", identity="", agent_name="concierge")
    assert agent_of(silent, (named, other)) is other, "by the default identity"
    assert agent_of(silent, (*CALLER, named)) is named, "by its attributes"
    assert agent_of(silent, (named, replace(named, identity="b"))) is None, "it may be either"


def test_the_readme_explains_every_word() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    table = text.partition("## What it says of jobs")[2].partition("\n## ")[0]
    assert set(re.findall(r"`([a-z][^`]*)`", table.partition("|---|")[2])) == {
        condition.word for condition in JobCondition
    }
    for seconds in (CHECKED_FOR, JOINS_WITHIN, STARTS_WITHIN, SLOW_AFTER, STUCK_AFTER):
        assert f"{seconds:.0f} s" in table


# ---- dispatches -----------------------------------------------------------------------------------------


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
    assert dispatch_worst(dispatch(age=age, unit=unit), UNKNOWN) is bad


def test_automatic_dispatch_may_wait() -> None:
    assert dispatch_condition(dispatch(name="", age=86_400), UNKNOWN) is DispatchCondition.AUTOMATIC


def test_a_dispatch_of_unknown_age_waits() -> None:
    assert dispatch_worst(Dispatch(id="AD", agent_name="n"), UNKNOWN) is Worst.WAITING
    assert dispatch_worst(dispatch(age=600), RoomEvidence()) is Worst.WAITING, (
        "nobody knows when it was listed"
    )
    assert waiting_for(Dispatch(id="AD"), NOW) is None
    assert waiting_for(dispatch(job("JS_RUNNING"), age=50), NOW) is None
    assert waiting_for(dispatch(age=50), NOW) == 50


@pytest.mark.parametrize(
    ("types", "publishing", "condition"),
    [
        ((), None, DispatchCondition.NOT_TAKEN),
        ((), True, DispatchCondition.NOT_TAKEN),
        ((), False, DispatchCondition.PERHAPS_FOR_PUBLISHER),
        (("JT_ROOM",), False, DispatchCondition.NOT_TAKEN),
        (("JT_PUBLISHER",), False, DispatchCondition.FOR_PUBLISHER),
        (("JT_PUBLISHER",), True, DispatchCondition.NOT_TAKEN),
        (("JT_PUBLISHER",), None, DispatchCondition.NOT_TAKEN),
        (("JT_PUBLISHER", "JT_ROOM"), False, DispatchCondition.NOT_TAKEN),
    ],
)
def test_an_agent_for_publishers_waits_by_right_while_nobody_publishes(
    types: tuple[str, ...], publishing: bool | None, condition: DispatchCondition
) -> None:
    known = replace(room(None, publishing=publishing), job_types={"concierge": frozenset(types)})
    assert dispatch_condition(dispatch(age=600), known) is condition


def test_an_agent_for_participants_waits_by_right_while_nobody_is_there() -> None:
    known = replace(UNKNOWN, job_types={"concierge": frozenset({"JT_PARTICIPANT"})})
    found = [dispatch_condition(dispatch(age=600), replace(known, occupied=there)) for there in (False, True)]
    assert found == [DispatchCondition.FOR_PARTICIPANT, DispatchCondition.NOT_TAKEN]


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
    assert dispatch_condition(found, room(AGENT)) is DispatchCondition.HAS_JOBS
    assert dispatch_worst(found, room(AGENT)) is bad


def test_a_room_is_as_its_worst_dispatch_and_counts_jobs() -> None:
    failed = dispatch(job("JS_FAILED", number=1), job("JS_RUNNING", number=2), number=1)
    running = dispatch(job("JS_RUNNING", number=3), number=2)
    total = summary((failed, running), room(AGENT))
    assert (total.worst, total.jobs, total.failed, total.dispatches) == (Worst.PROBLEM, 3, 1, 2)
    assert summary((), UNKNOWN).worst is Worst.IDLE
    assert summary((running,), room(CALLER)).worst is Worst.DOUBT
    assert summary((running,), UNKNOWN).worst is Worst.UNCHECKED
    assert summary((running,), replace(room(AGENT), error="no node answers")).worst is Worst.PROBLEM


def test_agents_in_a_room_without_a_job_there_are_counted() -> None:
    """A room that moved to another node begins without jobs, and its agents may be in it again."""
    running = dispatch(job("JS_RUNNING"))
    other = Participant(identity="agent-AJ_9", kind="AGENT")
    assert summary((running,), room(AGENT)).agents_without_job == 0
    assert summary((running,), room((*AGENT, other))).agents_without_job == 1
    assert summary((dispatch(name=""),), room(AGENT)).agents_without_job == 1
    assert summary((), room(AGENT, ago=CHECKED_FOR)).agents_without_job == 0, "nobody asked lately"
    known = replace(room(AGENT), dispatches_at=float(NOW))
    for seconds, count in ((3.0, 0), (LISTED_WITHIN, 1)):
        at = int((NOW - seconds) * 1000)
        for joined in ({"joined_at_ms": at}, {"joined_at": at // 1000}):
            people = tuple(replace(agent, **joined) for agent in AGENT)
            assert summary((), replace(known, people=people)).agents_without_job == count, "listed late"
    assert summary((), replace(known, dispatches_at=None)).agents_without_job == 0, "no answer yet"


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


# ---- the evidence ---------------------------------------------------------------------------------------


def known_of(listed: Room | None, *people: Participant, at: float | None = 100.0) -> RoomEvidence:
    """What a view says of a room whose participants were answered at a monotonic time."""
    fleet = Fleet(participants={"r": people}, room_freshness={"r": RoomFreshness(90.0, at)})
    return evidence(View(fleet, Selection(), NOW, 110.0, unix_offset=NOW - 110.0), "r", listed, {})


def test_answers_are_told_in_the_time_of_the_server() -> None:
    found = known_of(None, *AGENT)
    assert (found.dispatches_at, found.people_at, found.is_recent) == (NOW - 20, NOW - 10, True)
    assert found.identities == {"agent-1", "caller"}
    assert not known_of(None, *AGENT, at=110.0 - CHECKED_FOR).is_recent
    assert known_of(None, *AGENT, at=None).people is None, "a listing without its time proves nothing"


@pytest.mark.parametrize(
    ("people", "at", "listed", "publishing", "occupied"),
    [
        ((Participant(identity="p", is_publisher=True),), 100.0, Room(), True, True),
        ((Participant(identity="p"),), 100.0, Room(num_publishers=1), False, True),
        ((Participant(identity="a", kind="AGENT", is_publisher=True),), 100.0, Room(), False, False),
        ((), None, Room(), False, False),
        ((), None, Room(num_publishers=1, num_participants=1), None, True),  # it may be an agent
        ((), None, None, None, None),
    ],
)
def test_who_is_there_to_serve(
    people: tuple[Participant, ...],
    at: float | None,
    listed: Room | None,
    publishing: bool | None,
    occupied: bool | None,
) -> None:
    found = known_of(listed, *people, at=at)
    assert (found.publishing, found.occupied) == (publishing, occupied)
