"""Facts of all agents of a project, reused while an agent is the same, and the order of the agents."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import compress
from operator import is_not
from typing import Final

from tui.api.models import Agent
from tui.api.text.clean import confusable, is_deceptive
from tui.fleet.facts import AgentFacts
from tui.fleet.status import worst

FEW: Final = 64
"""Agents of other severity up to which each is moved, and not all agents sorted anew."""


class FactsCache:
    """Facts by agent, reused while the agent is the same object, and the order of all agents of a project."""

    def __init__(self) -> None:
        self._known: dict[str, AgentFacts] = {}
        self._agents: Sequence[Agent] = ()
        """The newest list. The next three are in its order."""
        self._ids: list[str] = []
        self._names: list[str] = []
        self._severities: list[int] = []
        self._by_name: list[int] = []
        """Places in that list, in the order of the names."""
        self._name_ranks: list[int] = []
        """By place in that list, the place in the order of the names."""
        self._order: list[int] = []
        """Places in that list, the worst first."""
        self._worst_first: list[str] = []
        """The ids of these."""
        self._lookalikes: frozenset[str] = frozenset()
        """Ids of agents whose name looks like a different name of another one."""
        self.derived = 0
        """Facts made so far; tests measure the cost of a poll by it."""

    def of(self, agent: Agent) -> AgentFacts:
        """The facts of an agent."""
        known = self._known.get(agent.agent_id)
        if known is None or known.agent is not agent:
            known = self._known[agent.agent_id] = AgentFacts(agent)
            known.is_lookalike = agent.agent_id in self._lookalikes
            self.derived += 1
        return known

    def of_all(self, agents: Sequence[Agent]) -> list[AgentFacts]:
        """The facts of every agent of a project, in the order received."""
        self._take(agents)
        return [self.of(agent) for agent in agents]

    def worst_first(self, agents: Sequence[Agent]) -> list[str]:
        """The ids of every agent of a project: the worst status first, equal ones by name.

        The order of `AgentFacts.rank`, without the facts of each: all of them may be new at once. The same
        list as before if the order is the same; it must not be changed.
        """
        self._take(agents)
        return self._worst_first

    def _take(self, agents: Sequence[Agent]) -> None:
        """Take in a list: nearly always the same agents in the same order, nearly all of them unchanged."""
        if agents is self._agents:
            return
        if len(self._known) > 2 * len(agents) + 64:
            self.prune(agent.agent_id for agent in agents)
        changed: Iterable[int] = range(len(agents))
        if len(agents) == len(self._agents):
            changed = compress(changed, map(is_not, agents, self._agents))
        else:
            self._ids, self._names = [""] * len(agents), [""] * len(agents)
            self._severities = [0] * len(agents)
        is_other_list = len(agents) != len(self._agents)
        moved: list[tuple[int, int]] = []
        self._agents = agents
        for place in changed:
            agent = agents[place]
            name, severity = agent.agent_name or agent.name, worst(agent).severity
            if agent.agent_id != self._ids[place] or name != self._names[place]:
                self._ids[place], self._names[place] = agent.agent_id, name
                is_other_list = True
            if severity != self._severities[place]:
                moved.append((place, severity))
        if is_other_list or len(moved) > FEW:
            for place, severity in moved:
                self._severities[place] = severity
            if is_other_list:
                self._sort_by_name()
            self._order = sorted(self._by_name, key=self._severities.__getitem__)
            self._worst_first = [self._ids[place] for place in self._order]
        elif moved:
            self._worst_first = self._worst_first[:]
            for place, severity in moved:
                self._move(place, severity)

    def _move(self, place: int, severity: int) -> None:
        """Give one agent its place among the others, whose order is the same."""

        def rank(place: int) -> tuple[int, int]:
            return self._severities[place], self._name_ranks[place]

        at = bisect_left(self._order, rank(place), key=rank)
        del self._order[at], self._worst_first[at]
        self._severities[place] = severity
        at = bisect_left(self._order, rank(place), key=rank)
        self._order.insert(at, place)
        self._worst_first.insert(at, self._ids[place])

    def _sort_by_name(self) -> None:
        keys = [(name.casefold(), id) for name, id in zip(self._names, self._ids, strict=True)]
        self._by_name = sorted(range(len(keys)), key=keys.__getitem__)
        self._name_ranks = [0] * len(keys)
        for rank, place in enumerate(self._by_name):
            self._name_ranks[place] = rank
        self._lookalikes = _lookalikes(self._names, self._ids)
        for id, facts in self._known.items():
            facts.is_lookalike = id in self._lookalikes

    def prune(self, alive: Iterable[str]) -> None:
        """Forget all agents but these."""
        self._known = {key: self._known[key] for key in alive if key in self._known}

    def __len__(self) -> int:
        return len(self._known)


def _lookalikes(names: Sequence[str], ids: Sequence[str]) -> frozenset[str]:
    """The ids of agents whose name looks like a different name of another agent."""
    if all(name.isascii() and "\\" not in name for name in names):
        return frozenset()
    alike: dict[str, set[str]] = {}
    for name in names:
        alike.setdefault(confusable(name), set()).add(name)
    return frozenset(
        id
        for name, id in zip(names, ids, strict=True)
        if (not name.isascii() or "\\" in name) and (len(alike[confusable(name)]) > 1 or is_deceptive(name))
    )
