"""The texts of raw lines, as `records.parse` has them, for many lines at a time; long ones whole. Pure.

Most lines of a log are of a few shapes: the same fields in the same order, with nothing in them that reads in
another way than it is written. One expression takes all lines of a shape apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
from operator import itemgetter
from typing import Final

import msgspec

from tui.logs.classify import FAILURES
from tui.logs.records import KNOWN, LEVEL, LOGGER, MESSAGE, SHOWN, TAKEN_APART, level_word, parse

SHAPES: Final = 6
"""Shapes that lines are tried for together; what is left is taken apart line by line."""
DEPTH: Final = 3
"""How far objects may lie in each other in lines of one shape."""
_PRINTABLE: Final = bytes((0x0A, *range(0x20, 0x7F)))
_NUMBER: Final = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_SCALAR: Final = rf"(?:{_NUMBER}|true|false|null)"
_STRING: Final = '"[^"]*"'
_ITEM: Final = rf"(?:{_STRING}|{_SCALAR})"
_LIST: Final = rf"\[(?:{_ITEM}(?:, ?{_ITEM})*)?\]"
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Shape(msgspec.Struct, frozen=True):
    """Lines with the same fields in the same order, and how they read."""

    regex: re.Pattern[str]
    """Takes a line apart, from the line feed before it to the one after it. It has to be seen that there is
    none in between: a look for that at every character would double the time."""
    take: Callable[[Sequence[str]], Sequence[str]]
    """What is shown of that, in the order in which it is shown."""
    words: str
    """What it is put into."""
    leveled: bool
    """The first of it is the level."""

    def one_in_each(self, data: bytes, lines: int) -> list[tuple[str, ...]]:
        """All of some lines taken apart, with line feeds around them; none if one is of another shape.

        Where as many are found as there are lines, none of them reaches into the next.
        """
        found: list[tuple[str, ...]] = self.regex.findall(data.decode("ascii"))
        return found if len(found) == lines else []

    def read(self, rows: Sequence[Sequence[str]]) -> list[str]:
        """The texts of lines taken apart."""
        shown = list(map(self.take, rows))
        if self.leveled:
            words = {level: level_word(level) for level in {row[0] for row in shown}}
            if any(level != word for level, word in words.items()):
                shown = [(words[row[0]], *row[1:]) for row in shown]
        return list(map(self.words.__mod__, shown))


def shape_of(raw: bytes) -> Shape | None:
    """The shape of a line of printable ASCII without a backslash; None where it takes more to read it."""
    spaced = b'": ' in raw
    found = _values(raw, DEPTH, spaced)
    return _shape(found, spaced) if found else None


_Values = tuple[tuple[str, str], ...]
"""The names of fields, each with an expression for values like its value."""


def _values(raw: bytes, depth: int, spaced: bool) -> _Values:
    """Those of an object; none where it takes more."""
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
def _shape(fields: _Values, spaced: bool) -> Shape | None:
    names = [name for name, _ in fields]
    level, logger, message = (
        next((names.index(name) for name in wanted if name in names), -1)
        for wanted in (LEVEL, LOGGER, MESSAGE)
    )
    if message < 0 or not TAKEN_APART.isdisjoint(names) or max(map(len, names)) > 80:
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
    words = " ".join(["%s"] * len(known)) + "".join(f" {names[n].replace('%', '%%')}=%s" for n in rest)
    regex = re.compile(rf"\n{_object(values, spaced)}()(?=\n)")  # a second group, for there to be two
    return Shape(regex, itemgetter(*shown, -1), words + "%s", level >= 0)


def text_of(raw: bytes) -> str:
    """What is searched of a line: `parse(raw).text`, sooner for the lines that most lines are."""
    return texts_of((raw,))[0][0]


def texts_of(lines: Sequence[bytes]) -> tuple[list[str], Sequence[int]]:
    """What is searched of each line; and which of them may be more than printable ASCII, or empty."""
    data = b"\n".join((b"", *lines, b""))
    plain = not data.translate(None, _PRINTABLE)
    if plain and b"\\" not in data and max(map(len, lines), default=SHOWN) < SHOWN:
        shape = shape_of(lines[0])
        if shape and (rows := shape.one_in_each(data, len(lines))):
            return shape.read(rows), ()
    texts, odd, left = [""] * len(lines), list[int](), list[int]()
    for index, raw in enumerate(lines):
        if not 0 < len(raw) < SHOWN or not (plain or not raw.translate(None, _PRINTABLE)):
            odd.append(index)
        elif raw[:1] != b"{":
            texts[index] = raw.decode("ascii")
        elif b"\\" in raw:
            odd.append(index)
        else:
            left.append(index)
    for _ in range(SHAPES):
        if not left:
            break
        model = left[0]
        if shape := shape_of(lines[model]):
            left = _read(lines, left, shape, texts)
        if left and left[0] == model:
            odd.append(left.pop(0))
    odd += left
    for index in odd:
        texts[index] = _whole(lines[index])
    return texts, odd


def _whole(raw: bytes) -> str:
    """`parse(raw).text`, and below it the line itself where that leaves something out."""
    record = parse(raw)
    if not record.hidden or record.structured:
        return record.text
    return f"{record.text}\n{raw.decode('utf-8', 'replace')}"


def _read(lines: Sequence[bytes], left: Sequence[int], shape: Shape, texts: list[str]) -> list[int]:
    """Read those of the lines that have this shape; returns the others."""
    data = b"\n".join((b"", *(lines[index] for index in left), b""))
    found: dict[int, Sequence[str]] = {}
    if rows := shape.one_in_each(data, len(left)):
        found = dict(zip(left, rows, strict=True))
    else:
        at = accumulate((1 + len(lines[index]) for index in left), initial=0)
        starts = dict(zip(at, left, strict=False))
        for match in shape.regex.finditer(data.decode("ascii")):
            index = starts[match.start()]
            if len(match[0]) == 1 + len(lines[index]):
                found[index] = match.groups()
    for index, text in zip(found, shape.read(list(found.values())), strict=True):
        texts[index] = text
    return [index for index in left if index not in found]
