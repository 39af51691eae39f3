"""One raw line → what it says: level, logger, message, fields, traceback. Knows no columns and no colours.

livekit-agents prints one JSON object per line in production (contract.md §4.2), its Node twin logs through
pino; everything else is text and stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Final

import msgspec

from tui.api.clean import clean
from tui.fleet.logs import marks
from tui.fleet.logs.marks import Level

SHOWN: Final = 16 * 1024
"""Characters of one line that are shown or matched as text; the spool has the rest."""
DECODED: Final = 256 * 1024
"""Bytes up to which a line is decoded as JSON; a longer one is shown as text."""

SGR: Final = re.compile(r"\x1b\[([0-9;:]*)m")
"""The one escape sequence that is understood: colours and weights. All others are shown as characters."""

_MESSAGE: Final = ("message", "msg", "event")
_LEVEL: Final = ("level", "severity")
_LOGGER: Final = ("name", "logger")
_TIME: Final = ("timestamp", "time", "ts")
_TRACES: Final = ("exc_info", "exc_text", "stack_info", "stack", "traceback")
_ERRORS: Final = ("err", "error")
_KNOWN: Final = frozenset((*_MESSAGE, *_LEVEL, *_LOGGER, *_TIME, *_TRACES))


class Record(msgspec.Struct, frozen=True):
    """A line taken apart. Every text is cleaned except for its colours: `plain` or `runs` finish it."""

    message: str
    """First line of the message; the whole line when it is not JSON."""
    level: Level = Level.NONE
    word: str = ""
    """The level as the logger wrote it."""
    logger: str = ""
    time: float | None = None
    """Unix seconds; None when the line does not say."""
    fields: tuple[tuple[str, str], ...] = ()
    """Everything else in the order it came: `job_id`, `room` and so on."""
    body: tuple[str, ...] = ()
    """Lines below the first: the rest of the message, then tracebacks."""
    structured: bool = False
    """It was JSON."""
    hidden: int = 0
    """Bytes of the line beyond what is shown."""

    def field(self, *names: str) -> str:
        """The first of these fields that is there and not empty."""
        found = dict(self.fields)
        return next((found[name] for name in names if found.get(name)), "")

    @property
    def text(self) -> str:
        """All that a reader can see of it but the time, for searching: one string, no colours."""
        parts = [self.word, self.logger, self.message] if self.structured else [self.message]
        parts += (f"{name}={value}" for name, value in self.fields)
        return plain("\n".join((" ".join(part for part in parts if part), *self.body)))


def parse(raw: bytes) -> Record:
    """Take a line apart; any bytes will do."""
    if raw[:1] == b"{" and len(raw) <= DECODED:
        found = _values(raw)
        if any(name in found for name in (*_MESSAGE, *_LEVEL)):
            return _from_values(found, raw)
    return _from_text(raw)


_AS_WRITTEN: Final = re.compile(rb"[ -\[\]-~]*")
"""ASCII without control characters and without JSON escapes: every text in it reads as it is written."""
_TAKEN_APART: Final = frozenset((*_TRACES, *_ERRORS))
_NOTHING: Final = frozenset(("", "null"))


class _Plan(msgspec.Struct, frozen=True):
    """How lines with the same fields read."""

    known: tuple[int, ...]
    """Places of level, logger and message among the fields, as far as they are there."""
    leveled: bool
    """The first of them is the level."""
    logger: int
    """Place of the logger; -1 where there is none."""
    rest: tuple[int, ...]
    words: str
    """What the fields of the rest are put into."""


@lru_cache(maxsize=256)
def _plan(names: tuple[str, ...]) -> _Plan | None:
    """None where it takes more to read them."""
    if not _TAKEN_APART.isdisjoint(names) or max(map(len, names), default=81) > 80:
        return None
    level, logger, message = (
        next((names.index(name) for name in wanted if name in names), -1)
        for wanted in (_LEVEL, _LOGGER, _MESSAGE)
    )
    if message < 0:
        return None
    rest = tuple(place for place, name in enumerate(names) if name not in _KNOWN)
    words = "".join(f" {names[place].replace('%', '%%')}=%s" for place in rest)
    known = tuple(place for place in (level, logger, message) if place >= 0)
    return _Plan(known, level >= 0, logger, rest, words)


def text_of(raw: bytes) -> str:
    """`parse(raw).text`, in a third of the time for the lines that most lines are."""
    if raw[:1] == b"{" and len(raw) < SHOWN and _AS_WRITTEN.fullmatch(raw):
        try:
            found = _split(raw)
        except marks.FAILURES:
            return parse(raw).text
        if plan := _plan(tuple(found)):
            values = _unquoted(found.values())
            known = [values[place] for place in plan.known]
            # where one of them says nothing, another field may
            if _NOTHING.isdisjoint(known) and (plan.logger < 0 or len(values[plan.logger]) <= 120):
                if plan.leveled:
                    known[0] = _level_word(known[0])
                return " ".join(known) + plan.words % tuple([values[place] for place in plan.rest])
    return parse(raw).text


_LINES: Final = re.compile(rb"[ -\[\]-~\n]*")


def texts_of(lines: Sequence[bytes], data: bytes) -> list[str]:
    """`text_of` for each of some lines, whose bytes `data` are, in half the time again.

    Lines with the same fields are read together, a field at a time.
    """
    alike = data[:1] == b"{" and data.count(b"\n{") == len(lines) - 1 and len(data) < 64 * SHOWN
    if not alike or not _LINES.fullmatch(data) or max(map(len, lines)) >= SHOWN:
        return list(map(text_of, lines))
    try:
        found = _split_lines(data)
    except marks.FAILURES:
        return list(map(text_of, lines))
    if len(found) != len(lines):
        return list(map(text_of, lines))
    texts = [""] * len(lines)
    groups: dict[tuple[str, ...], list[int]] = {}
    for index, fields in enumerate(found):
        groups.setdefault(tuple(fields), []).append(index)
    for names, places in groups.items():
        plan = _plan(names)
        read = plan and _columns(plan, len(names), [found[index] for index in places])
        for index, text in zip(places, read or map(text_of, (lines[index] for index in places)), strict=True):
            texts[index] = text
    return texts


def _columns(plan: _Plan, count: int, found: Sequence[Mapping[str, msgspec.Raw]]) -> list[str] | None:
    """The texts of lines of one plan, of so many fields; None where one of them takes more to read."""
    values = _unquoted(list(chain.from_iterable(fields.values() for fields in found)))
    known = [values[place::count] for place in plan.known]
    if not all(map(_NOTHING.isdisjoint, known)):
        return None
    if plan.logger >= 0 and max(map(len, values[plan.logger :: count])) > 120:
        return None
    if plan.leveled:
        known[0] = list(map(_level_word, known[0]))
    words = " ".join(["%s"] * len(known)) + plan.words
    return list(map(words.__mod__, zip(*known, *(values[place::count] for place in plan.rest), strict=True)))


def _unquoted(values: Collection[msgspec.Raw]) -> list[str]:
    """Texts without their quotes, all else as it was written. There are no escapes in them, nor NULs."""
    joined = b"\0".join((b"", *values, b"")).decode("ascii")
    return joined.replace('\0"', "\0").replace('"\0', "\0").split("\0")[1:-1]


class _Said(msgspec.Struct, gc=False):
    message: str = ""


_said = msgspec.json.Decoder(_Said).decode


def message_has(raw: bytes, word: bytes) -> bool:
    """Whether a line's message surely reads so, a word in lower case; False where it takes more to see it."""
    if len(raw) >= SHOWN // 2 or b"\\" in raw or not raw.isascii():
        return False
    try:
        message = _said(raw).message.lower()
    except marks.FAILURES:
        return False
    return word.decode() in message and message != "null"


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_split, _split_lines = _fields.decode, _fields.decode_lines
_text = msgspec.json.Decoder(str).decode


def _values(raw: bytes) -> Mapping[str, str]:
    """The fields of a JSON object as they read: texts without their quotes, all else as it was written."""
    try:
        return {name: _value(bytes(value)) for name, value in _split(raw).items()}
    except marks.FAILURES:
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


def _from_values(found: Mapping[str, str], raw: bytes) -> Record:
    message, *body = _first(found, _MESSAGE).split("\n")
    for name in _TRACES:
        if found.get(name):
            body += found[name].strip("\n").split("\n")
    for name in _ERRORS:  # pino writes an error as an object
        if found.get(name, "").startswith("{"):
            body += _values(found[name].encode("utf-8", "surrogatepass")).get("stack", "").split("\n")
    level = _first(found, _LEVEL)
    fields = tuple((clean(name, limit=80), value) for name, value in found.items() if name not in _KNOWN)
    return Record(
        message=message,
        level=marks.level_named(_number(level)),
        word=_level_word(level),
        logger=clean(_first(found, _LOGGER), limit=120),
        time=marks.parse_time(_number(_first(found, _TIME))),
        fields=fields,
        body=tuple(line for line in body if line),
        structured=True,
        hidden=max(0, len(raw) - SHOWN),
    )


def _from_text(raw: bytes) -> Record:
    text = raw[: SHOWN * 4].decode("utf-8", "replace")
    level = Level(marks.classify([raw])[0] & marks.LEVEL_BITS)
    hidden = max(0, len(raw) - len(text[:SHOWN].encode()))
    return Record(message=text[:SHOWN], level=level, time=marks.time_of(raw), hidden=hidden)


def _first(found: Mapping[str, str], names: tuple[str, ...]) -> str:
    for name in names:
        if (text := found.get(name)) and text != "null":
            return text
    return ""


def _number(text: str) -> str | float:
    """A number where it is one: levels and times are, with pino."""
    if not text[:1].isdigit() or len(text) > 20:
        return text
    try:
        return float(text)
    except ValueError:
        return text


@lru_cache(maxsize=64)
def _level_word(level: str) -> str:
    known = marks.level_named(_number(level))
    return known.name if known and level[:1].isdigit() else clean(level.upper(), limit=12)


def runs(text: str) -> list[tuple[str, str]]:
    """Text as (SGR parameters, clean piece after them) in order; `␛` and the like stand for other escapes.

    Parameters add up as a terminal adds them; the first piece comes after none.
    """
    if "\x1b" not in text:
        return [("", clean(text[:SHOWN], limit=SHOWN * 2))]
    pieces = SGR.split(text[:SHOWN])
    found = [("", pieces[0]), *zip(pieces[1::2], pieces[2::2], strict=True)]
    return [(parameters, clean(piece, limit=SHOWN * 2)) for parameters, piece in found]


def plain(text: str) -> str:
    r"""Text as it reads on the screen, without colours; `\n` stays, as the bound between rows."""
    if text.isascii() and text.isprintable():
        return text
    lines = SGR.sub("", text).split("\n")
    return "\n".join(clean(line, limit=DECODED) for line in lines)
