"""What answers about rooms make of what is known. Pure; must not know when a room is asked."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace
from typing import TypeVar

from msgspec import structs

from tui.api.decoding.batch import Batch
from tui.api.models import Dispatch, Room
from tui.fleet.polling.cut_listings import dispatches_after, kept_of_cut, unlisted_after, with_rows
from tui.fleet.polling.room_polling import Round
from tui.fleet.state import Fleet, with_room_answers, with_room_failures, without_room_failures

V = TypeVar("V")


def with_listing(fleet: Fleet, rooms: tuple[Room, ...], batch: Batch[Room]) -> Fleet:
    """The fleet after a list of rooms; `rooms` are those that are known by it."""
    after = _with_rooms(fleet, rooms)
    if batch.unreadable or "rooms" in fleet.unreadable_rows:
        after = _with_unlisted(after, not_in(batch, rooms))
    return replace(
        after,
        rooms_lost=_rooms_lost(fleet) if not rooms else 0,
        cut=with_rows(fleet.cut, "rooms", batch.cut),
        unreadable_rows=with_rows(fleet.unreadable_rows, "rooms", batch.unreadable or None),
    )


def not_in(batch: Batch[Room], rooms: tuple[Room, ...]) -> Set[str]:
    """Names of those rooms that a listing lacks because one of its rows could not be read."""
    if not batch.unreadable or batch.cut is not None:
        return frozenset()
    return {room.name for room in rooms} - {room.name for room in batch.items}


def _rooms_lost(fleet: Fleet) -> int:
    """How many rooms vanished all at once with an outage (PROTOCOL.md, Rooms and participants)."""
    return len(fleet.rooms) if fleet.rooms and fleet.fresh("rooms").failures else fleet.rooms_lost


def with_round(
    fleet: Fleet, done: Round, asked_at: float, at: float, *, is_over: bool, is_outage: bool
) -> Fleet:
    """The fleet after some rooms were asked for their dispatches; both times are monotonic.

    `is_outage` tells that no room answers, `is_over` that this round ended such a time.

    A room that the list lacks, of which a row could not be read, has closed if it does not answer either.
    """
    gone = {room for room in done.missing if fleet.fresh_room(room).is_unlisted and not is_outage}
    if gone:
        fleet = _with_rooms(fleet, tuple(room for room in fleet.rooms if room.name not in gone))
    names = {room.name for room in fleet.rooms}  # some may have closed while they were asked
    fleet = with_dispatch_lists(fleet, _only(names, done.found), asked_at)
    if is_over:
        fleet = without_room_failures(fleet)
    return with_room_failures(fleet, _only(names, done.failed), at)


def with_dispatch_lists(fleet: Fleet, found: Mapping[str, Batch[Dispatch]], asked_at: float) -> Fleet:
    """The fleet after lists of the dispatches of these rooms; the time is monotonic."""
    news = {room: dispatches_after(batch, fleet.dispatches.get(room)) for room, batch in found.items()}
    cut = {room: len(news[room]) for room, batch in found.items() if batch.cut is not None}
    unreadable = {room: batch.unreadable for room, batch in found.items()}
    known = {room: fleet.fresh_room(room) for room, batch in found.items() if not batch.has_all_rows}
    unlisted = {
        room: unlisted_after(found[room], news[room], fresh.unlisted or {}, fresh.dispatches_at)
        for room, fresh in known.items()
    }
    fleet = replace(fleet, dispatches={**fleet.dispatches, **news})
    fleet = with_room_answers(fleet, news, asked_at, cut, unreadable, unlisted)
    return replace(
        fleet,
        cut=with_rows(fleet.cut, "dispatches", kept_of_cut(fleet)),
        unreadable_rows=with_rows(fleet.unreadable_rows, "dispatches", _unreadable_dispatches(fleet)),
    )


def _unreadable_dispatches(fleet: Fleet) -> int | None:
    """How many dispatches of all rooms could not be read; None if all were."""
    return sum(fresh.unreadable for fresh in fleet.room_freshness.values()) or None


def _with_unlisted(fleet: Fleet, rooms: Set[str]) -> Fleet:
    """The fleet after a list of rooms of which a row could not be read: it lacks these, which may be open."""
    fresh = {
        room: structs.replace(fleet.fresh_room(room), is_unlisted=room in rooms)
        for room in {*rooms, *fleet.room_freshness}
        if fleet.fresh_room(room).is_unlisted != (room in rooms)
    }
    return replace(fleet, room_freshness={**fleet.room_freshness, **fresh}) if fresh else fleet


def _with_rooms(fleet: Fleet, rooms: tuple[Room, ...]) -> Fleet:
    """The fleet with these rooms: of others nothing is known any more."""
    names = {room.name for room in rooms}
    return replace(
        fleet,
        rooms=rooms,
        dispatches=_only(names, fleet.dispatches),
        participants=_only(names, fleet.participants),
        agents_seen=_only(names, fleet.agents_seen),
        room_freshness=_only(names, fleet.room_freshness),
    )


def _only(names: Set[str], known: Mapping[str, V]) -> Mapping[str, V]:
    """What is known of these rooms: the same mapping if that is all."""
    return known if known.keys() <= names else {name: known[name] for name in known if name in names}
