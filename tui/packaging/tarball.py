"""Packs a working directory into the archive for a build (PROTOCOL.md, Builds). Sends nothing."""

from __future__ import annotations

import gzip
import os
import stat
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from tui.packaging.errors import SourceError
from tui.packaging.files import reason, shown
from tui.packaging.source import (
    EXCLUDES,
    Skipped,
    SourceEntry,
    SourceFiles,
    below,
    opened,
    scan_source,
    unreadable,
)

SIZE_LIMIT: Final = 1_000_000_000
"""Largest archive that the service takes, bytes."""

_BLOCK: Final = 1 << 18
"""Bytes read and reported at a time."""

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in total; an exception ends the packing."""


@dataclass(frozen=True, slots=True)
class Tarball:
    """A packed working directory. Use as a context manager: the file is removed at the end."""

    path: Path
    size: int
    """Bytes of the file, compressed."""
    entries: tuple[SourceEntry, ...]
    skipped: tuple[Skipped, ...]
    warnings: tuple[str, ...]

    @property
    def files(self) -> tuple[SourceEntry, ...]:
        """The members that are not directories."""
        return tuple(entry for entry in self.entries if not entry.is_directory)

    def discard(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()


def build_tarball(
    root: Path,
    excludes: Iterable[str] = EXCLUDES,
    *,
    directory: Path | None = None,
    progress: Progress | None = None,
) -> Tarball:
    """Pack `root` into a new file of mode 0600 in `directory`, the system's temporary one if None.

    The same tree gives the same bytes: owners are left out, since a build does not need the names of the
    people who deploy, and times are whole seconds. Blocks: run it in a thread. Raises `SourceError`.
    """
    source = scan_source(root, excludes)
    with ExitStack() as undo:  # no source code may be left behind, whatever fails
        try:
            file, name = tempfile.mkstemp(prefix="lktop-", suffix=".tar.gz", dir=directory)
            path = Path(name)
            undo.callback(path.unlink, missing_ok=True)
            with os.fdopen(file, "wb") as raw, opened(root) as top:
                _pack(source, top, raw, progress or _silent)
            size = path.stat().st_size
        except OSError as error:
            raise SourceError(f"cannot write the archive: {reason(error)}; nothing was sent") from None
        undo.pop_all()
    warnings = source.warnings
    if size > SIZE_LIMIT:
        warnings += (f"the archive has {size / 1e9:.1f} GB; the service takes {SIZE_LIMIT / 1e9:.0f} GB",)
    return Tarball(path, size, source.entries, source.skipped, warnings)


def _silent(done: int, total: int) -> None:
    """Ignore progress."""


def _pack(source: SourceFiles, top: int, raw: BinaryIO, progress: Progress) -> None:
    told = _Told(progress, source.size)
    with (
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as packed,
        tarfile.TarFile(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT, copybufsize=_BLOCK) as archive,
    ):
        for entry in source.entries:
            info = tarfile.TarInfo(entry.name)
            info.mode, info.mtime = entry.mode, entry.mtime
            if entry.is_directory:
                info.type = tarfile.DIRTYPE
                archive.addfile(info)
                continue
            with below(top, entry.name) as file, os.fdopen(os.dup(file), "rb") as content:
                facts = os.fstat(file)
                if not stat.S_ISREG(facts.st_mode):
                    raise _changed(entry.name)
                info.size = facts.st_size
                archive.addfile(info, _Whole(content, entry.name, info.size, told))


class _Told:
    """Counts bytes that were read."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._done, self._total = progress, 0, total

    def add(self, size: int) -> None:
        self._done = min(self._total, self._done + size)  # the file may have grown since its size was read
        self._progress(self._done, self._total)


class _Whole:
    """A file that must yield as many bytes as it had when it was opened."""

    def __init__(self, content: BinaryIO, name: str, size: int, told: _Told) -> None:
        self._content, self._name, self._left, self._told = content, name, size, told

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._content.read(size)
        except OSError as error:
            raise unreadable(self._name, error) from None
        self._left -= len(data)
        if len(data) < size and self._left > 0:
            raise _changed(self._name)
        self._told.add(len(data))
        return data


def _changed(name: str) -> SourceError:
    return SourceError(f"{shown(name)} changed while it was being packed; nothing was sent, try again")
