"""Two listings of agents: who is gone, and since when who was not read. Pure; must not know any words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from tui.api.models import Agent
from tui.fleet.state import Fleet, changed_agents


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
    read_at: Mapping[str, float] = {}
    """By id, agents that the listing before lacked and may have had: when they were read last."""
    is_clock_unknown: bool = False
    """The server's clock is not known: the times are by this machine's."""

    @property
    def is_whole(self) -> bool:
        """Whether an agent that is not in it is gone."""
        return not self.after.unreadable and "agents" not in self.after.cut

    def gap_of(self, agent_id: str) -> float | None:
        """When an agent was read last, if that is too long ago to tell what happened to it since."""
        return self.read_at.get(agent_id, self.gap)

    @property
    def may_have_been_there(self) -> bool:
        """What is new in this listing may have been in the one before, which was cut, or of which a row could
        not be read that can be now."""
        return self.after.unreadable < self.before.unreadable or "agents" in self.before.cut


def gone(listing: Listing) -> list[Agent]:
    """Agents that are listed no more; a listing read in part does not tell."""
    index, before = listing.after.index, listing.before.index
    added = sum(old is None for _, old in listing.differing)
    if not listing.is_whole or len(index) == len(before) + added:
        return []
    return [before[key] for key in before.keys() - index.keys()]


def last_read(fleet: Fleet, offset: float) -> Mapping[str, float]:
    """When agents were read last that the newest listing of a fleet lacks, and that it may have had.

    `offset`: Unix seconds by the server's clock minus monotonic ones.
    """
    unlisted = fleet.unlisted.get("agents", {})
    return {agent_id: at + offset for agent_id, at in unlisted.items() if at is not None}


def after_resumed(listing: Listing, known: Fleet, at: float, gap_after: float) -> Listing:
    """The listing as one after the newest of an earlier run, until one of this run was whole.

    `known` is what the earlier run knew at a time; `gap_after` as in `State`.
    """
    offset = at - (known.fresh("agents").at or 0.0)
    if listing.is_first:
        return listing._replace(
            before=known,
            is_first=False,
            gap=at if listing.at - at > gap_after else None,
            differing=changed_agents(known, listing.after.agents),
            read_at=last_read(known, offset),
        )
    index = {**known.index, **listing.before.index}
    pairs = [(agent, known.agent(agent.agent_id) if old is None else old) for agent, old in listing.differing]
    return listing._replace(
        before=replace(listing.before, index=index),
        differing=[(agent, old) for agent, old in pairs if agent != old],
        read_at={
            **dict.fromkeys(known.index.keys() - listing.before.index.keys(), at),
            **last_read(known, offset),
            **listing.read_at,
        },
    )
