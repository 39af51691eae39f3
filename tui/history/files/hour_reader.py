"""Reads one hour's file alone: samples, and no events. Must not know how it came there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tui.fleet.past import Event, FailedJob, Gap, JobCount, Transition
from tui.history.files.sample_reader import SampleReader
from tui.history.records import ErrorCount
from tui.history.store import Loaded, Samples


class HourReader:
    """`Reader` of a file of samples."""

    complete_since: float | None = None
    untold = "One hour's file has no timeline: its folder has one, and so has an export."

    def __init__(self, path: Path) -> None:
        """Raises `Unusable`, `OSError` and `sqlite3.Error`."""
        self.samples: Samples = SampleReader(path)

    def events(self, since: float, until: float, limit: int = 2_000) -> list[Event]:
        """None: they are in the file of events."""
        return []

    def transitions(self, id: str, since: float, until: float) -> list[Transition]:
        """None."""
        return []

    def newest_transitions(self, ids: Iterable[str], at: float) -> Mapping[str, Sequence[Transition]]:
        """None."""
        return {}

    def failed_jobs(self, since: float) -> list[FailedJob]:
        """None."""
        return []

    def job_counts(self, since: float) -> list[JobCount]:
        """None."""
        return []

    def error_counts(self, agent_id: str, since: float, until: float) -> list[ErrorCount]:
        """None."""
        return []

    def gaps(self, source: str, since: float, until: float) -> list[Gap]:
        """None that are known."""
        return []

    def loaded(self) -> Loaded | None:
        """Nothing: it is only looked at."""
        return None

    def close(self) -> None:
        """Close the file."""
        self.samples.close()
