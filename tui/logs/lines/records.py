"""A raw line taken apart: level, logger, message, fields, traceback. Knows no columns and no colours.

livekit-agents prints one JSON object per line in production; its Node twin logs through
pino. Everything else is text and stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

import msgspec
from msgspec.structs import replace

from tui.api.text.clean import clean
from tui.logs.lines.envelope import PREFIX, SGR, bare, json_start, overwritten, prefix_name
from tui.logs.lines.jsonline import (
    BASIC,
    DEPTH,
    LEVEL,
    LOGGER,
    MESSAGE,
    OTHER_LEVEL,
    OTHER_MESSAGE,
    TIME,
    field,
    fields_of,
    inner_fields,
    level_in,
    number,
    scalar,
    wrapped,
)
from tui.logs.lines.levels import Level, level_named
from tui.logs.lines.line_level import level_of
from tui.logs.lines.times import time_field, time_of

SHOWN: Final = 16 * 1024
"""Characters of one line that are shown or matched as text; the spool has the rest."""
DECODED: Final = 256 * 1024
"""Bytes up to which a line is decoded as JSON; a longer one is shown as text."""

_TRACES: Final = (
    *("exc_info", "exc_text", "stack_info", "stack", "traceback", "exception", "stacktrace", "stack_trace"),
    *("error.stack_trace", "errorVerbose", "@x"),
)
_ERRORS: Final = ("err", "error")
KNOWN: Final = frozenset((*MESSAGE, *LEVEL, *LOGGER, *TIME, *_TRACES))
"""Fields that are not shown with their names: the first that is not empty is the message, and so on."""
TAKEN_APART: Final = frozenset((*_TRACES, *_ERRORS))
"""Fields whose values may have several lines."""
_AROUND: Final = frozenset(("log", "record", "text", "time", "timestamp", "date"))
"""Fields of an object around a record that are not shown: the record, and when it was collected."""


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


def parse(raw: bytes, depth: int = DEPTH) -> LogRecord:
    """Take a line apart. Never raises, whatever the bytes."""
    start = json_start(raw)
    if start >= 0 and len(raw) <= DECODED and (found := fields_of(raw[start:])):
        who = prefix_name(bare(raw[:start]).decode("utf-8", "replace")) if start else ""
        if depth and (inner := wrapped(found)):
            return _unwrapped(parse(inner, depth - 1), found, who, raw)
        if not BASIC.isdisjoint(found) or field(found, *OTHER_MESSAGE, *OTHER_LEVEL)[0]:
            return _from_values(found, who, raw)
    return _from_text(raw)


def _unwrapped(record: LogRecord, around: Mapping[str, str], who: str, raw: bytes) -> LogRecord:
    """A record that a collector or loguru put an object around; what that says is shown with it."""
    said = [(clean(name, limit=80), value) for name, value in around.items() if name not in _AROUND]
    trace = around["text"].strip("\n").split("\n")[1:] if "record" in around and "text" in around else []
    return replace(
        record,
        time=record.time or time_of(raw),
        fields=(*_prefixed(who), *record.fields, *said),
        body=(*record.body, *filter(None, trace)),
    )


def _from_values(found: Mapping[str, str], who: str, raw: bytes) -> LogRecord:
    message_name, text = field(found, *MESSAGE, *OTHER_MESSAGE)
    level_name, word = scalar(found, *LEVEL, *OTHER_LEVEL)
    time_name, moment = time_field(found)
    shown = {name: value for name, value in found.items() if name not in KNOWN}
    for name in (message_name, level_name, time_name):
        if shown.pop(name, None) is None and "." in name:
            outer, _, inner = name.partition(".")
            rest = inner_fields(shown.pop(outer, ""))
            shown |= {other: value for other, value in rest.items() if other != inner}
    level = level_of(raw)
    message, *rest_of_message = _lines(text)
    return LogRecord(
        message=message,
        level=level,
        word=level_word(word) if word else _word_of(level_in(found)),
        logger=clean(field(found, *LOGGER)[1], limit=120),
        time=moment if moment is not None else time_of(raw),
        fields=(*_prefixed(who), *((clean(name, limit=80), value) for name, value in shown.items())),
        body=tuple(line for line in (*rest_of_message, *_traces(found, text)) if line),
        structured=True,
        hidden=max(0, len(raw) - SHOWN),
    )


def _word_of(level: Level) -> str:
    """The word for a level that was written as a number or a letter."""
    return level.name if level else ""


def _prefixed(who: str) -> tuple[tuple[str, str], ...]:
    return ((PREFIX, who),) if who else ()


def _traces(found: Mapping[str, str], message: str) -> Iterator[str]:
    """The lines of tracebacks; what was said before, in the message or in another field, is not repeated."""
    texts = [found[name] for name in _TRACES if name in found]
    if "err" in found or "error" in found:  # as pino writes errors
        texts += [inner_fields(found.get(name, "")).get("stack", "") for name in _ERRORS]
    if not texts:
        return
    said = [_same(message)]
    for text in texts:
        if text and text != "null" and not any(_same(text) in other for other in said):
            said.append(_same(text))
            yield from _lines(text.strip("\n"))


def _lines(text: str) -> list[str]:
    """The lines of a text, each as a terminal leaves it."""
    lines = text.split("\n")
    return [overwritten(line) for line in lines] if "\r" in text else lines


def _same(text: str) -> str:
    """A text as it is compared: without what only its place in a field gives it."""
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))


def _from_text(raw: bytes) -> LogRecord:
    line = bare(raw)
    text = line[: SHOWN * 4].decode("utf-8", "replace")
    hidden = max(0, len(line) - len(text[:SHOWN].encode()))
    return LogRecord(message=text[:SHOWN], level=level_of(raw), time=time_of(raw), hidden=hidden)


@lru_cache(maxsize=64)
def level_word(level: str) -> str:
    """A level as it is shown, given as it was written: a word, or pino's number."""
    known = level_named(number(level))
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
