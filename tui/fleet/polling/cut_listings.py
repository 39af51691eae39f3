"""What a listing means that was cut or read in part: it tells what is there, not what is not. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import attrgetter, eq, is_
from typing import Final, TypeVar

from tui.api.decoding.batch import Batch
from tui.api.models import Agent, Dispatch, Wire
from tui.fleet.ordering import open_dispatches
from tui.fleet.state import Fleet, with_agents

T = TypeVar("T", bound=Wire)
V = TypeVar("V")
MOST: Final = 50_000
"""Rows that are kept of a list read in part, with those that are known from before."""


def known_after(batch: Batch[T], before: tuple[T, ...]) -> tuple[T, ...]:
    """What is known after a listing. If it was cut, or a row of it could not be read, what was known stays,
    also if it is not listed any more.

    Of what is new as much comes in as there is room for. The same tuple as before if nothing changed.
    """
    if batch.has_all_rows or not before:
        return batch.items
    items, most = batch.items, max(MOST if batch.cut is None else batch.cut, len(before))
    if _are_same(items, before):
        after = items  # nearly always; of a hundred thousand nothing has to be sorted out
    else:
        identity = _identity(before[0])
        listed = {identity(item): item for item in items}
        known = [listed.pop(identity(old), old) for old in before]
        after = (*known, *listed.values())[:most]
    return before if len(after) == len(before) and all(map(is_, after, before)) else after


def unlisted_after(
    batch: Batch[T], after: tuple[T, ...], known: Mapping[str, float | None], at: float | None
) -> Mapping[str, float | None]:
    """What is known after a listing and not in it, with the time of the last answer that had it.

    `known` is the same after the listing before; `at` is the time of that one, None if it is not known.
    """
    if batch.has_all_rows or _are_same(batch.items, after):
        return {}
    identity = _identity(after[0])
    listed = set(map(identity, batch.items))
    return {id: known.get(id, at) for id in map(identity, after) if id not in listed}


def with_agent_listing(fleet: Fleet, batch: Batch[Agent], at: float) -> Fleet:
    """The fleet after a list of its agents, asked for at a monotonic time."""
    agents = known_after(batch, fleet.agents)
    unlisted = unlisted_after(batch, agents, fleet.unlisted.get("agents", {}), fleet.fresh("agents").at)
    return replace(
        with_agents(fleet, agents, at),
        unreadable=batch.unreadable,
        cut=with_rows(fleet.cut, "agents", batch.cut),
        unlisted=with_rows(fleet.unlisted, "agents", unlisted or None),
    )


def _are_same(rows: tuple[T, ...], others: tuple[T, ...]) -> bool:
    """Whether the same things are listed in the same order."""
    if len(rows) != len(others):
        return False
    return not rows or all(map(eq, *(map(_identity(rows[0]), listed) for listed in (rows, others))))


def _identity(row: Wire) -> Callable[[Wire], str]:
    """What tells a row of a list from the others: its first field."""
    return attrgetter(row.__struct_fields__[0])


def dispatches_after(batch: Batch[Dispatch], before: tuple[Dispatch, ...] | None) -> tuple[Dispatch, ...]:
    """Those of a room that were not deleted; the same tuple as before if nothing changed."""
    ordered = open_dispatches(known_after(batch, before or ()))
    return before if before is not None and ordered == before else ordered


def kept_of_cut(fleet: Fleet) -> int | None:
    """How many dispatches are kept of all rooms where those of some room are not all; else None."""
    if all(fresh.cut is None for fresh in fleet.room_freshness.values()):
        return None
    return sum(map(len, fleet.dispatches.values()))


def with_rows(rows: Mapping[str, V], listing: str, known: V | None) -> Mapping[str, V]:
    """What is noted by listing after a new answer: this of this one; None where there is nothing to say."""
    if rows.get(listing) == known:
        return rows
    others = {name: before for name, before in rows.items() if name != listing}
    return others if known is None else {**others, listing: known}
