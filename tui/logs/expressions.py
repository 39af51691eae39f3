"""Regular expressions over many lines at once, with a time limit. Knows no log and no filter.

An ignored case costs an expression its quickest ways to find something, and a call for each line costs more
than the search in it. So an expression is rewritten, where that is safe, for one lower-case text of many
lines, and lines without a word that every match holds are not read at all.

`re` has no time limit, so there is one here. The package `regex` has one, but it searches the same batches
more slowly: up to four times as long for a word that is in every line.
"""

from __future__ import annotations

import re
import signal
import string
import threading
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from types import FrameType
from typing import Final

import msgspec

from tui.logs.lines.envelope import PREFIX
from tui.logs.lines.levels import Level
from tui.logs.texts import texts_of

# ---- time limit -----------------------------------------------------------------------------------------

LIMIT: Final = 0.4
"""Seconds of processor time for a slice of a search; an ordinary one takes a few milliseconds."""

TOO_LONG: Final = "it takes too long on one of the lines; make it simpler"


class TooSlow(ValueError):
    """The expression takes too long on some line, or could."""


@contextmanager
def time_limit(seconds: float = LIMIT) -> Iterator[None]:
    """Raise TooSlow in a block that takes longer. No effect outside the main thread: only it gets signals.

    `re` has no limit, but it checks for signals while it works. Processor time is counted, so that a busy
    machine, or one that was asleep, ends no search.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _stop(number: int, frame: FrameType | None) -> None:
    raise TooSlow(TOO_LONG)


def compiled(source: str, flags: int) -> re.Pattern[str]:
    """Compile without warnings about sets that may mean more one day. Raises as `re.compile` does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(source, flags)


# ---- ignoring case --------------------------------------------------------------------------------------

_ATOM: Final = re.compile(
    r"\\(?P<escaped>.)|\[(?P<set>\^?\]?(?:\\.|[^\]\\])*)\]|(?P<group>\((?:\?(?:<?[=!]|:))?)|(?P<one>.)"
)
_MEMBER: Final = re.compile(r"\\(?P<escaped>.)|(?P<low>.)-(?P<high>.)|(?P<one>.)")
_ESCAPED_BOUND: Final = re.compile(r"\\.-.|-\\")
"""A range that begins or ends with an escape."""
_UPPER: Final = frozenset(string.ascii_uppercase)
_SAME: Final = "dwbB"
"""Escapes that mean the same in a text of many lines."""
_ESCAPES: Final = {
    "A": "^",
    "Z": "$",
    "s": " ",  # the only one of them in printable ASCII
    "S": r"[^ \n]",
    "D": r"[^\d\n]",
    "W": r"[^\w\n]",
}
"""Escapes that must not match the line feed between two lines, rewritten."""


def lower_cased(source: str) -> re.Pattern[str] | None:
    """Rewrite a case-insensitive expression for lines of printable ASCII, lower-cased and joined to one text.

    It means for each line what it meant for the line alone: nothing in it matches the end of a line. None
    where it could mean something else.
    """
    if not source.isascii() or not source.isprintable():
        return None
    parts = [_rewritten(atom) for atom in _ATOM.finditer(source)]
    written = [part for part in parts if part is not None]
    if len(written) < len(parts):
        return None
    try:
        return compiled("".join(written), re.MULTILINE | re.ASCII)
    except (re.error, OverflowError, RecursionError):
        return None


def _rewritten(atom: re.Match[str]) -> str | None:
    """One part of an expression, rewritten; None where it cannot be."""
    if escaped := atom["escaped"]:
        return f"\\{escaped}" if escaped in _SAME or not escaped.isalnum() else _ESCAPES.get(escaped)
    if (members := atom["set"]) is not None:
        return _rewritten_set(members)
    if atom["group"] and atom.string.startswith("?", atom.end()):
        return None  # flags, names, conditions
    return atom[0].lower()


def _rewritten_set(members: str) -> str | None:
    if _ESCAPED_BOUND.search(members):
        return None
    negated = members.startswith("^")
    parts = [r"\n"] if negated else []
    for member in _MEMBER.finditer(members[negated:]):
        if escaped := member["escaped"]:
            if escaped.isalnum() and escaped not in "dws":
                return None
            parts.append(" " if escaped == "s" else f"\\{escaped}")
        elif low := member["low"]:
            letters = {chr(code) for code in range(ord(low), ord(member["high"]) + 1)}
            if letters & _UPPER and not letters <= _UPPER:
                return None
            parts.append(f"{re.escape(low.lower())}-{re.escape(member['high'].lower())}")
        else:
            parts.append(re.escape(member[0].lower()))
    return f"[{'^' if negated else ''}{''.join(parts)}]"


# ---- many lines -----------------------------------------------------------------------------------------


class TextBatch:
    """The texts of some lines, searched in one pass where that finds the same as a search in each."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        texts, odd = texts_of(lines)
        # anything but printable ASCII may have another case, or line ends of its own
        self._alone = [(n, texts[n]) for n in sorted(odd) if not _is_plain(texts[n])]
        skip = {n for n, _ in self._alone}
        self._places: Sequence[int] = range(len(texts))
        self._texts = texts
        if skip:
            self._places = [n for n in self._places if n not in skip]
            self._texts = [texts[n] for n in self._places]
        self._joined = "\n".join(self._texts).lower()
        self._starts = [0, *accumulate(len(text) + 1 for text in self._texts)]
        self._longest = max(map(len, self._texts), default=0)

    def matching(self, regex: re.Pattern[str], joined: re.Pattern[str] | None, reach: int) -> list[int]:
        """Which of the lines an expression matches in their first `reach` characters, in any order.

        `joined` is the same expression, rewritten by `lower_cased`.
        """
        found = [n for n, text in self._alone if regex.search(text, 0, reach)]
        if joined is None or self._longest > reach:
            search = regex.search
            texts = zip(self._places, self._texts, strict=True)
            return [*found, *(n for n, text in texts if search(text, 0, reach))]
        text, starts, search = self._joined, self._starts, joined.search
        line, end = 0, len(starts) - 1
        while line < end and (match := search(text, starts[line])):
            line = bisect_right(starts, match.start())
            found.append(self._places[line - 1])
        return found


def _is_plain(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable()


# ---- lines that cannot match ----------------------------------------------------------------------------

SPECIAL: Final = frozenset("\\|()[]{}")
"""With one of these, an expression may match characters that are not written in it."""
_REPEATED: Final = re.compile(
    r"(?P<one>\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.)(?P<times>[*?]|\{0*(?:,\d*)?\}|\+|\{\d+(?:,\d*)?\})?",
    re.DOTALL,
)
"""A part of an expression: a character, an escape, a set or a bracket, and how often it comes."""
_OPTIONAL: Final = re.compile(r"[*?]|\{0*(?:,\d*)?\}")
_WORD_LETTER: Final = re.compile(r"[A-Za-z0-9_\-]")
_UNCLEAR: Final = re.compile(r"\(\?|\\[0-9xuUN]")
"""Flags, look-arounds, names, and escapes of more than one character."""
_HEX: Final = re.compile(rb"u?[0-9a-f]{1,6}")
"""What a stand-in such as `\\u{202e}` may be made of."""
_LEVEL_NAMES: Final = tuple(level.name.lower() for level in Level)


class RequiredWords(msgspec.Struct, frozen=True):
    """What the bytes of a line must hold for the line to match; no condition when `any_of` is empty."""

    any_of: tuple[bytes, ...] = ()
    """Lower-case words, one of which is in the bytes wherever it is in the text."""
    ascii_only: bool = False
    """That holds for ASCII lines only."""
    level: bool = False
    """That holds only for lines whose level is no number: it is shown as a word."""


def required_words(source: str) -> RequiredWords:
    """The words that every match of an expression holds: of each of its alternatives the longest.

    Words do not cross fields, and numbers are shown as they were written.
    """
    if _UNCLEAR.search(source):
        return RequiredWords()
    found = [max(words, key=len) for words in _words_of_branches(source)]
    if min(map(len, found)) < 2 or any(word in PREFIX for word in found):
        return RequiredWords()
    level = any(word in name for name in _LEVEL_NAMES for word in found)
    words = tuple(word.encode() for word in found)
    # beyond ASCII some letters have other partners in case: the kelvin sign is a k, and levels are raised
    simple = source.isascii() and SPECIAL.isdisjoint(source)
    return RequiredWords(words, level or not simple or any(map(_HEX.fullmatch, words)), level)


def _words_of_branches(source: str) -> list[list[str]]:
    """The words that each alternative must hold; what is in brackets is left out."""
    branches: list[list[str]] = [[""]]
    depth = 0
    for atom in _REPEATED.finditer(source.lower()):
        one, times = atom["one"], atom["times"] or ""
        depth += (one == "(") - (one == ")")
        if one == "|" and not depth:
            branches.append([""])
        elif depth or not _WORD_LETTER.fullmatch(one) or _OPTIONAL.fullmatch(times):
            branches[-1].append("")
        else:
            branches[-1][-1] += one
            if times:
                branches[-1].append("")
    return branches
