"""What is known of a fleet at one moment. Frozen: a change makes a new `Fleet` that shares the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, repeat

from msgspec import Struct

from tui.api.models import Agent, Dispatch, Participant, Room, SecretInfo, Version
from tui.fleet.past import EMPTY_PAST, Past
from tui.fleet.status import worst
from tui.fleet.times import TimeStyle

STALE_AFTER = 2
"""Missed polls after which data is called stale."""
QUIET_FACTOR = 2.0
"""The agent list is polled so many times less often than `--refresh` says while no agent is in transition."""


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
        """Whether the data may no longer be true."""
        return self.failures >= STALE_AFTER or self.parked

    def good(self, at: float, subject: str = "") -> Freshness:
        """After a good answer."""
        return Freshness(at=at, subject=subject)

    def failed(self, error: str, retry_at: float | None, subject: str = "") -> Freshness:
        """After a failure; the age of the data stays, as long as they are about the same."""
        known = self if subject == self.subject else Freshness(subject=subject)
        return replace(known, failures=known.failures + 1, error=error, retry_at=retry_at, absent=False)


class Coverage(Struct, frozen=True):
    """How many rooms the dispatch tree covers: rooms are polled in turn, as no call lists all dispatches."""

    polled: int = 0
    total: int = 0
    oldest: float | None = None
    """Monotonic time of the least recently polled room."""


@dataclass(frozen=True)
class Fleet:
    """Everything that was fetched, and how current it is."""

    agents: tuple[Agent, ...] = ()
    index: Mapping[str, Agent] = field(default_factory=dict, repr=False)
    """The agents by id."""
    statuses: Mapping[str, int] = field(default_factory=dict)
    """How many agents have which status."""
    unreadable: int = 0
    """Agents in the newest answer that could not be read."""
    versions: Mapping[str, tuple[Version, ...]] = field(default_factory=dict)
    """By agent id, newest first; absent means not asked yet."""
    secrets: Mapping[str, tuple[SecretInfo, ...]] = field(default_factory=dict)
    """By agent id, reserved ones left out."""
    rooms: tuple[Room, ...] = ()
    dispatches: Mapping[str, tuple[Dispatch, ...]] = field(default_factory=dict)
    """By room, oldest first; absent means not polled yet."""
    participants: Mapping[str, tuple[Participant, ...]] = field(default_factory=dict)
    """By room; only rooms that were looked at."""
    coverage: Coverage = field(default_factory=Coverage)
    freshness: Mapping[str, Freshness] = field(default_factory=dict)
    """By source name."""

    def agent(self, agent_id: str) -> Agent | None:
        """An agent by id; None if it is not there."""
        return self.index.get(agent_id)

    def fresh(self, source: str) -> Freshness:
        """How current a source is."""
        return self.freshness.get(source) or Freshness()


def with_agents(fleet: Fleet, agents: tuple[Agent, ...]) -> Fleet:
    """The fleet after a new listing of its agents."""
    if agents is fleet.agents:
        return fleet
    index = {agent.agent_id: agent for agent in agents}
    statuses = Counter(fleet.statuses)
    added = 0
    for new, old in changed_agents(fleet, agents):
        statuses[worst(new).name] += 1
        if old is not None:
            statuses[worst(old).name] -= 1
        else:
            added += 1
    if len(index) < len(fleet.index) + added:
        for gone in fleet.index.keys() - index.keys():
            statuses[worst(fleet.index[gone]).name] -= 1
    return replace(fleet, agents=agents, index=index, statuses=+statuses)


def changed_agents(before: Fleet, agents: Iterable[Agent]) -> list[tuple[Agent, Agent | None]]:
    """Those of the agents that are new or differ, each with how it was before; None for a new one."""
    index = before.index
    found: list[tuple[Agent, Agent | None]] = []
    # nearly always the same agents in the same order, nearly all of them the very same objects
    for agent, old in zip(agents, chain(before.agents, repeat(None)), strict=False):
        if agent is old:
            continue
        if old is None or old.agent_id != agent.agent_id:
            old = index.get(agent.agent_id)
        if agent is not old and agent != old:
            found.append((agent, old))
    return found


def with_dispatches(fleet: Fleet, room: str, dispatches: tuple[Dispatch, ...]) -> Fleet:
    """The fleet with these dispatches in a room."""
    return replace(fleet, dispatches={**fleet.dispatches, room: dispatches})


def with_participants(fleet: Fleet, room: str, participants: tuple[Participant, ...]) -> Fleet:
    """The fleet with these participants in a room."""
    return replace(fleet, participants={**fleet.participants, room: participants})


@dataclass(frozen=True, slots=True)
class Selection:
    """What the operator is looking at. Identities, never row numbers."""

    agent_id: str = ""
    room: str = ""
    dispatch_id: str = ""
    job_id: str = ""
    rooms_in_view: tuple[str, ...] = ()
    """Rooms on the screen, polled first."""
    pane: str = "agents"
    project: str = ""
    """The project's key; empty before one is watched."""


@dataclass(frozen=True, slots=True)
class View:
    """All that a pane is given."""

    fleet: Fleet
    """Of the selected project."""
    selection: Selection
    now: float
    """Unix seconds by the server's clock, in coarse steps."""
    monotonic: float
    """For the age of data, in coarse steps."""
    times: TimeStyle = TimeStyle.RELATIVE
    fleets: Mapping[str, Fleet] = field(default_factory=dict, repr=False)
    """Of every watched project, by its key."""
    past: Past = EMPTY_PAST
    """Of the selected project."""

    @property
    def agent(self) -> Agent | None:
        """The agent selected."""
        return self.fleet.agent(self.selection.agent_id)
