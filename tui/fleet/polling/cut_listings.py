"""What a listing means that was cut or read in part: it tells what is there, not what is not. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter, eq, is_
from typing import TypeVar

from tui.api.decoding.batch import Batch
from tui.api.models import Dispatch, Room, Wire
from tui.fleet.ordering import open_dispatches
from tui.fleet.state import Fleet

T = TypeVar("T", bound=Wire)


def known_after(batch: Batch[T], before: tuple[T, ...]) -> tuple[T, ...]:
    """What is known after a listing. If it was cut, what was known stays, also if it is not listed any more.

    Of what is new as much comes in as there is room for. The same tuple as before if nothing changed.
    """
    if batch.cut is None or not before:
        return batch.items
    return _with_known(batch.items, before, max(batch.cut, len(before)))


def rooms_after(batch: Batch[Room], before: tuple[Room, ...]) -> tuple[Room, ...]:
    """The same of rooms, where those that are known also stay while a row of the list could not be read.

    Whether such a room closed is told by asking it for its dispatches.
    """
    if batch.cut is not None or not batch.unreadable or not before:
        return known_after(batch, before)
    return _with_known(batch.items, before, len(batch.items) + len(before))


def _with_known(items: tuple[T, ...], before: tuple[T, ...], most: int) -> tuple[T, ...]:
    identity = attrgetter(before[0].__struct_fields__[0])
    if len(items) == len(before) and all(map(eq, map(identity, items), map(identity, before))):
        after = items  # nearly always; of a hundred thousand nothing has to be sorted out
    else:
        listed = {identity(item): item for item in items}
        known = [listed.pop(identity(old), old) for old in before]
        after = (*known, *listed.values())[:most]
    return before if len(after) == len(before) and all(map(is_, after, before)) else after


def dispatches_after(batch: Batch[Dispatch], before: tuple[Dispatch, ...] | None) -> tuple[Dispatch, ...]:
    """Those of a room that were not deleted; the same tuple as before if nothing changed."""
    ordered = open_dispatches(known_after(batch, before or ()))
    return before if before is not None and ordered == before else ordered


def kept_of_cut(fleet: Fleet) -> int | None:
    """How many dispatches are kept of all rooms where those of some room are not all; else None."""
    if all(fresh.cut is None for fresh in fleet.room_freshness.values()):
        return None
    return sum(map(len, fleet.dispatches.values()))


def with_rows(rows: Mapping[str, int], listing: str, count: int | None) -> Mapping[str, int]:
    """Rows by listing after a new answer: so many of this one; None where there is nothing to say."""
    if rows.get(listing) == count:
        return rows
    others = {name: known for name, known in rows.items() if name != listing}
    return others if count is None else {**others, listing: count}
