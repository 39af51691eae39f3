"""A ring of rows: their bytes in private files or in memory, their offsets in memory. Knows no content."""

from __future__ import annotations

import errno
import os
import sys
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from tui.logs.segment import FileStore, MemoryStore, Segment

MIB: Final = 1024 * 1024
RING: Final = 64 * MIB
"""Bytes kept per source."""
MEMORY_RING: Final = 16 * MIB
"""Bytes kept in all while there is no disk to write to."""
PARTS: Final = 16
"""Segments of a full ring: a sixteenth of it is dropped at a time."""
ROW_COST: Final = 48
"""Bytes that each row counts besides its own, so that a flood of empty lines cannot fill the memory."""


class Block(msgspec.Struct, frozen=True):
    """Neighbouring rows of one segment, as stored, for scanning."""

    first: int
    end: int
    data: bytes
    marks: bytes
    tags: bytes
    segment: Segment

    def row_at(self, offset: int) -> int:
        """The row that a byte of `data` is in."""
        starts, base = self.segment.starts, self.segment.first
        return bisect_right(starts, starts[self.first - base] + offset) - 1 + base

    def end_of(self, row: int) -> int:
        """Where in `data` a row ends."""
        starts, base = self.segment.starts, self.segment.first
        return starts[row + 1 - base] - starts[self.first - base]

    def lines(self) -> list[bytes]:
        r"""Each row without its `\n`."""
        return self.segment.split(self.first, self.end, self.data)


class Spool:
    """An append-only ring of rows. Row numbers only grow and are never reused.

    When the disk cannot be written, lines go on into a smaller ring in memory; `trouble` says why.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        stem: str = "log",
        ring: int = RING,
        memory: int = MEMORY_RING,
        keep: bool = False,
    ) -> None:
        """`folder` None keeps everything in memory. Never raises: a broken disk shows at the first line."""
        self._folder = folder
        self._stem = stem
        self._keep = keep
        self.memory_ring = memory
        """Bytes kept while there is no disk to write to."""
        self.ring = ring
        """Bytes kept before the oldest segment is dropped; may be changed at any time."""
        self._segments: list[Segment] = []
        self._firsts: list[int] = []
        self._end = 0
        self.dropped = 0
        """Rows dropped for room so far."""
        self.trouble = ""
        """Why lines are kept in memory; empty while they are on disk."""

    @property
    def first(self) -> int:
        """The oldest row held."""
        return self._firsts[0] if self._firsts else self._end

    @property
    def end(self) -> int:
        """One past the newest row."""
        return self._end

    @property
    def size(self) -> int:
        """Bytes held."""
        return sum(segment.size for segment in self._segments)

    @property
    def index_size(self) -> int:
        """Bytes of memory that the index of the rows takes."""
        parts = (part for held in self._segments for part in (held.starts, held.marks, held.tags))
        return sum(map(sys.getsizeof, parts))

    def append(self, lines: Sequence[bytes], marks: bytes | bytearray, tags: bytes) -> None:
        """Add complete lines with their marks and stream tags."""
        if not lines:
            return
        try:
            self._last().append(lines, marks, tags)
        except OSError as error:
            self._fall_back(error).append(lines, marks, tags)
        self._grow(len(lines))

    def insert(self, piece: bytes, mark: int, tag: int) -> int:
        """Add a row: the beginning of a cut line, or no bytes for a notice. Returns its number."""
        try:
            self._last().insert(piece, mark, tag)
        except OSError as error:
            self._fall_back(error).insert(piece, mark, tag)
        self._grow(1)
        return self._end - 1

    def mark(self, row: int) -> int:
        """Level and flags of a row."""
        segment = self._of(row)
        return segment.marks[row - segment.first]

    def tag(self, row: int) -> int:
        """The stream of a row."""
        segment = self._of(row)
        return segment.tags[row - segment.first]

    def marks_from(self, row: int) -> bytes:
        """Level and flags of the rows from `row` to the end of its segment."""
        segment = self._of(row)
        return bytes(memoryview(segment.marks)[row - segment.first :])

    def segment_start(self, row: int) -> int:
        """The first row of the segment that a row is in."""
        return self._of(row).first

    def line(self, row: int) -> bytes:
        r"""A row as it came, without its `\n`. Raises IndexError when it is not held."""
        return self._of(row).lines(row, row + 1)[0]

    def data(self, row: int) -> bytes:
        r"""A row's exact bytes, with its `\n` if it had one."""
        return self._of(row).data(row, row + 1)

    def block(self, row: int, rows: int, most: int) -> Block:
        """At most `rows` rows from `row` on, of about `most` bytes, of one segment; at least one."""
        segment = self._of(row)
        limit = segment.starts[row - segment.first] + most
        fitting = segment.first + bisect_right(segment.starts, limit) - 1
        return _block(segment, row, min(row + rows, segment.end, max(row + 1, fitting)))

    def block_before(self, row: int, rows: int, most: int) -> Block:
        """The same for the rows just below `row`."""
        segment = self._of(row - 1)
        limit = segment.starts[row - segment.first] - most
        fitting = segment.first + bisect_left(segment.starts, limit)
        return _block(segment, max(row - rows, segment.first, min(row - 1, fitting)), row)

    def lines(self, start: int, end: int) -> list[bytes]:
        """The rows held between two numbers."""
        start, end = max(start, self.first), min(end, self._end)
        found: list[bytes] = []
        while start < end:
            segment = self._of(start)
            stop = min(end, segment.end)
            found += segment.lines(start, stop)
            start = stop
        return found

    def close(self) -> None:
        """Give the space back; files that are to be kept stay."""
        for segment in self._segments:
            segment.store.close()
        self._segments.clear()
        self._firsts.clear()

    def adopt(self, segment: Segment) -> None:
        """Add rows that were read back from a file before all others; `segment.end` must be `first`."""
        self._segments.insert(0, segment)
        self._firsts.insert(0, segment.first)

    def _of(self, row: int) -> Segment:
        if not self.first <= row < self._end:
            raise IndexError(f"row {row} is not held")
        return self._segments[bisect_right(self._firsts, row) - 1]

    def _grow(self, rows: int) -> None:
        self._end += rows
        if self.trouble and isinstance(self._segments[-1].store, FileStore):
            self.trouble = ""

    def _last(self) -> Segment:
        """The segment to write to, a new one when the last is full. Raises OSError."""
        limit = (self.memory_ring if self.trouble or self._folder is None else self.ring) // PARTS
        if not self._segments or self._cost(self._segments[-1]) >= limit:
            self._add(self._open())
            self._trim()
        return self._segments[-1]

    def _open(self) -> MemoryStore | FileStore:
        if self._folder is None:
            return MemoryStore()
        try:
            store = FileStore(self._folder, self._stem, keep=self._keep)
        except OSError:
            if not self.trouble:
                raise
            return MemoryStore()  # the disk is still no better
        return store

    def _fall_back(self, error: OSError) -> Segment:
        """Go on in memory; what is on disk stays there."""
        self.trouble = _words(error, self._folder)
        if self._segments and not self._segments[-1].marks:  # a file that could be made but not written
            self._segments.pop().store.close()
            self._firsts.pop()
        self._add(MemoryStore())
        self._trim()
        return self._segments[-1]

    def _add(self, store: MemoryStore | FileStore) -> None:
        self._segments.append(Segment(self._end, store))
        self._firsts.append(self._end)

    def _trim(self) -> None:
        """Drop the oldest segments beyond the limits; memory and disk have one each."""
        for kind, limit in ((MemoryStore, self.memory_ring), (FileStore, self.ring)):
            held = [segment for segment in self._segments if isinstance(segment.store, kind)]
            if self._folder is None:
                limit = self.ring
            over = sum(map(self._cost, held)) - limit + limit // PARTS
            for segment in held[: len(held) - 1]:
                if over <= 0:
                    break
                over -= self._cost(segment)
                self._drop_through(segment)

    def _drop_through(self, last: Segment) -> None:
        while self._segments and self._segments[0].first <= last.first:
            segment = self._segments.pop(0)
            self._firsts.pop(0)
            self.dropped += len(segment.marks)
            segment.store.drop()

    @staticmethod
    def _cost(segment: Segment) -> int:
        return segment.size + ROW_COST * len(segment.marks)


def _block(segment: Segment, start: int, end: int) -> Block:
    base = segment.first
    marks, tags = memoryview(segment.marks), memoryview(segment.tags)
    return Block(
        start,
        end,
        segment.data(start, end),
        bytes(marks[start - base : end - base]),
        bytes(tags[start - base : end - base]),
        segment,
    )


def _words(error: OSError, folder: Path | None) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return f"no space left in {folder}"
        case errno.EROFS:
            return f"{folder} is read-only"
        case errno.ENOENT:
            return f"{folder} does not exist"
        case errno.ELOOP | errno.ENOTDIR:
            return f"{folder} is not a folder of its own (a link?)"
        case 0:  # the folder is not private: said in words
            return f"{folder} {error.strerror}"
        case None:
            return str(error)
        case number:
            return f"{folder}: {os.strerror(number)}"
