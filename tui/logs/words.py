"""The words that every match of an expression holds, so that most lines need not be taken apart. Pure."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from tui.logs.classify import Level

BEYOND: Final = frozenset("\\|()[]{}")
"""With one of these, an expression may mean more than the characters that are written in it."""
_ATOM: Final = re.compile(
    r"(?P<one>\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|.)(?P<times>[*?]|\{0*(?:,\d*)?\}|\+|\{\d+(?:,\d*)?\})?",
    re.DOTALL,
)
"""What an expression is made of: a character, an escape, a set or a bracket, and how often it comes."""
_OPTIONAL: Final = re.compile(r"[*?]|\{0*(?:,\d*)?\}")
_LETTER: Final = re.compile(r"[A-Za-z0-9_\-]")
_UNCLEAR: Final = re.compile(r"\(\?|\\[0-9xuUN]")
"""Flags, looks ahead, names, and escapes of more than one character."""
_HEX: Final = re.compile(rb"u?[0-9a-f]{1,6}")
"""What a stand-in such as `\\u{202e}` may be made of."""
_LEVEL_NAMES: Final = tuple(level.name.lower() for level in Level)


class Words(msgspec.Struct, frozen=True):
    """What a line's bytes must hold for the line to match; nothing at all when `any_of` is empty."""

    any_of: tuple[bytes, ...] = ()
    """Lower-case words, one of which is in the bytes wherever it is in the text."""
    ascii_only: bool = False
    """That is so for ASCII lines only."""
    level: bool = False
    """That is so for lines only whose level is no number: it is shown as a word."""


def words_of(source: str) -> Words:
    """The words of an expression, one for each of its alternatives, the longest there is.

    Words do not cross fields, and numbers are shown as they were written.
    """
    if _UNCLEAR.search(source):
        return Words()
    found = [max(words, key=len) for words in _branches(source)]
    if min(map(len, found)) < 2:
        return Words()
    level = any(word in name for name in _LEVEL_NAMES for word in found)
    words = tuple(word.encode() for word in found)
    # beyond ASCII some letters have other partners in case: the kelvin sign is a k, and levels are raised
    simple = source.isascii() and BEYOND.isdisjoint(source)
    return Words(words, level or not simple or any(map(_HEX.fullmatch, words)), level)


def _branches(source: str) -> list[list[str]]:
    """The words that each alternative must hold; what is in brackets is left out."""
    branches: list[list[str]] = [[""]]
    depth = 0
    for atom in _ATOM.finditer(source.lower()):
        one, times = atom["one"], atom["times"] or ""
        depth += (one == "(") - (one == ")")
        if one == "|" and not depth:
            branches.append([""])
        elif depth or not _LETTER.fullmatch(one) or _OPTIONAL.fullmatch(times):
            branches[-1].append("")
        else:
            branches[-1][-1] += one
            if times:
                branches[-1].append("")
    return branches
