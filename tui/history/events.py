"""Derives what happened from changes of the fleet. In memory; must not know the network or the screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from tui.api.models import Agent
from tui.fleet.past import AgentChange, Event, FailedJob, Past, Since
from tui.fleet.state import Fleet, changed_agents
from tui.fleet.status import worst
from tui.fleet.store import Change

MARK_FOR = 60.0
"""Seconds for which a changed agent is remembered as changed."""
MOST_CHANGES = 5_000
"""Agents that are remembered as changed at the most; each keeps what it was before."""
SPARE = 64
"""Agents that are gone and are remembered, besides as many as there are."""


@dataclass(frozen=True, slots=True, eq=False)
class RecentPast:
    """What one session saw. Implements `Past`."""

    statuses: Mapping[str, Since] = field(default_factory=dict)
    """By agent id."""
    changes: Mapping[str, AgentChange] = field(default_factory=dict)
    """By agent id, oldest change first."""
    events: Sequence[Event] = ()
    """The newest, oldest first."""
    failed_jobs: Sequence[FailedJob] = ()
    """Of the last day, oldest first."""

    def since(self, id: str) -> Since | None:
        """Since when an agent has its status; None for an agent that was never seen."""
        return self.statuses.get(id)

    def changed(self, agent_id: str) -> AgentChange | None:
        """How an agent changed within the last minute; None if it did not."""
        return self.changes.get(agent_id)

    @property
    def has_changes(self) -> bool:
        """Whether any agent changed within the last minute."""
        return bool(self.changes)


def past_after(past: RecentPast, change: Change) -> RecentPast:
    """The past after a change of the fleet; the same object if nothing was added or dropped."""
    changes = _recent(past.changes, change.at.monotonic)
    statuses = past.statuses
    if "agents" in change.fields:
        changed = changed_agents(change.before, change.after.agents)
        found = (
            (agent.agent_id, AgentChange(old, change.at.monotonic))
            for agent, old in changed
            if old is not None and agent.agent_id not in changes
        )
        news = dict(islice(found, max(0, MOST_CHANGES - len(changes))))
        changes = {**changes, **news} if news else changes
        is_first = not change.before.agents and change.before.fresh("agents").at is None
        statuses = _statuses(statuses, changed, None if is_first else change.at.unix, change.after)
    if changes is past.changes and statuses is past.statuses:
        return past
    return RecentPast(statuses, changes)


def _recent(changes: Mapping[str, AgentChange], now: float) -> Mapping[str, AgentChange]:
    """Those of the last minute."""
    oldest = next(iter(changes.values()), None)
    if oldest is None or now - oldest.at < MARK_FOR:
        return changes
    return {key: change for key, change in changes.items() if now - change.at < MARK_FOR}


def _statuses(
    known: Mapping[str, Since], changed: list[tuple[Agent, Agent | None]], at: float | None, fleet: Fleet
) -> Mapping[str, Since]:
    """Since when agents have their status, with those that have another one `at` this moment."""
    news: dict[str, Since] = {}
    for agent, old in changed:
        status, since = worst(agent).name, known.get(agent.agent_id)
        before = since.status if since else worst(old).name if old else None
        if before != status:
            news[agent.agent_id] = Since(status, at)
    statuses = {**known, **news} if news else known
    if len(statuses) > 2 * len(fleet.agents) + SPARE:
        statuses = {key: since for key, since in statuses.items() if key in fleet.index}
    return statuses


class History:
    """Follows the changes of one store and holds what is known of its past."""

    def __init__(self, past: RecentPast | None = None) -> None:
        """`past` is what is known already."""
        self._past = past or RecentPast()

    @property
    def past(self) -> Past:
        """What is known now."""
        return self._past

    def record(self, change: Change) -> None:
        """Take in a change. Subscribe it before the screen, which then finds the news of the same change."""
        self._past = past_after(self._past, change)
