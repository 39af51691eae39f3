"""Undoes the escapes in which a text may be quoted, and remembers where each character came from.

Encoders differ in what they escape and how often, so texts are compared without escapes, and without the
characters that differ between encodings of the same: white space, `+`, `-` and backslashes.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections.abc import Callable
from functools import cached_property, lru_cache
from sys import maxsize
from typing import Final
from urllib.parse import unquote

ROUNDS: Final = 3
"""How often the escapes of a text are undone, each time of all kinds: escapes may be escaped."""

DECODED: Final = 4096
"""Escapes of which it is kept what they stand for: most are of few characters."""

Decode = Callable[[str], str]


@lru_cache(DECODED)
def _of_percent(escape: str) -> str:
    """A character of an address."""
    return unquote(escape)


@lru_cache(DECODED)
def _of_entity(escape: str) -> str:
    """A character of HTML."""
    return html.unescape(escape)


@lru_cache(DECODED)
def _of_bytes(escape: str) -> str:
    """Bytes as Go, Python, C and text forms of messages write them."""
    found = re.findall("x([0-9a-fA-F]{2})|([0-3][0-7]{2})", escape)
    data = bytes(int(digits, 16) if digits else int(octal, 8) for digits, octal in found)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


@lru_cache(DECODED)
def _of_codes(escape: str) -> str:
    """Units of UTF-16, as in JSON, and code points; empty for a control character, which does not count."""
    found = re.findall(r"u([0-9a-fA-F]{4})|[uU]\{?([0-9a-fA-F]{1,8})", escape)
    units = (
        chr(min(int(unit or point, 16), 0x10FFFF)).encode("utf-16-be", "surrogatepass")
        for unit, point in found
    )
    return b"".join(units).decode("utf-16-be", "replace")


def _utf_8(one: str, two: str, three: str, four: str, follow: str) -> str:
    """One character of UTF-8, by how its first byte and those that follow are written."""
    return f"{one}|{two}{follow}|{three}(?:{follow}){{2}}|{four}(?:{follow}){{3}}"


_RUN: Final = r"(?<!\\)\\++"
"""All backslashes that stand together, as in escapes of escapes; no other place among them is tried."""
_PASSES: Final[tuple[tuple[str, re.Pattern[str], Decode], ...]] = (
    (
        "%",
        re.compile(
            _utf_8("%[0-7][0-9a-f]", "%[cd][0-9a-f]", "%e[0-9a-f]", "%f[0-7]", "%[89ab][0-9a-f]"),
            re.IGNORECASE,
        ),
        _of_percent,
    ),
    (
        "\\",
        re.compile(
            rf"{_RUN}(?:u[dD][89abAB][0-9a-fA-F]{{2}}{_RUN}u[dD][c-fC-F][0-9a-fA-F]{{2}}|u[0-9a-fA-F]{{4}}"
            r"|u\{[0-9a-fA-F]{1,6}\}|U[0-9a-fA-F]{8}|[bfnrt])"
        ),
        _of_codes,
    ),
    (
        "\\",
        re.compile(
            f"{_RUN}(?:"
            + _utf_8("x[0-7][0-9a-f]", "x[cd][0-9a-f]", "xe[0-9a-f]", "xf[0-7]", f"{_RUN}x[89ab][0-9a-f]")
            + "|"
            + _utf_8("[01][0-7]{2}", "3[0-3][0-7]", "3[45][0-7]", "36[0-7]", f"{_RUN}2[0-7]{{2}}")
            + "|x[0-9a-f]{2}|[0-3][0-7]{2})",  # in an alphabet of one byte
            re.IGNORECASE,
        ),
        _of_bytes,
    ),
    (
        "&",
        re.compile(r"&(?:[a-zA-Z][a-zA-Z0-9]{1,31}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});"),
        _of_entity,
    ),
)
"""A sign of an escape, what it looks like, and what it stands for."""
_IGNORED: Final = dict.fromkeys([*range(0x21), *range(0x7F, 0xA1), *range(0x2400, 0x2425), *map(ord, "+-\\")])
_CUT: Final = re.compile(
    "(?:%[0-9a-fA-F]?|"
    + _RUN
    + r"(?:u[0-9a-fA-F]{0,3}|u\{[0-9a-fA-F]*|U[0-9a-fA-F]{0,7}|x[0-9a-fA-F]?|[0-3][0-7]?)?|&[a-z#0-9]{0,6})\Z"
)
_SAME: Final = {ord("/"): "_"}
"""As in the two alphabets of base64."""


def plain(text: str) -> str:
    """A text without escapes and without what does not count; where its characters came from is not kept."""
    for _ in range(ROUNDS):
        before = text
        for sign, pattern, decode in _PASSES:
            if sign in text:
                text = _Pass(text, pattern, decode).text
        if text == before:
            break
    return text.translate(_IGNORED).translate(_SAME)


class _Pass:
    """What one pass over a text has replaced."""

    def __init__(self, before: str, pattern: re.Pattern[str], decode: Decode) -> None:
        self._old: list[tuple[int, int]] = []
        """Begin and end of each escape."""
        self._new: list[tuple[int, int]] = []
        """Of what stands for it, in the text after."""
        parts: list[str] = []
        at = size = 0
        for match in pattern.finditer(before):
            start, end = match.span()
            found = decode(match[0])
            size += start - at
            self._old.append((start, end))
            self._new.append((size, size + len(found)))
            parts += (before[at:start], found)
            size += len(found)
            at = end
        self.text = "".join((*parts, before[at:])) if parts else before

    def before(self, at: int) -> tuple[int, int]:
        """Begin and end, in the text before, of the character at a place."""
        place = bisect_right(self._new, (at, maxsize)) - 1
        if place >= 0:
            old, new = self._old[place], self._new[place]
            if at < new[1]:
                return old
            at += old[1] - new[1]
        return at, at + 1


class Unescaped:
    """A text without escapes and without what does not count, nor an escape at its end that was cut."""

    def __init__(self, original: str) -> None:
        found = _CUT.sub("", original)
        self._passes: list[_Pass] = []
        for _ in range(ROUNDS):
            before = found
            for sign, pattern, decode in _PASSES:
                if sign in found:
                    done = _Pass(found, pattern, decode)
                    if done.text is not found:
                        self._passes.append(done)
                        found = done.text
            if found is before:
                break
        self._found = found
        self.text = found.translate(_IGNORED).translate(_SAME)

    @cached_property
    def _kept(self) -> list[int]:
        """Where each character of `text` was before others were left out."""
        return [at for at, character in enumerate(self._found) if ord(character) not in _IGNORED]

    def start(self, at: int) -> int:
        """Where a character begins in the original."""
        at = self._kept[at]
        for done in reversed(self._passes):
            at = done.before(at)[0]
        return at

    def end(self, at: int) -> int:
        """And where it ends."""
        at = self._kept[at]
        for done in reversed(self._passes):
            at = done.before(at)[1] - 1
        return at + 1
