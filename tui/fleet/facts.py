"""What lists show of an agent, derived once for each agent received."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import compress
from operator import is_not
from typing import Final

from tui.api.clean import confusable, is_deceptive
from tui.api.models import Agent, Deployment, instant
from tui.fleet import quantity
from tui.fleet.status import EVENT_WORDS, Status, replicas, status, worst

UNSEEN = "not observed"
"""Shown instead of a status."""
FEW: Final = 64
"""Agents of other severity up to which each is moved, and not all agents sorted anew."""


class AgentFacts:
    """One agent, ready to be listed, filtered and sorted. Times in Unix seconds.

    Computed on first use: of ten thousand agents thirty are on the screen, and the others are only sorted.
    """

    def __init__(self, agent: Agent) -> None:
        name = agent.name
        self.agent = agent
        self.status: Status = worst(agent)
        """The worst of its deployments."""
        self.order = (name.casefold(), agent.agent_id)
        """Sort key among agents with equal values in the sorted column."""
        self.rank = (self.status.severity, *self.order)
        """Sort key for the worst status first."""
        self.is_lookalike = False
        """Its name can be mistaken for another agent's; known once the whole list is."""
        self._rows = agent.agent_deployments

    @cached_property
    def status_text(self) -> str:
        """The status in words, with how many of the deployments have it."""
        return _status_words(self.status, self._rows)

    @cached_property
    def regions(self) -> str:
        """Where it is deployed."""
        return _words(row.region for row in self._rows)

    @cached_property
    def deployments(self) -> str:
        """Its deployments by name."""
        return ",".join(deployment_names(self._rows))

    @cached_property
    def version(self) -> str:
        """The production tag, and whether others run beside it."""
        tags = {row.version or self.agent.version for row in self._rows} - {""}
        return self.agent.version if len(tags) < 2 else f"{self.agent.version} mixed"

    @cached_property
    def replicas(self) -> str:
        """Current, least and most of all deployments."""
        return "/".join(map(str, replicas(self.agent)))

    @cached_property
    def cpu(self) -> str:
        """Used and limit of the deployment nearest to its limit."""
        hottest = max(self._rows, key=_cpu_share, default=None)
        return cpu_text(hottest) if hottest else "–"

    @cached_property
    def mem(self) -> str:
        """The same for memory."""
        fullest = max(self._rows, key=_mem_share, default=None)
        return mem_text(fullest) if fullest else "–"

    @cached_property
    def cpu_share(self) -> float:
        """Highest share of the limit among its deployments; -1 if never observed."""
        return max(map(_cpu_share, self._rows), default=-1.0)

    @cached_property
    def mem_share(self) -> float:
        """The same for memory."""
        return max(map(_mem_share, self._rows), default=-1.0)

    @cached_property
    def events(self) -> str:
        """Crashes and restarts by kind, each with its count."""
        return _events(self._rows)

    @cached_property
    def event_count(self) -> int:
        """Number of crashes and restarts."""
        return sum(event.count for row in self._rows for event in row.events)

    @cached_property
    def seen_at(self) -> float | None:
        """When the least recently observed deployment was observed; all that is shown is at least as new."""
        return min((at for row in self._rows if (at := instant(row.last_scraped_at))), default=None)

    @cached_property
    def deployed_at(self) -> float | None:
        """When it was deployed last."""
        return instant(self.agent.deployed_at)

    @cached_property
    def server_regions(self) -> str:
        """Codes of the clusters that it runs in."""
        return _words(row.server_region for row in self._rows)

    @cached_property
    def text(self) -> str:
        """The text that a filter without a field searches."""
        agent, rows = self.agent, self._rows
        if len(rows) == 1:  # the usual case, made fast: a filter needs it for every agent
            parts = (rows[0].region, self.status.name or UNSEEN, agent.version, rows[0].name)
            return " ".join((agent.name, agent.agent_id, *parts, rows[0].server_region, _events(rows)))
        parts = (self.regions, self.status_text, self.version, self.deployments)
        return " ".join((agent.name, agent.agent_id, *parts, self.server_regions, self.events))


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


def deployment_names(rows: Iterable[Deployment]) -> list[str]:
    """Names of deployments: production first, then the others in order, as `lk agent status` lists them."""
    names = {row.name for row in rows}
    return sorted(names, key=lambda name: (name != "production", name))


def cpu_text(row: Deployment) -> str:
    """`184m / 2000m`, exactly as `lk agent status` prints it."""
    used = "-" if instant(row.last_scraped_at) is None else quantity.cpu(row.cur_cpu)
    return f"{used} / {row.cpu_limit}"


def mem_text(row: Deployment) -> str:
    """`0.68 / 4GB`, exactly as `lk agent status` prints it."""
    used = "-" if instant(row.last_scraped_at) is None else quantity.memory(row.cur_mem)
    return f"{used} / {quantity.memory(row.mem_limit, suffix=True)}"


def _cpu_share(row: Deployment) -> float:
    return _share(row, row.cur_cpu, row.cpu_limit)


def _mem_share(row: Deployment) -> float:
    return _share(row, row.cur_mem, row.mem_limit)


def _share(row: Deployment, used: str, limit: str) -> float:
    """Used over limit; -1 before the first scrape, when the usage fields are meaningless."""
    value = quantity.share(used, limit) if instant(row.last_scraped_at) is not None else None
    return -1.0 if value is None else value


def _status_words(state: Status, rows: tuple[Deployment, ...]) -> str:
    if not rows:
        return "no deployment"
    bad = sum(1 for row in rows if status(row.status).name == state.name)
    words = state.name or UNSEEN
    return words if bad == len(rows) else f"{words} {bad}/{len(rows)}"


def _events(rows: tuple[Deployment, ...]) -> str:
    counts: dict[str, int] = {}
    for row in rows:
        for event in row.events:
            if event.count:
                known = EVENT_WORDS.get(str(event.type))
                sign = known[1] if known else "?"
                counts[sign] = counts.get(sign, 0) + event.count
    return " ".join(f"{sign}{count}" for sign, count in counts.items())


def _words(values: Iterable[str]) -> str:
    """The distinct values in order, joined by commas."""
    return ",".join(sorted({value for value in values if value}))
