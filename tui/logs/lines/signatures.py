"""Counts errors that differ only in numbers and ids together: what, how often, since when. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from tui.logs.lines.records import LogRecord, plain

MOST: Final = 500
"""Kinds that are counted; errors of further kinds are counted together."""
COMPARED: Final = 200
"""Characters of a message that are compared."""
LOOKED_AT: Final = 500
"""Characters of a line of a traceback that are read: the cost grows with their square."""
TRACE_ENDS: Final = 200
"""Lines at the beginning and at the end of a traceback that are read."""
OTHER: Final = "(many other kinds)"

_ID = r"\b[A-Z]{2,3}_[A-Za-z0-9]{6,}\b"
_UUID = r"\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b"
_ADDRESS = r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"
_HEX = r"\b(?:0x[0-9a-fA-F]+|(?=[0-9a-f]*\d)[0-9a-f]{8,})\b"
_NUMBER = r"(?<![A-Za-z_])-?\d+(?:\.\d+)?"
_VARYING: Final = re.compile(f"({_ID})|({_UUID})|({_ADDRESS})|({_HEX})|({_NUMBER})")
_PLACEHOLDERS: Final = ("", "<id>", "<uuid>", "<addr>", "<hex>", "<n>")
_FRAME: Final = re.compile(
    r'^\s*File "([^"]+)", line \d+, in (\S+)|^\s*at (?:async )?([\w.<>$ ]+) \(([^)]+?)(?::\d+)*\)'
)
_EXCEPTION: Final = re.compile(
    r"^([A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Timeout|Warning|Group|Iteration)\b[\w.]*"
    r"|(?:[A-Za-z_]\w*\.)+[A-Z]\w*|Error|Exception)(?::|$)"
)
_CLASS: Final = re.compile(r"([A-Za-z_][\w.]*)(?::|$)")
"""What ends a traceback, whatever it is called."""
_BOX: Final = re.compile(r"^[ |+-]*\| ?")
"""What stands before each line of an exception group."""


class Key(msgspec.Struct, frozen=True):
    """What makes two errors the same kind."""

    message: str
    """With ids, addresses and numbers replaced by placeholders."""
    exception: str = ""
    """Type of the last exception of a traceback."""
    frame: str = ""
    """Where it was raised: `tools.py:book`."""


class Signature(msgspec.Struct):
    """One kind of error and its history in this log."""

    key: Key
    count: int = 0
    first_seen: float | None = None
    """Unix seconds, by the lines' own time where they have one."""
    last_seen: float | None = None
    last_row: int = 0
    first_version: str = ""
    """The version that was deployed when it first appeared here; empty when unknown."""
    jobs: set[str] = msgspec.field(default_factory=set)
    """Jobs hit, up to a hundred."""

    def new_since(self, deployed_at: float | None, log_begins: float | None) -> bool:
        """It first appeared after the deployment. False unless the log reaches back before that."""
        if deployed_at is None or log_begins is None or self.first_seen is None:
            return False
        return log_begins < deployed_at <= self.first_seen


def normalise(message: str) -> str:
    """A message with ids, addresses and numbers replaced by placeholders."""
    return _VARYING.sub(lambda match: _PLACEHOLDERS[match.lastindex or 0], message[: COMPARED * 2])[:COMPARED]


def key_of(record: LogRecord) -> Key:
    """The kind of an error record."""
    exception, frame = _raised(record.body or (record.message,))
    return Key(normalise(plain(record.message)), exception, frame)


def _raised(body: Sequence[str]) -> tuple[str, str]:
    """Type and place of the exception that a traceback ends with; Python's and Node's forms."""
    exception = frame = ""
    lines = body if len(body) <= 2 * TRACE_ENDS else (*body[:TRACE_ENDS], *body[-TRACE_ENDS:])
    for line in (_BOX.sub("", plain(line[:LOOKED_AT])) for line in lines):
        if found := _FRAME.match(line):
            path, function = (found[1], found[2]) if found[1] else (found[4], found[3])
            # Python names the raising frame last, Node first
            if found[1] or not frame:
                frame = f"{path.replace(chr(92), '/').rsplit('/', 1)[-1]}:{function}"
        elif found := _EXCEPTION.match(line):
            exception = found[1]
    if frame and not exception and (found := _CLASS.match(plain(lines[-1][:LOOKED_AT]))):
        exception = found[1]
    return exception, frame


@dataclass
class Signatures:
    """The kinds of error of one log."""

    by_key: dict[Key, Signature] = field(default_factory=dict)
    seen: int = 0
    """Rows below this have been counted."""

    def add(self, record: LogRecord, row: int, moment: float | None, version: str) -> Signature:
        """Count an error."""
        key = key_of(record)
        found = self.by_key.get(key)
        if found is None:
            if len(self.by_key) >= MOST:
                key = Key(OTHER)
            found = self.by_key.setdefault(key, Signature(key))
        if not found.count:
            found.first_seen, found.first_version = moment, version
        found.count += 1
        found.last_row, found.last_seen = row, moment
        if (job := record.field("job_id")) and len(found.jobs) < 100:
            found.jobs.add(job)
        return found

    def ranked(self) -> list[Signature]:
        """The most recent first."""
        return sorted(self.by_key.values(), key=lambda signature: signature.last_row, reverse=True)
