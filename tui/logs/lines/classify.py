"""One mark per line of a stream as it arrives: its level, and whether it is part of the message before it.

`line_level` judges a line by itself. Here is what only its neighbours tell: the frames of a traceback and the
line that ends it, exception groups, messages of several lines, what a native panic prints after it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from enum import Enum, auto
from operator import itemgetter
from typing import Final

from tui.logs.lines.envelope import json_start
from tui.logs.lines.levels import LEVEL_BITS, PART, Level
from tui.logs.lines.line_level import UNSURE, levels_of_like_lines, levels_of_records, unwrapped
from tui.logs.lines.text_level import END_HINTS, level_of_text, tells_error
from tui.logs.lines.times import begins_with_time

AT_ONCE: Final = 512
"""Lines whose levels are read together if all are records of JSON."""
GOES_ON: Final = 30
"""Lines without a time or a level that may follow an exception as its message, notes or causes."""
SAID_ON: Final = 10
"""The same after any other error."""
DUMP: Final = 200
"""The same after a native panic that ends the process: what follows is its stack."""
RECENT: Final = 6
"""Lines that are looked at for a time or a level: Node prints a few without one before an error."""
BETWEEN: Final = 3
"""Records of another stream of the process that may come between the lines of a traceback."""

_BRACE: Final = ord("{")
_INDENTED: Final = re.compile(rb"[ \t][^\r\x1b{]*+(\{[^\r\x1b]*+)?\Z")
_RUNS: Final = re.compile(rb"\{+|[^{]+")
"""Finds runs of lines that begin with a brace, and of others."""
_NOT_CALM: Final = 255
_CALM: Final = re.compile(rb"\xff+|[^\xff]+")
"""Finds runs of lines that are no errors and begin nothing, and of others."""
_BEGINS: Final = re.compile(
    r"Traceback \(most recent call last|During handling of the above exception|The above exception was"
    r"|Exception in thread .*:$|Exception ignored in: |Task exception was never retrieved"
    r"|future: <|\xe2\x95\xad.* Traceback "
)
"""How a traceback begins or goes on: the error is the line that ends it."""
_FIRST: Final = frozenset(("+ ", "Fi", "Tr", "Du", "Th", "Ex", "Ta", "fu", "\xe2\x95"))
"""What a traceback begins with."""
_FIRST_BYTES: Final = frozenset(first.encode("latin-1") for first in _FIRST)
_LAST: Final = re.compile(
    r"(?!(?:DEBUG|INFO|WARNING|WARN|ERROR|CRITICAL|FATAL)\b)"
    r"[A-Za-z_\x80-\xff][\w.\x80-\xff]*(?:\.<locals>\.[\w.\x80-\xff]+)?(?::(?: |$)|$)",
    re.ASCII,
)
"""The line that ends a traceback: the class of the exception, whatever it is called."""
_BELONGS: Final = re.compile(
    r"[}\])]+[,;]?$|note: |stack backtrace:|Caused by: |\.\.\. \d+ more|goroutine \d+ |\[signal |exit status "
    r"|Current thread 0x|Thread 0x|Extension modules:|fatal runtime error: |\[Previous line repeated"
)
"""What follows an error and has no indentation."""
_DUMPS: Final = re.compile(r"panic: |fatal error: |Fatal Python error: |FATAL ERROR: |-+ Native stack trace")
_BOXES: Final = ("\xe2\x94", "\xe2\x95", "\xe2\x9d")
"""How a line of the box begins that rich draws around a traceback, byte for byte."""
_FRAME: Final = re.compile(r'File "[^"]*", line \d+')
_LOGFMT: Final = re.compile(r"\w+=\S")
_NODE_FRAME: Final = re.compile(r"at \S")


class _Open(Enum):
    """What the next lines may belong to."""

    NOTHING = auto()
    FRAMES = auto()
    """A traceback of Python whose last line is to come."""
    GROUP = auto()
    """The box of an exception group."""
    MESSAGE = auto()
    """An error whose message may go on."""
    STACK = auto()
    """An error whose message is over: frames follow it."""
    DUMP = auto()
    """A native panic: all that follows is its stack."""


class Classifier:
    """Marks the lines of one stream, in order."""

    def __init__(self) -> None:
        self._mark: int = Level.NONE
        """Of the line before."""
        self._open = _Open.NOTHING
        self._left = 0
        """Lines that may still belong to what is open."""
        self._indent = 0
        """Of the first line of a traceback, and so of the one that ends it."""
        self._told = False
        """The line that counts of an exception group has come."""
        self._counted = False
        """The traceback belongs to the record right before it, which is the error that counts."""
        self._forced = False
        """The next line is the message, as Rust prints it."""
        self._level: int = UNSURE
        """Of the line at hand, as far as it is known already."""
        self._hints: Sequence[str] = END_HINTS
        """Only these may tell of the end of a process in the line at hand."""
        self._recent = deque[str](maxlen=RECENT)
        """The last lines that were no errors; empty for a record of JSON."""

    def marks(self, lines: Sequence[bytes]) -> bytearray:
        """One mark per line."""
        marks = bytearray()
        firsts = (
            bytes(map(itemgetter(0), lines))
            if all(lines)
            else bytes(line[0] if line else 0 for line in lines)
        )
        for run in _RUNS.finditer(firsts):
            for start in range(run.start(), run.end(), AT_ONCE):
                some = lines[start : min(start + AT_ONCE, run.end())]
                if firsts[start] != _BRACE:
                    marks += self._of_text(some)
                elif (levels := levels_of_records(some)) is not None:
                    self._record_came(len(levels))
                    self._mark = levels[-1]
                    marks += levels
                else:
                    marks += bytes(map(self._mark_of, some))
        return marks

    def _of_text(self, lines: Sequence[bytes]) -> bytearray:
        """The marks of lines that begin with no brace. Where nothing is open, most are judged together."""
        levels, hints = levels_of_like_lines(lines)
        calm = bytes(
            level if 0 <= level < Level.ERROR and line[:2] not in _FIRST_BYTES else _NOT_CALM
            for level, line in zip(levels, lines, strict=True)
        )
        marks = bytearray()
        for run in _CALM.finditer(calm):
            at, end = run.span()
            while at < end and (self._open is not _Open.NOTHING or calm[at] == _NOT_CALM):
                if self._open is _Open.FRAMES and not self._indent and (frames := _frames(lines, at, end)):
                    self._left, self._mark = BETWEEN, Level.ERROR | PART
                    marks += bytes((self._mark,)) * frames
                    at += frames
                    continue
                line = lines[at]
                self._level = levels[at]
                self._hints = hints if self._level == UNSURE and line[:1] > b" " else END_HINTS
                marks.append(self._mark_of(line))
                at += 1
            if at < end:
                marks += calm[at:end]
                self._mark = calm[end - 1]
                self._recent += [
                    "" if calm[last] else lines[last].decode("latin-1")
                    for last in range(max(at, end - RECENT), end)
                ]
        self._level, self._hints = UNSURE, END_HINTS
        return marks

    def _mark_of(self, line: bytes) -> int:
        level, text = unwrapped(line) if self._level == UNSURE else (None, line.decode("latin-1"))
        if level is None:
            self._mark = self._in_context(text)
        else:
            self._record_came(1)
            self._mark = level
        return self._mark

    def _record_came(self, count: int) -> None:
        self._recent.append("")
        self._left -= count
        if self._open not in (_Open.FRAMES, _Open.GROUP) or self._left < 0:
            self._open, self._counted = _Open.NOTHING, False

    def _in_context(self, text: str) -> int:
        """The mark of a line that is no record of JSON."""
        line = text.lstrip()
        indent = len(text) - len(line)
        if self._open is not _Open.NOTHING and (found := self._of_open(line, indent)) is not None:
            return found
        if not line:
            return Level.NONE
        if line[:2] in _FIRST and self._traceback_begins(line, indent):
            return Level.ERROR | PART
        level = self._level_of(text)
        if indent and level < Level.CRITICAL and not begins_with_time(text):
            return self._mark & LEVEL_BITS | PART
        if level < Level.ERROR:
            self._open = _Open.NOTHING
            self._recent.append("" if level and not indent else line)
        else:
            self._error_came(line, level)
        return level

    def _level_of(self, text: str) -> Level:
        """The level of the line at hand."""
        return level_of_text(text, self._hints) if self._level == UNSURE else Level(self._level)

    def _traceback_begins(self, line: str, indent: int) -> bool:
        if line.startswith("+ Exception Group Traceback"):
            self._expect(_Open.GROUP, BETWEEN)
            self._told = False
            return True
        if indent and self._mark & LEVEL_BITS >= Level.ERROR:  # part of what an error says
            return False
        if indent and _FRAME.match(line):  # of a syntax error, which has no first line
            self._expect(_Open.FRAMES, BETWEEN)
            self._indent = max(0, indent - 2)
            return True
        if _BEGINS.match(line):
            self._expect(_Open.FRAMES if "Traceback" in line else _Open.MESSAGE, BETWEEN)
            self._indent = indent
            return True
        return False

    def _error_came(self, line: str, level: Level) -> None:
        """An error that belongs to no line before it: what may follow it?"""
        self._forced = "panicked at" in line and line.endswith(":")
        native = level == Level.CRITICAL and _DUMPS.match(line) is not None
        told = tells_error(line, self._hints)
        self._counted = not told
        if not told:
            self._recent.append(line)
        if native:
            self._expect(_Open.DUMP, DUMP)
        elif _LOGFMT.match(line):  # no message of it has several lines
            self._open = _Open.NOTHING
        else:
            self._expect(_Open.MESSAGE, GOES_ON if told else SAID_ON)

    def _has_records(self) -> bool:
        """A line of this stream lately had a time or a level: what has neither goes on from one that had."""
        recent = self._recent
        if not recent or "" in recent:
            return True
        return any(begins_with_time(line) or level_of_text(line) for line in recent)

    def _expect(self, what: _Open, lines: int) -> None:
        self._open, self._left = what, lines

    def _of_open(self, line: str, indent: int) -> int | None:
        """The mark of a line that belongs to what is open; None closes it."""
        match self._open:
            case _Open.FRAMES:
                found = self._of_frames(line, indent)
            case _Open.GROUP:
                found = self._of_group(line)
            case _:
                found = self._of_message(line, indent)
        if found is None:
            self._open, self._counted = _Open.NOTHING, False
        return found

    def _of_frames(self, line: str, indent: int) -> int | None:
        if indent > self._indent or line[:2] in _BOXES or (line[:2] in _FIRST and _BEGINS.match(line)):
            self._left = BETWEEN
            return Level.ERROR | PART
        if indent == self._indent and _LAST.match(line):
            self._expect(_Open.MESSAGE, GOES_ON)
            return Level.ERROR | PART * self._counted
        return None

    def _of_group(self, line: str) -> int | None:
        if line[:1] not in ("|", "+"):
            return None
        self._left = BETWEEN
        if not self._told and _LAST.match(line, 2):
            self._told = True
            return Level.ERROR
        return Level.ERROR | PART

    def _of_message(self, line: str, indent: int) -> int | None:
        """A line after the one that told of an error: more of its message, its notes, its frames."""
        self._left -= 1
        part = self._mark & LEVEL_BITS | PART
        begins = line[:2] in _FIRST and _BEGINS.match(line) is not None
        if begins and self._counted and not indent:
            self._expect(_Open.FRAMES if "Traceback" in line else _Open.MESSAGE, BETWEEN)
            self._indent = 0
            return part
        if self._left < 0 or begins:
            return None
        if self._open is _Open.DUMP:
            if begins_with_time(line):
                return None
            return None if self._level_of(line) and not tells_error(line, self._hints) else part
        if _BELONGS.match(line):
            return part
        if indent:
            if _NODE_FRAME.match(line):
                self._open = _Open.STACK
            return part
        if self._open is _Open.STACK:
            return None
        forced, self._forced = self._forced, False
        if line and (self._level_of(line) or begins_with_time(line)):
            return None
        return part if forced or self._has_records() else None


def _frames(lines: Sequence[bytes], start: int, end: int) -> int:
    """How many lines from there on are indented text and no records, as is seen at once."""
    at = start
    while (
        at < end and (found := _INDENTED.match(lines[at])) and (found[1] is None or json_start(lines[at]) < 0)
    ):
        at += 1
    return at - start


def classify(lines: Sequence[bytes]) -> bytearray:
    """The marks of lines that come after nothing."""
    return Classifier().marks(lines)
