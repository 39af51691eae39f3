"""What happened to agents between two listings: status, crashes, versions, replicas. Pure.

Ten thousand agents may all differ in one listing: what is found is counted before any of it is put in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from tui.api.models import Agent, Deployment
from tui.fleet.past import AgentChange
from tui.fleet.since_by_id import SinceById
from tui.fleet.state import Fleet
from tui.fleet.status import status
from tui.fleet.transitions import Transitions
from tui.history.events import agent_words as words
from tui.history.events import gathered
from tui.history.events.agent_listing import Listing, gone
from tui.history.events.agent_words import Pair, ReplicaMove, Told, states
from tui.history.events.drafts import Draft
from tui.history.events.gathered import CountKey, running
from tui.history.events.statuses import statuses_after

MARK_FOR: Final = 60.0
"""Seconds for which a changed agent is remembered as changed."""
MOST_CHANGES: Final = 5_000
"""Agents that are remembered as changed at the most; each keeps what it was before."""


@dataclass(frozen=True, slots=True)
class AgentMemory:
    """What has to be remembered of agents to tell what happens next."""

    statuses: SinceById = field(default_factory=SinceById)
    """Since when agents, and deployments of those that have several, have their status."""
    changes: Mapping[str, AgentChange] = field(default_factory=dict)
    """By agent id, oldest change first."""
    moves: Mapping[str, ReplicaMove] = field(default_factory=dict)
    """By agent id, oldest first."""
    told: Mapping[CountKey, Told] = field(default_factory=dict)
    """By agent id and type of event, oldest first: more of the same are gathered into one event a minute."""


@dataclass(slots=True)
class _Found:
    """Agents that differ, by what differs in them."""

    new: list[Agent] = field(default_factory=list)
    restated: list[Pair] = field(default_factory=list)
    moved: list[Pair] = field(default_factory=list)
    happened: list[Pair] = field(default_factory=list)
    """The counts of crashes and restarts differ."""
    deployed: list[Pair] = field(default_factory=list)


def after_listing(memory: AgentMemory, listing: Listing) -> tuple[AgentMemory, list[Draft], Transitions]:
    """What is remembered after a listing, and what it tells."""
    lost = gone(listing)
    found = _found(listing.differing)
    statuses, transitions = statuses_after(memory.statuses, listing, found.new, found.restated, lost)
    counted = (
        {} if listing.is_first else gathered.first_of_minute(memory.told, words.increases(found.happened))
    )
    remembered = AgentMemory(
        statuses,
        _changes(memory.changes, listing.differing, listing.monotonic),
        gathered.moving(memory.moves, found.moved, listing.at),
        gathered.told(memory.told, counted, listing.at),
    )
    drafts: list[Draft] = []
    if not listing.is_first:
        drafts += words.deploys(found.deployed)
        drafts += words.restatements(found.restated)
        drafts += words.counts(counted)
        drafts += words.appearances(() if listing.may_have_been_there else found.new)
        drafts += words.disappearances(lost)
        if listing.gap is not None or listing.read_at:
            drafts = [_within(draft, listing) for draft in drafts]
    return remembered, drafts, transitions


def _within(draft: Draft, listing: Listing) -> Draft:
    """The same with the time from which on it may have happened, that of the agent not read the longest."""
    ids = draft.ids or (draft.subject.agent_id,)
    gaps = [gap for gap in map(listing.gap_of, ids) if gap is not None]
    return draft.since(min(gaps)) if gaps and draft.at is None else draft


def _found(differing: Iterable[tuple[Agent, Agent | None]]) -> _Found:
    found = _Found()
    for agent, old in differing:
        if old is None:
            found.new.append(agent)
            continue
        pair = (agent, old)
        is_restated, is_moved, happened = _compared(agent.agent_deployments, old.agent_deployments)
        if is_restated:
            found.restated.append(pair)
        if is_moved:
            found.moved.append(pair)
        if happened:
            found.happened.append(pair)
        if agent.version != old.version or agent.deployed_at != old.deployed_at:
            found.deployed.append(pair)
    return found


def _compared(rows: Sequence[Deployment], before: Sequence[Deployment]) -> tuple[bool, bool, bool]:
    """Whether statuses, replicas, and counts of events differ; made fast, as it may be all agents."""
    is_restated, more, happened = False, 0, False
    if len(rows) == len(before):
        for row, was in zip(rows, before, strict=True):
            if row is was:
                continue
            if row.region != was.region or row.deployment != was.deployment:
                break
            is_restated = is_restated or (
                row.status != was.status and status(row.status).name != status(was.status).name
            )
            more += row.replicas - was.replicas
            happened = happened or (row.events is not was.events and row.events != was.events)
        else:
            return is_restated, more != 0, happened
    return (
        states(rows) != states(before),
        running(rows) != running(before),
        [row.events for row in rows] != [row.events for row in before],
    )


# ---- what is remembered ---------------------------------------------------------------------------------


def _changes(
    known: Mapping[str, AgentChange], differing: Iterable[tuple[Agent, Agent | None]], now: float
) -> Mapping[str, AgentChange]:
    known = recent(known, now)
    room = MOST_CHANGES - len(known)
    news: dict[str, AgentChange] = {}
    for agent, old in differing:
        if len(news) >= room:
            break
        if old is not None and agent.agent_id not in known:
            news[agent.agent_id] = AgentChange(old, now)
    return {**known, **news} if news else known


def recent(changes: Mapping[str, AgentChange], now: float) -> Mapping[str, AgentChange]:
    """Those of the last minute; `now` is monotonic."""
    oldest = next(iter(changes.values()), None)
    if oldest is None or now - oldest.at < MARK_FOR:
        return changes
    return {key: change for key, change in changes.items() if now - change.at < MARK_FOR}


def after_a_minute(memory: AgentMemory, fleet: Fleet, at: float) -> tuple[AgentMemory, list[Draft]]:
    """What replicas came to that began to move a minute ago, and what was counted since it was told then."""
    moves, moved = gathered.due_moves(memory.moves, fleet, at)
    told, counted = gathered.due_counts(memory.told, fleet, at)
    if moves is memory.moves and told is memory.told:
        return memory, []
    drafts = words.movements(moved) + words.counts(counted)
    return replace(memory, moves=moves, told=told), drafts
