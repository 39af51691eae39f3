"""A stretch of a spool: bytes in a private file or in memory, and where each row starts. Knows no ring."""

from __future__ import annotations

import os
import stat
from array import array
from collections.abc import Sequence
from contextlib import suppress
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Final, Protocol

from tui import privatefile

NAMES_TRIED: Final = 1000
"""Numbered names that are tried before giving up."""


class ByteStore(Protocol):
    """Where a segment's bytes are."""

    def write(self, data: bytes, at: int) -> None:
        """Write `data` at an offset. Raises OSError; then none of it counts."""

    def read(self, start: int, end: int) -> bytes:
        """The bytes between two offsets."""

    def close(self) -> None:
        """Give the space back, unless the bytes are to be kept."""

    def drop(self) -> None:
        """Give the space back in any case: it has left the ring."""


class MemoryStore:
    """Bytes in memory, for when there is no disk to write to."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes, at: int) -> None:
        """Write `data` at an offset."""
        self._data[at:] = data

    def read(self, start: int, end: int) -> bytes:
        """The bytes between two offsets."""
        return bytes(memoryview(self._data)[start:end])

    def close(self) -> None:
        """Forget them."""
        self._data = bytearray()

    drop = close


class FileStore:
    """Bytes in a file that only its owner may read.

    Unless it is to be kept, the file loses its name as soon as it is open: the system gives the space back
    even when the program is killed, and there is nothing on disk for others to find.
    """

    def __init__(self, folder: Path, stem: str, *, keep: bool) -> None:
        """Create it. Raises OSError when the folder is missing, read-only, full or not private."""
        with privatefile.opened_folder(folder) as where:
            privatefile.require_own(os.fstat(where))
            self._kept, self._fd = _create(where, folder, stem)
            self._folder = folder
            if not keep:
                os.unlink(self._kept, dir_fd=where)
                self._kept = ""

    def write(self, data: bytes, at: int) -> None:
        """Write `data` at an offset. Raises OSError, also when only a part fits."""
        view = memoryview(data)
        while view:
            written = os.pwrite(self._fd, view, at)
            view, at = view[written:], at + written

    def read(self, start: int, end: int) -> bytes:
        """The bytes between two offsets."""
        parts = []
        while start < end and (part := os.pread(self._fd, end - start, start)):
            parts.append(part)
            start += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Close the file; one without a name is gone then."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def drop(self) -> None:
        """Close the file, and remove it if it was to be kept."""
        if self._kept:
            with suppress(OSError):
                remove(self._folder, self._kept)
        self.close()


def remove(folder: Path, name: str) -> None:
    """Remove a file from a folder that must not be a link. Raises OSError."""
    with privatefile.opened_folder(folder) as where:
        os.unlink(name, dir_fd=where)


def retire(folder: Path, before: float) -> None:
    """Remove own kept files that were last written `before` then (Unix seconds). Links are left."""
    with suppress(OSError), privatefile.opened_folder(folder) as where:
        for name in os.listdir(where):
            info = os.stat(name, dir_fd=where, follow_symlinks=False)
            is_kept = name.endswith(".log") and stat.S_ISREG(info.st_mode) and info.st_uid == os.geteuid()
            if is_kept and info.st_mtime < before:
                os.unlink(name, dir_fd=where)


def _create(where: int, folder: Path, stem: str) -> tuple[str, int]:
    for number in range(NAMES_TRIED):
        name = f"{stem}-{number:03}.log"
        try:
            fd = privatefile.create(name, folder=where, readable=True)
        except FileExistsError:
            continue
        os.fchmod(fd, 0o600)  # whatever the umask made of it
        return name, fd
    raise FileExistsError(f"{folder} has no free name for {stem}")


class Segment:
    """A run of rows in one store: 6 bytes of memory a row."""

    __slots__ = ("first", "marks", "starts", "store", "tags")

    def __init__(self, first: int, store: ByteStore) -> None:
        self.first = first
        """Number of its first row."""
        self.store = store
        self.starts = array("I", [0])
        """Where each row starts, and where the last one ends."""
        self.marks = bytearray()
        """Level and flags of each row (`classify`)."""
        self.tags = bytearray()
        """Which stream each row is of."""

    @property
    def end(self) -> int:
        """One past its last row."""
        return self.first + len(self.marks)

    @property
    def size(self) -> int:
        """Bytes held."""
        return self.starts[-1]

    def append(self, lines: Sequence[bytes], marks: bytes | bytearray, tags: bytes) -> None:
        r"""Add complete lines, each given without its `\n`. Raises OSError; then none was added."""
        self.store.write(b"\n".join(lines) + b"\n", self.size)
        sizes = accumulate([len(line) + 1 for line in lines], initial=self.size)
        next(sizes)
        self.starts.extend(sizes)
        self.marks += marks
        self.tags += tags

    def insert(self, piece: bytes, mark: int, tag: int) -> None:
        r"""Add what a cut has left of a line, or no bytes at all for a notice.

        A piece is given the `\n` that it lacks: where the file is kept, the next line must not go on from it.
        """
        stored = piece and piece + b"\n"
        if stored:
            self.store.write(stored, self.size)
        self.starts.append(self.size + len(stored))
        self.marks.append(mark)
        self.tags.append(tag)

    def data(self, start: int, end: int) -> bytes:
        """The exact bytes of rows `start` to `end`."""
        return self.store.read(self.starts[start - self.first], self.starts[end - self.first])

    def lines(self, start: int, end: int) -> list[bytes]:
        r"""Rows `start` to `end`, each without its `\n`."""
        return self.split(start, end, self.data(start, end))

    def split(self, start: int, end: int, data: bytes) -> list[bytes]:
        r"""The same, given their bytes."""
        lines = data.split(b"\n")
        if len(lines) == end - start + 1 and not lines[-1]:  # every row has its end: no bounds to look at
            lines.pop()
            return lines
        base = self.starts[start - self.first]
        bounds = self.starts[start - self.first : end - self.first + 1]
        return [data[a - base : b - base].removesuffix(b"\n") for a, b in pairwise(bounds)]
