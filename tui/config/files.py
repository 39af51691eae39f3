"""Reads files that may hold secrets, if nobody else can change or read them. Writes nothing."""

from __future__ import annotations

import codecs
import errno
import os
import re
import shlex
import stat
from pathlib import Path
from typing import Final

from tui import privatefile

SIZE_LIMIT: Final = 1 << 20
"""Largest configuration file, bytes."""

_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class ConfigError(Exception):
    """One line for the operator: what is wrong, where, and what to do. Never holds the value of a field."""


class FieldError(ConfigError):
    """An unusable field. The caller adds where it was written."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


def read_private(path: Path, *, owner: bool = True, mode: bool = True) -> str | None:
    """The text of a small regular file, or None if there is none.

    With `owner`, the file must be this user's own and no link; with `mode`, closed to everyone else too.
    Raises ConfigError, with the command that fixes it where there is one. Never blocks on a FIFO.
    """
    try:
        if owner:
            descriptor = privatefile.open_file(path)
        else:  # may be a link
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ConfigError(f"{path}: is a symbolic link; put the file itself there") from None
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        _check(path, os.fstat(descriptor), owner=owner, mode=mode)
        data = _read(descriptor)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    finally:
        os.close(descriptor)
    if len(data) > SIZE_LIMIT:
        raise ConfigError(f"{path}: larger than 1 MiB; that is no configuration file")
    return _decode(path, data)


def is_loose(path: Path) -> bool:
    """Whether others than the owner may read or write `path`."""
    try:
        return bool(os.lstat(path).st_mode & 0o077)
    except OSError:
        return False


def tighten(path: Path) -> str:
    """The shell command that closes `path` to everyone else."""
    return f"chmod 600 {shlex.quote(str(path))}"


def _check(path: Path, status: os.stat_result, *, owner: bool, mode: bool) -> None:
    """Raise if it is not a file of our own; checked on the descriptor, so it cannot be replaced."""
    if not stat.S_ISREG(status.st_mode):
        raise ConfigError(f"{path}: is not a regular file")
    if owner and status.st_uid != os.geteuid():
        mend = f"chown {os.geteuid()} {shlex.quote(str(path))}"
        raise ConfigError(f"{path}: belongs to user id {status.st_uid}, not to you; if it is yours: {mend}")
    if mode and status.st_mode & 0o077:
        raise ConfigError(f"{path}: others may read or change it; run: {tighten(path)}")


def _read(descriptor: int) -> bytes:
    """Everything up to one byte past the limit; the size of fstat may be outdated."""
    parts: list[bytes] = []
    wanted = SIZE_LIMIT + 1
    while wanted > 0 and (part := os.read(descriptor, wanted)):
        parts.append(part)
        wanted -= len(part)
    return b"".join(parts)


def _decode(path: Path, data: bytes) -> str:
    """UTF-8 with or without a byte order mark."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ConfigError(f"{path}: is UTF-16; save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise ConfigError(f"{path}:{line}:{column}: not UTF-8 text") from None


def parse_toml(path: Path, text: str) -> dict[str, object]:
    """The document; raises ConfigError with file, line and column."""
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError, and int() on a number of thousands of digits
        reason = str(error)
        at = _AT.search(reason)
        if at is None:
            raise ConfigError(f"{path}: not valid TOML: {reason}") from None
        line, column = (at[1], at[2]) if at[1] else (str(text.count("\n") + 1), "1")
        raise ConfigError(f"{path}:{line}:{column}: not valid TOML: {_AT.sub('', reason)}") from None


def line_of(text: str, table: str, key: str) -> int:
    """The line (from 1) of `key` in `[table]` (empty: the top), or 0 if it is not found."""
    current = ""
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if bare.startswith("["):
            current = bare.partition("#")[0].strip().strip("[]").replace('"', "").replace("'", "").strip()
        elif current == table and bare.partition("=")[0].strip().strip("\"'") == key:
            return number
    return 0
