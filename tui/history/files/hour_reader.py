"""Reads one hour's file alone: samples, since when what they show is so, and no events. Knows no folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tui.fleet.past import Event, FailedJob, Gap, JobCount, Transition
from tui.history.files.event_reader import FEW
from tui.history.files.sample_reader import SampleReader
from tui.history.records import ErrorCount
from tui.history.sample_statuses import SampleStatuses
from tui.history.store import Loaded, Samples


class HourReader:
    """`Reader` of a file of samples."""

    complete_since: float | None = None
    untold = "One hour's file has no timeline: its folder has one, and so has an export."

    def __init__(self, path: Path) -> None:
        """Raises `Unusable`, `OSError` and `sqlite3.Error`."""
        self.samples: Samples = SampleReader(path)
        self._followed = SampleReader(path)
        """The same once more: what is shown meanwhile is another place of the file."""
        self._statuses = SampleStatuses(lambda seq: self._followed.after(seq, quiet=True))

    def events(self, since: float, until: float, limit: int = 2_000) -> list[Event]:
        """None: they are in the file of events."""
        return []

    def transitions(self, id: str, since: float, until: float) -> list[Transition]:
        """Those of an agent or deployment that the samples show, oldest first."""
        return self._statuses.between(id, since, until)

    def newest_transitions(self, ids: Iterable[str], at: float) -> Mapping[str, Sequence[Transition]] | None:
        """By id, those that the samples show; None as long as more of them have to be read for that."""
        return self._statuses.newest(ids, at, FEW)

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
        self._followed.close()
