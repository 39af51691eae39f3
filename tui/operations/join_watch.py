"""The join watch: from "accepted" over a job to an agent in the room, or the reason why not.

`JoinWatch` is told what was seen and says how it stands; `follow` looks. A job that says RUNNING is believed
only when its participant is in the room: servers report the job earlier (PROTOCOL.md, Dispatches and jobs).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

from tui.api.decoding.batch import Batch
from tui.api.errors import ApiError
from tui.api.models import Dispatch, Job, Participant, moment
from tui.api.text.masking import masked
from tui.clock import Clock
from tui.fleet.conditions import (
    RUNS,
    SLOW_AFTER,
    STUCK_AFTER,
    DispatchCondition,
    JobCondition,
    Worst,
    dispatch_condition,
    job_condition,
)
from tui.fleet.evidence import RoomEvidence, agent_of, job_types
from tui.fleet.ordering import open_dispatches
from tui.fleet.polling.room_answers import with_dispatch_lists
from tui.fleet.state import Fleet, with_participants
from tui.fleet.store import Store
from tui.formats import duration
from tui.operations.fields import Hint
from tui.operations.looks import if_whole, listed_dispatches, whole
from tui.operations.remote import Remote
from tui.operations.verbs.dispatch_checks import likely_cause

WATCH_FOR: Final = 180.0
"""Seconds after which it is no longer checked."""
CLEAN_END: Final = "agent worker left the room"
"""Reported for failures and for clean shutdowns."""
NO_CAPACITY: Final = ("JSR_NO_CAPACITY", 1)


class JoinHealth(StrEnum):
    """How it looks."""

    WAITING = "waiting"
    SLOW = "slow"
    BAD = "bad"
    GOOD = "good"


@dataclass(frozen=True, slots=True)
class JoinProgress:
    """How far a dispatch has come. Times are seconds since it was asked for."""

    dispatch_id: str
    accepted: float
    job_id: str = ""
    job: float | None = None
    identity: str = ""
    joined: float | None = None
    waited: float = 0.0
    mood: JoinHealth = JoinHealth.WAITING
    verdict: str = ""
    cause: str = ""
    over: bool = False
    """Nothing more is to be expected."""


class JoinWatch:
    """One dispatch on its way to an agent in its room."""

    def __init__(self, dispatch: Dispatch, *, started: float, accepted: float) -> None:
        """`started` is the monotonic time of the request, `accepted` the seconds until its answer."""
        self.dispatch = dispatch
        self._created = moment(dispatch.state.created_at) if dispatch.state else None
        self._started = started
        self._accepted = accepted
        self._gone = False
        self._people: tuple[Participant, ...] | None = None
        self._job: tuple[str, float] | None = None
        self._joined: tuple[str, float] | None = None
        self._problem = ""
        self._looked = started + accepted

    def waited(self, now: float) -> float:
        """Seconds since it was asked for; `now` is monotonic."""
        return max(0.0, now - self._started)

    @property
    def wants_people(self) -> bool:
        """A job runs, so it is worth asking who is in the room."""
        return any(_status(job) in ("JS_RUNNING", "JS_SUCCESS") for job in self.dispatch.jobs)

    def saw(self, dispatch: Dispatch | None, people: Iterable[Participant] | None, now: float) -> None:
        """Add what a check saw: the dispatch, None if not listed, and the people in the room if asked for."""
        self._problem = ""
        self._looked = now
        self._gone = dispatch is None
        if dispatch is None:
            return
        self.dispatch = dispatch
        self._created = self._created or (moment(dispatch.state.created_at) if dispatch.state else None)
        if people is not None:
            self._people = tuple(people)
        if self._job is None and dispatch.jobs:
            first = min(dispatch.jobs, key=lambda job: (job.state.started_at if job.state else 0) or 1 << 63)
            began = moment(first.state.started_at) if first.state else None
            self._job = (first.id, self._elapsed(began, now))
        person = self._agent()
        if self._joined is None and person is not None:
            at = moment(person.joined_at_ms) if person.joined_at_ms else None
            self._joined = (person.identity, max(self._elapsed(at, now), self._job[1] if self._job else 0.0))

    def failed(self, text: str) -> None:
        """A check failed; what is known stays."""
        self._problem = text

    def join(self, fleet: Fleet, now: float) -> JoinProgress:
        """The progress now, or as of the last check that succeeded."""
        mood, verdict, cause, over = self._judged(fleet, self._looked if self._problem else now)
        if self._problem and not over:
            blind = _for(max(0.0, now - self._looked))
            verdict = f"cannot look for {blind}: {self._problem}; last seen: {verdict}"
            mood, cause, over = JoinHealth.SLOW, "", self.waited(now) >= WATCH_FOR
        return JoinProgress(
            dispatch_id=self.dispatch.id,
            accepted=self._accepted,
            job_id=self._job[0] if self._job else "",
            job=self._job[1] if self._job else None,
            identity=self._joined[0] if self._joined else "",
            joined=self._joined[1] if self._joined else None,
            waited=self.waited(now),
            mood=mood,
            verdict=verdict,
            cause=cause,
            over=over,
        )

    def _judged(self, fleet: Fleet, now: float) -> tuple[JoinHealth, str, str, bool]:
        waited = self.waited(now)
        if self._joined is not None:
            return JoinHealth.GOOD, f"joined after {duration(self._joined[1])}", "", True
        if self._gone:
            return JoinHealth.BAD, "the dispatch is gone", "it was deleted, or its room closed", True
        jobs = self.dispatch.jobs
        over = waited >= WATCH_FOR
        if not jobs:
            return (*self._nobody(fleet, waited), over)
        room = self._room(fleet)
        found = [job_condition(job, room) for job in jobs]
        if JobCondition.LEFT in found:
            cause = f"it ended, or its worker died; {_log(fleet)}"
            return JoinHealth.BAD, "job runs, its agent was in the room and left", cause, over
        if any(condition in RUNS or condition is JobCondition.ABSENT for condition in found):
            return (*self._not_there(fleet, JobCondition.ABSENT in found, waited), over)
        if JobCondition.FAILED in found:
            return (*_failure(jobs), over)
        if JobCondition.REFUSED in found:
            cause = f"a worker refused it, or its entrypoint returned at once; {_log(fleet)}"
            return JoinHealth.BAD, "job ended in the moment when it began, without an agent", cause, over
        if any(condition.worst is Worst.DONE for condition in found):
            cause = f"its entrypoint returned early; {_log(fleet)}"
            return JoinHealth.SLOW, "job ended without its agent being seen in the room", cause, over
        if JobCondition.UNKNOWN in found:
            return _mood(waited), f"job is {', '.join(map(_status, jobs))} {_for(waited)}", "", over
        known = self._likely(fleet)
        cause = known.text if known else ""
        if JobCondition.NO_CAPACITY in found:
            cause = "every worker is full"
        return _mood(waited), f"job waits for a worker {_for(waited)}", cause, over

    def _not_there(self, fleet: Fleet, is_absent: bool, waited: float) -> tuple[JoinHealth, str, str]:
        """The server says that a job runs, and its agent is not in the room."""
        if is_absent:
            cause = f"its entrypoint returned or raised, or its worker died; {_log(fleet)}"
            return JoinHealth.BAD, f"job runs, its agent is not in the room {_for(waited)}", cause
        mood = JoinHealth.WAITING if waited < SLOW_AFTER else JoinHealth.SLOW
        cause = f"starting, or it ended at once; {_log(fleet)}" if mood is JoinHealth.SLOW else ""
        return mood, f"job runs, its agent is not in the room yet {_for(waited)}", cause

    def _nobody(self, fleet: Fleet, waited: float) -> tuple[JoinHealth, str, str]:
        """No job: no worker took it, unless the agent serves participants who are not there."""
        condition = dispatch_condition(self.dispatch, self._room(fleet))
        if condition is DispatchCondition.FOR_PUBLISHER:
            words = f"accepted, no publisher yet {_for(waited)}"
            return JoinHealth.WAITING, words, "its jobs serve one publisher each, and start with one"
        if condition is DispatchCondition.FOR_PARTICIPANT:
            words = f"accepted, no participant yet {_for(waited)}"
            return JoinHealth.WAITING, words, "its jobs serve one participant each, and start with one"
        mood, known = _mood(waited), self._likely(fleet)
        if mood is JoinHealth.WAITING:
            return mood, f"accepted, no agent yet {_for(waited)}", known.text if known else ""
        verdict = f"accepted {_for(waited)} ago, no agent yet: no worker took it, 0 jobs"
        if known:
            return mood, verdict, known.text
        cause = "all workers full, or none is registered under this name"
        if fleet.fresh("agents").absent:
            cause += "; it is not offered again: dispatch again once one is there"
        if condition is DispatchCondition.PERHAPS_FOR_PUBLISHER:
            return JoinHealth.SLOW, verdict, f"its agent serves publishers, and nobody publishes; or {cause}"
        return mood, verdict, cause

    def _room(self, fleet: Fleet) -> RoomEvidence:
        """What is known of the room, as of the newest look."""
        name = self.dispatch.room
        listed = next((room for room in fleet.rooms if room.name == name), None)
        types = job_types(fleet, self.dispatch.agent_name) if not self.dispatch.jobs else set()
        # a room that is not listed yet is new: nobody is there, as far as anybody knows
        alone = bool(types) if listed is None else None
        at = (self._created or 0.0) + self._looked - self._started - self._accepted
        return RoomEvidence(
            dispatches_at=at,
            people=self._people,
            people_at=at,
            is_recent=True,
            identities=frozenset(person.identity for person in self._people or ()),
            agents_seen=fleet.agents_seen.get(name, frozenset()),
            publishing=False if alone or (listed and not listed.num_publishers) else None,
            occupied=False if alone or (listed and not listed.num_participants) else None,
            job_types={self.dispatch.agent_name: types},
        )

    def _likely(self, fleet: Fleet) -> Hint | None:
        """The known reason why no worker takes it; None where the agents are not known."""
        return likely_cause(fleet, self.dispatch.agent_name, self.dispatch.deployment)

    def _agent(self) -> Participant | None:
        return next(filter(None, (agent_of(job, self._people) for job in self.dispatch.jobs)), None)

    def _elapsed(self, at: float | None, now: float) -> float:
        """Seconds from the request to a moment by the server's clock, or to when it was seen."""
        observed = self.waited(now)
        if at is None or self._created is None:
            return observed
        return min(observed, self._accepted + max(0.0, at - self._created))


async def follow(
    watch: JoinWatch, remote: Remote, store: Store, clock: Clock, tell: Callable[[JoinProgress], None]
) -> JoinProgress:
    """Check until the agent joined, the dispatch is gone, or time is up; cancel to stop."""
    room, dispatch_id = watch.dispatch.room, watch.dispatch.id
    while True:
        try:
            listed = await listed_dispatches(remote, room) or Batch(listed=True)  # none, in a closed room
            found = next((item for item in open_dispatches(listed.items) if item.id == dispatch_id), None)
            if found is None:
                whole(listed, "dispatches")  # or it may be there all the same
            store.update(partial(with_dispatch_lists, found={room: listed}, asked_at=clock.monotonic()))
            watch.dispatch = found or watch.dispatch
            people = if_whole(await remote.list_participants(room)) if watch.wants_people else None
            if people is not None:
                store.update(partial(with_participants, room=room, participants=people, at=clock.monotonic()))
            watch.saw(found, people, clock.monotonic())
        except ApiError as error:
            watch.failed(str(error))
        state = watch.join(store.fleet, clock.monotonic())
        tell(state)
        if state.over:
            return state
        await clock.sleep(pause(state.waited))


def pause(waited: float) -> float:
    """Seconds until the next check: short at first, longer later, since requests are limited."""
    return 0.5 if waited < 3 else 1.0 if waited < SLOW_AFTER else 2.0 if waited < STUCK_AFTER else 5.0


def _status(job: Job) -> str:
    return str(job.state.status) if job.state else "JS_PENDING"


def _log(fleet: Fleet) -> str:
    """Where to read why."""
    return "see its worker's log" if fleet.fresh("agents").absent else "l opens its log when this is closed"


def _mood(waited: float) -> JoinHealth:
    if waited < SLOW_AFTER:
        return JoinHealth.WAITING
    return JoinHealth.SLOW if waited < STUCK_AFTER else JoinHealth.BAD


def _for(waited: float) -> str:
    return f"{waited:.0f} s"


def _failure(jobs: Iterable[Job]) -> tuple[JoinHealth, str, str]:
    state = next(job.state for job in jobs if _status(job) == "JS_FAILED")
    error = masked(state.error) if state else ""
    if state is not None and state.reason in NO_CAPACITY:
        return JoinHealth.BAD, f"job failed: {error or 'no capacity'}", "every worker is full"
    note = "LiveKit says so of clean shutdowns too: look at the log" if error == CLEAN_END else ""
    return JoinHealth.BAD, f"job failed: {error or 'no reason given'}", note
