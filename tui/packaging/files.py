"""Reads and writes project files safely: never blocks on a pipe, never leaves a half-written file.

Knows nothing of their content.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import os
import stat
import tempfile
from pathlib import Path
from typing import Final

from msgspec import Struct

from tui import privatefile
from tui.api.text.clean import clean

BOM: Final = codecs.BOM_UTF8
"""What some editors put before a text; no part of it."""
READ_LIMIT = 8 << 20
"""Bytes of the longest project file that is read whole; a large lock file has a tenth of that."""


class Content(Struct, frozen=True):
    """The content of a regular file, with its mode and owner."""

    data: bytes
    mode: int
    """Permission bits."""
    owner: int
    """User id."""


class NotReadable(OSError):
    """The file exists and cannot, or must not, be read. The text says why, without the path."""


def read_file(path: Path, *, limit: int = READ_LIMIT) -> Content:
    """Read a regular file, following links. Raises `FileNotFoundError` and `NotReadable`.

    Opened without blocking, so that a named pipe is refused instead of waited for.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise NotReadable(reason(error)) from None
    except ValueError:
        raise NotReadable("no file's name holds a null character") from None
    facts = os.fstat(file)
    if not stat.S_ISREG(facts.st_mode):
        os.close(file)
        raise NotReadable(f"it is a {kind(facts.st_mode)}, not a regular file")
    with os.fdopen(file, "rb") as opened:
        try:
            data = opened.read(limit + 1)
        except OSError as error:
            raise NotReadable(reason(error)) from None
    if len(data) > limit:
        raise NotReadable(f"it is larger than {limit:,} bytes")
    return Content(data, stat.S_IMODE(facts.st_mode), facts.st_uid)


def read_text(path: Path, *, limit: int = READ_LIMIT) -> str | None:
    """The text of a project file; None if there is none. Raises `NotReadable`."""
    try:
        return decode(read_file(path, limit=limit).data)
    except FileNotFoundError:
        return None


def decode(data: bytes) -> str:
    """The text of a file without its byte order mark. Raises `NotReadable`."""
    refuse_utf16(data)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotReadable(f"it is not UTF-8 (byte {error.start})") from None


def refuse_utf16(data: bytes) -> None:
    """Raise `NotReadable` for a text that older editors and shells of Windows saved."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise NotReadable("it is UTF-16; save it as UTF-8")


def create_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file that must not exist yet, whole or not at all; nothing is followed or overwritten.

    Raises `OSError`.
    """
    made = privatefile.create(path, mode=mode)
    try:
        with open(made, "wb") as opened:
            opened.write(data)
            _sync(opened.fileno())
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def replace_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file whole or not at all, keeping the mode of the one it replaces. Raises `OSError`.

    A link stays a link: what it points at is replaced.
    """
    path = Path(os.path.realpath(path))
    with contextlib.suppress(FileNotFoundError):
        mode = stat.S_IMODE(path.stat().st_mode)
    file, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(data)
            os.fchmod(opened.fileno(), mode)
            _sync(opened.fileno())
        os.replace(name, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _sync(folder)
    finally:
        os.close(folder)


def _sync(file: int) -> None:
    """Raises `OSError`: a disk that is full, or over its quota, may say so only now."""
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not every file system has it
            raise


def kind(mode: int) -> str:
    """The type of a file, in words."""
    words = {
        stat.S_IFLNK: "symbolic link",
        stat.S_IFDIR: "directory",
        stat.S_IFIFO: "named pipe",
        stat.S_IFSOCK: "socket",
        stat.S_IFCHR: "device",
        stat.S_IFBLK: "device",
    }
    return words.get(stat.S_IFMT(mode), "regular file")


def reason(error: OSError) -> str:
    """The system's error text, such as `permission denied`."""
    return clean(error.strerror or type(error).__name__, limit=80).lower()


def shown(path: str | Path) -> str:
    """A path for a message: one line, unusual characters made visible."""
    return clean(str(path), limit=120)
