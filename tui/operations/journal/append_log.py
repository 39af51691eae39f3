"""Lines appended to a private file that many processes share: whole or not at all, and on the disk.

What is written survives a kill at any moment. A full disk, a file of another user and a lock that is not
given up are errors and never silent. Knows nothing of what the lines mean.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final

from tui import privatefile
from tui.api.text.clean import clean

LOCK_TRIES: Final = 200
"""How often the lock is asked for, 10 ms apart; a holder needs it for one line."""
_APPEND: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT

Keep = Callable[[Iterable[bytes]], list[bytes]]
"""Given all lines, those that a new file must begin with."""


class AppendLogError(Exception):
    """The file cannot be written or read. The text is one line, fit for display."""


class AppendLog:
    """A file of lines with a few older ones behind it. Raises `AppendLogError`."""

    def __init__(self, path: Path, *, size_limit: int, kept: int) -> None:
        self._path = path
        self._lock_path = path.with_name(f"{path.name}.lock")
        self._size_limit = size_limit
        self._older = [path.with_name(f"{path.name}.{number}") for number in range(1, kept + 1)]

    @property
    def is_there(self) -> bool:
        """Whether there is any of its files: the newest alone may be missing."""
        return any(path.exists() for path in (self._path, *self._older))

    def append(self, line: bytes, *, keep: Keep) -> None:
        """Add one line, which is on the disk on return."""
        if b"\n" in line:
            raise ValueError("a line has no line feed in it")
        with self._locked(fcntl.LOCK_EX):
            with self._opened(self._path, _APPEND) as file:
                if os.fstat(file).st_size + len(line) <= self._size_limit:
                    _write(file, self._path, line)
                    return
            self._rotate(keep)
            with self._opened(self._path, _APPEND) as file:
                _write(file, self._path, line)

    def lines(self) -> list[bytes]:
        """Every line, the oldest first; a last one without its end, as a kill leaves it, among them."""
        if not self._path.parent.is_dir():
            return []
        with self._locked(fcntl.LOCK_SH):
            return self._read()

    def rewrite(self, change: Callable[[bytes], bytes]) -> int:
        """Replace every line, in its place, by what `change` makes of it; how many differ.

        Each file is replaced in one step, and only if a line of it differs: no moment shows half of one.
        """
        found = 0
        with self._locked(fcntl.LOCK_EX):
            for path in (*self._older, self._path):
                if not os.path.lexists(path):
                    continue
                with self._opened(path, os.O_RDONLY) as file, os.fdopen(os.dup(file), "rb") as content:
                    before = content.read().split(b"\n")
                after = [change(line) if line else line for line in before]
                if differing := sum(new != old for new, old in zip(after, before, strict=True)):
                    self._replace(path, b"\n".join(after))
                    found += differing
        return found

    def _replace(self, path: Path, data: bytes) -> None:
        fresh = self._path.with_name(f"{self._path.name}.new")
        try:
            fresh.unlink(missing_ok=True)
            with self._opened(fresh, _APPEND | os.O_EXCL) as file, os.fdopen(os.dup(file), "wb") as content:
                content.write(data)
                content.flush()
                os.fsync(file)
            os.replace(fresh, path)
            _sync_directory(path.parent)
        except OSError as error:
            raise _failure(path, error) from None

    def _read(self) -> list[bytes]:
        found: list[bytes] = []
        for path in (*reversed(self._older), self._path):
            if not os.path.lexists(path):
                continue
            with self._opened(path, os.O_RDONLY) as file, os.fdopen(os.dup(file), "rb") as content:
                try:
                    found += [line for line in content.read().split(b"\n") if line]
                except OSError as error:
                    raise _failure(path, error) from None
        return found

    def _rotate(self, keep: Keep) -> None:
        """Begin a new file. At no moment is a line that must be kept in none of the files."""
        kept = b"\n".join(keep(self._read()))
        if 2 * len(kept) > self._size_limit:
            return  # the new file would soon be full again, and each round costs an old one
        fresh = self._path.with_name(f"{self._path.name}.new")
        names = [self._path, *self._older]
        try:
            fresh.unlink(missing_ok=True)
            with self._opened(fresh, _APPEND | os.O_EXCL) as file:
                if kept:
                    _write(file, fresh, kept)
            for newer, older in reversed(list(pairwise(names))):
                if newer.exists():
                    os.replace(newer, older)
            os.replace(fresh, self._path)
            _sync_directory(self._path.parent)
        except OSError as error:
            raise _failure(self._path, error) from None

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        """Alone among all consoles, or with other readers. The lock goes with the process that holds it."""
        self._make_directory()
        with self._opened(self._lock_path, os.O_RDWR | os.O_CREAT) as file:
            for _ in range(LOCK_TRIES):
                try:
                    fcntl.flock(file, kind | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    time.sleep(0.01)
                except OSError as error:
                    raise _failure(self._lock_path, error) from None
            else:
                raise AppendLogError(f"another console holds {_shown(self._lock_path)}")
            yield

    def _make_directory(self) -> None:
        folder = self._path.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            facts = folder.stat()
        except OSError as error:
            raise _failure(folder, error) from None
        if facts.st_uid != os.geteuid():
            raise AppendLogError(f"{_shown(folder)} belongs to another user (uid {facts.st_uid})")
        if facts.st_mode & 0o022:
            raise AppendLogError(f"others may write in {_shown(folder)}: chmod 700 {_shown(folder)}")

    @contextmanager
    def _opened(self, path: Path, flags: int) -> Iterator[int]:
        """Open a file that is private and this user's, without following a link or waiting for a pipe."""
        try:
            file = privatefile.open_file(path, flags)
        except OSError as error:
            raise _failure(path, error) from None
        try:
            facts = os.fstat(file)
            if not stat.S_ISREG(facts.st_mode):
                raise AppendLogError(f"{_shown(path)} is not a regular file")
            if facts.st_uid != os.geteuid():
                raise AppendLogError(f"{_shown(path)} belongs to another user (uid {facts.st_uid})")
            if facts.st_mode & 0o077:
                raise AppendLogError(f"others may read or write {_shown(path)}: chmod 600 {_shown(path)}")
            yield file
        finally:
            os.close(file)


def _write(file: int, path: Path, line: bytes) -> None:
    """Append; if that fails, the partial line is removed."""
    size = os.fstat(file).st_size
    data = line + b"\n"
    try:
        if size and os.pread(file, 1, size - 1) != b"\n":
            data = b"\n" + data  # a kill tore the last line: let it be one of its own
        if os.write(file, data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file)
        if not size:
            _sync_directory(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.ftruncate(file, size)
        raise _failure(path, error) from None


def _sync_directory(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _failure(path: Path, error: OSError) -> AppendLogError:
    return AppendLogError(
        f"{_shown(path)}: {clean(error.strerror or type(error).__name__, limit=80).lower()}"
    )


def _shown(path: Path) -> str:
    return clean(str(path), limit=160)
