"""What a process that does not record leaves for the one that does: its operator's operations and notes.

Each process appends to a file of its own. The one that records takes every event once, by its id, and removes
the file when its process is gone.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from tui import privatefile
from tui.fleet.past import Event

PREFIX: Final = "inbox-"
SUFFIX: Final = ".jsonl"
LARGEST: Final = 1 << 20
"""Bytes that are read of a file at once."""

_decoder: Final = msgspec.json.Decoder(Event)


def leave(folder: Path, events: Iterable[Event]) -> None:
    """Append these events, all or none. Raises `OSError`."""
    lines = [msgspec.json.encode(event) + b"\n" for event in events]
    path = folder / f"{PREFIX}{os.getpid()}{SUFFIX}"
    file = privatefile.open_file(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        size, data = os.fstat(file).st_size, b"".join(lines)
        try:
            if os.write(file, data) != len(data):  # a disk that has become full takes what fits
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            with suppress(OSError):
                os.ftruncate(file, size)  # half a line would spoil the next one
            raise
    finally:
        os.close(file)


class Inbox:
    """Takes what other processes have left."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, int] = {}
        """By file, the bytes that were taken."""

    def take(self) -> list[Event]:
        """What came since the last call. Raises `OSError`."""
        found: list[Event] = []
        for path in sorted(self._folder / name for name in os.listdir(self._folder) if _is_inbox(name)):
            is_over = not _is_alive(path)
            try:
                data = self._rest(path)
            except OSError:  # gone, another user's, or not to be read now: what is in it stays
                continue
            found += _events(data)
            if is_over and len(data) < LARGEST:
                path.unlink(missing_ok=True)
                self._read.pop(path.name, None)
        return found

    def _rest(self, path: Path) -> bytes:
        """Whole lines that were not read yet. Raises `OSError`."""
        start = self._read.get(path.name, 0)
        with open(privatefile.open_file(path), "rb") as file:
            privatefile.require_own(os.fstat(file.fileno()))
            file.seek(start)
            data = file.read(LARGEST)
        whole = data[: data.rfind(b"\n") + 1] or data[: LARGEST if len(data) == LARGEST else 0]
        self._read[path.name] = start + len(whole)
        return whole


def _is_inbox(name: str) -> bool:
    return name.startswith(PREFIX) and name.endswith(SUFFIX)


def _events(data: bytes) -> Iterator[Event]:
    for line in data.splitlines():
        with suppress(msgspec.DecodeError):
            yield _decoder.decode(line)


def _is_alive(path: Path) -> bool:
    digits = path.name.removeprefix(PREFIX).removesuffix(SUFFIX)
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        return False
    try:
        os.kill(int(digits), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
