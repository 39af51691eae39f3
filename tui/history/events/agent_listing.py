"""Two listings of agents: who is gone, and who only could not be read. Pure; must not know any words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from tui.api.models import Agent
from tui.fleet.state import Fleet


class Listing(NamedTuple):
    """A listing of agents and the one before it. Times in Unix seconds by the server's clock."""

    before: Fleet
    after: Fleet
    at: float
    monotonic: float
    is_first: bool
    """Nothing is known of before: what is there has not happened now."""
    gap: float | None
    """The last good answer before, if that is too long ago for anything between them to have been seen."""
    differing: Sequence[tuple[Agent, Agent | None]]
    """Agents that are new or differ, each with how it was before; None for a new one."""

    @property
    def may_have_been_there(self) -> bool:
        """A row can be read that could not be before: what is new in this listing may be that agent."""
        return self.after.unreadable < self.before.unreadable


def gone_and_missing(known: Mapping[str, Agent], listing: Listing) -> tuple[list[Agent], Mapping[str, Agent]]:
    """Agents that are listed no more, and those that may be: a listing read in part does not tell.

    `known` are those of which the listing before did not tell.
    """
    index, before = listing.after.index, listing.before.index
    added = sum(old is None for _, old in listing.differing)
    missing = {key: agent for key, agent in known.items() if key not in index}
    if len(index) < len(before) + added:
        missing |= {key: before[key] for key in before.keys() - index.keys()}
    if listing.after.unreadable or "agents" in listing.after.cut:
        return [], missing
    return list(missing.values()), {}


def with_missing(known: Mapping[str, Agent], listing: Listing) -> Listing:
    """The listing, in which an agent that was missing from one read in part is held against how it was."""
    if not known:
        return listing
    pairs = [(agent, known.get(agent.agent_id) if old is None else old) for agent, old in listing.differing]
    return listing._replace(differing=[(agent, old) for agent, old in pairs if agent != old])
