"""SQLite files of a project's history, opened for one writer or for reading. Knows not what is in them."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeVar
from urllib.parse import quote

from tui import privatefile
from tui.history.records import Unusable

PATIENCE: Final = 2.0
"""Seconds to wait for another process that uses the file."""
CACHE_KIB: Final = 512
"""Pages kept in memory per file."""
WAL: Final = "-wal"
"""Suffix of what is committed and not in the file yet."""
BESIDE: Final = (WAL, "-shm", "-journal")
"""What SQLite keeps beside a file while it is open."""
LEFT_BESIDE: Final = 4 << 20
"""Bytes that may stay beside a file once they are in it: what is written at once may be much more."""
ROWS_AT_ONCE: Final = 1_000
"""Rows that are made before they are written: of a large fleet there may be two hundred thousand, 30 MB."""
T = TypeVar("T")


class UnknownSchema(Unusable):
    """A file that another version of the program has written."""


def create(path: Path, schema: str, statements: Sequence[str]) -> sqlite3.Connection:
    """A new file for its one writer, readable by this user alone. It is one file until it is `opened`.

    Raises `OSError` and `sqlite3.Error`.
    """
    os.close(privatefile.create(path))
    database = _connect(path)
    database.execute("PRAGMA journal_mode=DELETE")
    database.execute("BEGIN")
    database.execute("CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
    database.execute("INSERT INTO meta VALUES('schema', ?)", (schema,))
    for statement in statements:
        database.execute(statement)
    return database


def opened(path: Path, wanted: str) -> sqlite3.Connection:
    """A file for its one writer, of this schema, or of any for an empty one.

    What is committed is safe from a kill at once.

    Raises `UnknownSchema`, `OSError` and `sqlite3.Error`.
    """
    os.close(privatefile.open_file(path))  # neither a link nor absent
    database = _connect(path)
    try:
        _require_schema(database, path, wanted)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute(f"PRAGMA journal_size_limit={LEFT_BESIDE}")
    except (sqlite3.Error, UnknownSchema):
        database.close()
        raise
    return database


def for_reading(path: Path, wanted: str) -> sqlite3.Connection:
    """A file for reading, also while another process writes it, and from media that cannot be written.

    Raises `UnknownSchema`, `OSError` and `sqlite3.Error`.
    """
    os.close(privatefile.open_file(path))
    try:
        database = _readable(path, "mode=ro")
    except sqlite3.OperationalError:
        if os.access(path.parent, os.W_OK):
            raise
        database = _from_read_only_media(path)
    try:
        _require_schema(database, path, wanted)
    except (sqlite3.Error, UnknownSchema):
        database.close()
        raise
    return database


def _from_read_only_media(path: Path) -> sqlite3.Connection:
    """A file that nobody can write, with what is beside it if its writer was killed."""
    unmoved = path.with_name(path.name + WAL)
    if not unmoved.exists() or not unmoved.stat().st_size:
        return _readable(path, "mode=ro&immutable=1")
    with TemporaryDirectory(prefix="lktop-") as scratch:
        copy = Path(scratch) / path.name
        for end in ("", WAL):
            shutil.copyfile(path.with_name(path.name + end), copy.with_name(copy.name + end))
        close(_connect(copy))
        return _readable(copy, "mode=ro&immutable=1")  # it stays open when its name is gone


def close(database: sqlite3.Connection) -> None:
    """Close a file that was written, leaving one file that opens from anywhere. Raises `sqlite3.Error`.

    While another process reads it, that is not possible: `is_open_file` then says so.
    """
    try:
        database.execute("PRAGMA busy_timeout=0")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
    finally:
        database.close()


def is_open_file(path: Path) -> bool:
    """Whether there is something beside a file that belongs to it: it is open, or was not closed."""
    return any(path.with_name(path.name + end).exists() for end in BESIDE)


def remove(path: Path) -> None:
    """Remove a file and what is beside it; what is not there is no error."""
    for name in (path.name, *(path.name + end for end in BESIDE)):
        with suppress(FileNotFoundError):
            path.with_name(name).unlink()


def size(path: Path) -> int:
    """Bytes of a file with what is beside it."""
    total = 0
    for name in (path.name, *(path.name + end for end in BESIDE)):
        with suppress(OSError):
            total += path.with_name(name).stat().st_size
    return total


def schema(database: sqlite3.Connection, path: Path) -> str:
    """The schema of a file. Raises `UnknownSchema` for a file of another program."""
    try:
        row = database.execute("SELECT value FROM meta WHERE name='schema'").fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        row = None
    if row is None:
        raise UnknownSchema(f"{path}: not a recording of lktop")
    found = str(row[0])
    return found if found.isascii() and found.isalnum() else "unknown"


def copied(database: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """A copy of a file under another name, readable by this user alone."""
    os.close(privatefile.create(path))
    copy = _connect(path)
    database.backup(copy)
    copy.execute("PRAGMA journal_mode=DELETE")
    return copy


def _require_schema(database: sqlite3.Connection, path: Path, wanted: str) -> None:
    found = schema(database, path)
    if wanted and found != wanted:
        raise UnknownSchema(
            f"{path}: recorded by another version of lktop (schema {found[:20]}, this one reads {wanted})"
        )


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, PATIENCE, isolation_level=None)
    database.execute("PRAGMA synchronous=NORMAL")
    database.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    return database


def _readable(path: Path, options: str) -> sqlite3.Connection:
    uri = f"file:{quote(os.fspath(path.absolute()))}?{options}"
    database = sqlite3.connect(uri, PATIENCE, isolation_level=None, check_same_thread=False, uri=True)
    try:
        database.execute("PRAGMA trusted_schema=OFF")
        database.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        database.execute("SELECT count(*) FROM sqlite_master").fetchone()  # opens it in fact
    except sqlite3.Error:
        database.close()
        raise
    return database


def in_parts(rows: Iterable[T]) -> Iterator[list[T]]:
    """Rows that are to be written, so many at a time."""
    left = iter(rows)
    while part := [*islice(left, ROWS_AT_ONCE)]:
        yield part
