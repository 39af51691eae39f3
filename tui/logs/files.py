"""Which logs lie on this machine's disk: those that were kept on exit, and those that were saved."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

LISTED: Final = 100
"""Logs listed at most, the newest."""
_PART: Final = re.compile(r"(.+)-\d{3}\.log")
"""A file of a kept log: `FileStore` numbers them, and takes a number again once its file was dropped."""


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
    """It is what was received; else somebody saved it."""


def log_files(kept: Path | None, saved: Path) -> list[LogFile]:
    """The logs in the two folders, the newest first. What cannot be read is left out."""
    parts: dict[str, list[tuple[int, str, int]]] = {}
    found = []
    for name, size, written in _files(kept):
        if match := _PART.fullmatch(name):
            parts.setdefault(match[1], []).append((written, name, size))
    for stem, files in parts.items():
        assert kept is not None
        files.sort()
        size = sum(size for _, _, size in files)
        if size:
            paths = tuple(kept / name for _, name, _ in files)
            found.append(LogFile(stem, paths, size, files[-1][0] / 1e9, kept=True))
    for name, size, written in _files(saved):
        found.append(LogFile(name, (saved / name,), size, written / 1e9, kept=False))
    return sorted(found, key=lambda log: -log.written)[:LISTED]


def _files(folder: Path | None) -> Iterator[tuple[str, int, int]]:
    """Name, size and nanoseconds of the last write of each; links are none of ours."""
    try:
        names = list(folder.iterdir()) if folder else []
    except OSError:
        return
    for path in names:
        try:
            info = path.stat(follow_symlinks=False)
        except OSError:
            continue
        if stat.S_ISREG(info.st_mode) and path.suffix == ".log":
            yield path.name, info.st_size, info.st_mtime_ns
