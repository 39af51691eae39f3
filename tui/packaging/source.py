"""Selects the files of a working directory for LiveKit's build service (PROTOCOL.md, Builds). Sends nothing.

It selects what `lk` would select, with a warning where that is surprising or harmful.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui.packaging.errors import SourceError
from tui.packaging.files import BOM, NotReadable, kind, read_file, reason, refuse_utf16, shown
from tui.packaging.ignore import DirectoryMatches, Patterns

EXCLUDES: Final = ("**/livekit.toml",)
"""What `lk` always excludes."""

_BUILT_IN: Final = (
    "**/Dockerfile",
    "**/.dockerignore",
    "**/.gitignore",
    *("**/.git", "**/.git/**"),
    *("**/node_modules", "**/node_modules/**"),
    *("**/.env", "**/.env.*"),
    *("**/.venv", "**/.venv/**"),
    *("**/venv", "**/venv/**"),
)
_IGNORE_FILES: Final = (".gitignore", ".dockerignore")
_KEY_NAMES: Final = ("id_rsa", "id_ecdsa", "id_ed25519", ".netrc", ".npmrc", ".pypirc")
_NAMED: Final = 3
"""Paths that a warning names; further ones are counted."""


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """One member of the archive."""

    name: str
    """Relative and `/`-separated; a directory ends in `/`, the root is `./`."""
    size: int
    """Bytes before compression; 0 for a directory."""
    mode: int
    """Permission bits."""
    mtime: int
    """Unix seconds."""

    @property
    def is_directory(self) -> bool:
        """Whether this is a directory."""
        return self.name.endswith("/")


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that no pattern excludes and that the archive cannot hold."""

    name: str
    kind: str
    """`symbolic link`, `socket`, `named pipe` or `device`."""


@dataclass(frozen=True, slots=True)
class SourceFiles:
    """What would be packed."""

    root: Path
    entries: tuple[SourceEntry, ...]
    """In the order of the archive."""
    skipped: tuple[Skipped, ...]
    warnings: tuple[str, ...]
    """One line each, fit for display."""

    @property
    def size(self) -> int:
        """Bytes before compression."""
        return sum(entry.size for entry in self.entries)


def scan_source(root: Path, excludes: Iterable[str] = EXCLUDES) -> SourceFiles:
    """What would be packed, without reading the files. Raises `SourceError` and its `PatternError`."""
    lines = {name: _ignore_lines(root, name) for name in _IGNORE_FILES}
    patterns = Patterns([*excludes, *_BUILT_IN, *(line for read in lines.values() for line in read)])
    entries: list[SourceEntry] = []
    skipped: list[Skipped] = []
    with opened(root) as top:
        for name, facts in _walk(top, patterns):
            if stat.S_ISDIR(facts.st_mode):
                entries.append(SourceEntry(f"{name}/", 0, stat.S_IMODE(facts.st_mode), int(facts.st_mtime)))
            elif stat.S_ISREG(facts.st_mode):
                size, mode = facts.st_size, stat.S_IMODE(facts.st_mode)
                entries.append(SourceEntry(name, size, mode, int(facts.st_mtime)))
            else:
                skipped.append(Skipped(name, kind(facts.st_mode)))
    return SourceFiles(root, tuple(entries), tuple(skipped), tuple(_warnings(entries, lines)))


def _ignore_lines(root: Path, name: str) -> list[str]:
    """The raw lines of an ignore file of the root, comments included; empty if it is missing."""
    try:
        data = read_file(root / name).data
        refuse_utf16(data)
    except FileNotFoundError:
        return []
    except NotReadable as error:
        # without it, what it excludes would be uploaded
        raise SourceError(f"cannot read {shown(root / name)}: {error}") from None
    return data.removeprefix(BOM).decode("utf-8", "surrogateescape").split("\n")


def _walk(top: int, patterns: Patterns) -> Iterator[tuple[str, os.stat_result]]:
    """All members, a directory before its content, sorted by name.

    An excluded directory is still read: a later pattern, or a file's name, may include a file in it.
    """
    pending: list[tuple[str, os.stat_result, DirectoryMatches | None]] = [(".", os.fstat(top), None)]
    while pending:
        name, facts, above = pending.pop()
        if "Dockerfile" in name.rpartition("/")[2] or not patterns.ignores(name, above):
            yield name, facts
        if stat.S_ISDIR(facts.st_mode):
            level = None if name == "." else patterns.enter(name, above)
            pending.extend((*found, level) for found in reversed(_list(top, name)))


def _list(top: int, name: str) -> list[tuple[str, os.stat_result]]:
    with below(top, name, os.O_DIRECTORY) as folder:
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda entry: os.fsencode(entry.name))
                prefix = "" if name == "." else f"{name}/"
                return [(prefix + entry.name, entry.stat(follow_symlinks=False)) for entry in entries]
        except OSError as error:
            raise unreadable(name, error) from None


@contextmanager
def opened(root: Path) -> Iterator[int]:
    """The directory to pack, as a file descriptor. Raises `SourceError`."""
    try:
        top = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise SourceError(f"cannot read the directory {shown(root)}: {reason(error)}") from None
    try:
        yield top
    finally:
        os.close(top)


@contextmanager
def below(top: int, name: str, flags: int = 0) -> Iterator[int]:
    """Open a member without following a link at any step, so that none can lead out of the root."""
    base = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    here = os.dup(top)
    try:
        *folders, last = name.split("/")
        for step in folders:
            there = os.open(step, base | os.O_DIRECTORY, dir_fd=here)
            os.close(here)
            here = there
        there = os.open(last, base | flags, dir_fd=here)
        os.close(here)
        here = there
    except OSError as error:
        os.close(here)
        raise unreadable(name, error) from None
    try:
        yield here
    finally:
        os.close(here)


def unreadable(name: str, error: OSError) -> SourceError:
    """The error for a member that cannot be read."""
    return SourceError(f"cannot read {shown(name)}: {reason(error)}; nothing was sent")


def _warnings(entries: list[SourceEntry], lines: dict[str, list[str]]) -> Iterator[str]:
    names = [entry.name for entry in entries]
    if "Dockerfile" not in names:
        yield "there is no Dockerfile in the root: the build will have nothing to follow"
    leaks = [name for name in names if _looks_secret(name.rpartition("/")[2])]
    if leaks:
        yield f"looks like a secret and will be uploaded: {_some(leaks)}"
    for file, read in lines.items():
        for pattern in Patterns(read).patterns:
            if pattern.rooted and not pattern.excepts:
                yield from _without_effect(file, pattern.text, names)


def _without_effect(file: str, text: str, names: list[str]) -> Iterator[str]:
    meant = Patterns([text.lstrip("/")])
    taken = [name for name in names if meant.ignores_deep(name.rstrip("/"))]
    if taken:
        yield f"{file}: {shown(text)} has no effect, for a leading / never matches: uploading {_some(taken)}"


def _looks_secret(base: str) -> bool:
    if base in (".env.example", ".env.sample", ".env.template"):
        return False
    environment = base == ".env" or base.startswith((".env.", ".envrc")) or base.endswith(".env")
    return environment or base.endswith((".pem", ".key", ".p12")) or base in _KEY_NAMES


def _some(names: list[str]) -> str:
    listed = ", ".join(shown(name) for name in names[:_NAMED])
    return listed if len(names) <= _NAMED else f"{listed} and {len(names) - _NAMED} more"
