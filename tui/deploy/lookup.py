"""Finds the effect of a request whose answer was lost, by reads only."""

from __future__ import annotations

from collections.abc import Iterable

from tui.api.client import Client
from tui.api.models import Version
from tui.fleet.status import Family, status


async def agent_ids(client: Client) -> tuple[str, ...]:
    """Ids of every agent of the project. Raises the tree of `tui.api.errors`."""
    return tuple(agent.agent_id for agent in (await client.list_agents()).items)


async def new_agents(client: Client, before: Iterable[str]) -> tuple[str, ...] | None:
    """Agents that were not there before; None without any. Raises the tree of `tui.api.errors`."""
    known = set(before)
    return tuple(one for one in await agent_ids(client) if one not in known) or None


async def built(client: Client, agent_id: str, tag: str) -> Version | None:
    """A version once its build has ended, well or not. Raises the tree of `tui.api.errors`."""
    versions = (await client.list_versions(agent_id)).items
    found = next((version for version in versions if version.version == tag), None)
    return found if found is not None and (serves(found) or failed(found)) else None


def serves(version: Version) -> bool:
    """Whether it runs, by its flags: they are reliable, the status is not."""
    return version.current or version.active


def failed(version: Version) -> bool:
    """Its build failed."""
    return not serves(version) and status(version.status).family is Family.ERROR
