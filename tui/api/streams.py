"""Splits endless answers into lines, for logs and build progress. Knows nothing of their content."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

LONGEST: Final = 16 * 1024 * 1024
"""Bytes after which a line without an end is returned in pieces, so that memory is bounded."""


class Splitter:
    r"""Cuts a stream of bytes at `\n` and nowhere else.

    Library splitters also cut at U+2028, NEL, VT, FF and CR, with which a log line could forge others. A line
    is returned unchanged without its `\n`, however it was chunked.
    """

    __slots__ = ("_limit", "_parts", "_size", "broken")

    def __init__(self, limit: int = LONGEST) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self.broken = 0
        """How often a line was longer than the limit and returned in pieces."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes."""
        lines = chunk.split(b"\n")
        last = lines.pop()
        if lines and self._parts:
            lines[0] = b"".join(self._parts) + lines[0]
            self._parts.clear()
            self._size = 0
        if last:
            self._parts.append(last)
            self._size += len(last)
        if self._size > self._limit:
            self.broken += 1
            lines.append(self.rest())
        return lines

    def rest(self) -> bytes:
        """Remove and return the incomplete line after the last `\\n`."""
        rest = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return rest


async def lines(chunks: AsyncIterator[bytes], limit: int = LONGEST) -> AsyncIterator[bytes]:
    """Every line of a stream that ends, the last with or without its `\\n`. Raises what `chunks` raises."""
    splitter = Splitter(limit)
    async for chunk in chunks:
        for line in splitter.feed(chunk):
            yield line
    if rest := splitter.rest():
        yield rest
