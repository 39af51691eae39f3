"""Since when agents and deployments have their status, from listing to listing. Pure; must not know words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tui.api.models import Agent, Deployment
from tui.fleet.past import Since, deployment_key
from tui.fleet.status import Family, status, worst
from tui.fleet.transitions import NONE, Gathered, Transitions
from tui.history.events.agent_listing import Listing
from tui.history.events.agent_words import Pair
from tui.history.events.since import across_gap, by_our_clock, changed, first_seen, is_continuous

SPARE: Final = 64
"""Agents and deployments that are gone and are remembered, besides as many as there are."""


def statuses_after(
    known: Mapping[str, Since],
    listing: Listing,
    new: Sequence[Agent],
    restated: Sequence[Pair],
    lost: Sequence[Agent],
) -> tuple[Mapping[str, Since], Transitions]:
    """Since when agents and deployments have their status after a listing, and the transitions.

    `new` were not there before, `restated` have other statuses, `lost` are there no more.
    """
    if not (new or restated or lost or listing.gap is not None or listing.read_at):
        return known, NONE  # nearly always
    statuses, found = dict(known), Gathered(listing.at, listing.is_clock_unknown)
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


def _without_gone(statuses: Mapping[str, Since], agents: Sequence[Agent]) -> Mapping[str, Since]:
    """The same without subjects that are gone, once these are more than those that are there."""
    if len(statuses) <= 2 * len(agents) + SPARE:
        return statuses
    if len(statuses) <= 2 * sum(1 + len(agent.agent_deployments) for agent in agents) + SPARE:
        return statuses
    here = {key for agent in agents for key in _subjects(agent)}
    return {key: since for key, since in statuses.items() if key in here}


class _Notes:
    """Notes agents and deployments that have another status."""

    def __init__(
        self,
        known: Mapping[str, Since],
        statuses: dict[str, Since],
        listing: Listing,
        found: Gathered,
    ) -> None:
        """`statuses` begins as a copy of what is `known`. What is noted goes there and to `found`."""
        self._known, self._statuses, self._found = known, statuses, found
        self._listing, self._at, self._is_ours = listing, listing.at, listing.is_clock_unknown
        self._was_seen = not listing.is_first and listing.gap is None

    def _note(self, agent: Agent, key: str, since: Since, before: str, gap: float | None) -> None:
        self._statuses[key] = since
        id = agent.agent_id
        self._found.add(id, key[len(id) :], before, since.status, gap)

    def _dated(self, since: Since) -> Since:
        """With a mark, if the time of the listing is by this machine's clock."""
        return by_our_clock(since, self._at) if self._is_ours else since

    def usual(self, pairs: Sequence[Pair]) -> Sequence[Pair]:
        """Note agents of which all is usual, made fast, as it may be all of them; returns the others."""
        if not self._was_seen:
            return pairs
        known, unread = self._known, self._listing.read_at
        since_now: dict[str, Since] = {}  # by status
        others: list[Pair] = []
        for pair in pairs:
            agent = pair[0]
            held = _subjects(agent)
            were = [since for key in held if (since := known.get(key)) is not None and since.status]
            if len(were) < len(held) or agent.agent_id in unread:
                others.append(pair)
                continue
            for (key, (name, _)), before in zip(held.items(), were, strict=True):
                if name == before.status:
                    continue
                since = since_now.get(name)
                if since is None:
                    since = since_now[name] = self._dated(Since(name, self._at))
                self._note(agent, key, since, before.status, None)
        return others

    def new(self, agents: Sequence[Agent]) -> None:
        """Note agents that were not there before, made fast at first, when it is all of them."""
        if not self._listing.is_first:
            for agent in agents:
                self.agent(agent, None)
            return
        for agent in agents:
            shared: dict[str, Since] = {}  # by status: nearly always one is as another of this agent
            for key, (name, rows) in _subjects(agent).items():
                before = self._known.get(key)
                if before is not None and before.status == name:
                    continue
                since = shared.get(name)
                if since is None or status(name).family is Family.ERROR:  # each may have crashed last
                    found = self._dated(first_seen(name, agent, rows, self._at))
                    since = shared[name] = since if found == since else found
                self._note(agent, key, since, "", None)

    def agent(self, agent: Agent, old: Agent | None) -> None:
        """Note an agent that is new or has other statuses than before."""
        was = _subjects(old) if old is not None else {}
        for key, (name, rows) in _subjects(agent).items():
            self._subject(key, name, agent, rows, was[key][0] if key in was else "")

    def _subject(self, key: str, name: str, agent: Agent, rows: Sequence[Deployment], was: str) -> None:
        since = self._known.get(key)
        before = was if since is None else since.status
        if before == name and since is not None:
            return
        at, gap = self._at, self._listing.gap_of(agent.agent_id)
        if self._listing.is_first or before == name:  # it may have had it for long
            self._note(agent, key, self._dated(first_seen(name, agent, rows, at)), "", None)
        else:
            since = self._dated(changed(name, agent, rows, at, gap))
            # that it was not there before was seen
            self._note(agent, key, since, before, at if gap is None and not before else gap)

    def bound_by_gap(self) -> None:
        """Note statuses that are the same after a gap in which the agent was restarted or deployed."""
        for agent, old in self._listing.differing:
            id = agent.agent_id
            since, gap = self._known.get(id), self._listing.gap_of(id)
            if old is None or since is None or gap is None or is_continuous(agent, old):
                continue
            if self._statuses[id] is since:
                bound = across_gap(since, agent, agent.agent_deployments, self._at, gap)
                self._note(agent, id, self._dated(bound), since.status, gap)

    def gone(self, agents: Sequence[Agent]) -> None:
        """Note agents that are there no more; since when they had their status stays known for a while."""
        for agent in agents:
            gap = self._listing.gap_of(agent.agent_id)
            self._found.add(agent.agent_id, "", worst(agent).name, "", gap)


def _subjects(agent: Agent) -> dict[str, tuple[str, Sequence[Deployment]]]:
    """What of an agent has a status, by its key: the agent, and its deployments if there are several."""
    id, rows = agent.agent_id, agent.agent_deployments
    found: dict[str, tuple[str, Sequence[Deployment]]] = {id: (worst(agent).name, rows)}
    if len(rows) > 1:
        for row in rows:
            found[deployment_key(id, row.region, row.deployment)] = status(row.status).name, (row,)
    return found
