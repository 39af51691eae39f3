"""Finds the effect of a create or deploy, by reads only. An unreadable row may be the one looked for."""

from __future__ import annotations

from collections.abc import Iterable

from tui.api.client import Client
from tui.api.models import Version
from tui.fleet.status import Family, status
from tui.operations.looks import whole

BUILDING = "Building"


async def agent_ids(client: Client) -> tuple[str, ...]:
    """Ids of every agent of the project. Raises the tree of `tui.api.errors`."""
    return tuple(agent.agent_id for agent in whole(await client.list_agents(), "agents"))


async def version_tags(client: Client, agent_id: str) -> tuple[str, ...]:
    """Tags of every version of an agent. Raises the tree of `tui.api.errors`."""
    return tuple(version.version for version in whole(await client.list_versions(agent_id), "versions"))


async def new_agents(client: Client, before: Iterable[str]) -> tuple[str, ...] | None:
    """Agents that were not there before and to which nothing was deployed yet; None without any.

    Raises the tree of `tui.api.errors`.
    """
    known = set(before)
    agents = whole(await client.list_agents(), "agents")
    new = (agent for agent in agents if agent.agent_id not in known and agent.never_deployed)
    return tuple(agent.agent_id for agent in new) or None


async def new_version(client: Client, agent_id: str, tag: str, before: Iterable[str]) -> Version | None:
    """The version of a build, however far it is; None if it is not listed.

    It is known by its tag, and where the service named none, by being the only one that was not there before.
    Raises the tree of `tui.api.errors`.
    """
    known = set(before)
    versions = [
        item for item in whole(await client.list_versions(agent_id), "versions") if item.version not in known
    ]
    if tag:
        return next((item for item in versions if item.version == tag), None)
    return versions[0] if len(versions) == 1 else None


def serves(version: Version) -> bool:
    """Whether it runs, by its flags: they are reliable, the status is not."""
    return version.current or version.active


def failed(version: Version) -> bool:
    """Its build failed."""
    return not serves(version) and status(version.status).family is Family.ERROR


def is_building(version: Version) -> bool:
    """Its build goes on."""
    return not serves(version) and status(version.status).name == BUILDING
