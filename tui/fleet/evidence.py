"""What is known of a room and when it was answered: what verdicts on its jobs may rest on. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from typing import Final

from msgspec import Struct, structs

from tui.api.models import Dispatch, Job, Participant, Room
from tui.fleet.state import Fleet
from tui.fleet.view import View

CHECKED_FOR: Final = 120.0
"""Seconds for which an answer tells who is in a room: forty rooms are asked about in that time."""


class RoomEvidence(Struct, frozen=True, gc=False):
    """What is known of a room and when it was answered. Times in Unix seconds by the server's clock."""

    dispatches_at: float | None = None
    """When its dispatches were last answered; None if that is not known."""
    people: tuple[Participant, ...] | None = None
    """Who was in the room at `people_at`; None if nobody asked."""
    people_at: float = 0.0
    is_recent: bool = False
    """Who was in the room then is said of now: that is not long ago, and a node answers for the room."""
    identities: frozenset[str] = frozenset()
    """Of these participants."""
    agents_seen: frozenset[str] = frozenset()
    """Identities of the agents that were in the room at any time when somebody asked."""
    publishing: bool | None = None
    """Anybody but agents publishes; None if that is not known."""
    occupied: bool | None = None
    """Anybody but agents is there; None if that is not known."""
    job_types: Mapping[str, Set[str]] = {}
    """Types of the jobs that were seen, by the agent's name."""
    error: str = ""
    """Why the dispatches of a listed room are not known any more, in words."""
    is_whole: bool = True
    """All dispatches of the newest answer were read: what is not among them is not there."""
    unlisted: Mapping[str, float | None] = {}
    """Ids of dispatches that the newest answer lacks and that may be there, with when they were answered."""

    def read(self, dispatches: tuple[Dispatch, ...]) -> tuple[Dispatch, ...]:
        """Those of its dispatches that the newest answer has."""
        if not self.unlisted:
            return dispatches
        return tuple(dispatch for dispatch in dispatches if dispatch.id not in self.unlisted)

    def of(self, dispatch_id: str) -> RoomEvidence:
        """What a verdict on a dispatch may rest on: of one that was not read since, only what was then."""
        if dispatch_id not in self.unlisted:
            return self
        return structs.replace(self, dispatches_at=self.unlisted[dispatch_id], is_recent=False)


def evidence(view: View, name: str, listed: Room | None, job_types: Mapping[str, Set[str]]) -> RoomEvidence:
    """What is known of the room called `name`; `listed` is it as it was listed, if it was."""
    fleet = view.fleet
    fresh = fleet.fresh_room(name)
    people, people_at = fleet.participants.get(name), 0.0
    if fresh.participants_at is None:
        people = None
    else:
        people_at = view.unix(fresh.participants_at)
    error = fleet.room_error(name)
    # participants of a dead node stay listed (PROTOCOL.md, Rooms and participants)
    is_recent = people is not None and view.now - people_at < CHECKED_FOR and not error
    users = [person for person in people or () if not person.is_agent] if is_recent else None
    return RoomEvidence(
        dispatches_at=None if fresh.dispatches_at is None else view.unix(fresh.dispatches_at),
        people=people,
        people_at=people_at,
        is_recent=is_recent,
        identities=frozenset(person.identity for person in people or ()),
        agents_seen=fleet.agents_seen.get(name, frozenset()),
        publishing=_publishing(users, listed),
        occupied=bool(users) if users is not None else bool(listed.num_participants) if listed else None,
        job_types=job_types,
        error=error,
        is_whole=fresh.is_whole,
        unlisted={id: None if at is None else view.unix(at) for id, at in (fresh.unlisted or {}).items()},
    )


def evidence_of(view: View, name: str) -> RoomEvidence:
    """The same for one room, where nothing is at hand."""
    agents = {item.agent_name for item in view.fleet.dispatches.get(name, ()) if not item.jobs}
    listed = next((room for room in view.fleet.rooms if room.name == name), None)
    return evidence(view, name, listed, {agent: job_types(view.fleet, agent) for agent in agents if agent})


def job_types(fleet: Fleet, name: str) -> set[str]:
    """The types of the jobs seen of an agent; empty where none was seen.

    The type comes from how its workers registered, which nothing but their jobs tells.
    """
    return {
        str(job.type)
        for dispatches in fleet.dispatches.values()
        for dispatch in dispatches
        if name and dispatch.agent_name == name
        for job in dispatch.jobs
    }


def _publishing(users: Iterable[Participant] | None, listed: Room | None) -> bool | None:
    if users is not None:
        return any(person.is_publisher for person in users)
    return False if listed is not None and not listed.num_publishers else None  # agents are counted too


def default_identity(job: Job) -> str:
    """The identity of a job's agent where its worker chose no other."""
    return f"agent-{job.id}"


def agents_in(people: Iterable[Participant]) -> Callable[[Job], Participant | None]:
    """Finds the participant that a job is in its room; `Job.participant` is the user whom it serves.

    Without an identity in the job's state, it is the only agent there with the name of the job's.
    """
    listed = {person.identity: person for person in people}
    named: dict[str, list[Participant]] = {}
    for person in listed.values():
        for name in agent_names(person) if person.is_agent else ():
            named.setdefault(name, []).append(person)

    def find(job: Job) -> Participant | None:
        identity = job.state.participant_identity if job.state else ""
        found = listed.get(identity or default_identity(job))
        if found is not None or identity or not job.agent_name:
            return found
        of_the_name = named.get(job.agent_name, ())
        return of_the_name[0] if len(of_the_name) == 1 else None

    return find


def agent_of(job: Job, people: Iterable[Participant] | None) -> Participant | None:
    """The participant that one job is in its room; see `agents_in`."""
    return agents_in(people or ())(job)


def agent_names(person: Participant) -> set[str]:
    """The names in the attributes of an agent in a room (PROTOCOL.md, Rooms and participants)."""
    return {person.attributes.get(key, "") for key in ("lk.agent.name", "lk.agent_name")} - {""}
