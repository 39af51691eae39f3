"""Saves log lines into a new file that only its owner may read. In slices; knows no screen."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from tui import privatefile
from tui.logs.log import Line, Log
from tui.logs.rows import Rows, in_slices


class NotSaved(Exception):
    """Nothing was saved; the text says why, in one line."""


class Saved(msgspec.Struct, frozen=True):
    """The result of a save."""

    path: Path
    lines: int
    size: int
    """Bytes."""
    dropped: int = 0
    """Rows that the log dropped before they could be written."""


async def save(
    log: Log,
    rows: Rows,
    path: Path,
    worded: Callable[[Line], str] | None = None,
    *,
    own: Path | None = None,
) -> Saved:
    """Write these rows: as `worded` has them, or exactly as received. The file is made here, mode 0600.

    `own` is a folder of this program's: in its place a link is not followed, as one elsewhere is. Raises
    NotSaved: nothing of the file is left then. Rows that come meanwhile are not in it.
    """
    fd = _create(path, own)
    low, end = log.first, log.end
    wanted = rows.rank(end)
    lines = size = seen = 0
    whole = False
    try:
        async for chosen in in_slices(log, rows, low, end):
            piece, count = _piece(log, chosen, worded)
            _write(fd, piece)
            lines, size, seen = lines + count, size + len(piece), seen + len(chosen)
        await asyncio.to_thread(os.fsync, fd)  # seconds on some disks: the screen does not wait for it
        whole = True
    except OSError as error:
        left = "was removed" if _remove(path) else "could not be removed"
        raise NotSaved(f"not saved: {_why(error)} after {size} bytes; {path} {left}") from None
    finally:
        with suppress(OSError):  # what was written is on the disk, or a failure was told
            os.close(fd)
        if not whole:
            _remove(path)
    return Saved(path, lines, size, wanted - seen)


def _piece(log: Log, rows: Sequence[int], worded: Callable[[Line], str] | None) -> tuple[bytes, int]:
    """Rows as bytes, and how many of them were not empty."""
    if worded is None:
        parts = [_ended(log.spool.data(row)) for row in rows]
    else:
        parts = [f"{worded(log.line(row))}\n".encode("utf-8", "replace") for row in rows]
    return b"".join(parts), sum(map(bool, parts))


def _create(path: Path, own: Path | None) -> int:
    if "\0" in str(path):
        raise NotSaved("not saved: no file's name holds a null character; give another name")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a NUL in a name
        raise NotSaved(f"not saved: {path.parent}: {_why(error)}; give another place") from None
    try:
        if path.parent != own:
            return privatefile.create(path)
        with privatefile.opened_folder(own) as folder:
            privatefile.require_own(os.fstat(folder), others=0o022)
            return privatefile.create(path.name, folder=folder)
    except FileExistsError:
        raise NotSaved(f"not saved: {path} exists already; give another name") from None
    except (OSError, ValueError) as error:
        raise NotSaved(f"not saved: {path}: {_why(error)}; give another place") from None


def _remove(path: Path) -> bool:
    """Remove half a log, which must not stay and look whole; False if it stays, as on a read-only disk."""
    with suppress(OSError):
        path.unlink(missing_ok=True)
    return not os.path.lexists(path)


def _ended(data: bytes) -> bytes:
    """The bytes of a row, with a line feed where a piece of a line lacks it."""
    return data if not data or data.endswith(b"\n") else data + b"\n"


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _why(error: OSError | ValueError) -> str:
    return ((isinstance(error, OSError) and error.strerror) or str(error)).lower()
