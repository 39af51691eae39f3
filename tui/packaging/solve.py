"""Decodes the lines of a build stream, BuildKit's SolveStatus (PROTOCOL.md, Builds).

Keeps no state. Texts are raw: `progress` cleans them.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Final

import msgspec

ERROR_PREFIX: Final = b"BUILD ERROR:"
"""The beginning of the line that reports a failed build."""


class UnreadableStatus(ValueError):
    """A line that is not valid SolveStatus JSON."""


class Group(msgspec.Struct, frozen=True):
    """A row for several steps."""

    id: str = ""
    name: str = ""
    weak: bool = False
    """Whether this member alone does not make the row visible."""


class Vertex(msgspec.Struct, frozen=True):
    """A step; announced again with every change."""

    digest: str
    name: str = ""
    started: str | None = None
    completed: str | None = None
    cached: bool = False
    error: str = ""
    group: Group | None = msgspec.field(default=None, name="progressGroup")


class VertexStatus(msgspec.Struct, frozen=True):
    """Progress within a step, such as one layer that is pulled."""

    id: str
    vertex: str
    name: str = ""
    current: int = 0
    total: int = 0
    started: str | None = None
    completed: str | None = None


class VertexLog(msgspec.Struct, frozen=True):
    """Output of a step: bytes, with any number of whole and partial lines."""

    vertex: str
    stream: int = 1
    data: str = ""
    timestamp: str | None = None


class VertexWarning(msgspec.Struct, frozen=True):
    """Advice about the Dockerfile."""

    vertex: str = ""
    short: str = ""
    detail: list[str] | None = None
    url: str = ""


class Queue(msgspec.Struct, frozen=True):
    """Sent while no builder is free."""

    message: str = ""


class SolveStatus(msgspec.Struct, frozen=True):
    """One line. `vertexes` is BuildKit's spelling."""

    vertexes: list[Vertex] | msgspec.UnsetType | None = msgspec.UNSET
    statuses: list[VertexStatus] | msgspec.UnsetType | None = msgspec.UNSET
    logs: list[VertexLog] | msgspec.UnsetType | None = msgspec.UNSET
    warnings: list[VertexWarning] | msgspec.UnsetType | None = msgspec.UNSET
    queue: Queue | msgspec.UnsetType | None = msgspec.field(default=msgspec.UNSET, name="lkQueue")


_NOTHING: Final = SolveStatus()


def read_line(line: bytes) -> SolveStatus:
    """One line of the stream. Raises `UnreadableStatus` for all but an object with one of the known parts."""
    try:
        found = _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableStatus(str(error)) from None
    if found == _NOTHING and line.strip() != b"{}":
        raise UnreadableStatus("an object without steps, output or warnings")
    return found


def _decode(line: bytes) -> SolveStatus:
    """Go writes null for every empty list and for output without bytes; to its own reader that is nothing."""
    try:
        return msgspec.json.decode(line, type=SolveStatus)
    except msgspec.ValidationError:
        return msgspec.convert(_without_nulls(msgspec.json.decode(line)), SolveStatus)


def _without_nulls(found: object) -> object:
    if isinstance(found, dict):
        return {key: _without_nulls(value) for key, value in found.items() if value is not None}
    return [_without_nulls(item) for item in found if item is not None] if isinstance(found, list) else found


def read_time(text: str | None) -> float | None:
    """RFC 3339 to Unix seconds; None if empty, invalid, or Go's zero time."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.year <= 1:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def read_bytes(text: str) -> bytes:
    """Bytes from Base64; empty if invalid."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
