"""A project's folder of recordings: who writes in it, its key, how much it holds. Must not know records."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from tui import privatefile
from tui.history import database
from tui.history.long_file import NAME as LONG_FILE
from tui.history.privacy import KEY_BYTES
from tui.history.samples import sample_files

LOCK: Final = "recorder.lock"
KEY: Final = "digest.key"
INBOX: Final = "inbox-"
TOTAL: Final = 1 << 30
"""Bytes of samples of all projects together."""
NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "ceph", "fuse.ceph", "fuse.glusterfs"}
    | {"glusterfs", "lustre", "afs"}
)
"""File systems on which locks and shared memory of SQLite are not safe."""
MOUNTS: Final = Path("/proc/self/mountinfo")


class Lock:
    """Says which process records. It is free again when that process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOCK
        self._descriptor: int | None = None

    @property
    def is_held(self) -> bool:
        """Whether this process records."""
        return self._descriptor is not None

    def take(self) -> bool:
        """Try to be the one that records. Raises `OSError` where the file cannot be made."""
        if self._descriptor is not None:
            return True
        descriptor = privatefile.open_file(self._path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        self.beat()
        return True

    def beat(self) -> None:
        """Show the others that this process still writes."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.utime(self._descriptor)

    def last_beat(self) -> float | None:
        """When the one that records has written last, Unix seconds by this machine's clock."""
        try:
            return self._path.stat().st_mtime
        except OSError:
            return None

    def release(self) -> None:
        """Let another process record."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None


def digest_key(folder: Path) -> bytes:
    """The key of a project's digests, made at the first call. Raises `OSError`."""
    path = folder / KEY
    try:
        with open(privatefile.create(path), "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
    except FileExistsError:
        pass
    with open(privatefile.open_file(path), "rb") as file:
        found = file.read(KEY_BYTES + 1)
    if len(found) == KEY_BYTES:
        return found
    path.unlink()  # torn by a full disk: what was digested with it joins no more
    return digest_key(folder)


def forget(folder: Path) -> None:
    """Remove all that was recorded of a project, and its key. Raises `OSError`."""
    for path in sample_files(folder):
        database.remove(path)
    database.remove(folder / LONG_FILE)
    for path in folder.iterdir():
        if path.name != LOCK and not path.is_dir():
            path.unlink(missing_ok=True)


def expire(root: Path, project: str, *, hours: float, size: int, days: float, now: float) -> list[Path]:
    """Drop samples that are too old or too many, the oldest file first; returns the project's that are left.

    Other projects' are too old by the same limits: nobody may watch them any more. `now` is Unix seconds.
    Files of this project that are written go last.
    """
    own = sample_files(root / project)
    for path in _others(root, project):
        limit = days * 86_400 if path.name == LONG_FILE else hours * 3600
        if _changed_at(path) < now - limit:
            database.remove(path)
    while len(own) > 1 and _changed_at(own[0]) < now - hours * 3600:
        database.remove(own.pop(0))
    while len(own) > 1 and sum(map(database.size, own)) > size:
        database.remove(own.pop(0))
    others = sum(map(database.size, (path for path in _others(root, project) if path.name != LONG_FILE)))
    while len(own) > 1 and sum(map(database.size, own)) + others > TOTAL:
        database.remove(own.pop(0))
    return own


def _others(root: Path, project: str) -> Iterator[Path]:
    for folder in root.iterdir():
        if folder.name != project and folder.is_dir() and not folder.is_symlink():
            yield from sample_files(folder)
            if (folder / LONG_FILE).exists():
                yield folder / LONG_FILE


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def network_file_system(folder: Path, mounts: Path = MOUNTS) -> str | None:
    """The type of the network file system that a folder is on; empty on a local one, None where unknown."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    found, longest = "", -1
    where = os.path.realpath(folder)
    for line in lines:
        before, _, after = line.partition(" - ")
        fields, kind = before.split(" "), after.partition(" ")[0]
        if len(fields) < 5:
            continue
        point = _unescaped(fields[4])
        is_above = where == point or where.startswith(point.rstrip("/") + "/")
        if is_above and len(point) >= longest:
            found, longest = kind, len(point)
    return found if found in NETWORK else ""


def _unescaped(text: str) -> str:
    """A path as it is; the kernel writes spaces and such in octal."""
    for octal in ("040", "011", "012", "134"):
        text = text.replace(f"\\{octal}", chr(int(octal, 8)))
    return text
