"""What lists show of an agent, derived once for each agent received."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from tui.api.models import Agent, Deployment, instant
from tui.fleet import quantity
from tui.fleet.status import EVENT_WORDS, Status, replicas, status, worst

UNSEEN = "not observed"
"""Shown instead of a status."""


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
                word = known[1] if known else "?"
                counts[word] = counts.get(word, 0) + event.count
    return " ".join(f"{word} ×{count}" for word, count in counts.items())


def _words(values: Iterable[str]) -> str:
    """The distinct values in order, joined by commas."""
    return ",".join(sorted({value for value in values if value}))
