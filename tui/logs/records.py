"""A raw line taken apart: level, logger, message, fields, traceback. Knows no columns and no colours.

livekit-agents prints one JSON object per line in production; its Node twin logs through
pino. Everything else is text and stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

import msgspec

from tui.api.clean import clean
from tui.logs.classify import FAILURES, LEVEL_BITS, Level, classify, level_named, parse_time, time_of

SHOWN: Final = 16 * 1024
"""Characters of one line that are shown or matched as text; the spool has the rest."""
DECODED: Final = 256 * 1024
"""Bytes up to which a line is decoded as JSON; a longer one is shown as text."""

SGR: Final = re.compile(r"\x1b\[([0-9;:]*)m")
"""The one escape sequence that is understood: colours and weights. All others are shown as characters."""

MESSAGE: Final = ("message", "msg", "event")
LEVEL: Final = ("level", "severity")
LOGGER: Final = ("name", "logger")
_TIME: Final = ("timestamp", "time", "ts")
_TRACES: Final = ("exc_info", "exc_text", "stack_info", "stack", "traceback")
_ERRORS: Final = ("err", "error")
KNOWN: Final = frozenset((*MESSAGE, *LEVEL, *LOGGER, *_TIME, *_TRACES))
"""Fields that are not shown with their names: the first that is not empty is the message, and so on."""
TAKEN_APART: Final = frozenset((*_TRACES, *_ERRORS))
"""Fields whose values may have several lines."""


class LogRecord(msgspec.Struct, frozen=True):
    """A line taken apart. Every text is cleaned except for its colours: `plain` or `runs` finish it."""

    message: str
    """First line of the message; the whole line when it is not JSON."""
    level: Level = Level.NONE
    word: str = ""
    """The level as it is shown: the logger's own word."""
    logger: str = ""
    time: float | None = None
    """Unix seconds; None when the line does not say."""
    fields: tuple[tuple[str, str], ...] = ()
    """All other fields in their order: `job_id`, `room` and so on."""
    body: tuple[str, ...] = ()
    """Lines below the first: the rest of the message, then tracebacks."""
    structured: bool = False
    """It was JSON."""
    hidden: int = 0
    """Bytes of the line beyond what is shown."""

    def field(self, *names: str) -> str:
        """The value of the first of these fields that is not empty."""
        found = dict(self.fields)
        return next((found[name] for name in names if found.get(name)), "")

    @property
    def text(self) -> str:
        """Everything shown of it except the time, for searching: one string, no colours."""
        parts = [self.word, self.logger, self.message] if self.structured else [self.message]
        parts += (f"{name}={value}" for name, value in self.fields)
        return plain("\n".join((" ".join(part for part in parts if part), *self.body)))


def parse(raw: bytes) -> LogRecord:
    """Take a line apart. Never raises, whatever the bytes."""
    if raw[:1] == b"{" and len(raw) <= DECODED:
        found = _values(raw)
        if any(name in found for name in (*MESSAGE, *LEVEL)):
            return _from_values(found, raw)
    return _from_text(raw)


_split = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_text = msgspec.json.Decoder(str).decode


def _values(raw: bytes) -> Mapping[str, str]:
    """The fields of a JSON object: strings unquoted, everything else as written; empty if invalid."""
    try:
        return {name: _value(bytes(value)) for name, value in _split(raw).items()}
    except FAILURES:
        pass
    try:  # the standard library accepts half of a surrogate pair, bad UTF-8, NaN
        found = json.loads(raw.decode("utf-8", "replace"), parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for name, v in found.items()}


def _value(raw: bytes) -> str:
    return _text(raw) if raw[:1] == b'"' else raw.decode()


def _from_values(found: Mapping[str, str], raw: bytes) -> LogRecord:
    message, *body = _first(found, MESSAGE).split("\n")
    for name in _TRACES:
        if found.get(name):
            body += found[name].strip("\n").split("\n")
    for name in _ERRORS:  # pino writes an error as an object
        if found.get(name, "").startswith("{"):
            body += _values(found[name].encode("utf-8", "surrogatepass")).get("stack", "").split("\n")
    level = _first(found, LEVEL)
    fields = tuple((clean(name, limit=80), value) for name, value in found.items() if name not in KNOWN)
    return LogRecord(
        message=message,
        level=level_named(_number(level)),
        word=level_word(level),
        logger=clean(_first(found, LOGGER), limit=120),
        time=parse_time(_number(_first(found, _TIME))),
        fields=fields,
        body=tuple(line for line in body if line),
        structured=True,
        hidden=max(0, len(raw) - SHOWN),
    )


def _from_text(raw: bytes) -> LogRecord:
    text = raw[: SHOWN * 4].decode("utf-8", "replace")
    level = Level(classify([raw])[0] & LEVEL_BITS)
    hidden = max(0, len(raw) - len(text[:SHOWN].encode()))
    return LogRecord(message=text[:SHOWN], level=level, time=time_of(raw), hidden=hidden)


def _first(found: Mapping[str, str], names: tuple[str, ...]) -> str:
    for name in names:
        if (text := found.get(name)) and text != "null":
            return text
    return ""


def _number(text: str) -> str | float:
    """The value as a number if it is one: pino writes levels and times as numbers."""
    if not text[:1].isdigit() or len(text) > 20:
        return text
    try:
        return float(text)
    except ValueError:
        return text


@lru_cache(maxsize=64)
def level_word(level: str) -> str:
    """A level as it is shown, given as it was written: a word, or pino's number."""
    known = level_named(_number(level))
    return known.name if known and level[:1].isdigit() else clean(level.upper(), limit=12)


def runs(text: str) -> list[tuple[str, str]]:
    """Text as (SGR parameters, clean piece after them) in order; `␛` and the like stand for other escapes.

    Parameters add up as in a terminal; the first piece has none.
    """
    if "\x1b" not in text:
        return [("", clean(text[:SHOWN], limit=SHOWN * 2))]
    pieces = SGR.split(text[:SHOWN])
    found = [("", pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    return [(parameters, clean(piece, limit=SHOWN * 2)) for parameters, piece in found]


def plain(text: str) -> str:
    r"""Text as it reads on the screen, without colours; `\n` stays, as the end of a row."""
    if text.isascii() and text.isprintable():
        return text
    lines = SGR.sub("", text).split("\n")
    return "\n".join(clean(line, limit=DECODED) for line in lines)
