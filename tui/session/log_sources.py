"""Which log streams agents have. Must not know which of them are open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest

from msgspec.structs import replace

from tui.api.models import Agent, instant
from tui.fleet.status import status
from tui.logs.source import LogSource


def sources_of(agents: Sequence[Agent]) -> Sequence[LogSource]:
    """Every stream of some agents, alternating between agents since few are open at a time; builds last."""
    names = Counter(agent.name for agent in agents)
    each = [
        [
            replace(source, agent=agent.agent_id) if names[agent.name] > 1 else source
            for source in sources(agent)
        ]
        for agent in agents
    ]
    found = [source for turn in zip_longest(*each) for source in turn if source is not None]
    return sorted(found, key=lambda source: source.log_type == "build")


def sources(agent: Agent) -> Sequence[LogSource]:
    """Every stream of an agent, worst deployment first; then its builds, which have no region."""
    rows = sorted(agent.agent_deployments, key=lambda row: (status(row.status).severity, row.region))
    found: dict[tuple[str, ...], LogSource] = {}
    for row in rows:
        source = LogSource(
            agent_id=agent.agent_id,
            agent=agent.name,
            region=row.region,
            server_region=row.server_region,
            deployment=row.deployment,
            version=row.version or agent.version,
            deployed_at=instant(agent.deployed_at),
        )
        found.setdefault(source.key, source)
    chosen = list(found.values()) or [LogSource(agent_id=agent.agent_id, agent=agent.name)]
    builds: dict[str, LogSource] = {}
    for source in chosen:
        builds.setdefault(source.deployment, replace(source, region="", log_type="build"))
    return [*chosen, *builds.values()]
