"""Which parts of a fleet and of events may be kept on disk. Pure; must not know how or where it is kept.

People are not told from their records: of a participant who is no agent, kind, state and times stay, and for
the identity a keyed digest, the same wherever it occurs, so that job, participant and room still join.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from operator import is_
from typing import Final, TypeVar

from msgspec import structs

from tui.api.models import NO_ATTRIBUTES, Dispatch, DispatchState, Job, Participant, Room
from tui.api.text.masking import masked
from tui.fleet.past import Event, FailedJob, Subject
from tui.fleet.reason import LoggedError
from tui.fleet.room_freshness import RoomFreshness
from tui.fleet.state import Fleet, Freshness

DIGEST_MARK: Final = "~"
"""The first character of a digest; no identity of an agent begins with it."""
DIGEST_DIGITS: Final = 12
_DIGEST: Final = re.compile(rf"{DIGEST_MARK}[0-9a-f]{{{DIGEST_DIGITS}}}")
KEY_BYTES: Final = 32
"""Length of the key that the digests of a project are made with."""
AGENT: Final = "AGENT"
"""The kind of a participant that is an agent."""
OF_JOB: Final = "agent-"
"""The server names an agent that joins for a job by this and the job's id."""
ABOUT_ROOMS: Final = "participants"
"""The source whose subject is a room."""

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Privacy:
    """Which data of participants is kept."""

    key: bytes
    """Of the digests: one per project, never in a recording."""
    metadata: bool = False
    """Identities, names, metadata and attributes are kept in clear."""
    rooms: bool = True
    """Names of rooms are kept in clear."""

    def digest(self, text: str) -> str:
        """What stands for a text that is not kept; an empty one stays empty."""
        if not text:
            return ""
        hashed = hashlib.blake2b(text.encode(errors="surrogatepass"), key=self.key, digest_size=16)
        return DIGEST_MARK + hashed.hexdigest()[:DIGEST_DIGITS]

    def room(self, name: str) -> str:
        """The name of a room as it is kept. A digest stays: another process may have made it."""
        return name if self.rooms or _DIGEST.fullmatch(name) else self.digest(name)

    def error(self, text: str, rooms: Iterable[str] = ()) -> str:
        """An error text as it is kept: without tokens, and without names of rooms that are not kept."""
        text = masked(text) if text else text
        if not self.rooms:
            for room in sorted((room for room in rooms if room and room in text), key=len, reverse=True):
                text = text.replace(room, self.room(room))
        return text

    def event(self, event: Event) -> Event:
        """An event as it is kept."""
        room = event.subject.room
        subject = structs.replace(event.subject, room=self.room(room)) if room else event.subject
        text, detail = self.error(event.text, (room,)), self.error(event.detail, (room,))
        return structs.replace(event, subject=subject, text=text, detail=detail)

    def failed_job(self, job: FailedJob) -> FailedJob:
        """A failed job as it is kept."""
        return structs.replace(job, room=self.room(job.room), reason=self.error(job.reason, (job.room,)))

    def subject(self, subject: Subject) -> Subject:
        """A subject as it is kept, such as one that is asked for."""
        return structs.replace(subject, room=self.room(subject.room))


def recorded(fleet: Fleet, privacy: Privacy) -> Fleet:
    """What a recording holds of a fleet."""
    return Recorded(privacy).of(fleet)


class Recorded:
    """Makes `recorded` of one fleet after the other, and again only of what is another object than before."""

    def __init__(self, privacy: Privacy) -> None:
        self._privacy = privacy
        self._live = self._kept = Fleet()

    def of(self, fleet: Fleet) -> Fleet:
        """What a recording holds of this fleet."""
        live, kept = self._live, self._kept
        # an identity may be kept in another way once more is known of its room
        rooms = _changed(live.participants, fleet.participants) | _changed(live.dispatches, fleet.dispatches)
        rooms |= _changed(live.agents_seen, fleet.agents_seen)
        known = {room: _Room(fleet, room, self._privacy) for room in rooms}
        asked = _changed(live.room_freshness, fleet.room_freshness)
        listed = kept.rooms if fleet.rooms is live.rooms else self._rooms(fleet.rooms, live, kept)
        errors = kept.log_errors if fleet.log_errors is live.log_errors else self._logged(fleet)
        sources = kept.freshness if fleet.freshness is live.freshness else self._sources(fleet)
        self._live = fleet
        del live  # it may be large, and nobody else holds it any more
        self._kept = replace(
            fleet,
            suspects={},
            rooms=listed,
            dispatches=self._made(
                fleet.dispatches, kept.dispatches, rooms, lambda room, held: known[room].dispatches(held)
            ),
            participants=self._made(
                fleet.participants, kept.participants, rooms, lambda room, held: known[room].people(held)
            ),
            agents_seen=self._made(
                fleet.agents_seen, kept.agents_seen, rooms, lambda room, held: known[room].identities(held)
            ),
            log_errors=errors,
            room_freshness=self._made(fleet.room_freshness, kept.room_freshness, asked, self._asked),
            freshness=sources,
        )
        return self._kept

    def _made(
        self, live: Mapping[str, V], kept: Mapping[str, V], rooms: set[str], make: Callable[[str, V], V]
    ) -> Mapping[str, V]:
        """What is kept of something by room, made anew for these rooms."""
        if not rooms and len(live) == len(kept):
            return kept
        name = self._privacy.room
        return {
            name(room): make(room, value) if room in rooms else kept[name(room)]
            for room, value in live.items()
        }

    def _rooms(self, rooms: tuple[Room, ...], live: Fleet, kept: Fleet) -> tuple[Room, ...]:
        if self._privacy.metadata and self._privacy.rooms:
            return rooms
        before = {id(old): new for old, new in zip(live.rooms, kept.rooms, strict=True)}
        return tuple(before.get(id(room)) or self._room(room) for room in rooms)

    def _room(self, room: Room) -> Room:
        metadata = room.metadata if self._privacy.metadata else ""
        return structs.replace(room, name=self._privacy.room(room.name), metadata=metadata)

    def _asked(self, room: str, known: RoomFreshness) -> RoomFreshness:
        if not known.error:
            return known
        return structs.replace(known, error=self._privacy.error(known.error, (room,)))

    def _logged(self, fleet: Fleet) -> Mapping[str, LoggedError]:
        names = () if self._privacy.rooms else [room.name for room in fleet.rooms]
        return {
            agent_id: structs.replace(known, text=self._privacy.error(known.text, names))
            for agent_id, known in fleet.log_errors.items()
        }

    def _sources(self, fleet: Fleet) -> Mapping[str, Freshness]:
        names = [room.name for room in fleet.rooms]
        return {name: self._source(name, known, names) for name, known in fleet.freshness.items()}

    def _source(self, name: str, known: Freshness, rooms: Iterable[str]) -> Freshness:
        error = self._privacy.error(known.error, rooms) if known.error else ""
        subject = self._privacy.room(known.subject) if name == ABOUT_ROOMS else known.subject
        is_same = (error, subject) == (known.error, known.subject)
        return known if is_same else replace(known, error=error, subject=subject)


class _Room:
    """What is known of a room, and how it is kept.

    What is kept as it is stays the very object: of a hundred thousand dispatches most of the memory is in
    parts that nothing is left out of.
    """

    def __init__(self, fleet: Fleet, name: str, privacy: Privacy) -> None:
        self._privacy, self._name = privacy, name
        self._agents = {
            person.identity for person in fleet.participants.get(name, ()) if person.kind == AGENT
        }
        self._dispatches = fleet.dispatches.get(name, ())

    @cached_property
    def _jobs(self) -> frozenset[str]:
        return frozenset(job.id for dispatch in self._dispatches for job in dispatch.jobs)

    def identity(self, identity: str) -> str:
        """An identity as it is kept: that of an agent in clear."""
        if not identity or self._privacy.metadata or identity in self._agents:
            return identity
        prefix, job = identity[: len(OF_JOB)], identity[len(OF_JOB) :]
        return identity if prefix == OF_JOB and job in self._jobs else self._privacy.digest(identity)

    def identities(self, identities: frozenset[str]) -> frozenset[str]:
        """Several of them."""
        return frozenset(map(self.identity, identities))

    def people(self, people: tuple[Participant, ...]) -> tuple[Participant, ...]:
        """Its participants."""
        return tuple(map(self._participant, people))

    def dispatches(self, dispatches: tuple[Dispatch, ...]) -> tuple[Dispatch, ...]:
        """Its dispatches with their jobs."""
        return tuple(map(self._dispatch, dispatches))

    def _participant(self, person: Participant) -> Participant:
        if person.kind == AGENT or self._privacy.metadata:
            return person
        return Participant(
            identity=self.identity(person.identity),
            state=person.state,
            # who is an agent by identity alone stays one: a digest does not tell any more
            kind=AGENT if person.is_agent else person.kind,
            joined_at=person.joined_at,
            joined_at_ms=person.joined_at_ms,
        )

    def _dispatch(self, dispatch: Dispatch) -> Dispatch:
        room, state = self._privacy.room(dispatch.room), self._state(dispatch.state)
        if self._privacy.metadata or not (dispatch.metadata or dispatch.attributes):
            if room == dispatch.room and state is dispatch.state:
                return dispatch
            return structs.replace(dispatch, room=room, state=state)
        return structs.replace(dispatch, room=room, state=state, metadata="", attributes=NO_ATTRIBUTES)

    def _state(self, state: DispatchState | None) -> DispatchState | None:
        if state is None:
            return None
        jobs = tuple(map(self._job, state.jobs))
        if all(map(is_, jobs, state.jobs)):
            return state
        return structs.replace(state, jobs=jobs)

    def _job(self, job: Job) -> Job:
        state = job.state
        if state is not None and (state.participant_identity or state.error):
            who = self.identity(state.participant_identity)
            error = self._privacy.error(state.error, (self._name,))
            if (who, error) != (state.participant_identity, state.error):
                state = structs.replace(state, participant_identity=who, error=error)
        person = None if job.participant is None else self._participant(job.participant)
        if state is job.state and person is job.participant:
            return job
        return structs.replace(job, state=state, participant=person)


def _changed(before: Mapping[str, V], after: Mapping[str, V]) -> set[str]:
    """Keys that are new or gone, or have another object than before."""
    if before is after:
        return set()
    return {
        key for key, value in after.items() if before.get(key) is not value
    } | before.keys() - after.keys()
