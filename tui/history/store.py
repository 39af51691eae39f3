"""What keeps a project's history: the protocol of every store. Must not know how one keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from msgspec import Struct

from tui.clock import Moment
from tui.fleet.past import Event, FailedJob, Gap, JobCount, Transition
from tui.fleet.since_by_id import SinceById
from tui.fleet.state import Differing, Fleet
from tui.fleet.transitions import NONE, Transitions
from tui.history.records import ErrorCount, Sample, Stamp


@dataclass(frozen=True, slots=True)
class Taken:
    """A fleet as it was at a moment."""

    fleet: Fleet
    moment: Moment
    skew: float | None
    """The server's clock minus this machine's, seconds; None before it is known."""
    is_behind: bool = False
    """Some before it were left out, as the writer was too slow for long."""
    agents: Differing | None = None
    """How its agents differ from those of another fleet, mostly the one before it; None where not known."""


@dataclass(slots=True)
class Batch:
    """What is written at once, as it was taken: the store leaves out what may not be kept."""

    samples: list[Taken] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    transitions: Transitions = NONE
    failed_jobs: list[FailedJob] = field(default_factory=list)
    error_counts: list[ErrorCount] = field(default_factory=list)
    job_counts: list[JobCount] = field(default_factory=list)
    since: SinceById = field(default_factory=SinceById)
    """Since when every agent and deployment has its status now; empty where nothing is known of it."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        lists = (self.samples, self.events, self.transitions, self.failed_jobs)
        return not any((*lists, self.error_counts, self.job_counts))


class Loaded(Struct, frozen=True):
    """What earlier runs knew."""

    fleet: Fleet
    at: float
    """The newest good listing of its agents; Unix seconds by the server's clock."""
    since: SinceById
    events: Sequence[Event]
    """The newest, oldest first."""
    failed_jobs: Sequence[FailedJob]
    begun: float
    """Since when anything is known, Unix seconds by the server's clock."""
    job_counts: Sequence[JobCount] = ()


class Samples(Protocol):
    """Recorded samples. Every call reads, so none is made on the loop."""

    @property
    def first(self) -> Stamp | None:
        """The oldest sample; None if there is none."""

    @property
    def last(self) -> Stamp | None:
        """The newest sample."""

    @property
    def problems(self) -> Sequence[str]:
        """What there is and cannot be read, and why, in words."""

    def seek(self, at: float) -> Sample | None:
        """What was known at a time (Unix seconds by the server's clock); before the first sample, that one.

        Where a stretch is damaged, the newest readable one before it; None if there is none.
        """

    def after(self, seq: int) -> Sample | None:
        """The next sample that can be read, quiet ones left out; None at the end."""

    def before(self, seq: int) -> Sample | None:
        """The same backwards."""

    def stamps(self, since: float, until: float) -> Sequence[Stamp]:
        """The samples of a time with their moments, oldest first."""

    def close(self) -> None:
        """Close the files."""


class Writer(Protocol):
    """Writes one run. Every call may wait for the disk or the network."""

    def write(self, batch: Batch) -> None:
        """Keep it: after the call no kill can lose it."""

    def tend(self, now: Moment) -> None:
        """Do what is due from time to time: note what was watched, see what is too old or too much."""

    def trim(self) -> bool:
        """Drop a little of what is; whether there is more to be done."""

    def close(self) -> None:
        """Note what was watched up to now, and end."""

    def abandon(self) -> None:
        """End after an error: what was not kept is lost."""


class Reader(Protocol):
    """Reads what was kept, also while it is written. Times are Unix seconds by the server's clock."""

    @property
    def samples(self) -> Samples:
        """The samples."""

    @property
    def complete_since(self) -> float | None:
        """From when on no event had to go for want of room; None if none had to."""

    @property
    def untold(self) -> str:
        """Why there are no events in it at all, in words; empty where there are."""

    def events(self, since: float, until: float, limit: int = 2_000) -> list[Event]:
        """The newest events of a time, oldest first."""

    def transitions(self, id: str, since: float, until: float) -> list[Transition]:
        """Transitions of an agent or deployment, oldest first."""

    def newest_transitions(self, ids: Iterable[str], at: float) -> Mapping[str, Sequence[Transition]] | None:
        """By id, the newest few transitions of agents and deployments up to a time, oldest first.

        None where a part of what tells that was read, and it has to be asked again for the rest.
        """

    def failed_jobs(self, since: float) -> list[FailedJob]:
        """Failed jobs from then on, oldest first."""

    def job_counts(self, since: float) -> list[JobCount]:
        """Counts of jobs that succeeded from then on, oldest first; none in an older file."""

    def error_counts(self, agent_id: str, since: float, until: float) -> list[ErrorCount]:
        """Counts of errors in an agent's log, oldest first."""

    def gaps(self, source: str, since: float, until: float) -> list[Gap]:
        """The times in which a source was not watched, oldest first; `samples` is one of them."""

    def loaded(self) -> Loaded | None:
        """What earlier runs knew; None if there is nothing."""

    def close(self) -> None:
        """Close it."""


class Place(Protocol):
    """Where a project is recorded. Called from the recorder's thread alone, but for `load`."""

    def refusal(self) -> str:
        """Why nothing can be recorded here at all, in words; empty if it can."""

    def take(self) -> bool:
        """Try to be the process that records; whether it is."""

    def last_beat(self) -> float | None:
        """When the process that records has written last, Unix seconds."""

    def open(self) -> Writer:
        """A writer. Raises `Unusable`, or an error of the place that may pass."""

    def leave(self, events: list[Event]) -> None:
        """Leave own operations and notes for the process that records."""

    def left(self) -> list[Event]:
        """What other processes have left. Shows them that this one writes."""

    def news(self) -> list[Event]:
        """Events that the process that records has kept since the last call, or lately at the first."""

    def forget(self) -> None:
        """Remove all that was recorded."""

    def load(self) -> Loaded | None:
        """What earlier runs knew."""

    def release(self) -> None:
        """Let another process record."""

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """Errors of the place that may pass, such as a full disk."""

    def words(self, error: Exception) -> str:
        """What one of them means."""
