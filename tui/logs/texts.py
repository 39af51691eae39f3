"""The searchable text of raw lines, many at a time: `records.parse(raw).text`, and long lines whole. Pure.

Most lines of a log have one of a few formats: the same fields in the same order, without escapes. One
expression takes all lines of a format apart, several times as fast as a JSON decoder for each line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter
from typing import Final

import msgspec

from tui.logs.lines.envelope import json_start
from tui.logs.lines.jsonline import FAILURES, LEVEL, LOGGER, MESSAGE, OTHER_NAMES
from tui.logs.lines.records import KNOWN, SHOWN, TAKEN_APART, level_word, parse

FORMATS: Final = 6
"""Formats that are tried on the lines of a block; the lines that are left are parsed one by one."""
DEPTH: Final = 3
"""How deep objects may be nested in a line of a known format."""
_PRINTABLE: Final = bytes((0x0A, *range(0x20, 0x7F)))
_NUMBER: Final = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_SCALAR: Final = rf"(?:{_NUMBER}|true|false|null)"
_STRING: Final = '"[^"]*"'
_ITEM: Final = rf"(?:{_STRING}|{_SCALAR})"
_LIST: Final = rf"\[(?:{_ITEM}(?:, ?{_ITEM})*)?\]"
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class LineFormat(msgspec.Struct, frozen=True):
    """Lines with the same fields in the same order, and their text."""

    regex: re.Pattern[str]
    """Takes a line apart, from the line feed before it to the one after it. It may match across lines, which
    its users check: a check at every character would double the time."""
    take: Callable[[Sequence[str]], Sequence[str]]
    """The shown values, in the order in which they are shown."""
    template: str
    """Puts them into one text, with `%`."""
    leveled: bool
    """The first of them is the level."""

    def one_in_each(self, data: bytes, lines: int) -> list[tuple[str, ...]]:
        """The values of each line, given lines with line feeds around them; empty if one has another format.

        Where as many are found as there are lines, none of them reaches into the next.
        """
        found: list[tuple[str, ...]] = self.regex.findall(data.decode("ascii"))
        return found if len(found) == lines else []

    def read(self, rows: Sequence[Sequence[str]]) -> list[str]:
        """The texts of lines, given their values."""
        shown = list(map(self.take, rows))
        if self.leveled:
            words = {level: level_word(level) for level in {row[0] for row in shown}}
            if any(level != word for level, word in words.items()):
                shown = [(words[row[0]], *row[1:]) for row in shown]
        return list(map(self.template.__mod__, shown))


def format_of(raw: bytes) -> LineFormat | None:
    """The format of a line of printable ASCII without a backslash; None where only a parser can read it."""
    spaced = b'": ' in raw
    found = _values(raw, DEPTH, spaced)
    return _format(found, spaced) if found else None


_Values = tuple[tuple[str, str], ...]
"""The names of fields, each with an expression for values like its value."""


def _values(raw: bytes, depth: int, spaced: bool) -> _Values:
    """Those of an object; empty where only a parser can read it."""
    try:
        found = _fields(raw) if depth else {}
    except FAILURES:
        return ()
    values = tuple((name, _like(bytes(value), depth, spaced)) for name, value in found.items())
    return values if all(value for _, value in values) else ()


def _like(raw: bytes, depth: int, spaced: bool) -> str:
    match raw[:1]:
        case b'"':
            return _STRING
        case b"[":
            return _LIST
        case b"{":
            inner = _values(raw, depth - 1, spaced)
            return _object([(name, value) for name, value in inner], spaced) if inner else ""
        case _:
            return _SCALAR


def _object(values: Iterable[tuple[str, str]], spaced: bool) -> str:
    after = " " if spaced else ""
    return r"\{" + f",{after}".join(f'"{re.escape(name)}":{after}{value}' for name, value in values) + r"\}"


@lru_cache(maxsize=256)
def _format(fields: _Values, spaced: bool) -> LineFormat | None:
    names = [name for name, _ in fields]
    level, logger, message = (
        next((names.index(name) for name in wanted if name in names), -1)
        for wanted in (LEVEL, LOGGER, MESSAGE)
    )
    if message < 0 or not (TAKEN_APART | OTHER_NAMES).isdisjoint(names) or max(map(len, names)) > 80:
        return None
    known = [place for place in (level, logger, message) if place >= 0]
    rest = [place for place, name in enumerate(names) if name not in KNOWN]
    values, taken = [], list[int]()
    for place, (name, value) in enumerate(fields):
        if place in known:
            # where one of them says nothing, another field may
            most = "{1,120}" if place == logger else "+"
            value = f'"(?!null")([^"]{most})"' if value == _STRING else f"({_NUMBER})"
        elif place in rest:
            value = '"([^"]*)"' if value == _STRING else f"({value})"
        if place in known or place in rest:
            taken.append(place)
        values.append((name, value))
    shown = [taken.index(place) for place in (*known, *rest)]
    template = " ".join(["%s"] * len(known)) + "".join(f" {names[n].replace('%', '%%')}=%s" for n in rest)
    regex = re.compile(rf"\n{_object(values, spaced)}()(?=\n)")  # a second group, for there to be two
    return LineFormat(regex, itemgetter(*shown, -1), template + "%s", level >= 0)


def text_of(raw: bytes) -> str:
    """The searchable text of one line."""
    return texts_of((raw,))[0][0]


def texts_of(lines: Sequence[bytes]) -> tuple[list[str], Sequence[int]]:
    """The searchable text of each line, and the indexes of those that may be empty or not plain ASCII."""
    data = b"\n".join((b"", *lines, b""))
    plain = not data.translate(None, _PRINTABLE)
    if plain and b"\\" not in data and max(map(len, lines), default=SHOWN) < SHOWN:
        line_format = format_of(lines[0])
        if line_format and (rows := line_format.one_in_each(data, len(lines))):
            return line_format.read(rows), ()
    texts, odd, left = [""] * len(lines), list[int](), list[int]()
    for index, raw in enumerate(lines):
        if not 0 < len(raw) < SHOWN or not (plain or not raw.translate(None, _PRINTABLE)):
            odd.append(index)
        elif (start := json_start(raw)) < 0:
            texts[index] = raw.decode("ascii")
        elif start or b"\\" in raw:
            odd.append(index)
        else:
            left.append(index)
    for _ in range(FORMATS):
        if not left:
            break
        model = left[0]
        if line_format := format_of(lines[model]):
            left = _read(lines, left, line_format, texts)
        if left and left[0] == model:
            odd.append(left.pop(0))
    odd += left
    for index in odd:
        texts[index] = _whole(lines[index])
    return texts, odd


def _whole(raw: bytes) -> str:
    """`parse(raw).text`, followed by the line itself where that leaves something out."""
    record = parse(raw)
    if not record.hidden or record.structured:
        return record.text
    return f"{record.text}\n{raw.decode('utf-8', 'replace')}"


def _read(
    lines: Sequence[bytes], left: Sequence[int], line_format: LineFormat, texts: list[str]
) -> list[int]:
    """Read the lines that have this format; returns the others."""
    data = b"\n".join((b"", *(lines[index] for index in left), b""))
    found: dict[int, Sequence[str]] = {}
    if rows := line_format.one_in_each(data, len(left)):
        found = dict(zip(left, rows, strict=True))
    else:
        at = accumulate((1 + len(lines[index]) for index in left), initial=0)
        starts = dict(zip(at, left, strict=False))
        for match in line_format.regex.finditer(data.decode("ascii")):
            index = starts[match.start()]
            if len(match[0]) == 1 + len(lines[index]):
                found[index] = match.groups()
    for index, text in zip(found, line_format.read(list(found.values())), strict=True):
        texts[index] = text
    return [index for index in left if index not in found]
