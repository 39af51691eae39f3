"""Takes a listing apart while it comes in: its rows as bytes, one by one. Knows no model.

Of a body that is long only the row that has not ended is in memory, so neither a million rows nor 64 MiB of
them take more room than what is made of the rows that are kept.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from typing import Final

PAUSE: Final = 1 << 18
"""Bytes from one pause to the next within a row: some milliseconds."""
AROUND: Final = 1 << 16
"""Bytes that may be before the list, and after it."""
ROW_LIMIT: Final = 1 << 24
"""Bytes of a row that is read: the metadata of a dispatch may be in each of its jobs."""

# a stretch of what is between two brackets; a bracket; the quote of a text without an end
_TOKEN: Final = re.compile(
    rb'(?:[^"{}\[\]]{1,1000}+|"(?:[^"\\]++|(?:\\.)++)*+"){1,100}+|[\[\]{}"]', re.DOTALL
)
_GAP: Final = re.compile(rb"[\s,]*+")
_SCALAR: Final = re.compile(rb'"(?:[^"\\]++|(?:\\.)++)*+"|[^\s,\[\]{}"]++', re.DOTALL)
_MEMBER: Final = rb'\s*+"[^"\\]*+"\s*+:\s*+(?:"(?:[^"\\]++|(?:\\.)++)*+"|[^\s,\[\]{}"]++)\s*+'
_END: Final = re.compile(rb"\s*+(?:," + _MEMBER + rb")*+\}\s*+", re.DOTALL)


class NoListing(ValueError):
    """The body is long, and not by its list, or it is no JSON."""


def beginning_of_list(keys: Iterable[str]) -> re.Pattern[bytes]:
    """Matches a body up to the first row of its list, which is under one of some keys."""
    names = b"|".join(re.escape(key).encode() for key in keys)
    return re.compile(rb"\s*+\{(?:" + _MEMBER + rb',)*+\s*+"(?:' + names + rb')"\s*+:\s*+\[', re.DOTALL)


def is_end(body: bytes, at: int) -> bool:
    """Whether what follows on the list is the end of a body."""
    return _END.fullmatch(body, at) is not None


class RowSplitter:
    """Finds the rows of the list under one of some keys, in a body that comes in parts."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._head = beginning_of_list(keys)
        self._rest = b""
        """What has come and is in no row yet; within a row, from where that begins."""
        self._more: list[bytes] = []
        """What came after `_rest`, until there is as much as `_wanted`."""
        self._size = self._wanted = 0
        self._scanned = self._depth = 0
        """Where in the row that has not ended to go on, and how many brackets are open there."""
        self._is_in_list = self._is_over = False

    def feed(self, part: bytes) -> Iterator[bytes | None]:
        """The rows that end in this part; None now and then, as a pause.

        Raises `NoListing`, also for a row that is longer than `ROW_LIMIT`.
        """
        self._more.append(part)
        self._size += len(part)
        if self._size >= self._wanted:
            yield from self._look()

    def end(self) -> Iterator[bytes | None]:
        """The rows that had not been looked for; raises `NoListing` if the whole was no JSON."""
        yield from self._look()
        if not self._is_over or not is_end(self._rest, 0):
            raise NoListing

    def _look(self) -> Iterator[bytes | None]:
        data = b"".join((self._rest, *self._more))
        self._more, at = [], 0
        if not self._is_in_list:
            found = self._head.match(data)
            if found is None and len(data) > AROUND:
                raise NoListing
            if found is not None:
                self._is_in_list, at = True, found.end()
        if self._is_in_list and not self._is_over:
            at = yield from self._found(data, at)
        self._rest = data[at:]
        self._size = len(self._rest)
        if self._size > (AROUND if self._is_over else ROW_LIMIT):
            raise NoListing

    @property
    def is_over(self) -> bool:
        """Whether the list has ended."""
        return self._is_over

    def _found(self, data: bytes, at: int) -> Generator[bytes | None, None, int]:
        """The rows that have ended; where the next one begins."""
        while True:
            gap = _GAP.match(data, at)
            at = gap.end() if gap else at
            if data[at : at + 1] == b"]":
                self._is_over, self._wanted = True, 0
                return at + 1
            end = yield from self._end_of_row(data, at)
            if end < 0:
                return at
            self._scanned = self._depth = 0
            yield data[at:end]
            at = end

    def _end_of_row(self, data: bytes, start: int) -> Generator[None, None, int]:
        """Where the row ends; -1 if that has not come yet."""
        self._wanted = 0
        scalar = _SCALAR.match(data, start)
        if scalar is not None and scalar.end() < len(data):
            return scalar.end()
        at = paused = start + self._scanned
        if scalar is None:
            for token in _TOKEN.finditer(data, at):
                if token[0] == b'"':
                    break
                at = token.end()
                if at - paused > PAUSE:
                    paused = at
                    yield
                if token[0] in (b"{", b"["):
                    self._depth += 1
                elif token[0] in (b"}", b"]"):
                    self._depth -= 1
                    if self._depth == 0:
                        return at
        # a text without an end is looked through again: not with each part, but when it is twice as long
        self._scanned = at - start
        self._wanted = len(data) - start + (len(data) - at)
        return -1
