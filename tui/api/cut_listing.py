"""Cuts a listing that is too long, before it is decoded: a million rows would take a gigabyte.

What is returned is JSON again. A body that is not JSON stays as it is. Knows no model.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable
from typing import Final

EASY: Final = 1_000_000
"""Commas up to which a body may be decoded as it is: it has no more rows, which take 80 MB."""
PAUSE: Final = 1 << 18
"""Bytes from one pause to the next: some milliseconds."""

# a stretch of what is between two brackets; a bracket; the quote of a text without an end
_TOKEN: Final = re.compile(
    rb'(?:[^"{}\[\]]{1,1000}+|"(?:[^"\\]++|(?:\\.)++)*+"){1,100}+|[\[\]{}"]', re.DOTALL
)
_GAP: Final = re.compile(rb"[\s,]*+")
_SCALAR: Final = re.compile(rb'"(?:[^"\\]++|(?:\\.)++)*+"|[^\s,\[\]{}"]++', re.DOTALL)


class TooLong(ValueError):
    """The body is long, and not by its list."""


def cut_listing(
    body: bytes, keys: Iterable[str], most: int, *, is_part: bool = False
) -> Generator[None, None, tuple[bytes, bool]]:
    """The body with the first `most` rows of the list under one of the keys, and whether rows are missing.

    `is_part`: only the beginning of the body was read. Pauses now and then. Raises `TooLong` where it is not
    the list that makes the body long.
    """
    if not is_part and body.count(b",") <= EASY:
        return body, False
    names = b"|".join(re.escape(key).encode() for key in keys)
    opening = re.search(rb'"(?:' + names + rb')"\s*+:\s*+\[', body)
    if opening is None or body.count(b",", 0, opening.start()) > EASY:
        raise TooLong
    end, more = yield from _rows(body, opening.end(), most)
    if more:
        return body[:end] + b"]}", True
    if is_part or body.count(b",", end) > EASY:
        raise TooLong
    return body, False


def _rows(body: bytes, at: int, most: int) -> Generator[None, None, tuple[int, bool]]:
    """Where the last row ends of those that are kept, and whether there are more."""
    paused = at
    for _ in range(most):
        start = _after_gap(body, at)
        if body[start : start + 1] == b"]":
            return at, False
        depth, end = 0, -1
        if scalar := _SCALAR.match(body, start):
            end = scalar.end()
        else:
            for token in _TOKEN.finditer(body, start):
                if token.end() - paused > PAUSE:
                    paused = token.end()
                    yield
                if token[0] in (b"{", b"["):
                    depth += 1
                elif token[0] in (b"}", b"]"):
                    depth -= 1
                    if depth == 0:
                        end = token.end()
                        break
                elif token[0] == b'"':
                    break
        if end < 0 or end == len(body):  # what was read ends within this row
            return at, True
        at = end
        if at - paused > PAUSE:
            paused = at
            yield
    return at, body[(start := _after_gap(body, at)) : start + 1] != b"]"


def _after_gap(body: bytes, at: int) -> int:
    gap = _GAP.match(body, at)
    return gap.end() if gap else at
