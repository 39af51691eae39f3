"""What to look for in a log: patterns, filters, levels, jobs, kinds of error. Matches raw lines. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from tui.fleet.logs import marks
from tui.fleet.logs.marks import NOTICE, Level
from tui.fleet.logs.records import SHOWN, Record, message_has, parse, text_of, texts_of
from tui.fleet.logs.signatures import Key, key_of
from tui.fleet.logs.spool import Block
from tui.fleet.logs.words import BEYOND, Words, words_of

_SPECIAL: Final = frozenset("\\.^$*+?{}[]|()")
"""What makes an expression of a text."""
_UNBOUNDED: Final = re.compile(r"[*+]|\{\d*,\}")
REACH: Final = 4096
"""Characters of a line that an expression with several repetitions is tried on."""
_NESTED: Final = re.compile(r"[*+}]\)*[*+{]|\([^()]*[*+][^()]*\)(?:[*+]|\{\d*,)")
"""A repetition of a repetition, which can take for ever on a line made for it."""


class TooSlow(ValueError):
    """The pattern could keep the program busy for ever on some lines."""


class Seen:
    """A line as a test looks at it; taken apart no further than somebody asks."""

    __slots__ = ("_record", "_text", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        """As received."""
        self._record: Record | None = None
        self._text: str | None = None

    @property
    def record(self) -> Record:
        """Taken apart."""
        if self._record is None:
            self._record = parse(self.raw)
        return self._record

    @property
    def text(self) -> str:
        """As a reader sees it."""
        if self._text is None:
            self._text = text_of(self.raw)
        return self._text


class Test(Protocol):
    """Something a line either is or is not."""

    @property
    def label(self) -> str:
        """It in words, as the list of filters shows it."""

    @property
    def words(self) -> Words:
        """What the bytes of every line that matches hold."""

    def matches(self, seen: Seen) -> bool:
        """Whether a line matches."""


class Pattern(msgspec.Struct, frozen=True):
    """Text to find, without regard to case: a regular expression if it is one, else as it stands."""

    source: str
    regex: re.Pattern[str]
    words: Words = Words()
    reach: int = SHOWN
    """Characters of a line that are looked at: fewer for expressions whose cost is their square or worse."""
    literal: bytes = b""
    """The text in lower case, if it is no expression."""

    @classmethod
    def of(cls, source: str) -> Pattern:
        """Compile what was typed. Raises TooSlow."""
        if _NESTED.search(source):
            raise TooSlow("a repeated repetition can take for ever; leave one of them out")
        # letters without case partners beyond ASCII: a word found in the text is then in the bytes as well
        simple = source.isascii() and BEYOND.isdisjoint(source)
        flags = re.IGNORECASE | re.ASCII if simple else re.IGNORECASE
        try:
            regex = re.compile(source, flags)
        except (re.error, OverflowError, RecursionError):
            return cls(source, re.compile(re.escape(source), re.IGNORECASE))
        reach = SHOWN if len(_UNBOUNDED.findall(source)) < 2 else REACH
        plain = simple and source.isprintable() and _SPECIAL.isdisjoint(source)
        return cls(source, regex, words_of(source), reach, source.lower().encode() if plain else b"")

    @property
    def label(self) -> str:
        """As typed."""
        return self.source

    def matches(self, seen: Seen) -> bool:
        """Whether the text has it anywhere."""
        if self.literal and message_has(seen.raw, self.literal):
            return True
        return self.regex.search(seen.text, 0, self.reach) is not None


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

    def matches(self, seen: Seen) -> bool:
        """Whether its `job_id` is this one; a line without fields must name it."""
        if seen.record.structured:
            return seen.record.field("job_id") == self.job_id
        return self.job_id in seen.text


class OfKind(msgspec.Struct, frozen=True):
    """Errors of one signature."""

    key: Key
    words: Words = Words()

    @property
    def label(self) -> str:
        """The kind in words."""
        return f"like “{(self.key.exception or self.key.message)[:40]}”"

    def matches(self, seen: Seen) -> bool:
        """Whether it is an error of that kind."""
        record = seen.record
        if record.level < Level.ERROR:
            return False
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
    tags: frozenset[int] | None = None
    """The streams whose lines pass; None for all."""
    filters: tuple[Filter, ...] = ()
    since: int | None = None
    """Rows below this are not shown."""
    notices: bool = True
    """Notices of ours pass, whatever else is asked for."""

    @property
    def everything(self) -> bool:
        """Nothing is asked for."""
        idle = not self.level and self.tags is None and self.since is None and self.notices
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
        if self.tags is None:
            return rows
        return [row for row in rows if block.tags[row - block.first] in self.tags]


def _effort(wanted: Filter) -> tuple[bool, bool]:
    """Filters that leave few lines to the others come first."""
    return not wanted.test.words.any_of, wanted.out


class _Look:
    """The lines of a block, taken apart no further and no more often than its filters need."""

    def __init__(self, block: Block) -> None:
        self._block = block
        self._seen: dict[int, Seen] = {}

    @cached_property
    def _lines(self) -> list[bytes]:
        return self._block.lines()

    @cached_property
    def _texts(self) -> list[str]:
        return texts_of(self._lines, self._block.data)

    @cached_property
    def _low(self) -> bytes:
        return self._block.data.lower()

    def keep(self, rows: Sequence[int], wanted: Filter) -> Sequence[int]:
        """Those of the rows that a filter lets through."""
        words, matches, seen = wanted.test.words, wanted.test.matches, self._of
        if not words.any_of:
            if isinstance(wanted.test, Pattern) and isinstance(rows, range):
                return self._search(rows, wanted.test.regex, wanted.test.reach, out=wanted.out)
            return [row for row in rows if matches(seen(row)) != wanted.out]
        likely = self._holding(words)
        if (
            len(likely) * 4 > len(rows)
            and isinstance(wanted.test, Pattern)
            and self._deep(likely, wanted.test)
        ):
            return self._search(rows, wanted.test.regex, wanted.test.reach, out=wanted.out)
        if wanted.out:
            gone = {row for row in likely if row in rows and matches(seen(row))}
            return [row for row in rows if row not in gone] if gone else rows
        if isinstance(rows, range):
            return [row for row in sorted(likely) if row in rows and matches(seen(row))]
        return [row for row in rows if row in likely and matches(seen(row))]

    def _deep(self, likely: set[int], pattern: Pattern) -> bool:
        """It takes more than the message to find it, as the first of the likely rows has it."""
        return not (
            pattern.literal and message_has(self._lines[min(likely) - self._block.first], pattern.literal)
        )

    def _search(self, rows: Sequence[int], regex: re.Pattern[str], reach: int, *, out: bool) -> Sequence[int]:
        """The same for an expression that most of the lines have to be taken apart for."""
        texts, first, search = self._texts, self._block.first, regex.search
        return [row for row in rows if (search(texts[row - first], 0, reach) is not None) != out]

    def _of(self, row: int) -> Seen:
        found = self._seen.get(row)
        if found is None:
            found = self._seen[row] = Seen(self._lines[row - self._block.first])
        return found

    def _holding(self, words: Words) -> set[int]:
        """The rows that hold one of the words, or may hold it written in another way than it reads."""
        block, low, rows = self._block, self._low, set[int]()
        for word in words.any_of:
            at = low.find(word)
            while at >= 0:
                row = block.row_at(at)
                rows.add(row)
                at = low.find(word, block.end_of(row))
        if _unclear(block.data, words):
            rows.update(row for row, line in enumerate(self._lines, block.first) if _unclear(line, words))
        return rows


def _unclear(raw: bytes, words: Words) -> bool:
    """Characters may be written in another way than they read: JSON escapes, colours, stand-ins."""
    return b"\\u" in raw or b"\x1b" in raw or (words.ascii_only and not raw.isascii())


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
    values = {lev | flags for lev in passing for flags in (0, marks.CUT, marks.PART, marks.CUT | marks.PART)}
    if notices:
        values |= {lev | NOTICE for lev in Level}
    return re.compile(b"[" + b"".join(b"\\x%02x" % value for value in sorted(values)) + b"]+")
