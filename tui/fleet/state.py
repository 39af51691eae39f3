"""What is known of a fleet at one moment. Frozen: a change makes a new `Fleet` that shares the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, compress, count, repeat
from operator import is_not
from typing import NamedTuple

from msgspec import structs

from tui.api.models import Agent, Dispatch, Participant, Room, SecretInfo, Version
from tui.fleet.coverage import Coverage
from tui.fleet.reason import LoggedError
from tui.fleet.room_freshness import NO_ROOM_ANSWER, RoomFreshness
from tui.fleet.status import status_words, worst, worst_of
from tui.fleet.suspects import suspects_after

STALE_AFTER = 2
"""Missed polls after which data is called stale."""
QUIET_FACTOR = 6.0
"""The agents are polled up to so many times less often than `--refresh` says while none is in transition."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How current the data of one source are. The last good answer stays, with this beside it."""

    at: float | None = None
    """Monotonic time of the last good answer; None before the first."""
    failures: int = 0
    """Polls that failed since then."""
    error: str = ""
    """Why the newest one failed, in words."""
    retry_at: float | None = None
    """Monotonic time of the next try, when it waits after a failure."""
    absent: bool = False
    """The server does not have this API; that is no outage."""
    parked: bool = False
    """Not polled until the operator asks for it, because our own code failed repeatedly."""
    subject: str = ""
    """The agent or room that was asked about, for sources that follow the selection."""

    @property
    def stale(self) -> bool:
        """Whether the data may no longer be true; never where there are none to be had."""
        return self.parked or (self.failures >= STALE_AFTER and not self.absent)

    def good(self, at: float, subject: str = "") -> Freshness:
        """After a good answer."""
        return Freshness(at=at, subject=subject)

    def failed(self, error: str, retry_at: float | None, subject: str = "") -> Freshness:
        """After a failure; the age of the data stays, as long as they are about the same.

        An API that the server did not have stays absent until something else was answered.
        """
        known = self if subject == self.subject else Freshness(subject=subject)
        return replace(known, failures=known.failures + 1, error=error, retry_at=retry_at)


@dataclass(frozen=True)
class Fleet:
    """Everything that was fetched, and how current it is."""

    agents: tuple[Agent, ...] = ()
    index: Mapping[str, Agent] = field(default_factory=dict, repr=False)
    """The agents by id."""
    statuses: Mapping[str, int] = field(default_factory=dict)
    """How many agents have which status."""
    status_changed_at: float | None = None
    """When an agent was last seen with another status than before, or a new one; monotonic."""
    suspects: Mapping[str, float] = field(default_factory=dict, repr=False)
    """Agents that broke or got another version a moment ago, by id with the monotonic time, newest first."""
    unreadable: int = 0
    """Agents in the newest answer that could not be read."""
    cut: Mapping[str, int] = field(default_factory=dict)
    """By listing, rows kept of one that has more of them: what is not among them may be there."""
    unreadable_rows: Mapping[str, int] = field(default_factory=dict)
    """By listing other than that of the agents, rows that could not be read: any may be what is missed."""
    unlisted: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    """By listing that was cut or read in part, the ids of what it lacks and may have, each with the monotonic
    time of the last answer that had it, None if that is not known. What is known of these is as old."""
    versions: Mapping[str, tuple[Version, ...]] = field(default_factory=dict)
    """By agent id, newest first; absent means not asked yet."""
    secrets: Mapping[str, tuple[SecretInfo, ...]] = field(default_factory=dict)
    """By agent id, reserved ones left out."""
    secrets_at: Mapping[str, float] = field(default_factory=dict, repr=False)
    """By agent id, when they were asked for last, monotonic; absent where that is not known."""
    log_errors: Mapping[str, LoggedError] = field(default_factory=dict)
    """By agent id, what its log said last; absent means that its log was not read."""
    rooms: tuple[Room, ...] = ()
    rooms_lost: int = 0
    """Rooms listed before an outage after which none was: a store that lost its data lists none either."""
    dispatches: Mapping[str, tuple[Dispatch, ...]] = field(default_factory=dict)
    """By room, oldest first; absent means not polled yet."""
    participants: Mapping[str, tuple[Participant, ...]] = field(default_factory=dict)
    """By room; only rooms that were looked at."""
    agents_seen: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    """By room: identities of the agents that were in it at any time when it was looked at."""
    room_freshness: Mapping[str, RoomFreshness] = field(default_factory=dict, repr=False)
    """By listed room; absent means that nothing was asked about it, or that nothing came back yet."""
    coverage: Coverage = field(default_factory=Coverage)
    freshness: Mapping[str, Freshness] = field(default_factory=dict)
    """By source name."""

    def agent(self, agent_id: str) -> Agent | None:
        """An agent by id; None if it is not there."""
        return self.index.get(agent_id)

    def fresh(self, source: str) -> Freshness:
        """How current a source is."""
        return self.freshness.get(source) or Freshness()

    def agent_read_at(self, agent_id: str) -> float | None:
        """When the row of a listed agent was read last, if the newest list lacks it; monotonic."""
        return self.unlisted["agents"].get(agent_id) if "agents" in self.unlisted else None

    def fresh_room(self, room: str) -> RoomFreshness:
        """How current what is known of a room is."""
        return self.room_freshness.get(room) or NO_ROOM_ANSWER

    def room_error(self, room: str) -> str:
        """Why the dispatches of a listed room are not known any more, in words; empty if they are.

        A room that closes is listed until the next listing: only one that is still listed after the failure
        is in trouble.
        """
        known, listed = self.fresh_room(room), self.fresh("rooms").at
        if known.failing_since is None or listed is None or listed <= known.failing_since:
            return ""
        return known.error


def dispatches_age(fleet: Fleet, room: str, now: float) -> float | None:
    """Seconds since the dispatches of a room were last answered; None if never. `now` is monotonic."""
    at = fleet.fresh_room(room).dispatches_at
    return None if at is None else max(0.0, now - at)


def participants_age(fleet: Fleet, room: str, now: float) -> float | None:
    """Seconds since the participants of a room were last answered; None if never. `now` is monotonic."""
    at = fleet.fresh_room(room).participants_at
    return None if at is None else max(0.0, now - at)


def with_agents(fleet: Fleet, agents: tuple[Agent, ...], at: float | None = None) -> Fleet:
    """The fleet after a new listing of its agents; `at` is the monotonic time of the answer."""
    if agents is fleet.agents:
        return fleet
    positions = differing(fleet.agents, agents)
    index = index_after(fleet, agents, positions)
    statuses = Counter(fleet.statuses)
    added, moved = 0, fleet.status_changed_at
    entered: list[Agent] = []
    for new, old in changed_agents(fleet, agents, positions):
        words, before = status_words(new), None
        if old is not None:
            words_before = status_words(old)
            if words == words_before:  # nearly always
                if new.version != old.version:
                    entered.append(new)
                continue
            before = worst_of(words_before)
        state = worst_of(words)
        if (state.problem and state != before) or (old is not None and new.version != old.version):
            entered.append(new)
        if state == before:
            continue
        moved = at
        statuses[state.name] += 1
        if before is None:
            added += 1
        else:
            statuses[before.name] -= 1
    if len(index) < len(fleet.index) + added:
        for gone in fleet.index.keys() - index.keys():
            statuses[worst(fleet.index[gone]).name] -= 1
    return replace(
        fleet,
        agents=agents,
        index=index,
        statuses=+statuses,
        status_changed_at=moved,
        suspects=suspects_after(fleet.suspects, entered, index, at or 0.0),
    )


def index_after(fleet: Fleet, agents: Sequence[Agent], positions: Sequence[int]) -> Mapping[str, Agent]:
    """Agents by id, after those of a fleet. `positions` says where the two lists differ.

    Where these are few, and the same agents are listed in the same order, only those are looked at.
    """
    before = fleet.agents
    is_alike = len(agents) == len(before) == len(fleet.index) and 2 * len(positions) <= len(agents)
    if is_alike and all(agents[at].agent_id == before[at].agent_id for at in positions):
        return {**fleet.index, **{agents[position].agent_id: agents[position] for position in positions}}
    return {agent.agent_id: agent for agent in agents}


def differing(before: Iterable[object], after: Iterable[object]) -> list[int]:
    """Positions at which a list has another object than the one before it.

    Nearly always it has the same rows in the same order, and nearly all of them are the very same objects.
    """
    return list(compress(count(), map(is_not, after, chain(before, repeat(None)))))


class Differing(NamedTuple):
    """Where two lists of agents are known to differ, so that nobody has to look for it again."""

    before: tuple[Agent, ...]
    after: tuple[Agent, ...]
    positions: Sequence[int]
    """What `differing` says of them."""

    def of(self, before: tuple[Agent, ...], after: tuple[Agent, ...]) -> Sequence[int] | None:
        """Where these two differ; None if they are other ones."""
        return self.positions if before is self.before and after is self.after else None


def changed_agents(
    before: Fleet, agents: Sequence[Agent], positions: Iterable[int] | None = None
) -> list[tuple[Agent, Agent | None]]:
    """Those of the agents that are new or differ, each with how it was before; None for a new one.

    `positions`: what `differing` says of the two lists, where that is known.
    """
    known, index = before.agents, before.index
    found: list[tuple[Agent, Agent | None]] = []
    for position in differing(known, agents) if positions is None else positions:
        agent = agents[position]
        old = known[position] if position < len(known) else None
        if old is None or old.agent_id != agent.agent_id:
            old = index.get(agent.agent_id)
        if agent is not old and agent != old:
            found.append((agent, old))
    return found


def with_dispatches(fleet: Fleet, room: str, dispatches: tuple[Dispatch, ...]) -> Fleet:
    """The fleet with these dispatches in a room."""
    return replace(fleet, dispatches={**fleet.dispatches, room: dispatches})


def with_participants(
    fleet: Fleet, room: str, participants: tuple[Participant, ...], at: float | None = None
) -> Fleet:
    """The fleet with these participants in a room; `at` is the monotonic time of the answer."""
    if fleet.participants.get(room) != participants:
        fleet = replace(fleet, participants={**fleet.participants, room: participants})
        seen = fleet.agents_seen.get(room, frozenset())
        if new := {person.identity for person in participants if person.is_agent} - seen:
            fleet = replace(fleet, agents_seen={**fleet.agents_seen, room: seen | new})
    if at is None:
        return fleet
    fresh = structs.replace(fleet.fresh_room(room), participants_at=at)
    return replace(fleet, room_freshness={**fleet.room_freshness, room: fresh})


def with_room_answers(
    fleet: Fleet,
    rooms: Iterable[str],
    at: float,
    cut: Mapping[str, int] | None = None,
    unreadable: Mapping[str, int] | None = None,
    unlisted: Mapping[str, Mapping[str, float | None]] | None = None,
) -> Fleet:
    """The fleet after the dispatches of these rooms were answered at a monotonic time.

    `cut` has the dispatches that are kept of lists that have more, `unreadable` those that could not be read,
    `unlisted` those that may be there all the same. Without them that is as it was.
    """
    fresh = {}
    for room in rooms:
        old = fleet.fresh_room(room)
        kept = old.cut if cut is None else cut.get(room)
        missed = old.unreadable if unreadable is None else unreadable.get(room, 0)
        lacked = old.unlisted if unlisted is None else unlisted.get(room) or None
        fresh[room] = old.answered(at, kept, missed, lacked)
    return replace(fleet, room_freshness={**fleet.room_freshness, **fresh})


def with_room_failures(fleet: Fleet, errors: Mapping[str, str], at: float) -> Fleet:
    """The fleet after questions for the dispatches of these rooms brought no answer, each with its reason."""
    failed = {room: fleet.fresh_room(room).failed(at, error) for room, error in errors.items()}
    return replace(fleet, room_freshness={**fleet.room_freshness, **failed})


def without_room_failures(fleet: Fleet) -> Fleet:
    """The fleet after rooms answer again: what failed before says nothing of those not asked since."""
    fresh = {
        room: structs.replace(known, failures=0, failing_since=None, error="") if known.failures else known
        for room, known in fleet.room_freshness.items()
    }
    return replace(fleet, room_freshness=fresh)
