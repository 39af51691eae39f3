"""What happened to agents between two listings: status, crashes, versions, replicas. Pure.

Ten thousand agents may all differ in one listing: what is found is counted before any of it is put in words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from tui.api.models import Agent, Deployment
from tui.fleet.past import AgentChange, Since, Transition, deployment_key
from tui.fleet.state import Fleet
from tui.fleet.status import Family, status, worst
from tui.history.events import agent_words as words
from tui.history.events import gathered
from tui.history.events.agent_listing import Listing, gone
from tui.history.events.agent_words import Pair, ReplicaMove, Told, states
from tui.history.events.drafts import Draft
from tui.history.events.gathered import CountKey, running
from tui.history.events.since import across_gap, changed, first_seen, is_continuous

MARK_FOR: Final = 60.0
"""Seconds for which a changed agent is remembered as changed."""
MOST_CHANGES: Final = 5_000
"""Agents that are remembered as changed at the most; each keeps what it was before."""
SPARE: Final = 64
"""Agents and deployments that are gone and are remembered, besides as many as there are."""


@dataclass(frozen=True, slots=True)
class AgentMemory:
    """What has to be remembered of agents to tell what happens next."""

    statuses: Mapping[str, Since] = field(default_factory=dict)
    """By agent id; of agents with several deployments, by the key of each, too."""
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


def after_listing(memory: AgentMemory, listing: Listing) -> tuple[AgentMemory, list[Draft], list[Transition]]:
    """What is remembered after a listing, and what it tells."""
    lost = gone(listing)
    found = _found(listing.differing)
    transitions: list[Transition] = []
    statuses = _statuses(memory.statuses, listing, found, lost, transitions)
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
        rows, before = agent.agent_deployments, old.agent_deployments
        if len(rows) == 1 == len(before):  # nearly all agents, made fast
            (row,), (was,) = rows, before
            is_restated, is_moved = row.status != was.status, row.replicas != was.replicas
            happened = row.events is not was.events and row.events != was.events
        else:
            is_restated = states(rows) != states(before)
            is_moved = running(rows) != running(before)
            happened = [row.events for row in rows] != [row.events for row in before]
        if is_restated:
            found.restated.append(pair)
        if is_moved:
            found.moved.append(pair)
        if happened:
            found.happened.append(pair)
        if agent.version != old.version or agent.deployed_at != old.deployed_at:
            found.deployed.append(pair)
    return found


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


def _statuses(
    known: Mapping[str, Since],
    listing: Listing,
    found: _Found,
    lost: Sequence[Agent],
    transitions: list[Transition],
) -> Mapping[str, Since]:
    """Since when agents and deployments have their status; notes those that have another one."""
    news: dict[str, Since] = {}
    restate = _Restate(known, news, listing, transitions)
    seen = listing._replace(is_first=True) if listing.may_have_been_there else listing
    _Restate(known, news, seen, transitions).new(found.new)
    for agent, old in restate.usual(found.restated):
        restate.agent(agent, old)
    if listing.gap is not None or listing.read_at:
        _bound_by_gap(known, news, listing, transitions)
    transitions += [
        Transition(agent.agent_id, worst(agent).name, "", listing.gap_of(agent.agent_id), listing.at)
        for agent in lost
    ]
    statuses = {**known, **news} if known and news else known or news
    return _without_gone(statuses, listing.after.agents)


def _without_gone(statuses: Mapping[str, Since], agents: Sequence[Agent]) -> Mapping[str, Since]:
    """The same without subjects that are gone, once these are more than those that are there."""
    if len(statuses) <= 2 * len(agents) + SPARE:
        return statuses
    if len(statuses) <= 2 * sum(1 + len(agent.agent_deployments) for agent in agents) + SPARE:
        return statuses
    here = {key for agent in agents for key, _, _ in _keyed(agent)}
    return {key: since for key, since in statuses.items() if key in here}


class _Restate:
    """Notes agents and deployments that have another status."""

    def __init__(
        self,
        known: Mapping[str, Since],
        news: dict[str, Since],
        listing: Listing,
        transitions: list[Transition],
    ) -> None:
        self._known, self._news, self._transitions = known, news, transitions
        self._listing, self._at = listing, listing.at
        self._was_seen = not listing.is_first and listing.gap is None

    def usual(self, pairs: Sequence[Pair]) -> Sequence[Pair]:
        """Note agents of which all is usual, made fast, as it may be all of them; returns the others."""
        if not self._was_seen:
            return pairs
        known, news, transitions, at = self._known, self._news, self._transitions, self._at
        unread = self._listing.read_at
        since_now: dict[str, Since] = {}  # by status as it came
        others: list[Pair] = []
        for pair in pairs:
            agent = pair[0]
            id, rows = agent.agent_id, agent.agent_deployments
            before = known.get(id)
            if before is None or not before.status or len(rows) != 1 or id in unread:
                others.append(pair)
                continue
            text = rows[0].status
            since = since_now.get(text)
            if since is None:
                since = since_now[text] = Since(status(text).name, at)
            if since.status != before.status:
                news[id] = since
                transitions.append(Transition(id, before.status, since.status, None, at))
        return others

    def new(self, agents: Sequence[Agent]) -> None:
        """Note agents that were not there before, made fast at first, when it is all of them."""
        if not self._listing.is_first:
            for agent in agents:
                self.agent(agent, None)
            return
        known, news, at = self._known, self._news, self._at
        for agent in agents:
            usual: dict[str, Since] = {}  # by status: but for errors one is as another of this agent
            for key, name, rows in _keyed(agent):
                before = known.get(key)
                if before is not None and before.status == name:
                    continue
                since = usual.get(name)
                if since is None:
                    since = first_seen(name, agent, rows, at)
                    if status(name).family is not Family.ERROR:
                        usual[name] = since
                news[key] = since
                self._transitions.append(Transition(key, "", name, None, at))

    def agent(self, agent: Agent, old: Agent | None) -> None:
        """Note an agent that is new or has other statuses than before."""
        rows = agent.agent_deployments
        self._note(agent.agent_id, worst(agent).name, agent, rows, old)
        if len(rows) > 1:
            was = states(old.agent_deployments) if old is not None else {}
            for row in rows:
                key = deployment_key(agent.agent_id, row.region, row.deployment)
                before = was.get((row.region, row.deployment), "")
                self._note(key, status(row.status).name, agent, (row,), before)

    def _note(
        self, key: str, name: str, agent: Agent, rows: Sequence[Deployment], old: Agent | str | None
    ) -> None:
        since = self._known.get(key)
        if since is not None:
            before = since.status
        elif isinstance(old, Agent):
            before = worst(old).name
        else:
            before = old or ""
        if before == name and since is not None:
            return
        at, gap = self._at, self._listing.gap_of(agent.agent_id)
        if self._listing.is_first or before == name:  # it may have had it for long
            self._news[key] = first_seen(name, agent, rows, at)
            before, gap = "", None
        else:
            self._news[key] = changed(name, agent, rows, at, gap)
            if gap is None and not before:
                gap = at  # that it was not there before was seen
        self._transitions.append(Transition(key, before, name, gap, at))


def _keyed(agent: Agent) -> Iterator[tuple[str, str, Sequence[Deployment]]]:
    """What of an agent has a status, by its key: the agent, and its deployments if there are several."""
    id, rows = agent.agent_id, agent.agent_deployments
    yield id, worst(agent).name, rows
    if len(rows) > 1:
        by_key = {deployment_key(id, row.region, row.deployment): row for row in rows}
        for key, row in by_key.items():
            yield key, status(row.status).name, (row,)


def _bound_by_gap(
    known: Mapping[str, Since],
    news: dict[str, Since],
    listing: Listing,
    transitions: list[Transition],
) -> None:
    """Statuses that are the same after a gap in which the agent was restarted or deployed."""
    for agent, old in listing.differing:
        since, gap = known.get(agent.agent_id), listing.gap_of(agent.agent_id)
        if old is None or since is None or gap is None or agent.agent_id in news or is_continuous(agent, old):
            continue
        news[agent.agent_id] = across_gap(since, agent, agent.agent_deployments, listing.at, gap)
        transitions.append(Transition(agent.agent_id, since.status, since.status, gap, listing.at))


def after_a_minute(memory: AgentMemory, fleet: Fleet, at: float) -> tuple[AgentMemory, list[Draft]]:
    """What replicas came to that began to move a minute ago, and what was counted since it was told then."""
    moves, moved = gathered.due_moves(memory.moves, fleet, at)
    told, counted = gathered.due_counts(memory.told, fleet, at)
    if moves is memory.moves and told is memory.told:
        return memory, []
    drafts = words.movements(moved) + words.counts(counted)
    return replace(memory, moves=moves, told=told), drafts
