"""What happened in rooms between two answers: jobs, dispatches no worker takes, participants without agent.

Pure. No verdict goes beyond an answer: a dispatch waits up to the newest answer about it, and a job is in
doubt only where its room was asked for it after its agent was missed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Final

from msgspec import Struct

from tui.api.models import Dispatch, Job, Room
from tui.fleet.conditions import (
    DispatchCondition,
    JobCondition,
    dispatch_condition,
    job_condition,
)
from tui.fleet.evidence import RoomEvidence, evidence
from tui.fleet.past import FailedJob, JobCount
from tui.fleet.state import Fleet
from tui.fleet.view import Selection, View
from tui.history.events import job_counts
from tui.history.events import room_words as words
from tui.history.events.drafts import Draft
from tui.history.events.failed_jobs import KEPT_FOR, as_failed, kept
from tui.history.events.room_words import JudgedJob, RoomDispatch

DOUBTFUL: Final = (JobCondition.ABSENT, JobCondition.LEFT, JobCondition.NO_CAPACITY, JobCondition.UNKNOWN)
"""Conditions of jobs that go on and are told of. A set takes longer: members of an `Enum` hash slowly."""
OPENED_WITHIN: Final = 600.0
"""Seconds after which a room that nobody serves is no news: it may be meant to be so."""
SERVED_WITHIN: Final = 10.0
"""Seconds within which somebody is expected to serve a room."""


class RoomMemory(Struct, frozen=True, gc=False):
    """What was told of one room, and what is waited for in it."""

    waiting: Mapping[str, bool] = {}
    """Ids of dispatches without a job, and whether that was told."""
    doubts: Mapping[str, str] = {}
    """Ids of jobs that may be doubtful, and the word of their condition that was told; empty before."""
    may_be_unserved: bool = False
    """It opened a moment ago, and it is not known yet that an agent serves its participants."""
    is_unserved: bool = False
    """Told that no agent serves its participants."""


@dataclass(frozen=True, slots=True)
class RoomsMemory:
    """What has to be remembered of rooms to tell what happens next."""

    rooms: Mapping[str, RoomMemory] = field(default_factory=dict)
    """By room; only those of which there is something to remember."""
    failed: Mapping[str, FailedJob] = field(default_factory=dict)
    """By job id, in the order in which they were found."""
    job_types: Mapping[str, Set[str]] = field(default_factory=dict)
    """By agent name: the types of its jobs that were seen."""
    counts: job_counts.Counts = field(default_factory=dict)
    """Of jobs that succeeded."""
    told: Mapping[str, str] = field(default_factory=dict)
    """What an earlier run told: ids of dispatches that nobody took, and of doubtful jobs with the word."""


@dataclass(slots=True)
class _Found:
    """What is to be told of this step."""

    failed: list[FailedJob] = field(default_factory=list)
    doubtful: list[JudgedJob] = field(default_factory=list)
    succeeded: list[tuple[str, Job]] = field(default_factory=list)
    """Jobs with the names of their agents."""
    untaken: list[RoomDispatch] = field(default_factory=list)
    taken: list[RoomDispatch] = field(default_factory=list)
    withdrawn: list[RoomDispatch] = field(default_factory=list)
    unserved: list[tuple[str, int]] = field(default_factory=list)


def after_answers(
    memory: RoomsMemory, before: Fleet, after: Fleet, fields: Set[str], at: float, monotonic: float
) -> tuple[RoomsMemory, list[Draft], list[FailedJob], tuple[JobCount, ...]]:
    """What is remembered after answers about rooms, and what they tell; `at` by the server's clock."""
    names = differing_rooms(memory, before, after, fields)
    if not names:
        return memory, [], [], ()
    view = View(after, Selection(), at, monotonic)
    listed = {room.name: room for room in after.rooms if room.name in names}
    types = _learnt(memory.job_types, before, after, names)
    found = _Found()
    rooms = {name: known for name, known in memory.rooms.items() if name in after.dispatches}
    for name in names:
        known = memory.rooms.get(name, RoomMemory())
        if memory.told and name not in before.dispatches:
            known = _told_before(after.dispatches[name], memory.told)
        room = evidence(view, name, listed.get(name), types)
        now = _look(name, known, before, after, room, listed.get(name), memory.failed, found)
        if now != RoomMemory():
            rooms[name] = now
        else:
            rooms.pop(name, None)
    failed = kept(memory.failed, found.failed, at)
    new = job_counts.counted(found.succeeded, at)
    counts = job_counts.with_counts(memory.counts, new) if new else memory.counts
    drafts = [
        *words.failures(found.failed),
        *words.doubts(found.doubtful, lambda item: as_failed(*item)),
        *words.untaken(found.untaken, at),
        *words.taken(found.taken),
        *words.withdrawn(found.withdrawn),
        *words.unserved(found.unserved),
    ]
    return RoomsMemory(rooms, failed, types, counts, memory.told), drafts, found.failed, new


def _told_before(dispatches: Iterable[Dispatch], told: Mapping[str, str]) -> RoomMemory:
    """What an earlier run told of a room, at the first answer of this one."""
    waiting = {dispatch.id: True for dispatch in dispatches if dispatch.id in told}
    doubts = {job.id: told[job.id] for dispatch in dispatches for job in dispatch.jobs if job.id in told}
    return RoomMemory(waiting, doubts)


def forgetful(memory: RoomsMemory, at: float) -> RoomsMemory:
    """Without the failed jobs, and counts of others, of more than a day ago."""
    if (counts := job_counts.recent(memory.counts, at)) is not memory.counts:
        memory = replace(memory, counts=counts)
    oldest = next(iter(memory.failed.values()), None)
    if oldest is None or at - oldest.at < KEPT_FOR:
        return memory
    return replace(memory, failed=kept(memory.failed, (), at))


def differing_rooms(memory: RoomsMemory, before: Fleet, after: Fleet, fields: Set[str]) -> list[str]:
    """Rooms about which anything came in: other contents, or an answer that time was waited for."""
    names: dict[str, None] = {}
    if "dispatches" in fields:
        held = before.dispatches
        names |= dict.fromkeys(name for name, now in after.dispatches.items() if held.get(name) is not now)
    if "participants" in fields:
        people = before.participants
        names |= dict.fromkeys(
            name for name, now in after.participants.items() if people.get(name) is not now
        )
    if "room_freshness" in fields:
        asked = before.room_freshness
        names |= dict.fromkeys(
            name for name in memory.rooms if asked.get(name) is not after.room_freshness.get(name)
        )
    if names.keys() - after.dispatches.keys():
        return [name for name in names if name in after.dispatches]
    return list(names)


def _learnt(
    known: Mapping[str, Set[str]], before: Fleet, after: Fleet, names: Iterable[str]
) -> Mapping[str, Set[str]]:
    """The types of jobs by agent name, with those of rooms whose dispatches differ."""
    seen: dict[str, set[str]] = {}
    for name in names:
        if (dispatches := after.dispatches[name]) is before.dispatches.get(name):
            continue
        for agent, kind in {(item.agent_name, job.type) for item in dispatches for job in item.jobs}:
            if agent:
                seen.setdefault(agent, set()).add(str(kind))
    news = {agent: types | known.get(agent, frozenset()) for agent, types in seen.items()}
    return {**known, **news} if any(news[agent] != known.get(agent) for agent in news) else known


def _look(
    name: str,
    known: RoomMemory,
    before: Fleet,
    after: Fleet,
    room: RoomEvidence,
    listed: Room | None,
    remembered: Mapping[str, FailedJob],
    found: _Found,
) -> RoomMemory:
    """What is remembered of a room after an answer; adds to what is found."""
    dispatches, held = room.read(after.dispatches[name]), before.dispatches.get(name, ())
    was_whole = name in before.dispatches and before.fresh_room(name).is_whole
    look = _JobLook(name, known, room, remembered, found, was_whole=was_whole)
    waiting: dict[str, bool] = {}
    for dispatch, old in zip(dispatches, _as_they_were(dispatches, held), strict=True):
        if jobs := dispatch.jobs:
            look.at(dispatch, jobs, old)
            if known.waiting and known.waiting.get(dispatch.id):
                found.taken.append((name, dispatch))
        elif dispatch.agent_name:
            is_untaken = dispatch_condition(dispatch, room) is DispatchCondition.NOT_TAKEN
            was_told = known.waiting.get(dispatch.id, False)
            waiting[dispatch.id] = was_told or is_untaken
            if is_untaken and not was_told:
                found.untaken.append((name, dispatch))
    if not room.is_whole:  # what is missing may be there
        ids = {dispatch.id for dispatch in dispatches}
        jobs_read = {job.id for dispatch in dispatches for job in dispatch.jobs}
        waiting |= {id: told for id, told in known.waiting.items() if id not in ids}
        look.doubts |= {id: word for id, word in known.doubts.items() if id not in jobs_read}
    elif any(known.waiting.values()):
        ids = {dispatch.id for dispatch in dispatches}
        gone = (old for old in held if old.id not in ids and known.waiting.get(old.id))
        found.withdrawn += [(name, old) for old in gone]
    may_be = not dispatches and room.is_whole and listed is not None and _may_be_unserved(room, listed)
    is_unserved = may_be and listed is not None and _is_unserved(room, listed)
    if is_unserved and not known.is_unserved:
        found.unserved.append((name, len(room.people or ())))
    return RoomMemory(waiting, look.doubts, may_be, is_unserved or (known.is_unserved and not dispatches))


def _as_they_were(now: Sequence[Dispatch], before: Sequence[Dispatch]) -> Iterable[Dispatch | None]:
    """Each of these dispatches as it was before; None for a new one. Mostly their places are the same."""
    ids = [dispatch.id for dispatch in now]
    if ids == [dispatch.id for dispatch in before]:
        return before
    held = {dispatch.id: dispatch for dispatch in before}
    return map(held.get, ids)


class _JobLook:
    """Looks at the jobs of one room, fast: there may be a hundred thousand."""

    def __init__(
        self,
        name: str,
        known: RoomMemory,
        room: RoomEvidence,
        remembered: Mapping[str, FailedJob],
        found: _Found,
        *,
        was_whole: bool,
    ) -> None:
        """`was_whole`: what was not in the answer before was not there then."""
        self._was_whole = was_whole
        self._name, self._room, self._remembered, self._found = name, room, remembered, found
        self._known = known.doubts
        self._unconfirmed = [item for item in DOUBTFUL if not _is_confirmed(item, room)]
        self.doubts: dict[str, str] = {}
        """As in `RoomMemory`."""

    def at(self, dispatch: Dispatch, jobs: Iterable[Job], old: Dispatch | None) -> None:
        """Look at the jobs of a dispatch."""
        before: Mapping[str, Job] | None = None
        for job in jobs:
            status = job.state.status if job.state else ""
            if dispatch is old and status == "JS_FAILED":
                continue
            if status == "JS_SUCCESS" and old is not dispatch and (old is not None or self._was_whole):
                before = before or {known.id: known for known in (old.jobs if old is not None else ())}
                if before.get(job.id) == job:
                    continue
            condition = job_condition(job, self._room)
            if condition in DOUBTFUL:
                self._doubt(dispatch, job, condition)
            elif condition is JobCondition.FAILED or (condition is JobCondition.REFUSED and old is not None):
                if job.id not in self._remembered:
                    self._found.failed.append(as_failed(self._name, dispatch, job, condition, self._room))
            elif before is not None and condition is JobCondition.SUCCESS:
                if job_counts.is_new(before.get(job.id)):
                    self._found.succeeded.append((job.agent_name or dispatch.agent_name, job))
            elif job.id in self._known and condition in (JobCondition.UNCHECKED, JobCondition.WAS_ABSENT):
                self.doubts[job.id] = self._known[job.id]  # nobody asked since

    def _doubt(self, dispatch: Dispatch, job: Job, condition: JobCondition) -> None:
        told, word = self._known.get(job.id, ""), condition.word
        if condition in self._unconfirmed:
            self.doubts[job.id] = told
            return
        self.doubts[job.id] = word
        if told != word:
            self._found.doubtful.append((self._name, dispatch, job, condition, self._room))


def _is_confirmed(condition: JobCondition, room: RoomEvidence) -> bool:
    """Whether the job was still said to run after its agent was missed: it may have ended meanwhile."""
    if condition not in (JobCondition.ABSENT, JobCondition.LEFT):
        return True
    return room.dispatches_at is not None and room.dispatches_at >= room.people_at


def _may_be_unserved(room: RoomEvidence, listed: Room) -> bool:
    """Whether a room without a dispatch opened a moment ago, and nobody is known to serve it."""
    if room.dispatches_at is None or room.dispatches_at - listed.creation_time >= OPENED_WITHIN:
        return False
    return not room.agents_seen


def _is_unserved(room: RoomEvidence, listed: Room) -> bool:
    """Whether an answer shows participants in such a room, after some time, and no agent."""
    if not room.people or not room.is_recent or room.error:
        return False
    served = any(person.is_agent for person in room.people)
    return not served and SERVED_WITHIN <= room.people_at - listed.creation_time < OPENED_WITHIN
