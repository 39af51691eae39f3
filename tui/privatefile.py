"""Files and folders that belong to this user alone: opened without following a link. Knows no file's meaning.

On a shared host, a link, a pipe or a foreign file under an expected name makes the program write or read
the wrong file. Checks are made on the open descriptor, so nothing can be swapped afterwards. Everything
raises OSError alone; the callers know what to tell the operator.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

NO_LINK: Final = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
"""Fails on a link, does not wait for a pipe, and stays out of child processes."""
_NEW: Final = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def open_file(path: Path | str, flags: int = os.O_RDONLY, *, folder: int | None = None) -> int:
    """Open a file that is no link; the descriptor. `folder` is one that `path` is relative to."""
    return os.open(path, flags | NO_LINK, 0o600, dir_fd=folder)


def create(path: Path | str, *, folder: int | None = None, mode: int = 0o600, readable: bool = False) -> int:
    """Create a file that must not exist yet; the descriptor, to write to and, if `readable`, to read."""
    access = os.O_RDWR if readable else os.O_WRONLY
    return os.open(path, access | _NEW, mode, dir_fd=folder)


@contextmanager
def opened_folder(path: Path, *, follow: bool = False) -> Iterator[int]:
    """A folder as a descriptor for as long as the block lasts; no link, unless links are followed."""
    link = 0 if follow else os.O_NOFOLLOW
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | link | os.O_CLOEXEC)
    except NotADirectoryError as error:
        why = (
            "a link in place of a folder is not followed"
            if path.is_symlink()
            else "what is there is no folder"
        )
        raise NotADirectoryError(error.errno, why, str(path)) from None
    try:
        yield folder
    finally:
        os.close(folder)


def require_own(info: os.stat_result, *, others: int = 0o077) -> None:
    """Refuse what another user owns, or what others may use in a way that `others` forbids (mode bits)."""
    if info.st_uid != os.geteuid():
        raise PermissionError(0, "belongs to somebody else")
    if info.st_mode & others:
        mode = "700" if stat.S_ISDIR(info.st_mode) else "600"
        raise PermissionError(0, f"is open to others; run: chmod {mode}")


def _make_folder(path: Path) -> None:
    with suppress(FileExistsError):  # by something else, perhaps: whoever opens it says so
        path.mkdir(mode=0o700, parents=True, exist_ok=True)


def private_folder(path: Path) -> None:
    """Make sure that `path` is a folder of our own with mode 0700; a link or a foreign owner is refused."""
    _make_folder(path)
    with opened_folder(path) as folder:
        info = os.fstat(folder)
        require_own(info, others=0)
        if stat.S_IMODE(info.st_mode) != 0o700:
            os.fchmod(folder, 0o700)


def save(path: Path, data: bytes, *, is_named: bool = False) -> None:
    """Write a new private file, whole or not at all; never over an existing one, nor where a link leads.

    `is_named`: the operator has named the folder, which may be a link, or shared as /tmp is: with the sticky
    bit nobody else can replace what is in it.
    """
    _make_folder(path.parent)
    with opened_folder(path.parent, follow=is_named) as folder:
        info = os.fstat(folder)
        if not (is_named and info.st_mode & stat.S_ISVTX):
            require_own(info, others=0o022)
        made = create(path.name, folder=folder)
        try:
            with open(made, "wb") as file:
                file.write(data)
        except OSError:
            with suppress(OSError):
                os.unlink(path.name, dir_fd=folder)
            raise


def replace(path: Path, data: bytes) -> None:
    """Write a private file in one step, in a folder that only its owner can write to.

    Whoever reads it sees the old content or the new one. A link in its place is replaced, not followed.
    """
    _make_folder(path.parent)
    with opened_folder(path.parent) as folder:
        info = os.fstat(folder)
        if info.st_uid != os.geteuid() or info.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise PermissionError(0, "other users can write in the directory")
        temporary = f".{path.name}.{secrets.token_hex(8)}"
        try:
            with open(create(temporary, folder=folder), "wb") as file:
                file.write(data)
            os.replace(temporary, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            with suppress(OSError):
                os.unlink(temporary, dir_fd=folder)
            raise
