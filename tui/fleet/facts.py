"""What lists say of an agent, derived once per received agent: equal agents share their facts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tui.api.models import Agent, Deployment, instant
from tui.fleet import quantity
from tui.fleet.status import EVENT_WORDS, Status, replicas, status, worst


@dataclass(frozen=True, slots=True)
class Facts:
    """One agent, ready to be listed, filtered and sorted. Times in Unix seconds."""

    agent: Agent
    status: Status
    """The worst of its deployments."""
    status_text: str
    regions: str
    deployments: str
    version: str
    replicas: str
    cpu: str
    mem: str
    cpu_share: float
    """Of the limit, the highest of its deployments; -1 when never observed."""
    mem_share: float
    events: str
    event_count: int
    seen_at: float | None
    """The least recently observed deployment: what is shown is no newer than this."""
    deployed_at: float | None
    server_regions: str
    text: str
    """Everything that a plain filter looks at."""


def facts(agent: Agent) -> Facts:
    """The facts of an agent."""
    rows = agent.agent_deployments
    state = worst(agent)
    versions = _unique(row.version or agent.version for row in rows)
    version = agent.version if len(versions) < 2 else f"{agent.version} mixed"
    regions = ",".join(sorted(_unique(row.region for row in rows)))
    deployments = ",".join(deployment_names(rows))
    count = sum(event.count for row in rows for event in row.events)
    seen = [at for row in rows if (at := instant(row.last_scraped_at))]
    words = _status_words(state, rows)
    server_regions = ",".join(sorted(_unique(row.server_region for row in rows)))
    hottest = max(rows, key=_cpu_share, default=None)
    fullest = max(rows, key=_mem_share, default=None)
    events = _events(rows)
    searched = (agent.name, agent.agent_id, regions, words, version, deployments, server_regions, events)
    return Facts(
        agent=agent,
        status=state,
        status_text=words,
        regions=regions,
        deployments=deployments,
        version=version,
        replicas="/".join(map(str, replicas(agent))),
        cpu=cpu_text(hottest) if hottest else "–",
        mem=mem_text(fullest) if fullest else "–",
        cpu_share=_cpu_share(hottest) if hottest else -1.0,
        mem_share=_mem_share(fullest) if fullest else -1.0,
        events=events,
        event_count=count,
        seen_at=min(seen, default=None),
        deployed_at=instant(agent.deployed_at),
        server_regions=server_regions,
        text=" ".join(searched),
    )


class FactsCache:
    """Facts by agent, kept for agents that did not change."""

    def __init__(self) -> None:
        self._known: dict[str, Facts] = {}
        self.derived = 0
        """Agents derived so far: the measure of what a poll costs."""

    def of(self, agent: Agent) -> Facts:
        """The facts of an agent."""
        known = self._known.get(agent.agent_id)
        if known is None or known.agent is not agent:
            known = self._known[agent.agent_id] = facts(agent)
            self.derived += 1
        return known

    def prune(self, alive: Iterable[str]) -> None:
        """Forget all agents but these."""
        self._known = {key: self._known[key] for key in alive if key in self._known}

    def __len__(self) -> int:
        return len(self._known)


def deployment_names(rows: Iterable[Deployment]) -> list[str]:
    """Deployments in words: production first, the rest in order (contract.md §3.6)."""
    names = _unique(row.name for row in rows)
    return sorted(names, key=lambda name: (name != "production", name))


def cpu_text(row: Deployment) -> str:
    """`184m / 2000m`, exactly as `lk agent status` (contract.md §3.6)."""
    used = "-" if instant(row.last_scraped_at) is None else quantity.cpu(row.cur_cpu)
    return f"{used} / {row.cpu_limit}"


def mem_text(row: Deployment) -> str:
    """`0.68 / 4GB`, exactly as `lk agent status` (contract.md §3.6)."""
    used = "-" if instant(row.last_scraped_at) is None else quantity.memory(row.cur_mem)
    return f"{used} / {quantity.memory(row.mem_limit, suffix=True)}"


def _cpu_share(row: Deployment) -> float:
    return _share(row, row.cur_cpu, row.cpu_limit)


def _mem_share(row: Deployment) -> float:
    return _share(row, row.cur_mem, row.mem_limit)


def _share(row: Deployment, used: str, limit: str) -> float:
    """Used over limit; -1 before the first scrape, when usage means nothing (contract.md §3.3)."""
    value = quantity.share(used, limit) if instant(row.last_scraped_at) is not None else None
    return -1.0 if value is None else value


def _status_words(state: Status, rows: tuple[Deployment, ...]) -> str:
    if not rows:
        return "no deployment"
    bad = sum(1 for row in rows if status(row.status).name == state.name)
    words = state.name or "not observed"
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


def _unique(values: Iterable[str]) -> set[str]:
    return {value for value in values if value}
