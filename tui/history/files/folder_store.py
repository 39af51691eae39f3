"""A store in a folder for each project: files of samples, and one of events. Must not know threads."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import structs

from tui.clock import Moment
from tui.fleet.since_by_id import SinceById
from tui.history.files import folder, retention
from tui.history.files.event_file import NAME, EventFile
from tui.history.files.event_limits import JOBS_FOR, EventLimits
from tui.history.files.event_reader import EventReader
from tui.history.files.privacy import Privacy, Recorded
from tui.history.files.sample_reader import SampleReader
from tui.history.files.sample_writer import FileFull, SampleLimits, SampleWriter
from tui.history.files.watching import SAMPLES, Watching
from tui.history.records import ErrorCount, Run
from tui.history.store import Batch, Loaded, Taken
from tui.record_options import RecordOptions

MINUTE: Final = 60.0
"""Seconds after which it is noted again what was watched."""
TRIM_EVERY: Final = 600.0
"""Seconds from one look at what is too old to the next."""
MIB: Final = 1 << 20
MOST_ROOMS: Final = 5_000
"""Names of rooms that are looked for in errors of logs."""
FULL: Final = "the limit of record_mib was reached"
BEHIND: Final = "the writer was behind"
GAP_AFTER: Final = 60.0
"""Seconds between two answers after which nobody has watched in between."""


class FolderWriter:
    """`Writer` of a project's folder. Its process holds the folder's lock."""

    def __init__(
        self, root: Path, project: str, options: RecordOptions, run: Run, *, gap_after: float = GAP_AFTER
    ) -> None:
        """`root` has a folder for each project. Raises `UnknownSchema`, `OSError` and `sqlite3.Error`."""
        self._root, self._project, self._options = root, project, options
        where = root / project
        self._privacy = Privacy(folder.digest_key(where), metadata=options.metadata, rooms=options.rooms)
        self._recorded = Recorded(self._privacy)
        self._event_file = EventFile(where)
        self._event_file.begin_run(run)
        self._samples = SampleWriter(where, run, SampleLimits(options.hours, int(options.mib * MIB)))
        self._watching = Watching(run.id, gap_after)
        self._rooms: dict[str, None] = {}
        """Names of rooms that errors in logs may mention, oldest first; only where they are not kept."""
        self._since = SinceById()
        self._is_since_kept = False
        """All of it is in the file; what differs later comes with a transition, and is kept with that."""
        self._noted = self._trimmed = float("-inf")
        """When that was done last, monotonic."""
        self._trimming: Iterator[None] | None = None
        """What is still to be done of that."""
        self._event_limits = EventLimits(options.days, int(options.event_mib * MIB))
        self._most_used = self._event_limits.size
        """Bytes in the file of events from which some have to go."""

    def write(self, batch: Batch) -> None:
        """Keep it: after the call no kill can lose it."""
        for taken in batch.samples:
            self._add(taken)
        self._samples.commit()
        before, self._since = self._since, batch.since or self._since
        if batch.events:
            self._event_file.add_events(map(self._privacy.event, batch.events))
        if batch.transitions:
            self._event_file.add_transitions(batch.transitions, self._since)
        if self._is_since_kept and len(self._since) < len(before):  # what is gone for long was forgotten
            forgotten = ((id, None) for id in before.keys() - self._since.keys())
            self._event_file.keep_since(forgotten)
        if batch.failed_jobs:
            self._event_file.add_failed_jobs(map(self._privacy.failed_job, batch.failed_jobs))
        if batch.job_counts:
            self._event_file.add_job_counts(batch.job_counts)
        if batch.error_counts:
            self._event_file.add_error_counts(map(self._kept_count, batch.error_counts))
        self._event_file.commit()

    def tend(self, now: Moment) -> None:
        """Note what was watched, once a minute; see whether something is too old, or too much."""
        if now.monotonic - self._noted >= MINUTE:
            self._noted = now.monotonic
            self._note()
        is_due = now.monotonic - self._trimmed >= TRIM_EVERY
        if self._trimming is None and (is_due or self._event_file.used() > self._most_used):
            self._trimmed = now.monotonic
            self._trimming = self._trim_steps(now.unix)

    def trim(self) -> bool:
        """Drop a little of what is too old, or too much; whether there is more to be done."""
        for _ in self._trimming or ():
            return True
        self._trimming = None
        return False

    def close(self) -> None:
        """Note what was watched up to now, and leave files that open from anywhere."""
        self._note()
        self._samples.close()
        self._event_file.close()

    def abandon(self) -> None:
        """End after an error: what was not kept is lost."""
        with suppress(sqlite3.Error):
            self._samples.abandon()
        with suppress(sqlite3.Error):
            self._event_file.drop()

    def _add(self, taken: Taken) -> None:
        moment = taken.moment
        if not self._options.rooms:
            self._rooms = dict.fromkeys((*self._rooms, *(room.name for room in taken.fleet.rooms)))
            for name in [*self._rooms][:-MOST_ROOMS]:
                del self._rooms[name]
        if taken.is_behind:
            self._watching.interrupt(SAMPLES, BEHIND)
        try:
            self._samples.add(self._recorded.of(taken.fleet), moment, taken.skew, taken.agents)
        except FileFull:
            self._watching.interrupt(SAMPLES, FULL)
            return
        self._watching.see(taken.fleet, moment.unix + (taken.skew or 0.0), moment.monotonic)

    def _kept_count(self, item: ErrorCount) -> ErrorCount:
        error = self._privacy.error
        return structs.replace(
            item, signature=error(item.signature, self._rooms), line=error(item.line, self._rooms)
        )

    def _note(self) -> None:
        self._event_file.extend_watched(
            structs.replace(item, why=self._privacy.error(item.why)) for item in self._watching.due()
        )
        if not self._is_since_kept:
            self._event_file.keep_all_since(self._since)
            self._is_since_kept = bool(self._since)
        self._event_file.commit()

    def _trim_steps(self, now: float) -> Iterator[None]:
        options = self._options
        yield from self._event_file.trim(self._event_limits, now)
        # what is known of a very large fleet may alone be more: then not with every look
        limit = self._event_limits.size
        self._most_used = max(limit, self._event_file.used() + limit // 8)
        self._samples.paths = retention.expire(
            self._root,
            self._project,
            hours=options.hours,
            size=int(options.mib * MIB),
            days=options.days,
            now=now,
        )


class FolderReader:
    """`Reader` of a project's folder."""

    untold = ""

    def __init__(self, where: Path) -> None:
        """Raises `UnknownSchema`, `OSError` and `sqlite3.Error`."""
        self._event_reader = EventReader(where)
        self.samples = SampleReader(where)
        self.events = self._event_reader.events
        self.transitions = self._event_reader.transitions
        self.newest_transitions = self._event_reader.newest_transitions
        self.failed_jobs = self._event_reader.failed_jobs
        self.job_counts = self._event_reader.job_counts
        self.error_counts = self._event_reader.error_counts
        self.gaps = self._event_reader.gaps

    @property
    def complete_since(self) -> float | None:
        """From when on no event had to go for want of room; None if none had to."""
        return self._event_reader.complete_since

    def loaded(self) -> Loaded | None:
        """What earlier runs knew; None if there is nothing."""
        last = self.samples.last
        sample = None if last is None else self.samples.seek(last.at)
        if sample is None:
            return None
        stamp, fleet = sample.stamp, sample.fleet
        heard = fleet.fresh("agents").at
        at = stamp.at if heard is None else stamp.at - (stamp.mono - heard)
        watched = self._event_reader.watched("agents", at, stamp.at + MINUTE)
        at = max([at, *(item.until for item in watched)])
        return Loaded(
            fleet=fleet,
            at=at,
            since=self._event_reader.since(),
            events=self._event_reader.events(0.0, float("inf")),
            failed_jobs=self._event_reader.failed_jobs(stamp.at - JOBS_FOR),
            begun=self.complete_since or self._event_reader.first_watched or at,
            job_counts=self._event_reader.job_counts(stamp.at - JOBS_FOR),
        )

    def close(self) -> None:
        """Close it."""
        self._event_reader.close()
        self.samples.close()


def loaded(where: Path) -> Loaded | None:
    """What earlier runs knew of a project; None if there is nothing. Raises as `FolderReader`."""
    if not (where / NAME).exists():
        return None
    reader = FolderReader(where)
    try:
        return reader.loaded()
    finally:
        reader.close()
