"""Level and time of a line, noted as it arrives: one byte a line. Reads no more of it than that takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import IntEnum
from typing import Final

import msgspec


class Level(IntEnum):
    """Severity of a line, in order."""

    NONE = 0
    DEBUG = 1
    INFO = 2
    WARN = 3
    ERROR = 4
    CRITICAL = 5


LEVEL_BITS: Final = 0x07
PART: Final = 0x08
"""The row is part of a message of several lines, such as a frame of a traceback: not an error by itself."""
NOTICE: Final = 0x10
"""The row is a notice of ours: a place in the log without bytes."""
CUT: Final = 0x20
"""The row is a piece of a line: its end never came."""

ERRORS: Final = re.compile(
    b"[%c%c%c%c]" % (Level.ERROR, Level.CRITICAL, CUT | Level.ERROR, CUT | Level.CRITICAL)
)
"""Finds the rows of error level and above in a run of marks, each message once."""
EARLIEST: Final = 946_684_800.0
"""Year 2000: an earlier time is a mistake or a duration."""
LATEST: Final = 4_102_444_800.0
"""Year 2100."""
LONG: Final = 64 * 1024
"""Bytes from which a line is not decoded as it arrives: its level is looked for in its beginning."""

_NAMES: Final[dict[object, Level]] = {
    "TRACE": Level.DEBUG,
    "DEBUG": Level.DEBUG,
    "DEV": Level.DEBUG,  # livekit-agents' own level between debug and info
    "INFO": Level.INFO,
    "NOTICE": Level.INFO,
    "WARN": Level.WARN,
    "WARNING": Level.WARN,
    "ERROR": Level.ERROR,
    "ERR": Level.ERROR,
    "CRITICAL": Level.CRITICAL,
    "FATAL": Level.CRITICAL,
    "PANIC": Level.CRITICAL,
    # pino, which the Node agents log with, writes numbers
    10: Level.DEBUG,
    20: Level.DEBUG,
    30: Level.INFO,
    40: Level.WARN,
    50: Level.ERROR,
    60: Level.CRITICAL,
}
_WORD: Final = re.compile(
    rb"\b(?:(TRACE|DEBUG)|(INFO|NOTICE)|(WARN(?:ING)?)|(ERROR|ERR)|"
    rb"(CRITICAL|FATAL|PANIC|Fatal|panic|fatal))\b|^BUILD (ERROR):|^[A-Za-z_][\w.]*(?:Error|Exception)(:| |$)"
)
_BEGINS: Final = re.compile(
    rb"(?:Traceback \(most recent|During handling of the above|The above exception was)"
)
"""How a traceback begins or goes on: the error is the line that ends it."""
_ENDS: Final = re.compile(
    rb"(?:[A-Za-z_]\w*\.)+[A-Z]\w*(?::|$)"
    rb"|(?:KeyboardInterrupt|SystemExit|Stop(?:Async)?Iteration|GeneratorExit|(?:Base)?ExceptionGroup)(?::|$)"
)
"""The line that ends a traceback: an exception with its module, or a built-in one without."""
_HINTS: Final = (
    b"info",
    b"err",
    b"warn",
    b"debug",
    b"trace",
    b"exception",
    b"notice",
    b"crit",
    b"fatal",
    b"panic",
)
"""Every text that `_WORD` matches holds one of these in lower case."""
_BY_GROUP: Final = (
    Level.NONE,
    Level.DEBUG,
    Level.INFO,
    Level.WARN,
    Level.ERROR,
    Level.CRITICAL,
    Level.ERROR,
    Level.ERROR,
)
_JSON_LEVEL: Final = re.compile(rb'"(?:level|severity)"\s*:\s*"?(\w+)')
_HEAD: Final = 160
"""Bytes of a line without structure in which a level is looked for."""


class Header(msgspec.Struct, gc=False):
    """The fields of a JSON line that are read as it arrives. livekit-agents' names first, then pino's."""

    level: str | int | float = ""
    severity: str = ""
    timestamp: str | int | float = ""
    time: str | int | float = ""
    ts: str | int | float = ""


_header = msgspec.json.Decoder(Header).decode
FAILURES: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises for a line that is not JSON, or is made to break it."""


def level_named(name: object) -> Level:
    """The level that a logger's word or number stands for; NONE if it is unknown."""
    found = _NAMES.get(name)
    if found is None and isinstance(name, str):
        return _NAMES.get(name.strip().upper(), Level.NONE)
    return found or Level.NONE


def classify(lines: Sequence[bytes], previous: int = Level.NONE) -> bytearray:
    """One mark per line. `previous` is the mark of the line before: an indented line belongs to it."""
    marks = bytearray()
    for line in lines:
        if line[:1] == b"{" and len(line) < LONG:
            try:
                header = _header(line)
                previous = _NAMES.get(header.level) or level_named(header.level or header.severity)
            except FAILURES:
                previous = _from_text(line)
        elif line[:1] in (b" ", b"\t"):
            previous = previous & LEVEL_BITS | PART  # as serious as what it belongs to
        elif previous == Level.ERROR | PART and _ENDS.match(line, 0, _HEAD):
            previous = Level.ERROR
        else:
            previous = _from_text(line)
        marks.append(previous)
    return marks


def _from_text(line: bytes) -> int:
    if line[:1] == b"{" and (found := _JSON_LEVEL.search(line, 0, LONG)):
        word = found[1].decode("ascii", "replace")
        return level_named(int(word) if word.isdigit() and len(word) < 4 else word)
    head = line[:_HEAD]
    low = head.lower()
    for hint in _HINTS:  # plain finds first: the pattern costs several times as much
        if hint in low:
            break
    else:
        return Level.NONE
    if _BEGINS.match(head):
        return Level.ERROR | PART
    match = _WORD.search(head)
    return _BY_GROUP[match.lastindex or 0] if match else Level.NONE


def time_of(line: bytes) -> float | None:
    """When a line says that it was written, Unix seconds."""
    if line[:1] == b"{" and len(line) < LONG:
        try:
            header = _header(line)
        except FAILURES:
            return None
        return parse_time(header.timestamp or header.time or header.ts)
    # 2026-08-11T09:05:24.118Z or with a space, at the start of the line
    if line[4:5] == b"-" and line[13:14] == b":":
        stamp = line[:32].decode("ascii", "replace").replace(",", ".")
        words = stamp.split(" ")
        return parse_time(words[0] if "T" in words[0] else " ".join(words[:2]))
    return None


def parse_time(value: object) -> float | None:
    """Unix seconds of an ISO 8601 text or of a number of s, ms, µs or ns; None for anything else."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            # a time without a zone is the server's, and servers run on UTC
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError, OSError):
            return None
        return seconds if EARLIEST <= seconds < LATEST else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        for unit in (1.0, 1e3, 1e6, 1e9):
            if EARLIEST <= value / unit < LATEST:
                return value / unit
    return None
