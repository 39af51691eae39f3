"""Undoes the escapes in which a text may be quoted, and remembers where each character came from.

Encoders differ in what they escape and how often, so texts are compared without escapes, and without the
characters that differ between encodings of the same: white space, `+`, `-` and backslashes.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

ROUNDS: Final = 3
"""How often the escapes of a text are undone, each time of all kinds: escapes may be escaped."""

Decode = Callable[[re.Match[str]], str]


def _of_bytes(match: re.Match[str]) -> str:
    """Bytes as Go, Python, C and text forms of messages write them."""
    found = re.findall("x([0-9a-fA-F]{2})|([0-3][0-7]{2})", match[0])
    data = bytes(int(digits, 16) if digits else int(octal, 8) for digits, octal in found)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _of_codes(match: re.Match[str]) -> str:
    """Units of UTF-16, as in JSON, and code points; empty for a control character, which does not count."""
    found = re.findall(r"u([0-9a-fA-F]{4})|[uU]\{?([0-9a-fA-F]{1,8})", match[0])
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
        lambda match: unquote(match[0]),
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
        lambda match: html.unescape(match[0]),
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


@dataclass(frozen=True, slots=True)
class Unescaped:
    """A text without escapes."""

    text: str
    starts: Sequence[int]
    """Where each character begins in the original."""
    ends: Sequence[int]
    """And where it ends."""


def plain(text: str) -> str:
    """A text without escapes and without what does not count; where its characters came from is not kept."""
    for _ in range(ROUNDS):
        before = text
        for sign, pattern, decode in _PASSES:
            if sign in text:
                text = pattern.sub(decode, text)
        if text == before:
            break
    return text.translate(_IGNORED).translate(_SAME)


def unescaped(original: str) -> Unescaped:
    """The text without escapes and without what does not count, nor an escape at its end that was cut."""
    size = len(_CUT.sub("", original))
    found = Unescaped(original[:size], range(size), range(1, size + 1))
    for _ in range(ROUNDS):
        before = found
        for sign, pattern, decode in _PASSES:
            if sign in found.text:
                found = _replaced(found, pattern, decode)
        if found is before:
            break
    kept = [at for at, character in enumerate(found.text) if ord(character) not in _IGNORED]
    text = found.text.translate(_IGNORED).translate(_SAME)
    return Unescaped(text, [found.starts[at] for at in kept], [found.ends[at] for at in kept])


def _replaced(before: Unescaped, pattern: re.Pattern[str], decode: Decode) -> Unescaped:
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for match in pattern.finditer(before.text):
        start, end = match.span()
        found = decode(match)
        parts += (before.text[at:start], found)
        starts += [*before.starts[at:start], *[before.starts[start]] * len(found)]
        ends += [*before.ends[at:start], *[before.ends[end - 1]] * len(found)]
        at = end
    if not parts:
        return before
    return Unescaped(
        "".join((*parts, before.text[at:])), [*starts, *before.starts[at:]], [*ends, *before.ends[at:]]
    )
