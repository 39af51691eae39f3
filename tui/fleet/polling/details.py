"""Asks for the versions and secrets of one agent. Must not know whose are wanted, nor when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar

from tui.api.decoding.batch import Batch
from tui.api.models import SecretInfo, Version, Wire
from tui.fleet.find import is_of_agent, listing_name
from tui.fleet.ordering import newest_first, own_secrets
from tui.fleet.polling.cut_listings import known_after, unlisted_after, with_rows
from tui.fleet.polling.listings import Listings
from tui.fleet.state import Fleet
from tui.fleet.store import Merge

V = TypeVar("V")
W = TypeVar("W", bound=Wire)

KEEP: Final = 24
"""Agents whose details stay in memory after the selection moved on."""


async def versions_of(client: Listings, agent_id: str) -> Merge:
    """Its versions. Raises an error of `tui.api.errors`."""
    batch = await client.list_versions(agent_id)
    return lambda fleet: with_versions(fleet, agent_id, batch)


async def secrets_of(client: Listings, agent_id: str, at: float) -> Merge:
    """Names and times of its secrets, asked for at a monotonic time. Raises an error of `tui.api.errors`."""
    batch = await client.list_secrets(agent_id)
    return lambda fleet: with_secrets(fleet, agent_id, batch, at)


def with_versions(fleet: Fleet, agent_id: str, batch: Batch[Version]) -> Fleet:
    """The fleet after a listing of an agent's versions."""
    versions = newest_first(known_after(batch, fleet.versions.get(agent_id, ())))
    after = replace(fleet, versions=_keep(fleet.versions, agent_id, versions))
    fresh = fleet.fresh("versions")
    at = fresh.at if fresh.subject == agent_id else None
    return _with_marks(after, listing_name("versions", agent_id), batch, versions, at)


def with_secrets(fleet: Fleet, agent_id: str, batch: Batch[SecretInfo], at: float) -> Fleet:
    """The fleet after a listing of an agent's secrets, asked for at a monotonic time."""
    secrets = own_secrets(known_after(batch, fleet.secrets.get(agent_id, ())))
    kept = _keep(fleet.secrets, agent_id, secrets)
    asked = {id: then for id, then in fleet.secrets_at.items() if id in kept} | {agent_id: at}
    after, before_at = replace(fleet, secrets=kept, secrets_at=asked), fleet.secrets_at.get(agent_id)
    return _with_marks(after, listing_name("secrets", agent_id), batch, secrets, before_at)


def _with_marks(
    fleet: Fleet, name: str, batch: Batch[W], rows: tuple[W, ...], before_at: float | None
) -> Fleet:
    """Note what a listing does not show; of an agent whose details were dropped nothing is noted.

    `rows` are known by it; the listing before was answered at `before_at`, None if that is not known.
    """
    cut = with_rows(fleet.cut, name, batch.cut)
    unreadable = with_rows(fleet.unreadable_rows, name, batch.unreadable or None)
    missing = unlisted_after(batch, rows, fleet.unlisted.get(name, {}), before_at)
    unlisted = with_rows(fleet.unlisted, name, missing or None)
    return replace(
        fleet,
        cut=_of_kept(fleet, cut),
        unreadable_rows=_of_kept(fleet, unreadable),
        unlisted=_of_kept(fleet, unlisted),
    )


def _of_kept(fleet: Fleet, rows: Mapping[str, V]) -> Mapping[str, V]:
    """What is noted by listing, without agents whose details were dropped."""
    if not any(map(is_of_agent, rows)):
        return rows
    kept = {listing_name("versions", agent_id) for agent_id in fleet.versions}
    kept |= {listing_name("secrets", agent_id) for agent_id in fleet.secrets}
    gone = {name for name in rows if is_of_agent(name) and name not in kept}
    return {name: count for name, count in rows.items() if name not in gone} if gone else rows


def _keep(before: Mapping[str, V], key: str, value: V) -> Mapping[str, V]:
    """`before` with this entry as the newest; the oldest are dropped beyond `KEEP`."""
    if key in before and before[key] == value:
        return before
    kept = {name: old for name, old in before.items() if name != key}
    for name in list(kept)[: max(0, len(kept) + 1 - KEEP)]:
        del kept[name]
    return {**kept, key: value}
