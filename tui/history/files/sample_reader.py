"""Reads the samples of a folder or of one file, backwards and forwards. Must not know how they came there.

A sample is put together from the newest whole key before it and the differences since. Points on the way are
kept, so that a step back costs no more than a step forward.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from operator import itemgetter
from pathlib import Path
from threading import RLock
from typing import Final, TypeVar

import msgspec

from tui.fleet.state import Fleet
from tui.history.files import database
from tui.history.files.assembler import Assembler
from tui.history.files.codec import DamagedSample, unpacked, unpacked_metrics
from tui.history.files.sample_files import SCHEMA, first_seq, sample_files
from tui.history.records import Sample, Stamp

R = TypeVar("R")
POINTS: Final = 8
"""Samples from one point that is kept to the next."""
DAMAGED: Final = "damaged"
NOT_RECORDED: Final = "not recorded"
_COLUMNS: Final = "seq, run, mono, unix, skew, quiet"


class SampleReader:
    """`Samples` of a project's folder, or of one hour's file."""

    def __init__(self, path: Path) -> None:
        """Raises `OSError`, `sqlite3.Error` and `UnknownSchema` for one file that cannot be read.

        Of a folder, files that cannot be read are left out and named in `problems`.
        """
        self._path = path
        self._lock = RLock()
        self._files: dict[int, sqlite3.Connection] = {}
        """By the number of the first sample."""
        self.problems: list[str] = []
        self._stretch: _Stretch | None = None
        self._newest = 0
        """The number of the first sample of the newest file that was looked for."""
        if path.is_dir():
            self._look()
        else:
            self._files[first_seq(path)] = database.for_reading(path, SCHEMA)

    # ---- Samples --------------------------------------------------------------------------------------

    @property
    def first(self) -> Stamp | None:
        """The oldest sample; None if there is none."""
        return self._stamp("ORDER BY seq LIMIT 1")

    @property
    def last(self) -> Stamp | None:
        """The newest sample."""
        self._look()
        return self._stamp("ORDER BY seq DESC LIMIT 1", newest_first=True)

    def seek(self, at: float) -> Sample | None:
        """What was known at a time; before the first sample, that one."""
        self._look()
        found = self._stamp("WHERE at <= ? ORDER BY seq DESC LIMIT 1", at, newest_first=True) or self.first
        while found is not None:
            with suppress(DamagedSample):
                return Sample(found, self._fleet(found.seq))
            found = self._stamp("WHERE seq < ? ORDER BY seq DESC LIMIT 1", found.seq, newest_first=True)
        return None

    def after(self, seq: int, *, quiet: bool = False) -> Sample | None:
        """The next sample that can be read, also a `quiet` one."""
        self._look()
        kinds = "" if quiet else "AND quiet = 0"
        return self._step(f"WHERE seq > ? {kinds} ORDER BY seq LIMIT 1", seq, newest_first=False)

    def before(self, seq: int) -> Sample | None:
        """The sample before that can be read."""
        where = "WHERE seq < ? AND quiet = 0 ORDER BY seq DESC LIMIT 1"
        return self._step(where, seq, newest_first=True)

    def stamps(self, since: float, until: float) -> Sequence[Stamp]:
        """The samples of a time with their moments, oldest first."""
        self._look()
        found: dict[int, Stamp] = {}
        for file in self._in_order():
            query = f"SELECT {_COLUMNS} FROM sample WHERE at BETWEEN ? AND ? AND quiet = 0 ORDER BY seq"
            for row in self._rows(file, Stamp, query, since, until):
                found[row.seq] = row
        return [found[seq] for seq in sorted(found)]

    def close(self) -> None:
        """Close the files."""
        with self._lock:
            for file in self._files.values():
                file.close()
            self._files = {}

    # ---- files ----------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Open files that have come, close those that are gone."""
        if not self._path.is_dir():
            return
        with self._lock:
            paths = {first_seq(path): path for path in sample_files(self._path)}
            for gone in self._files.keys() - paths.keys():
                self._files.pop(gone).close()
            for number in sorted(paths.keys() - self._files.keys()):
                if number > self._newest:
                    self._newest = number
                    try:
                        self._files[number] = database.for_reading(paths[number], SCHEMA)
                    except (sqlite3.Error, OSError, database.UnknownSchema) as error:
                        self.problems.append(f"{paths[number].name}: {error}")

    def _in_order(self, *, newest_first: bool = False) -> list[sqlite3.Connection]:
        return [self._files[number] for number in sorted(self._files, reverse=newest_first)]

    def _rows(self, file: sqlite3.Connection, kind: type[R], query: str, *values: float) -> list[R]:
        """Rows of a file as far as they can be read: where it is damaged, they end."""
        found: list[R] = []
        with self._lock, suppress(sqlite3.DatabaseError, msgspec.ValidationError):
            for row in file.execute(query, values):
                found.append(msgspec.convert(row, kind, strict=False))
        return found

    def _stamp(self, where: str, *values: float, newest_first: bool = False) -> Stamp | None:
        for file in self._in_order(newest_first=newest_first):
            for row in self._rows(file, Stamp, f"SELECT {_COLUMNS} FROM sample {where}", *values):
                return row
        return None

    # ---- putting together -----------------------------------------------------------------------------

    def _step(self, where: str, seq: int, *, newest_first: bool) -> Sample | None:
        """The nearest sample in one direction that can be read."""
        is_damaged = False
        while (found := self._stamp(where, seq, newest_first=newest_first)) is not None:
            try:
                fleet = self._fleet(found.seq)
            except DamagedSample:
                seq, is_damaged = found.seq, True
                continue
            gap = NOT_RECORDED if self._begins(found.seq) else ""
            return Sample(found, fleet, DAMAGED if is_damaged and not newest_first else gap)
        return None

    def _begins(self, seq: int) -> bool:
        """Whether a sample does not follow on another one."""
        query = "SELECT 1 FROM sample WHERE seq = ? AND delta IS NOT NULL"
        return not any(self._rows(file, tuple[int], query, seq) for file in self._in_order())

    def _fleet(self, seq: int) -> Fleet:
        with self._lock:
            nearest = self._key(seq)
            if self._stretch is None or self._stretch.nearest != nearest:
                self._stretch = None  # its memory is free before another one is read
                self._stretch = self._from_key(nearest)
            if seq > self._stretch.last:
                self._stretch.extend(self._differences(self._stretch.last, seq))
            return self._stretch.fleet(seq)

    def _key(self, seq: int) -> int:
        """The number of the newest key at or before a sample. Raises `DamagedSample` if there is none."""
        query = "SELECT coalesce(max(seq), 0) FROM key WHERE seq <= ?"
        files = self._in_order()
        found = [row[0] for file in files for row in self._rows(file, tuple[int], query, seq)]
        newest = max(found, default=0)
        if not newest:
            raise DamagedSample("no key before it")
        return newest

    def _from_key(self, nearest: int) -> _Stretch:
        """A stretch that begins at the newest key that is whole: differences go on across keys."""
        key = nearest
        while True:
            with suppress(DamagedSample):
                return _Stretch(nearest, key, self._whole(key))
            key = self._key(key - 1)

    def _whole(self, key: int) -> Fleet:
        for file in self._in_order(newest_first=True):
            query = "SELECT part, parts, blob FROM key WHERE seq = ? ORDER BY part"
            rows = self._rows(file, tuple[int, int, bytes], query, key)
            if rows and [row[0] for row in rows] == list(range(rows[0][1])):
                assembler = Assembler(Fleet())
                for row in rows:
                    assembler.add(unpacked(row[2]), {})
                return assembler.point()
        raise DamagedSample("its key is not whole")

    def _differences(self, after: int, until: int) -> list[tuple[int, bytes, bytes]]:
        """Rows of samples by number, with what was measured."""
        query = (
            "SELECT seq, delta, coalesce(blob, x'') FROM sample LEFT JOIN metric USING(seq)"
            " WHERE seq > ? AND seq <= ? AND delta IS NOT NULL ORDER BY seq"
        )
        found = {
            row[0]: row
            for file in self._in_order()
            for row in self._rows(file, tuple[int, bytes, bytes], query, after, until)
        }
        return [found[seq] for seq in sorted(found)]


class _Stretch:
    """Samples that follow on one key, as far as they were asked for."""

    def __init__(self, nearest: int, key: int, fleet: Fleet) -> None:
        self.nearest = nearest
        """The newest key before its samples; the one that it begins with may be older."""
        self.last = key
        """The newest sample that was read."""
        self._key = key
        self._rows: dict[int, tuple[bytes, bytes]] = {}
        self._points = [(key, fleet)]
        self._shown = (key, fleet)
        """The newest one that was asked for."""

    def extend(self, rows: Sequence[tuple[int, bytes, bytes]]) -> None:
        """Take in what follows. A missing number ends it."""
        for seq, delta, metrics in rows:
            if seq != self.last + 1:
                break
            self._rows[seq] = (delta, metrics)
            self.last = seq

    def fleet(self, seq: int) -> Fleet:
        """What was known then. Raises `DamagedSample`."""
        if seq > self.last:
            raise DamagedSample("what is before it is missing")
        number = bisect_right(self._points, seq, key=itemgetter(0)) - 1
        start, fleet = (
            self._shown if self._points[number][0] <= self._shown[0] <= seq else self._points[number]
        )
        assembler = Assembler(fleet)
        for at in range(start + 1, seq + 1):
            delta, metrics = self._rows[at]
            assembler.add(unpacked(delta), unpacked_metrics(metrics) if metrics else {})
            if at >= self._points[-1][0] + POINTS:
                self._points.append((at, assembler.point()))
        self._shown = (seq, assembler.fleet(self._shown[1]))
        return self._shown[1]
