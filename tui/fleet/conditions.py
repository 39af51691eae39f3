"""How jobs and dispatches are: what the server says of them, held against who is in the room. Pure.

The tree, its filter, its counts and the facts beside an operation all ask here. No verdict goes beyond an
answer: what was not asked is "not checked", and a wait is counted up to the newest answer. Must not know
words for explanations, nor colours.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum, IntEnum
from typing import Final

from msgspec import Struct

from tui.api.models import Dispatch, Job, JobState, Participant, moment
from tui.fleet.evidence import RoomEvidence, agents_in, default_identity

JOINS_WITHIN: Final = 15.0
"""Seconds after its start within which a running job's agent need not be in the room."""
STARTS_WITHIN: Final = 60.0
"""Seconds after its start within which its agent may still be starting."""
LISTED_WITHIN: Final = 10.0
"""Seconds after an agent joined a room within which its job is listed (PROTOCOL.md, Dispatches and jobs)."""
SLOW_AFTER: Final = 10.0
"""Seconds without a job after which a dispatch is a warning."""
STUCK_AFTER: Final = 30.0
"""Seconds without a job after which it is a problem."""


class Worst(IntEnum):
    """How bad a node or anything below it is; higher is worse."""

    IDLE = 0
    DONE = 1
    RUNNING = 2
    UNCHECKED = 3
    """It runs by the server's word. Nobody has asked recently whether its agent is in the room."""
    WAITING = 4
    DOUBT = 5
    """Something may be wrong: a slow start, a state that may be outdated, an unknown status."""
    PROBLEM = 6


class JobCondition(Enum):
    """How a job is (PROTOCOL.md, Dispatches and jobs)."""

    PENDING = "pending", Worst.WAITING
    NO_CAPACITY = "no capacity", Worst.DOUBT
    """It waits because every worker is full."""
    STARTING = "starting", Worst.WAITING
    """It began just before the participants were asked for, and its agent was not among them."""
    SLOW_START = "still starting", Worst.DOUBT
    """The same, but most agents would have joined by then."""
    IN_ROOM = "running", Worst.RUNNING
    UNCHECKED = "running, not checked", Worst.UNCHECKED
    """It runs by the server's word. Nobody has asked recently whether its agent is in the room."""
    WAS_ABSENT = "running? not checked", Worst.DOUBT
    """The same, and when somebody asked, it was not."""
    ABSENT = "not in room", Worst.DOUBT
    """It runs by the server's word, and its agent is not in the room."""
    LEFT = "left the room", Worst.DOUBT
    """The same, and its agent was in the room before."""
    USER_LEFT = "user left", Worst.DONE
    """The same, and the user whom it served is gone too: it ended by right."""
    REFUSED = "refused", Worst.DOUBT
    """It ended in the moment when it began, without an agent: refused, or returned at once."""
    SUCCESS = "success", Worst.DONE
    CANCELLED = "cancelled", Worst.DONE
    FAILED = "failed", Worst.PROBLEM
    UNKNOWN = "unknown status", Worst.DOUBT
    """The server says a status that this program does not know."""

    def __init__(self, word: str, worst: Worst) -> None:
        self.word = word
        """As lists show it and filters find it."""
        self.worst = worst


RUNS: Final = frozenset(
    {
        JobCondition.STARTING,
        JobCondition.SLOW_START,
        JobCondition.IN_ROOM,
        JobCondition.UNCHECKED,
        JobCondition.WAS_ABSENT,
    }
)
"""Conditions of jobs that run, or may."""


class DispatchCondition(Enum):
    """How a dispatch is; with jobs it is as they are."""

    HAS_JOBS = "jobs", Worst.IDLE
    AUTOMATIC = "automatic", Worst.IDLE
    """Automatic dispatch: no worker has to take it."""
    WAITING = "no job yet", Worst.WAITING
    FOR_PUBLISHER = "waits for a publisher", Worst.WAITING
    """Its agent serves publishers, and nobody publishes."""
    FOR_PARTICIPANT = "waits for a participant", Worst.WAITING
    """Its agent serves participants, and there is none."""
    SLOW = "no job yet", Worst.DOUBT
    PERHAPS_FOR_PUBLISHER = "no job, nobody publishes", Worst.DOUBT
    """Nobody took it, which is right if its agent serves publishers: no job of the agent was ever seen."""
    NOT_TAKEN = "no worker took it", Worst.PROBLEM

    def __init__(self, word: str, worst: Worst) -> None:
        self.word = word
        """As filters find it."""
        self.worst = worst


def job_condition(job: Job, room: RoomEvidence) -> JobCondition:
    """How a job is. Open-source servers never update its state: who is in the room tells."""
    state = job.state
    if state is None:
        return JobCondition.PENDING
    status = state.status
    if status == "JS_RUNNING":
        return _running(job, state, room)
    if status == "JS_SUCCESS":
        refused = state.started_at == state.ended_at and not state.participant_identity
        return JobCondition.REFUSED if refused and state.started_at else JobCondition.SUCCESS
    if status == "JS_FAILED":
        return JobCondition.FAILED
    if status == "JS_PENDING":
        full = state.reason in ("JSR_NO_CAPACITY", 1)
        return JobCondition.NO_CAPACITY if full else JobCondition.PENDING
    return JobCondition.CANCELLED if status in ("JS_CANCELLED", 4) else JobCondition.UNKNOWN


def _running(job: Job, state: JobState, room: RoomEvidence) -> JobCondition:
    if room.people is None:
        return JobCondition.UNCHECKED
    identity = state.participant_identity or default_identity(job)
    if identity in room.identities:
        return JobCondition.IN_ROOM if room.is_recent else JobCondition.UNCHECKED
    looked = since_start(job, room)
    if not state.participant_identity or (looked is not None and looked < 0):
        return JobCondition.UNCHECKED  # it is not known who its agent is, or nobody asked since it began
    if not room.is_recent:
        return JobCondition.WAS_ABSENT
    if job.participant is not None and job.participant.identity not in room.identities:
        return JobCondition.USER_LEFT
    if identity in room.agents_seen:
        return JobCondition.LEFT
    if looked is None or looked >= STARTS_WITHIN:
        return JobCondition.ABSENT
    return JobCondition.STARTING if looked < JOINS_WITHIN else JobCondition.SLOW_START


def since_start(job: Job, room: RoomEvidence) -> float | None:
    """Seconds from a job's start to the newest answer about who is in its room; None if it has no start."""
    started = moment(job.state.started_at) if job.state else None
    return None if started is None else room.people_at - started


def waiting_for(dispatch: Dispatch, at: float | None) -> float | None:
    """Seconds that a dispatch has been without any job by `at`; None if it has one or that is not known."""
    created = moment(dispatch.state.created_at) if dispatch.state else None
    return None if dispatch.jobs or created is None or at is None else max(0.0, at - created)


def pick_up(dispatch: Dispatch) -> float | None:
    """Seconds from a dispatch's creation to its first job's start; None while none started."""
    created = moment(dispatch.state.created_at) if dispatch.state else None
    starts = [at for job in dispatch.jobs if job.state and (at := moment(job.state.started_at))]
    return max(0.0, min(starts) - created) if created and starts else None


def dispatch_condition(dispatch: Dispatch, room: RoomEvidence) -> DispatchCondition:
    """How a dispatch is. No job is normal at first, and then a problem unless nobody is there to serve."""
    if dispatch.jobs:
        return DispatchCondition.HAS_JOBS
    if not dispatch.agent_name:
        return DispatchCondition.AUTOMATIC
    types = room.job_types.get(dispatch.agent_name, ())
    if room.publishing is False and set(types) == {"JT_PUBLISHER"}:
        return DispatchCondition.FOR_PUBLISHER
    if room.occupied is False and set(types) == {"JT_PARTICIPANT"}:
        return DispatchCondition.FOR_PARTICIPANT
    waited = waiting_for(dispatch, room.dispatches_at)
    if waited is None or waited < SLOW_AFTER:
        return DispatchCondition.WAITING
    if room.publishing is False and not types:
        return DispatchCondition.PERHAPS_FOR_PUBLISHER
    return DispatchCondition.SLOW if waited < STUCK_AFTER else DispatchCondition.NOT_TAKEN


def dispatch_worst(dispatch: Dispatch, room: RoomEvidence) -> Worst:
    """How bad a dispatch with its jobs is."""
    if dispatch.jobs:
        return max(job_condition(job, room).worst for job in dispatch.jobs)
    return dispatch_condition(dispatch, room).worst


class Summary(Struct, frozen=True, gc=False):
    """What a room line shows of everything below it."""

    worst: Worst
    jobs: int
    failed: int
    dispatches: int
    room: RoomEvidence
    """What it was judged by."""
    waits: bool = False
    """A dispatch in it has no job."""
    agents_without_job: int = 0
    """Agents in the room that are of none of the jobs listed: where it moved to another node, they stay."""


def summary(dispatches: Iterable[Dispatch], room: RoomEvidence) -> Summary:
    """The summary of a room's dispatches."""
    items = tuple(dispatches)
    read = room.read(items)  # nearly always all of them, and there may be a hundred thousand
    found = [job_condition(job, room) for item in read for job in item.jobs]
    waiting = [dispatch_condition(item, room).worst for item in read if not item.jobs]
    if len(read) < len(items):
        unlisted = [(item, room.of(item.id)) for item in items if item.id in room.unlisted]
        found += [job_condition(job, then) for item, then in unlisted for job in item.jobs]
        waiting += [dispatch_condition(item, then).worst for item, then in unlisted if not item.jobs]
    worsts = [condition.worst for condition in found]
    return Summary(
        worst=Worst.PROBLEM if room.error else max((*worsts, *waiting), default=Worst.IDLE),
        jobs=len(found),
        failed=found.count(JobCondition.FAILED),
        dispatches=len(items),
        room=room,
        waits=bool(waiting),
        agents_without_job=_agents_without_job(items, room) if room.is_recent and room.is_whole else 0,
    )


def _agents_without_job(dispatches: Iterable[Dispatch], room: RoomEvidence) -> int:
    agents = [person for person in room.people or () if person.is_agent]
    jobs = (job for item in dispatches for job in item.jobs) if agents else ()
    agent_of = agents_in(agents)
    known = {agent.identity for job in jobs if (agent := agent_of(job)) is not None}
    return sum(agent.identity not in known and _has_been_there(agent, room) for agent in agents)


def _has_been_there(agent: Participant, room: RoomEvidence) -> bool:
    """Whether an agent joined so long before the newest answer that its job would be listed in that."""
    joined_at = agent.joined_at_ms / 1000 or float(agent.joined_at)
    return room.dispatches_at is not None and joined_at + LISTED_WITHIN <= room.dispatches_at
