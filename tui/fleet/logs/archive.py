"""A log read back from a file, from its end: the newest lines are there at once, the rest in slices."""

from __future__ import annotations

import os
from itertools import accumulate
from pathlib import Path
from typing import Final

from tui.fleet.logs import marks
from tui.fleet.logs.log import Log
from tui.fleet.logs.segment import Segment
from tui.fleet.logs.source import LogSource, Phase, Stream
from tui.fleet.logs.spool import Spool

GLANCE: Final = 128 * 1024
"""Bytes read at first: a screenful of any size."""
SLICE: Final = 512 * 1024
"""Bytes read at a time after that: a few milliseconds."""


class Slice:
    """A stretch of a file that is only read; the file is closed by who opened it."""

    def __init__(self, fd: int, offset: int) -> None:
        self._fd = fd
        self._offset = offset

    def write(self, data: bytes, at: int) -> None:
        """Never: what was saved stays as it is."""
        raise OSError("an archive is not written to")

    def read(self, start: int, end: int) -> bytes:
        """The bytes between two offsets of the stretch."""
        return os.pread(self._fd, end - start, self._offset + start)

    def close(self) -> None:
        """Nothing: the file is shared."""

    drop = close


class Archive:
    """A file of log lines as a log; rows are numbered from its end, the last one being -1."""

    def __init__(self, path: Path) -> None:
        """Raises OSError; a link is not followed."""
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        self._fd = fd
        self._left = os.fstat(fd).st_size
        self._touched = os.fstat(fd).st_mtime
        self.size = self._left
        """Bytes of the file."""
        self.log = Log(Spool(None))
        self.log.streams[0] = Stream(LogSource("", region=path.name, log_type="file"), "fi", Phase.ENDED)
        self._read(GLANCE)

    @property
    def progress(self) -> float:
        """Share of the file that has been read."""
        return 1 - self._left / self.size if self.size else 1.0

    def step(self) -> bool:
        """Read some more; True when there is more."""
        if self._left:
            self._read(SLICE)
            self.log.signatures.seen = self.log.first
            more = True
        else:
            more = self.log.count_errors()
        self.log.changed()
        return more

    def close(self) -> None:
        """Close the file; its log is empty from now on."""
        self.log.close()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _read(self, most: int) -> None:
        """Take in the newest stretch that is not in yet, from the start of a line."""
        end, start = self._left, max(0, self._left - most)
        data = os.pread(self._fd, end - start, start)
        cut = data.find(b"\n") + 1 if start else 0
        if start and (not cut or cut == len(data)):  # one line fills the stretch: take a larger one
            self._read(most * 4)
            return
        data, start = data[cut:], start + cut
        if data:
            lines = data.removesuffix(b"\n").split(b"\n")
            segment = Segment(self.log.first - len(lines), Slice(self._fd, start))
            sizes = accumulate([len(line) + 1 for line in lines], initial=0)
            next(sizes)
            segment.starts.extend(sizes)
            segment.starts[-1] = len(data)
            segment.marks += marks.classify(lines)
            segment.tags += bytes(len(lines))
            self.log.adopt(segment, self._touched)
        self._left = start
