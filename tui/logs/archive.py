"""Logs on this machine's disk: lists them, and reads one back.

A file is read from its end: the newest lines are there at once, the rest comes in slices.
"""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Final

import msgspec

from tui import privatefile
from tui.api.text.clean import clean
from tui.api.text.masking import masked_in_place
from tui.logs.lines.classify import Classifier
from tui.logs.log import Kind, Log, Notice
from tui.logs.segment import Segment
from tui.logs.source import LogSource, StreamPhase, StreamState
from tui.logs.spool import MIB, Spool

GLANCE: Final = 128 * 1024
"""Bytes read at first: a screenful of any size."""
SLICE: Final = 512 * 1024
"""Bytes read at a time after that: a few milliseconds."""
LOOK_BACK: Final = 16 * 1024
"""Bytes before a stretch that are read with it: a traceback may go through its beginning."""
LONGEST: Final = 4 * MIB
"""Bytes of a line that is read as one; a longer one comes in several."""
MOST: Final = 512 * MIB
"""Bytes read back in all, the newest: their index takes memory."""
PACKED: Final = {
    b"\x1f\x8b": "gzip",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"PK\x03\x04": "zip",
}
"""How packed files begin."""
WIDE: Final = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
"""How text begins that has two bytes or more to a letter."""
NULS: Final = 10
"""A file in which more than one byte in this many is NUL is not text."""
LISTED: Final = 100
"""Logs listed at most, the newest."""
_PART: Final = re.compile(r"(.+)-\d{3}\.log")
"""A file of a kept log: `FileStore` numbers them, and uses a number again once its file was dropped."""


class NotOpened(Exception):
    """A file cannot be shown; the text says which and why, in one line."""


class FileRange:
    """A stretch of a file, as the store of a segment. Read only; whoever opened the file closes it.

    Tokens and signed addresses are masked: an old log is read to look for something else.
    """

    def __init__(self, fd: int, offset: int) -> None:
        self._fd = fd
        self._offset = offset

    def write(self, data: bytes, at: int) -> None:
        """Always raises: a saved file is read only."""
        raise OSError("an archive is not written to")

    def read(self, start: int, end: int) -> bytes:
        """The bytes between two offsets of the stretch."""
        return masked_in_place(os.pread(self._fd, end - start, self._offset + start))

    def close(self) -> None:
        """Does nothing: other segments read the same file."""

    drop = close


class Archive:
    """Files of log lines as one log; rows are numbered from its end, the last line being -1.

    What is appended to the files later is not seen.
    """

    def __init__(self, name: str, paths: Sequence[Path], *, kept: bool = False) -> None:
        """`paths` are its parts, oldest first; `kept` says that a spool wrote them. Raises NotOpened."""
        self.name = name = clean(name)
        self._fds: list[int] = []
        self._ahead: list[tuple[int, int]] = []
        """Files that are left to read, the last first, and how many bytes of each."""
        self.size = 0
        """Bytes of the files."""
        self.written = 0.0
        """When they were last written, Unix seconds."""
        try:
            for path in paths:
                self._open(path)
        except NotOpened:
            self._close()
            raise
        self._left = self._most = min(self.size, MOST)
        self.log = Log(Spool(None))
        self.log.streams[0] = StreamState(
            LogSource("", region=name, log_type="file"), "fi", StreamPhase.ENDED
        )
        end = Notice(f"{name}: end of the file, last written", Kind.INFO, 0, self.written)
        if kept:  # it holds what was received, without notices
            end.outcome = "neither gaps nor sources are marked in what was kept"
        self.log.notify(end)
        self._read(GLANCE)

    @property
    def read(self) -> int:
        """Bytes that are read back: the last ones of the files."""
        return self._most

    @property
    def progress(self) -> float:
        """Share of these bytes that was read."""
        return 1 - self._left / self._most if self._most else 1.0

    def step(self) -> bool:
        """Read some more; True when there is more."""
        if self._left > 0:
            self._read(SLICE)
            self.log.signatures.seen = self.log.first
            more = True
        else:
            more = self.log.count_errors()
        self.log.changed()
        return more

    def close(self) -> None:
        """Close the files; the log is empty from now on."""
        self.log.close()
        self._close()

    def _close(self) -> None:
        while self._fds:
            os.close(self._fds.pop())

    def _open(self, path: Path) -> None:
        named = clean(str(path))
        if "\0" in str(path):
            raise NotOpened(f"not opened: {named}: no file's name holds a null character")
        try:
            self._fds.append(fd := privatefile.open_file(path))
            info = os.fstat(fd)
            if not stat.S_ISREG(info.st_mode):
                what = "a directory" if stat.S_ISDIR(info.st_mode) else "no ordinary file"
                raise NotOpened(f"not opened: {named} is {what}")
            head, tail = os.pread(fd, 8, 0), os.pread(fd, GLANCE, max(0, info.st_size - GLANCE) & ~1)
        except (OSError, ValueError) as error:  # the latter for a NUL in a name
            if path.is_symlink():
                raise NotOpened(f"not opened: {named} is a link; give the file that it leads to") from None
            why = ((isinstance(error, OSError) and error.strerror) or str(error)).lower()
            raise NotOpened(f"not opened: {named}: {why}") from None
        if packed := next((kind for begin, kind in PACKED.items() if head.startswith(begin)), ""):
            raise NotOpened(f"not opened: {named} is packed ({packed}); unpack it first")
        if wide := _wide(head, tail):
            convert = f"iconv -f {wide} -t UTF-8 {shlex.quote(named)} > NEW"
            raise NotOpened(f"not opened: {named} is UTF-16 text; convert it first: {convert}")
        if tail.count(0) * NULS > len(tail):
            raise NotOpened(f"not opened: {named} is no text")
        self._ahead.append((fd, info.st_size))
        self.size += info.st_size
        self.written = max(self.written, info.st_mtime)

    def _read(self, most: int) -> None:
        """Add the newest stretch that was not read yet, from the start of a line."""
        while self._ahead and not self._ahead[-1][1]:
            self._ahead.pop()
        if not self._ahead or self._left <= 0:
            self._left = 0
            return
        fd, end = self._ahead[-1]
        start = max(0, end - most)
        data = os.pread(fd, end - start, start)
        cut = data.find(b"\n") + 1 if start else 0
        if start and (not cut or cut == len(data)):  # one line fills the stretch
            if most < LONGEST:
                self._read(most * 4)
                return
            cut = 0
        data, start = data[cut:], start + cut
        if data:
            before = max(0, start - LOOK_BACK)
            lead = os.pread(fd, start - before, before).split(b"\n")
            self._adopt(data, FileRange(fd, start), lead[before > 0 : -1])
        self._left -= end - start
        self._ahead[-1] = (fd, start)

    def _adopt(self, data: bytes, where: FileRange, before: Sequence[bytes]) -> None:
        """Add lines of a file to the log; those `before` them only tell what they are part of."""
        lines = data.removesuffix(b"\n").split(b"\n")
        segment = Segment(self.log.first - len(lines), where)
        sizes = accumulate([len(line) + 1 for line in lines], initial=0)
        next(sizes)
        segment.starts.extend(sizes)
        segment.starts[-1] = len(data)
        classifier = Classifier()
        classifier.marks(before)
        segment.marks += classifier.marks(lines)
        segment.tags += bytes(len(lines))
        self.log.adopt(segment, self.written)


def _wide(head: bytes, tail: bytes) -> str:
    """The encoding of text that has two bytes to a letter; empty if it has not."""
    if marked := next((name for begin, name in WIDE.items() if head.startswith(begin)), ""):
        return marked
    low, high = tail[::2].count(0), tail[1::2].count(0)  # in text, nearly every second byte is NUL
    mostly = high * 5 > len(tail) * 2 and low * NULS < len(tail)
    return "UTF-16LE" if mostly and len(tail) > NULS else ""


class LogFile(msgspec.Struct, frozen=True):
    """A log to read back."""

    name: str
    paths: tuple[Path, ...]
    """Its parts, oldest first."""
    size: int
    """Bytes of them all."""
    written: float
    """When the last of them was written, Unix seconds."""
    kept: bool
    """It was kept by a spool; else the operator saved it."""


def log_files(kept: Path | None, saved: Path) -> tuple[list[LogFile], list[str]]:
    """The logs kept on exit and those saved, the newest first; and which folders cannot be read, and why."""
    unread: list[str] = []
    parts: dict[str, list[tuple[int, str, int]]] = {}
    found = []
    for name, size, written in _files(kept, unread):
        if match := _PART.fullmatch(name):
            parts.setdefault(match[1], []).append((written, name, size))
    for stem, files in parts.items():
        assert kept is not None
        files.sort()
        size = sum(size for _, _, size in files)
        if size:
            paths = tuple(kept / name for _, name, _ in files)
            found.append(LogFile(stem, paths, size, files[-1][0] / 1e9, kept=True))
    for name, size, written in _files(saved, unread):
        found.append(LogFile(name, (saved / name,), size, written / 1e9, kept=False))
    return sorted(found, key=lambda log: -log.written)[:LISTED], unread


def _files(folder: Path | None, unread: list[str]) -> Iterator[tuple[str, int, int]]:
    """Name, size and nanoseconds of the last write of each log file in a folder. Links are left out.

    A folder that is there and cannot be read is added to `unread`.
    """
    try:
        names = list(folder.iterdir()) if folder else []
    except FileNotFoundError:
        return
    except OSError as error:
        unread.append(f"{folder} ({str(error.strerror).lower()})")
        return
    for path in names:
        try:
            info = path.stat(follow_symlinks=False)
        except OSError:
            continue
        if stat.S_ISREG(info.st_mode) and path.suffix == ".log":
            yield path.name, info.st_size, info.st_mtime_ns
