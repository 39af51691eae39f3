"""What to look for in a log: patterns, filters, levels, jobs, kinds of error. Matches raw lines. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from tui.logs.classify import CUT, ERRORS, NOTICE, PART, Level
from tui.logs.fold import compiled, fold
from tui.logs.patience import TooSlow
from tui.logs.records import SHOWN, Record, parse
from tui.logs.sheet import Sheet
from tui.logs.signatures import Key, key_of
from tui.logs.spool import Block
from tui.logs.words import BEYOND, Words, words_of

_UNBOUNDED: Final = re.compile(r"[*+]|\{\d*,\}")
WHOLE: Final = 1 << 40
"""Characters that no line reaches."""
REACH: Final = 4096
"""Characters of a line that an expression with several repetitions is tried on."""
_NESTED: Final = re.compile(r"[*+}]\)*[*+{]|\([^()]*[*+][^()]*\)(?:[*+]|\{\d*,)")
"""A repetition of a repetition, which can take for ever on a line made for it."""


PROBE: Final = 16
"""Lines with a word after which it is looked whether most lines have it."""


class Look(Protocol):
    """Some lines, taken apart no further and no more often than somebody asks."""

    def record(self, row: int) -> Record:
        """A line taken apart."""

    def is_error(self, row: int) -> bool:
        """Whether it was noted as an error as it came, and is not a part of one."""

    def sheet(self, rows: Sequence[int]) -> tuple[Sheet, Sequence[int]]:
        """A sheet with these rows, and perhaps more; and the rows on it."""


class Test(Protocol):
    """Something a line either is or is not."""

    @property
    def label(self) -> str:
        """It in words, as the list of filters shows it."""

    @property
    def words(self) -> Words:
        """What the bytes of every line that matches hold."""

    def matching(self, rows: Sequence[int], look: Look) -> list[int]:
        """The rows of a look that match, in any order: all of those given that do, perhaps others."""


class Pattern(msgspec.Struct, frozen=True):
    """Text to find, without regard to case: a regular expression if it is one, else as it stands."""

    source: str
    regex: re.Pattern[str]
    words: Words = Words()
    reach: int = WHOLE
    """Characters of a line that are looked at: fewer for expressions whose cost is their square or worse."""
    folded: re.Pattern[str] | None = None
    """The same for many lines at once."""
    literal: bool = False
    """It is no expression, but text."""

    @classmethod
    def of(cls, source: str) -> Pattern:
        """Compile what was typed. Raises TooSlow."""
        if _NESTED.search(source):
            raise TooSlow("a repeated repetition can take for ever; leave one of them out")
        # letters without case partners beyond ASCII: a word found in the text is then in the bytes as well
        simple = source.isascii() and BEYOND.isdisjoint(source)
        try:
            regex = compiled(source, re.IGNORECASE | re.ASCII if simple else re.IGNORECASE)
        except (re.error, OverflowError, RecursionError):
            escaped = re.escape(source)
            return cls(source, re.compile(escaped, re.IGNORECASE), folded=fold(escaped), literal=True)
        reach = (WHOLE, SHOWN, REACH)[min(2, len(_UNBOUNDED.findall(source)))]
        return cls(source, regex, words_of(source), reach, fold(source))

    @property
    def label(self) -> str:
        """As typed."""
        return self.source

    def matching(self, rows: Sequence[int], look: Look) -> list[int]:
        """Those whose text has it anywhere."""
        sheet, on_it = look.sheet(rows)
        return [on_it[place] for place in sheet.hits(self.regex, self.folded, self.reach)]


class OfJob(msgspec.Struct, frozen=True):
    """Lines of one job."""

    job_id: str

    @property
    def label(self) -> str:
        """The job in words."""
        return f"job {self.job_id}"

    @property
    def words(self) -> Words:
        """The id."""
        return words_of(re.escape(self.job_id))

    def matching(self, rows: Sequence[int], look: Look) -> list[int]:
        """Those whose `job_id` is this one; a line without fields must name it."""
        return [row for row in rows if self._is(look.record(row))]

    def _is(self, record: Record) -> bool:
        if record.structured:
            return record.field("job_id") == self.job_id
        return self.job_id in record.text


class OfKind(msgspec.Struct, frozen=True):
    """Errors of one signature."""

    key: Key
    words: Words = Words()

    @property
    def label(self) -> str:
        """The kind in words."""
        return f"like “{(self.key.exception or self.key.message)[:40]}”"

    def matching(self, rows: Sequence[int], look: Look) -> list[int]:
        """Those that are errors of that kind."""
        return [row for row in rows if look.is_error(row) and self._is(look.record(row))]

    def _is(self, record: Record) -> bool:
        found = key_of(record)
        # a plain traceback names its frame in the lines above: here is only the last one
        return found == (self.key if record.structured else replace(self.key, frame=found.frame))


class Filter(msgspec.Struct, frozen=True):
    """A test that lines must pass, or must not."""

    test: Test
    out: bool = False
    """Lines that match are hidden."""
    on: bool = True

    @property
    def label(self) -> str:
        """As it was typed."""
        return f"!{self.test.label}" if self.out else self.test.label


class Criteria(msgspec.Struct, frozen=True):
    """Everything a line must be to be shown or found."""

    level: Level = Level.NONE
    """The least severe that passes. A line that names no level passes up to warn: it may be a crash."""
    filters: tuple[Filter, ...] = ()
    since: int | None = None
    """Rows below this are not shown."""
    notices: bool = True
    """Notices of ours pass, whatever else is asked for."""

    @property
    def everything(self) -> bool:
        """Nothing is asked for."""
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
        look = _Look(block)
        for wanted in sorted(filters, key=_effort):
            passing = look.keep(passing, wanted)
        return sorted([*passing, *notices]) if notices else passing

    def with_filter(self, extra: Filter) -> Criteria:
        """These and one more."""
        return replace(self, filters=(*self.filters, extra))

    def searching(self, test: Test) -> Criteria:
        """What of this matches `test`; notices are not found."""
        return replace(self, filters=(*self.filters, Filter(test)), notices=False)

    def _by_mark(self, block: Block) -> Sequence[int]:
        accepted = _accepted(self.level, self.notices)
        rows: Sequence[int] = range(block.first, block.end)
        if not accepted.fullmatch(block.marks):
            rows = _marked(accepted, block)
        if (since := self.since) is not None and since > block.first:
            rows = [row for row in rows if row >= since]
        return rows


def _effort(wanted: Filter) -> tuple[bool, bool]:
    """Filters that leave few lines to the others come first."""
    return not wanted.test.words.any_of, wanted.out


class _Look:
    """A look at the lines of a block."""

    def __init__(self, block: Block) -> None:
        self._block = block
        self._records: dict[int, Record] = {}

    @cached_property
    def _lines(self) -> list[bytes]:
        return self._block.lines()

    @cached_property
    def _low(self) -> bytes:
        return self._block.data.lower()

    @cached_property
    def _sheet(self) -> Sheet:
        return Sheet(self._lines)

    def record(self, row: int) -> Record:
        """A line taken apart."""
        found = self._records.get(row)
        if found is None:
            found = self._records[row] = parse(self._lines[row - self._block.first])
        return found

    def is_error(self, row: int) -> bool:
        """Whether it was noted as an error as it came, and is not a part of one."""
        at = row - self._block.first
        return ERRORS.match(self._block.marks, at) is not None

    def sheet(self, rows: Sequence[int]) -> tuple[Sheet, Sequence[int]]:
        """A sheet with these rows: of all that there are, for other filters as well, unless they are few."""
        first, end = self._block.first, self._block.end
        if len(rows) * 2 > end - first:
            return self._sheet, range(first, end)
        return Sheet([self._lines[row - first] for row in rows]), rows

    def keep(self, rows: Sequence[int], wanted: Filter) -> Sequence[int]:
        """Those of the rows that a filter lets through."""
        likely = self._likely(rows, wanted.test.words)
        hits = wanted.test.matching(likely, self) if likely else []
        if isinstance(rows, range) and not wanted.out:
            return sorted(hits)
        found = set(hits)
        return [row for row in rows if (row in found) != wanted.out]

    def _likely(self, rows: Sequence[int], words: Words) -> Sequence[int]:
        """The rows that hold one of the words, or may hold it written in another way than it reads."""
        block, low, holding = self._block, self._low, set[int]()
        for word in words.any_of:
            at = low.find(word)
            while at >= 0:
                row = block.row_at(at)
                holding.add(row)
                if len(holding) >= PROBE and len(holding) * 2 > row - block.first:
                    return rows  # most lines hold it: looking for the others costs more than it saves
                at = low.find(word, block.end_of(row))
        if words.any_of and _unclear(block.data, words):
            holding.update(n for n, line in enumerate(self._lines, block.first) if _unclear(line, words))
        return [row for row in rows if row in holding] if words.any_of else rows


def _unclear(raw: bytes, words: Words) -> bool:
    """Something may be written in another way than it reads: JSON escapes, colours, stand-ins, levels."""
    return (
        b"\\u" in raw
        or b"\x1b" in raw
        or (words.ascii_only and not raw.isascii())
        or (words.level and any(found.search(raw) for found in _NUMBERED))
    )


_NUMBERED: Final = tuple(re.compile(name + rb'"\s*:\s*"?[0-9]') for name in (b"level", b"severity"))
"""Levels that are shown as words."""


def _marked(wanted: re.Pattern[bytes], block: Block) -> list[int]:
    return [
        row
        for match in wanted.finditer(block.marks)
        for row in range(block.first + match.start(), block.first + match.end())
    ]


NOTICES: Final = re.compile(b"[" + bytes(lev | NOTICE for lev in Level) + b"]+")


@lru_cache(maxsize=32)
def _accepted(level: Level, notices: bool) -> re.Pattern[bytes]:
    """Finds runs of rows whose mark passes a minimum level."""
    lowest = Level.NONE if level <= Level.WARN else level
    passing = [lev for lev in Level if lev >= level or (lev == Level.NONE and lowest == Level.NONE)]
    values = {lev | flags for lev in passing for flags in (0, CUT, PART, CUT | PART)}
    if notices:
        values |= {lev | NOTICE for lev in Level}
    return re.compile(b"[" + b"".join(b"\\x%02x" % value for value in sorted(values)) + b"]+")
