"""What is typed after `&`: text to find, and conditions on fields as in the lists. Pure.

Without a condition the whole text is one expression, spaces and all. With one, a space is AND and quotation
marks keep spaces: `room:lobby level>=warn !job_id:AJ_1 "timed out" latency_ms>500`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from operator import eq, ge, gt, le, lt
from typing import Final

import msgspec

from tui.logs.expressions import SPECIAL, RequiredWords, required_words
from tui.logs.lines.jsonline import field
from tui.logs.lines.levels import Level, level_named
from tui.logs.lines.records import LogRecord
from tui.logs.search import BlockLines, LogFilter, Pattern

_TERM: Final = re.compile(
    r"(?P<out>!?)(?P<field>[A-Za-z_@][\w.@-]*)(?P<sign>!=|>=|<=|:|=|>|<)(?P<value>(?!//|:|=).+)", re.S
)
_WORD: Final = re.compile(r'(?:"[^"]*"|[^\s"]|")+')
_NUMBER: Final = re.compile(r"(-?\d+(?:\.\d+)?)([smhd%]?)")
_UNITS: Final = {"": 1.0, "%": 0.01, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_ORDERS: Final[dict[str, Callable[[float, float], bool]]] = {"": eq, ">": gt, "<": lt, ">=": ge, "<=": le}


class OfField(msgspec.Struct, frozen=True):
    """Lines with a value in a field. A line without that field must say it in its text: `room=lobby`."""

    source: str
    """As typed, without what negates it."""
    name: str
    order: str
    """One of `>`, `<`, `>=`, `<=`; empty for a value that holds or matches what was typed."""
    number: float | None
    """What was typed, as a number."""
    level: Level
    """What was typed, as a level."""
    value: Pattern
    in_text: Pattern
    """How a line of text says it."""

    @property
    def label(self) -> str:
        """The condition as typed."""
        return self.source

    @property
    def required(self) -> RequiredWords:
        """The value, where it is written as it was typed."""
        if self.order or self.number is not None or self.name == "level":
            return RequiredWords()
        source = self.value.source
        return required_words(re.escape(source) if self.value.literal else source)

    def matching(self, rows: Sequence[int], lines: BlockLines) -> list[int]:
        """Rows that have it."""
        return [row for row in rows if self._has(lines.record(row), lines.level(row))]

    def _has(self, record: LogRecord, level: Level) -> bool:
        if self.name == "level" and self.level:
            return bool(level) and _ORDERS[self.order](level, self.level)
        text = _value(record, self.name)
        if not text:
            said = record.text
            return not self.order and self.in_text.regex.search(said, 0, self.in_text.reach) is not None
        number = _number(text)
        if self.order:
            return None not in (number, self.number) and _ORDERS[self.order](
                number or 0.0, self.number or 0.0
            )
        if number is not None and self.number is not None:
            return number == self.number
        return self.value.regex.search(text, 0, self.value.reach) is not None


class AllOf(msgspec.Struct, frozen=True):
    """Lines that pass several filters."""

    source: str
    """As typed."""
    filters: tuple[LogFilter, ...]
    required: RequiredWords = RequiredWords()

    @property
    def label(self) -> str:
        """As typed."""
        return self.source

    def matching(self, rows: Sequence[int], lines: BlockLines) -> list[int]:
        """Rows that pass all of them."""
        for wanted in self.filters:
            rows = wanted.keep(rows, lines)
        return list(rows)


def parse_filter(text: str) -> LogFilter:
    """The filter that was typed. Raises TooSlow."""
    words = [match[0].replace('"', "") for match in _WORD.finditer(text)]
    conditions = [_condition(word) for word in words]
    if not any(conditions):
        return _of_text(text)
    filters = tuple(found or _of_text(word) for word, found in zip(words, conditions, strict=True) if word)
    return filters[0] if len(filters) == 1 else LogFilter(AllOf(text.strip(), filters))


def _of_text(text: str) -> LogFilter:
    return LogFilter(Pattern.of(text.removeprefix("!")), out=text.startswith("!") and len(text) > 1)


def _condition(word: str) -> LogFilter | None:
    """The condition that a word states; None if it is text."""
    match = _TERM.fullmatch(word)
    if match is None:
        return None
    name, sign, value = match["field"], match["sign"], match["value"]
    number, level = _number(value), level_named(value) if name == "level" else Level.NONE
    order = sign if sign in _ORDERS else ""
    if order and number is None and not level:
        return None
    written = value if not SPECIAL.isdisjoint(value) else re.escape(value)
    in_text = Pattern.of(rf"(?<![\w.]){re.escape(name)}[\"']?[:=] ?[\"']?[^\s\"']*{written}")
    source = f"{name}{':' if sign == '!=' else sign}{value}"
    test = OfField(source, name, order, number, level, Pattern.of(value), in_text)
    return LogFilter(test, out=bool(match["out"]) != (sign == "!="))


def _value(record: LogRecord, name: str) -> str:
    match name:
        case "message" | "msg":
            return record.message
        case "logger":
            return record.logger
        case "level":
            return record.word
        case _:
            return field(dict(record.fields), name)[1] or (record.logger if name == "name" else "")


def _number(text: str) -> float | None:
    match = _NUMBER.fullmatch(text)
    return float(match[1]) * _UNITS[match[2]] if match else None
