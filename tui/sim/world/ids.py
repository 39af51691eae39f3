"""Ids and times as LiveKit writes them (PROTOCOL.md, Agents). Pure; the random generator is an argument."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
"""The characters of an id: those that cannot be mistaken for one another."""

NEVER: Final = Timestamp(seconds=-62135596800)
"""Go's zero time: the only one that `lk` prints as "never" (PROTOCOL.md, Quirks)."""


def guid(prefix: str, chance: Random) -> str:
    """A LiveKit id such as `CA_p7KxWmR3sVbQ`."""
    return prefix + "".join(chance.choices(ALPHABET, k=12))


def version_tag(moment: float) -> str:
    """The tag of a version made at `moment` (Unix seconds): 14 digits, UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y%m%d%H%M%S")


def timestamp(moment: float) -> Timestamp:
    """`moment` (Unix seconds) as a message, to the millisecond."""
    seconds, millis = divmod(round(moment * 1000), 1000)
    return Timestamp(seconds=seconds, nanos=millis * 1_000_000)


def iso(moment: float) -> str:
    """`moment` (Unix seconds) as LiveKit's Python workers log it: ISO 8601, microseconds, `+00:00`."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="microseconds")


def rfc3339(moment: float) -> str:
    """`moment` (Unix seconds) as Go prints it: RFC 3339, milliseconds, `Z`."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
