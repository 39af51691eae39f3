"""Finds the effect of a request whose answer was lost, by reads only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from tui.api.client import Client
from tui.api.errors import ApiError
from tui.api.models import Version
from tui.clock import Clock
from tui.fleet.status import Family, status
from tui.operations.journal.reconcile import LOOKS

T = TypeVar("T")


async def look_until(
    look: Callable[[], Awaitable[T | None]],
    *,
    clock: Clock,
    tell: Callable[[str], None],
    looks: Sequence[float] = LOOKS,
) -> T | None:
    """The first thing that is seen; None if the last look saw nothing.

    Raises the tree of `tui.api.errors` when the last look failed: then nothing is known.
    """
    begun = clock.monotonic()
    failure: ApiError | None = None
    for number, at in enumerate(looks, 1):
        await clock.sleep(max(0.0, begun + at - clock.monotonic()))
        tell(f"unknown – checking, look {number} of {len(looks)}")
        try:
            found = await look()
        except ApiError as error:
            failure = error
            continue
        failure = None
        if found is not None:
            return found
    if failure is not None:
        raise failure
    return None


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
