"""Differences between fleets, and these as bytes. Pure; must not know a file, nor how they are made.

A difference holds only fields that differ, in columns: by field, positions of rows and then their values.
A whole fleet is a sequence of differences that begins with an empty one, each small enough to be made without
a pause that is felt.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final, Generic, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType, structs

from tui.api.models import Agent, Dispatch, Participant, Room, SecretInfo, Version, Wire
from tui.api.text.masking import masked
from tui.fleet.coverage import Coverage
from tui.fleet.reason import LoggedError
from tui.fleet.room_freshness import RoomFreshness
from tui.fleet.state import Freshness

LEVEL: Final = 6
"""Of the compression."""
METRICS: Final = frozenset({"cur_cpu", "cur_mem", "last_scraped_at"})
"""Fields of a deployment that are measured again and again. That they differ alone is no change."""
ROWS: Final = 16
"""Deployments of an agent up to which one is kept field by field."""
NEW: Final = -1
"""In place of a position: a row that was not there."""
DEPLOYMENTS: Final = "agent_deployments"
"""The field of an agent whose rows differ one by one."""
PIECE: Final = 500
"""Rows that are encoded at once."""
_MAP: Final = 0x80, 0xDE
_ARRAY: Final = 0x90, 0xDC
"""The first byte of a map and of an array in msgpack: of a short one, to which its length is added, and of
one whose length takes two bytes. Of a longer one it is the next."""
_LARGEST: Final = 1 << 28
"""Bytes of one difference at the most; what says to be larger is damaged."""

W = TypeVar("W", bound=Wire)
V = TypeVar("V")

Columns = dict[str, tuple[list[int], list[object]]]
"""By field: positions of rows, each as the distance from the one before, and the values."""


class DamagedSample(Exception):
    """A part of a recording that cannot be read."""


class Listing(Struct, Generic[W], omit_defaults=True):
    """How a list differs from the one before."""

    order: list[tuple[int, int]] | None = None
    """Where rows came, went or moved: stretches of rows of the list before by start and length, start -1 for
    as many new ones; None if the list is in the same order."""
    new: list[W] = []
    """The new rows in order."""
    fields: Columns = {}
    """Of rows by position in the list after."""
    rows: Columns = {}
    """The same of deployments: a position is that of the agent times `ROWS`, plus that in the agent."""


class Entries(Struct, Generic[V], omit_defaults=True):
    """How a mapping differs from the one before."""

    set: dict[str, V] = {}
    gone: list[str] = []


class Difference(Struct, omit_defaults=True):
    """How one fleet differs from the one before. What is absent does not differ."""

    agents: Listing[Agent] | None = None
    rooms: Listing[Room] | None = None
    statuses: Mapping[str, int] | UnsetType = UNSET
    status_changed_at: float | UnsetType | None = UNSET
    unreadable: int | UnsetType = UNSET
    rooms_lost: int | UnsetType = UNSET
    coverage: Coverage | UnsetType = UNSET
    cut: Entries[int] | None = None
    unreadable_rows: Entries[int] | None = None
    unlisted: Entries[Mapping[str, float | None]] | None = None
    versions: Entries[tuple[Version, ...]] | None = None
    secrets: Entries[tuple[SecretInfo, ...]] | None = None
    secrets_at: Entries[float] | None = None
    log_errors: Entries[LoggedError] | None = None
    dispatches: Entries[tuple[Dispatch, ...]] | None = None
    participants: Entries[tuple[Participant, ...]] | None = None
    agents_seen: Entries[frozenset[str]] | None = None
    room_freshness: Entries[RoomFreshness] | None = None
    freshness: Entries[Freshness] | None = None

    def mask(self) -> None:
        """Mask the errors that are quoted: older versions kept some as they came."""
        if self.dispatches is not None:
            for dispatch in chain.from_iterable(self.dispatches.set.values()):
                dispatch.mask(masked)
        if self.log_errors is not None:
            for agent_id, logged in self.log_errors.set.items():
                self.log_errors.set[agent_id] = structs.replace(logged, text=masked(logged.text))
        if self.room_freshness is not None:
            for room, asked in self.room_freshness.set.items():
                if asked.error:
                    self.room_freshness.set[room] = structs.replace(asked, error=masked(asked.error))
        if self.freshness is not None:
            for source, known in self.freshness.set.items():
                if known.error:
                    self.freshness.set[source] = replace(known, error=masked(known.error))


DERIVED: Final = frozenset({"index", "suspects"})
"""Fields of a fleet that are not kept: they follow from others, or serve polling alone."""


_encoder: Final = msgspec.msgpack.Encoder()
_differences: Final = msgspec.msgpack.Decoder(Difference)
_columns: Final = msgspec.msgpack.Decoder(Columns)


def packed(value: Difference | Columns) -> bytes:
    """As bytes. Long lists are encoded bit by bit: fifty thousand new agents are forty megabytes."""
    press = zlib.compressobj(LEVEL)
    pieces = _pieces(value) if isinstance(value, Difference) else (_encoder.encode(value),)
    return b"".join([*map(press.compress, pieces), press.flush()])


def _pieces(found: Difference) -> Iterator[bytes | memoryview]:
    """A difference as msgpack: the same map as its encoder makes, in another order."""
    listings = {"agents": found.agents, "rooms": found.rooms}
    entries = {"dispatches": found.dispatches, "participants": found.participants}
    rest = structs.replace(found, agents=None, rooms=None, dispatches=None, participants=None)
    yield from _map_of(rest, sum(value is not None for value in (*listings.values(), *entries.values())))
    for name, listing in listings.items():
        if listing is not None:
            yield _encoder.encode(name)
            yield from _map_of(structs.replace(listing, new=[]), 1)
            yield _encoder.encode("new")
            yield from _rows(listing.new)
    for name, of_rooms in entries.items():
        if of_rooms is not None:
            yield _encoder.encode(name)
            yield from _map_of(structs.replace(of_rooms, set={}), 1)
            yield _encoder.encode("set")
            yield _header(_MAP, len(of_rooms.set))
            for room, rows in of_rooms.set.items():
                yield _encoder.encode(room)
                yield from _rows(rows)


def _map_of(value: Struct, more: int) -> Iterator[bytes | memoryview]:
    """A value as a map to which so many entries are still to be added."""
    plain = _encoder.encode(value)
    count, begin = (plain[0] & 0x0F, 1) if plain[0] < _MAP[1] else (int.from_bytes(plain[1:3], "big"), 3)
    yield _header(_MAP, count + more)
    yield memoryview(plain)[begin:]  # no copy: of columns of a whole fleet it is many megabytes


def _rows(rows: Sequence[Wire]) -> Iterator[bytes]:
    """An array of rows."""
    yield _header(_ARRAY, len(rows))
    for start in range(0, len(rows), PIECE):
        piece = rows[start : start + PIECE]
        yield _encoder.encode(piece)[len(_header(_ARRAY, len(piece))) :]


def _header(kind: tuple[int, int], count: int) -> bytes:
    """How a map or an array of so many entries begins in msgpack."""
    short, long = kind
    if count < 16:
        return bytes((short | count,))
    return (
        bytes((long,)) + count.to_bytes(2, "big")
        if count < 1 << 16
        else bytes((long + 1,)) + count.to_bytes(4, "big")
    )


def unpacked(data: bytes) -> Difference:
    """A difference from its bytes, its errors masked. Raises `DamagedSample`."""
    found = _decoded(data, _differences)
    found.mask()
    return found


def unpacked_metrics(data: bytes) -> Columns:
    """What was measured, from its bytes. Raises `DamagedSample`."""
    return _decoded(data, _columns)


def _decoded(data: bytes, decoder: msgspec.msgpack.Decoder[V]) -> V:
    try:
        opener = zlib.decompressobj()
        plain = opener.decompress(data, _LARGEST)
        if not opener.eof:
            raise DamagedSample("its end is missing")
        return decoder.decode(plain)
    except (zlib.error, msgspec.DecodeError) as error:
        raise DamagedSample(str(error)) from error
