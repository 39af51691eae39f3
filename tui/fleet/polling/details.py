"""Asks for the versions and secrets of one agent. Must not know whose are wanted, nor when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar

from tui.fleet.ordering import newest_first, own_secrets
from tui.fleet.polling.listings import Listings
from tui.fleet.store import Merge

V = TypeVar("V")

KEEP: Final = 24
"""Agents whose details stay in memory after the selection moved on."""


async def versions_of(client: Listings, agent_id: str) -> Merge:
    """Its versions. Raises an error of `tui.api.errors`."""
    versions = newest_first((await client.list_versions(agent_id)).items)
    return lambda fleet: replace(fleet, versions=_keep(fleet.versions, agent_id, versions))


async def secrets_of(client: Listings, agent_id: str) -> Merge:
    """Names and times of its secrets. Raises an error of `tui.api.errors`."""
    secrets = own_secrets((await client.list_secrets(agent_id)).items)
    return lambda fleet: replace(fleet, secrets=_keep(fleet.secrets, agent_id, secrets))


def _keep(before: Mapping[str, V], key: str, value: V) -> Mapping[str, V]:
    """`before` with this entry as the newest; the oldest are dropped beyond `KEEP`."""
    if key in before and before[key] == value:
        return before
    kept = {name: old for name, old in before.items() if name != key}
    for name in list(kept)[: max(0, len(kept) + 1 - KEEP)]:
        del kept[name]
    return {**kept, key: value}
