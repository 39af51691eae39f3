"""What to look for in a log: patterns, filters, levels, jobs, kinds of error. Matches raw lines. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from tui.fleet.logs import marks
from tui.fleet.logs.marks import NOTICE, Level
from tui.fleet.logs.records import SHOWN, Record, parse, text_of
from tui.fleet.logs.signatures import Key, key_of
from tui.fleet.logs.spool import Block

_BEYOND: Final = frozenset("\\|()[]{}")
"""With one of these, an expression may match without any of the words that are written in it."""
_OPTIONAL: Final = re.compile(r".[?*]")
"""What an expression without those may do without."""
_TOKEN: Final = re.compile(r"[A-Za-z0-9_\-]{3,}")
_HEX: Final = re.compile(rb"u?[0-9a-f]{1,6}")
"""What a stand-in such as `\\u{202e}` may be made of."""
_LEVEL_NAMES: Final = tuple(level.name.lower() for level in Level)
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
    def needle(self) -> bytes:
        """Lower-case bytes without which no plain line can match; empty when there are none."""

    def matches(self, seen: Seen) -> bool:
        """Whether a line matches."""


class Pattern(msgspec.Struct, frozen=True):
    """Text to find, without regard to case: a regular expression if it is one, else as it stands."""

    source: str
    regex: re.Pattern[str]
    needle: bytes
    reach: int = SHOWN
    """Characters of a line that are looked at: fewer for expressions whose cost is their square or worse."""

    @classmethod
    def of(cls, source: str) -> Pattern:
        """Compile what was typed. Raises TooSlow."""
        if _NESTED.search(source):
            raise TooSlow("a repeated repetition can take for ever; leave one of them out")
        simple = _BEYOND.isdisjoint(source)
        # letters without case partners beyond ASCII: a word found in the text is then in the bytes as well
        flags = re.IGNORECASE | re.ASCII if source.isascii() and simple else re.IGNORECASE
        try:
            regex = re.compile(source, flags)
        except (re.error, OverflowError, RecursionError):
            return cls(source, re.compile(re.escape(source), re.IGNORECASE), b"")
        reach = SHOWN if len(_UNBOUNDED.findall(source)) < 2 else REACH
        return cls(source, regex, _needle(source) if simple else b"", reach)

    @property
    def label(self) -> str:
        """As typed."""
        return self.source

    def matches(self, seen: Seen) -> bool:
        """Whether the text has it anywhere."""
        return self.regex.search(seen.text, 0, self.reach) is not None


def _needle(source: str) -> bytes:
    """A word that every match holds and that a line's bytes hold wherever its text does.

    Words do not cross fields, and numbers are shown as they were written. Level names are left out: they may
    be numbers in the line.
    """
    words = _TOKEN.findall(_OPTIONAL.sub(" ", source)) if source.isascii() else []
    found = max(words, key=len, default="").lower()
    if any(found in name for name in _LEVEL_NAMES):
        return b""
    return found.encode()


class OfJob(msgspec.Struct, frozen=True):
    """Lines of one job."""

    job_id: str

    @property
    def label(self) -> str:
        """The job in words."""
        return f"job {self.job_id}"

    @property
    def needle(self) -> bytes:
        """The id."""
        return _needle(self.job_id)

    def matches(self, seen: Seen) -> bool:
        """Whether its `job_id` is this one; a line without fields must name it."""
        if seen.record.structured:
            return seen.record.field("job_id") == self.job_id
        return self.job_id in seen.text


class OfKind(msgspec.Struct, frozen=True):
    """Errors of one signature."""

    key: Key
    needle: bytes = b""

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

    def rows(self, block: Block) -> list[int]:
        """The rows of a block that pass."""
        filters = [f for f in self.filters if f.on]
        passing = self._by_mark(block)
        if not filters or not passing:
            return passing
        candidates = _candidates(block, filters)
        if candidates is not None:
            first = block.first
            passing = [row for row in passing if row in candidates or block.marks[row - first] & NOTICE]
            if not passing:
                return passing
        lines, first = block.lines(), block.first
        needles = [f.test.needle for f in filters if f.test.needle]
        return [
            row
            for row in passing
            if block.marks[row - first] & NOTICE or _passes(lines[row - first], filters, needles)
        ]

    def with_filter(self, extra: Filter) -> Criteria:
        """These and one more."""
        return replace(self, filters=(*self.filters, extra))

    def searching(self, test: Test) -> Criteria:
        """What of this matches `test`; notices are not found."""
        return replace(self, filters=(*self.filters, Filter(test)), notices=False)

    def _by_mark(self, block: Block) -> list[int]:
        accepted = _accepted(self.level, self.notices)
        rows: Iterable[int] = (block.first + match.start() for match in accepted.finditer(block.marks))
        if (since := self.since) is not None and since > block.first:
            rows = (row for row in rows if row >= since)
        if self.tags is None:
            return list(rows)
        return [row for row in rows if block.tags[row - block.first] in self.tags]


def _passes(raw: bytes, filters: Collection[Filter], needles: Collection[bytes]) -> bool:
    low = raw.lower() if needles and not _escaped(raw, needles) else None
    seen = Seen(raw)
    for wanted in filters:
        needle = wanted.test.needle
        missing = bool(needle) and low is not None and needle not in low
        if (not missing and wanted.test.matches(seen)) == wanted.out:
            return False
    return True


def _candidates(block: Block, filters: Collection[Filter]) -> set[int] | None:
    """The rows that hold the longest word that is wanted, found in all bytes at once; None if any row may."""
    needles = [f.test.needle for f in filters if not f.out and f.test.needle]
    if not needles or _escaped(block.data, needles):
        return None
    needle, low = max(needles, key=len), block.data.lower()
    rows: set[int] = set()
    at = low.find(needle)
    while at >= 0:
        row = block.row_at(at)
        rows.add(row)
        at = low.find(needle, block.end_of(row))
    return rows


def _escaped(raw: bytes, needles: Collection[bytes] = ()) -> bool:
    """Characters may be written in another way than they read: JSON escapes, colours, stand-ins."""
    if b"\\u" in raw or b"\x1b" in raw:
        return True
    return not raw.isascii() and any(map(_HEX.fullmatch, needles))


@lru_cache(maxsize=32)
def _accepted(level: Level, notices: bool) -> re.Pattern[bytes]:
    """Finds the rows whose mark passes a minimum level."""
    lowest = Level.NONE if level <= Level.WARN else level
    passing = [lev for lev in Level if lev >= level or (lev == Level.NONE and lowest == Level.NONE)]
    values = {lev | flags for lev in passing for flags in (0, marks.CUT, marks.PART, marks.CUT | marks.PART)}
    if notices:
        values |= {lev | NOTICE for lev in Level}
    return re.compile(b"[" + b"".join(b"\\x%02x" % value for value in sorted(values)) + b"]")
