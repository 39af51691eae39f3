"""Agents of which more is asked than anybody looks at: those that broke or changed a moment ago. Pure.

One becomes a suspect with another error state than before, or another version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from heapq import nlargest
from typing import Final

from tui.api.models import Agent
from tui.fleet.status import worst

MOST: Final = 8
"""Suspects at a time, the newest."""
WATCHED_FOR: Final = 600.0
"""Seconds for which an agent that is not broken stays one after it has got another version."""
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def suspects_after(
    known: Mapping[str, float], entered: Sequence[Agent], index: Mapping[str, Agent], at: float
) -> Mapping[str, float]:
    """The suspects after some agents became ones, by id, newest first, with the monotonic time of that.

    `index` has the agents that are listed. The same mapping if nothing differs.
    """
    if not entered and all(_stays(index.get(agent_id), at - since) for agent_id, since in known.items()):
        return known
    news = {agent.agent_id for agent in entered}
    held = [
        (since, agent)
        for agent_id, since in known.items()
        if agent_id not in news and (agent := index.get(agent_id)) is not None and _stays(agent, at - since)
    ]
    if len(entered) > MOST:  # all may break at once
        entered = nlargest(MOST, entered, key=_deployed_at)
    found = [*((at, agent) for agent in entered), *held]
    found.sort(key=lambda item: (item[0], _deployed_at(item[1])), reverse=True)
    return {agent.agent_id: since for since, agent in found[:MOST]}


def _deployed_at(agent: Agent) -> datetime:
    return agent.deployed_at or _NEVER


def _stays(agent: Agent | None, seconds: float) -> bool:
    return agent is not None and (worst(agent).problem or seconds < WATCHED_FOR)
