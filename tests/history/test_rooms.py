"""What is derived of rooms: jobs that failed or are in doubt, dispatches nobody takes, rooms unserved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from msgspec import structs

from tests.fixtures.clocks import ManualClock
from tui.api.models import Dispatch, DispatchState, Job, JobState, Participant, Room
from tui.clock import Moment
from tui.fleet.past import Event, JobCount, Kind, Severity
from tui.fleet.since_by_id import SinceById
from tui.fleet.state import with_dispatches, with_participants, with_room_answers
from tui.fleet.store import Store
from tui.history.events import job_counts
from tui.history.events.derive import Resumed, State, Tick
from tui.history.events.failed_jobs import KEPT_FOR
from tui.history.timeline import History

CALLER = Participant(identity="caller", is_publisher=True)
AGENT = Participant(identity="agent-AJ_1", kind="AGENT")

TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJrZXkiLCJzdWIiOiJ4In0.c2lnbmF0dXJlLW9mLWEtdGVzdA"


class Rooms:
    """Answers about rooms one after the other, and what follows from them."""

    def __init__(self, run: str = "") -> None:
        self.clock = ManualClock()
        self.store = Store(self.clock)
        self.history = History(State(run=run))
        self.store.subscribe(self.history.record)

    @property
    def now(self) -> int:
        """Unix seconds."""
        return int(self.clock.now())

    def listed(self, name: str = "r", people: int = 1) -> None:
        """The room is listed."""
        room = Room(name=name, creation_time=self.now, num_participants=people, num_publishers=1)
        self.store.update(lambda fleet: replace(fleet, rooms=(room,)))

    def dispatches(
        self, *found: Dispatch, room: str = "r", after: float = 5.0, unreadable: int = 0
    ) -> Sequence[Event]:
        """An answer about its dispatches; returns all events so far. So many rows could not be read."""
        self.clock.advance(after)
        at, missed = self.clock.monotonic(), {room: unreadable}
        self.store.update(
            lambda fleet: with_room_answers(with_dispatches(fleet, room, found), (room,), at, {}, missed)
        )
        return self.history.past.events

    def people(self, *found: Participant, room: str = "r", after: float = 1.0) -> Sequence[Event]:
        """An answer about its participants; returns all events so far."""
        self.clock.advance(after)
        at = self.clock.monotonic()
        self.store.update(lambda fleet: with_participants(fleet, room, found, at))
        return self.history.past.events


def dispatch(*jobs: Job, number: int = 1, created: int = 0) -> Dispatch:
    """A dispatch of concierge."""
    state = DispatchState(jobs=jobs, created_at=created)
    return Dispatch(id=f"AD_{number}", agent_name="concierge", state=state)


def job(status: str, number: int = 1, **more: object) -> Job:
    """A job of concierge."""
    state = structs.replace(JobState(status=status, worker_id="AW_7"), **more)
    return Job(id=f"AJ_{number}", agent_name="concierge", state=state)


def test_a_failed_job_is_told_with_reason_and_worker_and_outlives_its_room() -> None:
    rooms = Rooms()
    rooms.listed()
    running = job("JS_RUNNING", started_at=rooms.now)
    assert not rooms.dispatches(dispatch(running), after=1.0)
    ended = rooms.now + 2
    failed = job("JS_FAILED", error="no room token", reason="JSR_NO_CAPACITY", ended_at=ended)
    (event,) = rooms.dispatches(dispatch(failed))
    assert (event.text, event.detail) == ("job failed: no room token · no capacity", "worker AW_7")
    assert (event.at, event.kind, event.severity) == (ended, Kind.JOB, Severity.ERROR)
    assert (event.subject.room, event.subject.job_id) == ("r", "AJ_1")
    assert len(rooms.dispatches(dispatch(failed))) == 1, "told once"
    rooms.store.update(lambda fleet: replace(fleet, rooms=(), dispatches={}))
    (kept,) = rooms.history.past.failed_jobs
    assert (kept.room, kept.worker, kept.at, kept.agent_name) == ("r", "AW_7", ended, "concierge")
    assert len(rooms.dispatches(dispatch(failed))) == 1, "also when the room is polled anew"
    rooms.clock.advance(KEPT_FOR)
    rooms.history.take(Tick(rooms.store.fleet, Moment.read(rooms.clock)))
    assert not rooms.history.past.failed_jobs, "for a day"


def test_reasons_of_a_server_are_printable_and_hold_no_secret() -> None:
    rooms = Rooms()
    error = f"\x1b[31mboom\n{TOKEN}"
    (event,) = rooms.dispatches(dispatch(job("JS_FAILED", error=error)))
    assert "\x1b" not in event.text and "\n" not in event.text and TOKEN not in event.text


def test_many_failures_are_counted() -> None:
    rooms = Rooms()
    failed = [job("JS_FAILED", number) for number in range(30)]
    (event,) = rooms.dispatches(dispatch(*failed))
    assert event.text == "30 jobs failed of concierge" and len(event.ids) == 30
    assert len(rooms.history.past.failed_jobs) == 30


def test_a_job_is_in_doubt_only_if_it_was_said_to_run_after_its_agent_was_missed() -> None:
    rooms = Rooms()
    rooms.listed()
    running = job("JS_RUNNING", started_at=rooms.now, participant_identity="agent-AJ_1")
    rooms.dispatches(dispatch(running))
    rooms.people(CALLER, AGENT, after=10.0)
    assert not rooms.people(CALLER, after=10.0), "it may have ended since its dispatch was answered"
    (event,) = rooms.dispatches(dispatch(running))
    assert (event.text, event.severity) == ("job: left the room", Severity.WARNING)
    assert len(rooms.dispatches(dispatch(running))) == 1
    rooms.people(CALLER, AGENT)
    rooms.people(CALLER, after=10.0)
    assert len(rooms.dispatches(dispatch(running))) == 2, "it came back and left again"


def test_many_jobs_in_doubt_are_counted_and_not_described_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rooms = Rooms()
    rooms.listed()
    started = {"started_at": rooms.now, "participant_identity": "gone"}
    running = [job("JS_RUNNING", number, **started) for number in range(30)]
    rooms.people(CALLER, after=100.0)
    monkeypatch.setattr("tui.history.events.rooms.as_failed", None)
    (event,) = rooms.dispatches(dispatch(*running[:15]), dispatch(*running[15:], number=2))
    assert event.text == "30 jobs: not in room" and len(event.ids) == 30
    assert len(rooms.dispatches(dispatch(*running[15:], number=2), dispatch(*running[:15]))) == 1, "told once"


def test_a_job_that_ends_well_is_not_told() -> None:
    rooms = Rooms()
    rooms.listed()
    rooms.dispatches(dispatch(job("JS_RUNNING", started_at=rooms.now)))
    done = job("JS_SUCCESS", started_at=rooms.now, ended_at=rooms.now + 3, participant_identity="a")
    assert not rooms.dispatches(dispatch(done))


def counts(rooms: Rooms) -> dict[str, int]:
    """Jobs that succeeded, by agent name, of all minutes."""
    found: dict[str, int] = {}
    for item in rooms.history.past.job_counts:
        found[item.agent_name] = found.get(item.agent_name, 0) + item.succeeded
    return found


def test_jobs_that_are_seen_to_succeed_are_counted_once_per_agent_and_minute() -> None:
    rooms, steps = Rooms(), []
    rooms.history.follow(steps.append)
    rooms.listed()
    began = rooms.now
    running = [job("JS_RUNNING", number, started_at=began) for number in (1, 2)]
    first = job("JS_SUCCESS", 1, started_at=began, ended_at=began + 3, participant_identity="a")
    rooms.dispatches(dispatch(*running))
    assert not counts(rooms), "not ended"
    rooms.dispatches(dispatch(first, running[1]))
    assert list(rooms.history.past.job_counts) == [JobCount("concierge", (began + 3) // 60, 1)]
    assert steps[-1].job_counts == tuple(rooms.history.past.job_counts), "for who records"
    past = rooms.history.past
    rooms.dispatches(dispatch(first, running[1]))
    rooms.dispatches(dispatch(structs.replace(first, enable_recording=True), running[1]))
    assert counts(rooms) == {"concierge": 1} and rooms.history.past is past, "once, in whatever answer"
    unseen = job("JS_SUCCESS", 3, started_at=began, ended_at=began + 4, participant_identity="b")
    refused = job("JS_SUCCESS", 4, started_at=began, ended_at=began)
    failed = job("JS_FAILED", 2)
    (event,) = rooms.dispatches(dispatch(first, failed, unseen, refused))[:1]
    assert event.kind is Kind.JOB and counts(rooms) == {"concierge": 2}, "began and ended in between"
    late = job("JS_SUCCESS", 5, started_at=began, participant_identity="c")
    rooms.dispatches(dispatch(first, failed, unseen, refused, late), after=600.0)
    assert [item.minute for item in rooms.history.past.job_counts][-1] == rooms.now // 60
    rooms.clock.advance(KEPT_FOR)
    rooms.history.take(Tick(rooms.store.fleet, Moment.read(rooms.clock)))
    assert not counts(rooms), "for a day"


def test_a_job_that_came_and_succeeded_between_two_answers_is_counted_if_the_first_was_whole() -> None:
    for cut, expected in ((None, {"concierge": 1}), (1, {})):
        rooms = Rooms()
        rooms.listed()
        rooms.dispatches(dispatch(job("JS_RUNNING", started_at=rooms.now)))
        fresh = {
            name: structs.replace(known, cut=cut) for name, known in rooms.store.fleet.room_freshness.items()
        }
        rooms.store.update(lambda fleet, fresh=fresh: replace(fleet, room_freshness=fresh))
        quick = job(
            "JS_SUCCESS", 2, started_at=rooms.now + 1, ended_at=rooms.now + 4, participant_identity="b"
        )
        rooms.dispatches(dispatch(job("JS_RUNNING", started_at=rooms.now)), dispatch(quick, number=2))
        assert counts(rooms) == expected


def test_a_job_that_is_ended_at_the_first_answer_is_not_counted() -> None:
    first = Rooms()
    first.listed()
    done = job("JS_SUCCESS", started_at=first.now, ended_at=first.now + 3, participant_identity="a")
    first.dispatches(dispatch(done))
    assert not counts(first), "it may have been counted before"
    first.dispatches(dispatch(done), dispatch(job("JS_RUNNING", 2, started_at=first.now), number=2))
    done_too = job("JS_SUCCESS", 2, started_at=first.now - 9, participant_identity="b")
    first.dispatches(dispatch(done), dispatch(done_too, number=2))
    held = list(first.history.past.job_counts)
    second = Rooms("second-")
    second.clock.advance(first.now - second.now)
    known = Resumed(first.store.fleet, second.now)
    second.history.resume(known, SinceById(), [], [], float(first.now), held)
    second.listed()
    second.dispatches(dispatch(done), dispatch(done_too, number=2))
    assert counts(second) == counts(first) == {"concierge": 1}, "a later run adds nothing"
    more = job("JS_SUCCESS", 3, started_at=second.now - 9, participant_identity="c")
    second.dispatches(dispatch(done, more), dispatch(done_too, number=2))
    assert counts(second) == {"concierge": 2}


def test_counts_are_bounded_and_the_newest_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_counts, "MOST_COUNTS", 20)
    held = job_counts.with_counts({}, [JobCount("a", minute, 1) for minute in range(21)])
    assert [item.minute for item in held.values()] == list(range(3, 21))


def test_a_dispatch_that_nobody_takes_is_told_at_the_answer_that_shows_it() -> None:
    rooms = Rooms()
    rooms.listed()
    created = rooms.now
    waiting = dispatch(created=created)
    rooms.people(CALLER)
    rooms.dispatches(waiting, after=10)
    rooms.clock.advance(100)
    rooms.history.take(Tick(rooms.store.fleet, Moment.read(rooms.clock)))
    assert not rooms.history.past.events, "nobody asked since"
    (event,) = rooms.dispatches(waiting)
    assert (event.text, event.kind) == ("dispatch not taken for 116 s", Kind.DISPATCH)
    assert event.severity is Severity.ERROR
    assert len(rooms.dispatches(waiting)) == 1
    taken = dispatch(job("JS_RUNNING", started_at=rooms.now), created=created)
    good = rooms.dispatches(taken)[-1]
    assert (good.text, good.severity) == ("dispatch taken after 2m", Severity.GOOD)


def test_a_dispatch_that_nobody_took_is_withdrawn() -> None:
    rooms = Rooms()
    rooms.listed()
    rooms.dispatches(dispatch(created=rooms.now), after=60)
    assert rooms.dispatches()[-1].text == "dispatch gone, never taken"


def test_a_dispatch_that_could_not_be_read_is_not_gone_and_is_told_once() -> None:
    rooms = Rooms()
    rooms.listed()
    waiting = dispatch(created=rooms.now)
    rooms.dispatches(waiting, after=60)
    assert not rooms.dispatches(unreadable=1)[1:] and not rooms.people(CALLER)[1:], "nor is it unserved"
    assert [event.text for event in rooms.dispatches(waiting)] == ["dispatch not taken for 60 s"]


def test_a_room_that_opens_with_nobody_to_serve_it() -> None:
    rooms = Rooms()
    rooms.listed()
    rooms.dispatches()
    rooms.people(CALLER)
    assert not rooms.history.past.events, "an agent may still come"
    (event,) = rooms.people(CALLER, after=10)
    assert (event.text, event.kind) == ("1 participant, no agent and no dispatch", Kind.ROOM)
    rooms.dispatches()
    assert len(rooms.people(CALLER)) == 1


def test_a_room_of_which_not_all_is_known_or_that_is_served_is_no_event() -> None:
    rooms = Rooms()
    rooms.listed()
    rooms.people(CALLER, after=20)
    assert not rooms.history.past.events, "its dispatches were not asked for"
    rooms.dispatches()
    assert rooms.people(CALLER, AGENT) == rooms.history.past.events
    served = Rooms()
    served.listed()
    served.dispatches()
    assert not served.people(CALLER, AGENT, after=20)
    old = Rooms()
    old.listed()
    old.dispatches(after=3600)
    assert not old.people(CALLER), "a room that is open for an hour may be meant to be like this"


def test_what_an_earlier_run_told_of_a_room_is_not_told_again() -> None:
    first = Rooms()
    first.listed()
    created = first.now
    running = job("JS_RUNNING", started_at=created - 600, participant_identity="agent-AJ_1")
    absent = dispatch(running, number=2, created=created)
    waits = dispatch(created=created)
    first.dispatches(waits, absent)
    first.people(CALLER, after=40.0)
    events = first.dispatches(waits, absent)
    assert {event.kind for event in events} == {Kind.JOB, Kind.DISPATCH} and len(events) == 2
    second = Rooms("second-")
    second.clock.advance(first.now - second.now)
    second.history.resume(Resumed(first.store.fleet, second.now), SinceById(), events, [], float(created))
    second.listed("other")
    second.dispatches(room="other")
    second.listed()
    second.people(CALLER)
    assert second.dispatches(waits, absent) == events, "also where other rooms were asked for before"
    again = second.dispatches(dispatch(job("JS_RUNNING", 9, started_at=second.now), created=created), absent)
    assert [event.severity for event in again[2:]] == [Severity.GOOD], "it was taken at last"
    assert second.dispatches(dispatch(job("JS_RUNNING", 9), created=created), absent) == again
