"""Filters and what they test: patterns, levels, jobs, kinds of error. Matches raw lines. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from tui.logs.expressions import (
    SPECIAL,
    RequiredWords,
    TextBatch,
    TooSlow,
    compiled,
    lower_cased,
    required_words,
)
from tui.logs.lines.levels import CUT, ERRORS, LEVEL_BITS, NOTICE, PART, Level
from tui.logs.lines.records import SHOWN, LogRecord, parse
from tui.logs.lines.signatures import Key, key_of
from tui.logs.lines.times import time_of
from tui.logs.spool import Block

_UNBOUNDED: Final = re.compile(r"[*+]|\{\d*,\}")
WHOLE: Final = 1 << 40
"""Characters that no line reaches."""
REACH: Final = 4096
"""Characters of a line that an expression with several repetitions is tried on."""
_NESTED: Final = re.compile(r"[*+}]\)*[*+{]|\([^()]*[*+][^()]*\)(?:[*+]|\{\d*,)")
"""A repetition of a repetition, which can take for ever on some lines."""
PROBE: Final = 16
"""Lines found with a word before it is checked whether most lines hold it."""
_NUMBERED: Final = tuple(re.compile(name + rb'"\s*:\s*"?[0-9]') for name in (b"evel", b"severity", b"lvl"))
_LETTERED: Final = (b'"@l"', b'"s"', b'PRIORITY"', b'severityNumber"')
"""Levels written as numbers or letters, which are shown as words."""
NOTICES: Final = re.compile(b"[" + bytes(lev | NOTICE for lev in Level) + b"]+")
"""Finds runs of notices in a run of marks."""


class BlockLines:
    """The lines of a block, taken apart only when needed."""

    def __init__(self, block: Block) -> None:
        self._block = block
        self._records: dict[int, LogRecord] = {}

    @cached_property
    def _lines(self) -> list[bytes]:
        return self._block.lines()

    @cached_property
    def _low(self) -> bytes:
        return self._block.data.lower()

    @cached_property
    def _batch(self) -> TextBatch:
        return TextBatch(self._lines)

    def raw(self, row: int) -> bytes:
        """A line as received."""
        return self._lines[row - self._block.first]

    def record(self, row: int) -> LogRecord:
        """A line taken apart."""
        found = self._records.get(row)
        if found is None:
            found = self._records[row] = parse(self.raw(row))
        return found

    def level(self, row: int) -> Level:
        """Severity as noted on arrival."""
        return Level(self._block.marks[row - self._block.first] & LEVEL_BITS)

    def is_error(self, row: int) -> bool:
        """It was classified as an error on arrival, and is not the continuation of one."""
        at = row - self._block.first
        return ERRORS.match(self._block.marks, at) is not None

    def batch(self, rows: Sequence[int]) -> tuple[TextBatch, Sequence[int]]:
        """A batch that holds these rows, and which rows are in it.

        It is the whole block, shared with other filters, unless the rows are few.
        """
        first, end = self._block.first, self._block.end
        if len(rows) * 2 > end - first:
            return self._batch, range(first, end)
        return TextBatch([self._lines[row - first] for row in rows]), rows

    def likely(self, rows: Sequence[int], words: RequiredWords) -> Sequence[int]:
        """The rows whose bytes hold one of the words, or may hold it written in another way."""
        if not words.any_of:
            return rows
        block, low, holding = self._block, self._low, set[int]()
        for word in words.any_of:
            at = low.find(word)
            while at >= 0:
                row = block.row_at(at)
                holding.add(row)
                if len(holding) >= PROBE and len(holding) * 2 > row - block.first:
                    return rows  # most lines hold it: looking for the others costs more than it saves
                at = low.find(word, block.end_of(row))
        if _unclear(block.data, words):
            holding.update(n for n, line in enumerate(self._lines, block.first) if _unclear(line, words))
        return [row for row in rows if row in holding]


def _unclear(raw: bytes, words: RequiredWords) -> bool:
    """Something may read differently from how it is written: JSON escapes, colours, stand-ins, levels."""
    return (
        b"\\u" in raw
        or b"\x1b" in raw
        or (words.ascii_only and not raw.isascii())
        or (words.level and any(found.search(raw) for found in _NUMBERED))
        or (words.level and any(name in raw for name in _LETTERED))
    )


class Test(Protocol):
    """A condition that a line meets or not."""

    @property
    def label(self) -> str:
        """The condition in words, as the list of filters shows it."""

    @property
    def required(self) -> RequiredWords:
        """What the bytes of every matching line hold."""

    def matching(self, rows: Sequence[int], lines: BlockLines) -> list[int]:
        """The rows that match, in any order: all of those given that do, and perhaps others."""


class Pattern(msgspec.Struct, frozen=True):
    """Text to find, without regard to case: a regular expression if it is one, else as it stands."""

    source: str
    regex: re.Pattern[str]
    required: RequiredWords = RequiredWords()
    reach: int = WHOLE
    """Characters of a line that are looked at: fewer for expressions whose cost is their square or worse."""
    joined: re.Pattern[str] | None = None
    """The same for many lines at once."""
    literal: bool = False
    """What was typed is no valid expression and is taken as text."""

    @classmethod
    def of(cls, source: str) -> Pattern:
        """Compile what was typed. Raises TooSlow."""
        if _NESTED.search(source):
            raise TooSlow("a repeated repetition can take for ever; leave one of them out")
        # letters without case partners beyond ASCII: a word found in the text is then in the bytes as well
        simple = source.isascii() and SPECIAL.isdisjoint(source)
        try:
            regex = compiled(source, re.IGNORECASE | re.ASCII if simple else re.IGNORECASE)
        except (re.error, OverflowError, RecursionError):
            escaped = re.escape(source)
            return cls(source, re.compile(escaped, re.IGNORECASE), joined=lower_cased(escaped), literal=True)
        reach = (WHOLE, SHOWN, REACH)[min(2, len(_UNBOUNDED.findall(source)))]
        return cls(source, regex, required_words(source), reach, lower_cased(source))

    @property
    def label(self) -> str:
        """As typed."""
        return self.source

    def matching(self, rows: Sequence[int], lines: BlockLines) -> list[int]:
        """Rows whose text has a match."""
        batch, in_it = lines.batch(rows)
        return [in_it[place] for place in batch.matching(self.regex, self.joined, self.reach)]


class OfJob(msgspec.Struct, frozen=True):
    """Lines of one job."""

    job_id: str

    @property
    def label(self) -> str:
        """The job in words."""
        return f"job {self.job_id}"

    @property
    def required(self) -> RequiredWords:
        """The id."""
        return required_words(re.escape(self.job_id))

    def matching(self, rows: Sequence[int], lines: BlockLines) -> list[int]:
        """Rows whose `job_id` is this one; a line without fields must name it."""
        return [row for row in rows if self._is(lines.record(row))]

    def _is(self, record: LogRecord) -> bool:
        if record.structured:
            return record.field("job_id") == self.job_id
        return self.job_id in record.text


class OfKind(msgspec.Struct, frozen=True):
    """Errors of one signature."""

    key: Key
    required: RequiredWords = RequiredWords()

    @property
    def label(self) -> str:
        """The kind in words."""
        return f"like “{(self.key.exception or self.key.message)[:40]}”"

    def matching(self, rows: Sequence[int], lines: BlockLines) -> list[int]:
        """Rows that are errors of that kind."""
        return [row for row in rows if lines.is_error(row) and self._is(lines.record(row))]

    def _is(self, record: LogRecord) -> bool:
        found = key_of(record)
        # a plain traceback is in the lines next to this one, which are not at hand
        return found == (self.key if record.structured else replace(found, message=self.key.message))


class Within(msgspec.Struct, frozen=True):
    """Lines that were written in a stretch of time, as they say themselves."""

    start: float
    end: float
    """Unix seconds; the end is not in it."""
    received: Callable[[int], float | None]
    """When a row arrived."""
    required: RequiredWords = RequiredWords()

    @property
    def label(self) -> str:
        """The stretch in words."""
        return f"written in {self.end - self.start:g} s"

    def matching(self, rows: Sequence[int], lines: BlockLines) -> list[int]:
        """Rows whose own time is in it."""
        return [row for row in rows if self._has(time_of(lines.raw(row), self.received(row)))]

    def _has(self, moment: float | None) -> bool:
        return moment is not None and self.start <= moment < self.end


class LogFilter(msgspec.Struct, frozen=True):
    """A test that lines must pass, or must fail."""

    test: Test
    out: bool = False
    """Matching lines are hidden."""
    on: bool = True

    @property
    def label(self) -> str:
        """As it was typed."""
        return f"!{self.test.label}" if self.out else self.test.label

    def keep(self, rows: Sequence[int], lines: BlockLines) -> Sequence[int]:
        """The rows that pass."""
        likely = lines.likely(rows, self.test.required)
        hits = self.test.matching(likely, lines) if likely else []
        if isinstance(rows, range) and not self.out:
            return sorted(hits)
        found = set(hits)
        return [row for row in rows if (row in found) != self.out]


class Criteria(msgspec.Struct, frozen=True):
    """The conditions that a line must meet to be shown or found."""

    level: Level = Level.NONE
    """The least severe that passes. A line that names no level passes up to warn: it may be a crash."""
    filters: tuple[LogFilter, ...] = ()
    since: int | None = None
    """Rows below this are not shown."""
    notices: bool = True
    """Notices pass, whatever else is asked for."""

    @property
    def everything(self) -> bool:
        """There is no condition."""
        idle = not self.level and self.since is None and self.notices
        return idle and not any(f.on for f in self.filters)

    def rows(self, block: Block) -> Sequence[int]:
        """The rows of a block that pass."""
        filters = [f for f in self.filters if f.on]
        passing = self._by_mark(block)
        if not filters or not passing:
            return passing
        notices = [row for row in _marked(NOTICES, block) if row in passing] if self.notices else []
        if notices:
            passing = [row for row in passing if not block.marks[row - block.first] & NOTICE]
        lines = BlockLines(block)
        for wanted in sorted(filters, key=_effort):
            passing = wanted.keep(passing, lines)
        return sorted([*passing, *notices]) if notices else passing

    def with_filter(self, extra: LogFilter) -> Criteria:
        """These and one more."""
        return replace(self, filters=(*self.filters, extra))

    def searching(self, test: Test) -> Criteria:
        """These, and `test` must match; notices are not found."""
        return replace(self, filters=(*self.filters, LogFilter(test)), notices=False)

    def _by_mark(self, block: Block) -> Sequence[int]:
        accepted = _accepted(self.level, self.notices)
        rows: Sequence[int] = range(block.first, block.end)
        if not accepted.fullmatch(block.marks):
            rows = _marked(accepted, block)
        if (since := self.since) is not None and since > block.first:
            rows = [row for row in rows if row >= since]
        return rows


def _effort(wanted: LogFilter) -> tuple[bool, bool]:
    """Filters that leave few lines to the others come first."""
    return not wanted.test.required.any_of, wanted.out


def _marked(wanted: re.Pattern[bytes], block: Block) -> list[int]:
    return [
        row
        for match in wanted.finditer(block.marks)
        for row in range(block.first + match.start(), block.first + match.end())
    ]


@lru_cache(maxsize=32)
def _accepted(level: Level, notices: bool) -> re.Pattern[bytes]:
    """Finds runs of rows whose mark passes a minimum level."""
    lowest = Level.NONE if level <= Level.WARN else level
    passing = [lev for lev in Level if lev >= level or (lev == Level.NONE and lowest == Level.NONE)]
    values = {lev | flags for lev in passing for flags in (0, CUT, PART, CUT | PART)}
    if notices:
        values |= {lev | NOTICE for lev in Level}
    return re.compile(b"[" + b"".join(b"\\x%02x" % value for value in sorted(values)) + b"]+")
