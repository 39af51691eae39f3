"""A project's folder of recordings: who writes in it, its key, and what it is on. Must not know records."""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from tui import privatefile
from tui.history.files.privacy import KEY_BYTES

LOCK: Final = "recorder.lock"
KEY: Final = "digest.key"
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


def network_file_system(folder: Path, mounts: Path | None = None) -> str | None:
    """The type of the network file system that a folder is on; empty on a local one, None where unknown."""
    try:
        lines = (mounts or MOUNTS).read_text(encoding="utf-8", errors="surrogateescape").splitlines()
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
