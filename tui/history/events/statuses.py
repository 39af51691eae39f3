"""Since when agents and deployments have their status, from listing to listing. Pure; must not know words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from tui.api.models import Agent, Deployment
from tui.fleet.past import Since, deployment_key
from tui.fleet.since_by_id import OfAgent, SinceById
from tui.fleet.status import Family, status, worst
from tui.fleet.transitions import NONE, Gathered, Transitions
from tui.history.events.agent_listing import Listing
from tui.history.events.agent_words import Pair
from tui.history.events.since import across_gap, by_our_clock, changed, first_seen, is_continuous

SPARE: Final = 64
"""Agents and deployments that are gone and are remembered, besides as many as there are."""
MOST_ALIKE: Final = 1_000
"""Agents unlike each other of which it is remembered, within one listing, what they come to."""


def statuses_after(
    known: SinceById,
    listing: Listing,
    new: Sequence[Agent],
    restated: Sequence[Pair],
    lost: Sequence[Agent],
) -> tuple[SinceById, Transitions]:
    """Since when agents and deployments have their status after a listing, and the transitions.

    `new` were not there before, `restated` have other statuses, `lost` are there no more.
    """
    if not (new or restated or lost or listing.gap is not None or listing.read_at):
        return known, NONE  # nearly always
    statuses, found = known.copy(), Gathered(listing.at, listing.is_clock_unknown)
    notes = _Notes(known, statuses, listing, found)
    seen = listing._replace(is_first=True) if listing.may_have_been_there else listing
    _Notes(known, statuses, seen, found).new(new)
    for agent, old in notes.usual(restated):
        notes.agent(agent, old)
    if listing.gap is not None or listing.read_at:
        notes.bound_by_gap()
    after = statuses if found.ids else known
    notes.gone(lost)
    return _without_gone(after, listing.after.agents), found.all()


def _without_gone(statuses: SinceById, agents: Sequence[Agent]) -> SinceById:
    """The same without subjects that are gone, once these are more than those that are there."""
    if len(statuses) <= 2 * len(agents) + SPARE:
        return statuses
    if len(statuses) <= 2 * sum(1 + len(agent.agent_deployments) for agent in agents) + SPARE:
        return statuses
    here = SinceById()
    for agent in agents:
        known = statuses.of(agent.agent_id).by_rest()
        here.note(agent.agent_id, {rest: known[rest] for rest in _subjects(agent) if rest in known})
    return here


class _Usual(NamedTuple):
    """What an agent comes to of which all is usual."""

    held: OfAgent
    ids: tuple[list[str], ...]
    """Where its id is added: its transitions."""


class _Notes:
    """Notes agents and deployments that have another status."""

    def __init__(self, known: SinceById, statuses: SinceById, listing: Listing, found: Gathered) -> None:
        """`statuses` begins as a copy of what is `known`. What is noted goes there and to `found`."""
        self._known, self._statuses, self._found = known, statuses, found
        self._listing, self._at, self._is_ours = listing, listing.at, listing.is_clock_unknown
        self._was_seen = not listing.is_first and listing.gap is None
        self._since_now: dict[str, Since] = {}
        """By status, of those that have it since this listing."""
        self._alike: dict[OfAgent, OfAgent] = {}

    def _add(self, agent: Agent, rest: str, before: str, after: str, gap: float | None) -> None:
        self._found.ids_of(rest, before, after, gap).append(agent.agent_id)

    def _dated(self, since: Since) -> Since:
        """With a mark, if the time of the listing is by this machine's clock."""
        return by_our_clock(since, self._at) if self._is_ours else since

    def usual(self, pairs: Sequence[Pair]) -> Sequence[Pair]:
        """Note agents of which all is usual, made fast, as it may be all of them; returns the others."""
        if not self._was_seen:
            return pairs
        known, unread = self._known, self._listing.read_at
        usual: dict[tuple[int, tuple[object, ...]], _Usual] = {}
        """By what an agent comes from, and what it is now."""
        others: list[Pair] = []
        for pair in pairs:
            agent = pair[0]
            agent_id, held = agent.agent_id, known.of(agent.agent_id)
            if agent_id in unread or "/" in agent_id:
                others.append(pair)
                continue
            rows = tuple((row.region, row.deployment, row.status) for row in agent.agent_deployments)
            found = usual.get((id(held), rows))
            if found is None:
                found = self._usual(held, agent)
                if found is None:
                    others.append(pair)
                    continue
                if len(usual) < MOST_ALIKE:
                    usual[id(held), rows] = found
            self._statuses.put(agent_id, found.held)
            for ids in found.ids:
                ids.append(agent_id)
        return others

    def _usual(self, held: OfAgent, agent: Agent) -> _Usual | None:
        """What an agent comes to; None where not all of it had a status before."""
        now, ids = held.by_rest(), list[list[str]]()
        for rest, (name, _) in _subjects(agent).items():
            before = now.get(rest)
            if before is None or not before.status:
                return None
            if before.status == name:
                continue
            since = self._since_now.get(name)
            if since is None:
                since = self._since_now[name] = self._dated(Since(name, self._at))
            now[rest] = since
            ids.append(self._found.ids_of(rest, before.status, name, None))
        after = OfAgent(held.rests, tuple(now.values()))
        if len(self._alike) < MOST_ALIKE:
            after = self._alike.setdefault(after, after)
        return _Usual(after, tuple(ids))

    def new(self, agents: Sequence[Agent]) -> None:
        """Note agents that were not there before, made fast at first, when it is all of them."""
        if not self._listing.is_first:
            for agent in agents:
                self.agent(agent, None)
            return
        for agent in agents:
            known = self._known.of(agent.agent_id).by_rest()
            news: dict[str, Since] = {}
            shared: dict[str, Since] = {}  # by status: nearly always one is as another of this agent
            for rest, (name, rows) in _subjects(agent).items():
                before = known.get(rest)
                if before is not None and before.status == name:
                    continue
                since = shared.get(name)
                if since is None or status(name).family is Family.ERROR:  # each may have crashed last
                    found = self._dated(first_seen(name, agent, rows, self._at))
                    since = shared[name] = since if found == since else found
                news[rest] = since
                self._add(agent, rest, "", name, None)
            self._statuses.note(agent.agent_id, news)

    def agent(self, agent: Agent, old: Agent | None) -> None:
        """Note an agent that is new or has other statuses than before."""
        was = _subjects(old) if old is not None else {}
        known = self._known.of(agent.agent_id).by_rest()
        news: dict[str, Since] = {}
        for rest, (name, rows) in _subjects(agent).items():
            since = known.get(rest)
            before = since.status if since is not None else was[rest][0] if rest in was else ""
            if before != name or since is None:
                news[rest] = self._other(agent, rest, name, rows, before)
        self._statuses.note(agent.agent_id, news)

    def _other(self, agent: Agent, rest: str, name: str, rows: Sequence[Deployment], before: str) -> Since:
        """Since when a subject has a status that was not known of it."""
        at, gap = self._at, self._listing.gap_of(agent.agent_id)
        if self._listing.is_first or before == name:  # it may have had it for long
            self._add(agent, rest, "", name, None)
            return self._dated(first_seen(name, agent, rows, at))
        # that it was not there before was seen
        self._add(agent, rest, before, name, at if gap is None and not before else gap)
        return self._dated(changed(name, agent, rows, at, gap))

    def bound_by_gap(self) -> None:
        """Note statuses that are the same after a gap in which the agent was restarted or deployed."""
        for agent, old in self._listing.differing:
            agent_id = agent.agent_id
            since, gap = self._known.get(agent_id), self._listing.gap_of(agent_id)
            if old is None or since is None or gap is None or is_continuous(agent, old):
                continue
            if self._statuses[agent_id] is since:
                bound = across_gap(since, agent, agent.agent_deployments, self._at, gap)
                self._statuses.note(agent_id, {"": self._dated(bound)})
                self._add(agent, "", since.status, since.status, gap)

    def gone(self, agents: Sequence[Agent]) -> None:
        """Note agents that are there no more; since when they had their status stays known for a while."""
        for agent in agents:
            self._add(agent, "", worst(agent).name, "", self._listing.gap_of(agent.agent_id))


def _subjects(agent: Agent) -> Mapping[str, tuple[str, Sequence[Deployment]]]:
    """What of an agent has a status: the agent, and its deployments if there are several.

    By what follows the agent's id in the id of each.
    """
    rows = agent.agent_deployments
    found: dict[str, tuple[str, Sequence[Deployment]]] = {"": (worst(agent).name, rows)}
    if len(rows) > 1:
        for row in rows:
            found[deployment_key("", row.region, row.deployment)] = status(row.status).name, (row,)
    return found
