"""Writes samples of one fleet, one file an hour. Must not know threads, nor what may be kept of participants.

A sample is a row with the difference to the one before. Every five minutes, and at the start of a run and of
a file, the whole fleet is written beside it: its key. Until its first key is whole, a file has another name.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tui.clock import Moment
from tui.fleet.state import Differing, Fleet
from tui.history.files import database
from tui.history.files.codec import Difference, packed
from tui.history.files.compare import difference, is_news, parts
from tui.history.files.sample_files import SCHEMA, SUFFIX, UNFINISHED, first_seq, sample_files, started
from tui.history.records import Run, Stamp

KEY_EVERY: Final = 300.0
"""Seconds from one key to the next."""
QUIET_EVERY: Final = 30.0
"""Seconds after which newer times of good answers are written although nothing changed."""
HOUR: Final = 3600.0
LOST_NUMBERS: Final = 1_000_000
"""Numbers that a file may have used that cannot be read any more."""
TIDIED: Final = 4
"""The newest files, which are looked at again after an hour: a reader may have kept them open."""
STATEMENTS: Final = (
    "CREATE TABLE run(run TEXT PRIMARY KEY, unix REAL, mono REAL, host TEXT, version TEXT) WITHOUT ROWID",
    "CREATE TABLE sample(seq INTEGER PRIMARY KEY, run TEXT, mono REAL, unix REAL, skew REAL, at REAL,"
    " quiet INTEGER, delta BLOB)",
    "CREATE INDEX sample_at ON sample(at)",
    "CREATE TABLE metric(seq INTEGER PRIMARY KEY, blob BLOB)",
    "CREATE TABLE key(seq INTEGER, part INTEGER, parts INTEGER, blob BLOB, UNIQUE(seq, part))",
)


@dataclass(frozen=True, slots=True)
class SampleLimits:
    """What may be kept of a project's samples."""

    hours: float = 24.0
    size: int = 256 << 20
    """Bytes."""


class FileFull(Exception):
    """The present hour's file has a quarter of what the project may have."""


class SampleWriter:
    """Appends to the files of one folder, of which it is the one writer."""

    def __init__(self, folder: Path, run: Run, limits: SampleLimits | None = None) -> None:
        """Finishes what another run has left. Raises `OSError` and `sqlite3.Error`."""
        self._folder = folder
        self._run = run
        self._limits = limits or SampleLimits()
        self._database: sqlite3.Connection | None = None
        self._path = folder
        self._hour = -1
        self._in_transaction = False
        self._fleet: Fleet | None = None
        """As it is after the newest row; None if the next one needs a key."""
        self._written = self._keyed = 0.0
        """When a row and a key were written last, monotonic."""
        self._size = 0
        """Bytes in the present file, about."""
        self.paths: list[Path] = []
        """The files before the present one, oldest first."""
        self._seq = self._finish()

    # ---- samples --------------------------------------------------------------------------------------

    def add(
        self, fleet: Fleet, moment: Moment, skew: float | None, agents: Differing | None = None
    ) -> int | None:
        """Write a sample, if it is one; its number. `fleet` holds only what may be kept.

        `agents`: how its agents differ from those of another fleet, which need not be the sample before.

        It is safe after `commit`. Raises `FileFull`; and `OSError` and `sqlite3.Error`, after
        which only `abandon` is left.
        """
        delta, metrics, is_quiet = b"", b"", False
        if self._fleet is not None:
            found, measured = difference(self._fleet, fleet, agents)
            if not is_news(found, self._fleet):
                is_quiet = True
                is_due = moment.monotonic - self._written >= QUIET_EVERY
                if not is_due or (found == Difference() and not measured):
                    return None
            delta, metrics = packed(found), packed(measured) if measured else b""
        hour = int(moment.unix // HOUR)
        if self._size > self._limits.size // 4 and hour == self._hour:
            self._fleet = None
            raise FileFull
        self._seq += 1
        stamp = Stamp(self._seq, self._run.id, moment.monotonic, moment.unix, skew, is_quiet)
        needs_key = self._fleet is None or moment.monotonic - self._keyed >= KEY_EVERY
        if self._database is not None and (hour == self._hour or delta):
            self._insert(self._begun(self._database), stamp, delta, metrics)
        if hour != self._hour or self._database is None:
            self._open(stamp, hour, fleet)
            needs_key = False
        if needs_key:
            self._insert_key(self._begun(self._database), stamp, fleet)
        self._fleet, self._written = fleet, moment.monotonic
        return self._seq

    def commit(self) -> None:
        """Make what was added safe from a kill. Raises `sqlite3.Error`."""
        if self._in_transaction and self._database is not None:
            self._database.execute("COMMIT")
        self._in_transaction = False

    def abandon(self) -> None:
        """End after an error: what was not committed is lost. Raises `sqlite3.Error`."""
        if self._database is not None:
            self._database.close()
        self._database, self._in_transaction = None, False

    def close(self) -> None:
        """Leave one file that opens from anywhere. Raises `sqlite3.Error`."""
        self.commit()
        if self._database is not None:
            database.close(self._database)
        self._database, self._hour = None, -1

    # ---- files ----------------------------------------------------------------------------------------

    def _finish(self) -> int:
        """Tidy up after a run that was killed; the newest number in use."""
        for left in self._folder.glob(f"*{UNFINISHED}"):
            database.remove(left)
        self.paths = sample_files(self._folder)
        newest = 0
        for path in self.paths:
            newest = max(newest, first_seq(path))
            if database.is_open_file(path):
                newest = max(newest, self._repair(path))
        if self.paths:
            newest = max(newest, self._repair(self.paths[-1]))
        return newest

    def _repair(self, path: Path) -> int:
        """Make a file of a killed run one file again; the newest number in it."""
        try:
            found = database.opened(path, SCHEMA)
        except (sqlite3.DatabaseError, database.UnknownSchema) as error:
            if isinstance(error, sqlite3.OperationalError):
                raise  # a full disk is no damage
            return first_seq(path) + LOST_NUMBERS
        row = found.execute("SELECT max(seq) FROM sample").fetchone()
        database.close(found)
        return int(row[0] or 0)

    def _begun(self, found: sqlite3.Connection | None) -> sqlite3.Connection:
        assert found is not None
        if not self._in_transaction:
            found.execute("BEGIN")
            self._in_transaction = True
        return found

    def _open(self, stamp: Stamp, hour: int, fleet: Fleet) -> None:
        """Go on in another file, which begins with this sample's key."""
        before, continued = self._database, self._continued(hour)
        if continued is not None:
            self._path, self._database = continued
            found = self._begun(self._database)
            self._insert_run(found)
            self._insert(found, stamp, b"", b"")
            self._insert_key(found, stamp, fleet)
        else:
            begun = datetime.fromtimestamp(stamp.unix, UTC).strftime("%Y%m%dT%H%M%SZ")
            path = self._folder / f"{stamp.seq:012d}-{begun}{SUFFIX}"
            fresh = path.with_name(path.name + UNFINISHED)
            new = database.create(fresh, SCHEMA, STATEMENTS)
            previous = self.paths[-1].name if self.paths else ""
            new.execute("INSERT INTO meta VALUES('previous', ?)", (previous,))
            self._insert_run(new)
            self._insert(new, stamp, b"", b"")
            self._insert_key(new, stamp, fleet)
            new.execute("COMMIT")
            new.close()
            self.commit()
            fresh.rename(path)
            self._path, self._database = path, database.opened(path, SCHEMA)
            self.paths.append(path)
        if before is not None:
            database.close(before)
        for left in filter(database.is_open_file, self.paths[-TIDIED:-1]):
            self._repair(left)  # a reader that had it open may be gone
        self._hour, self._size = hour, database.size(self._path)

    def _continued(self, hour: int) -> tuple[Path, sqlite3.Connection] | None:
        """The newest file, if it is of this hour and can be gone on with after a restart."""
        path = self.paths[-1] if self.paths and self._database is None else None
        if path is None or started(path) // HOUR != hour:
            return None
        try:
            return path, database.opened(path, SCHEMA)
        except (sqlite3.DatabaseError, database.UnknownSchema):
            return None

    # ---- rows -----------------------------------------------------------------------------------------

    def _insert_run(self, found: sqlite3.Connection) -> None:
        run = self._run
        row = (run.id, run.unix, run.mono, run.host, run.version)
        found.execute("INSERT OR REPLACE INTO run VALUES(?,?,?,?,?)", row)

    def _insert(self, found: sqlite3.Connection, stamp: Stamp, delta: bytes, metrics: bytes) -> None:
        times = (stamp.mono, stamp.unix, stamp.skew, stamp.at)
        row = (stamp.seq, stamp.run, *times, int(stamp.is_quiet), delta or None)
        found.execute("INSERT INTO sample VALUES(?,?,?,?,?,?,?,?)", row)
        if metrics:
            found.execute("INSERT INTO metric VALUES(?,?)", (stamp.seq, metrics))
        self._size += len(delta) + len(metrics) + 64

    def _insert_key(self, found: sqlite3.Connection, stamp: Stamp, fleet: Fleet) -> None:
        blobs = [packed(part) for part in parts(fleet)]
        rows = ((stamp.seq, number, len(blobs), blob) for number, blob in enumerate(blobs))
        found.executemany("INSERT INTO key VALUES(?,?,?,?)", rows)
        self._keyed = stamp.mono
        self._size += sum(map(len, blobs))
