"""Moves a replayed project through its samples. Reading is done off the loop. Must not know the screen."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import Final

from msgspec import Struct

from tui.fleet.past import EMPTY_PAST, Event, FailedJob, Gap, JobCount, Past, Severity, Transition
from tui.history.records import Sample, Stamp
from tui.history.store import Reader
from tui.history.timeline import with_events
from tui.session.past_at import PastAt, ToldStatuses
from tui.session.replayed import Replay

MINUTE: Final = 60.0
PROBLEMS: Final = (Severity.ERROR, Severity.WARNING)
MOST_READ: Final = 500
"""Agents and deployments whose transitions are read with a sample; of others they are read when wanted."""


class Extent(Struct, frozen=True):
    """What there is to go through. Times are Unix seconds by the server's clock."""

    first: float
    last: float
    gaps: tuple[Gap, ...] = ()
    """Times in which nothing was recorded, oldest first."""


class _Read(Struct, frozen=True):
    """What one move has read."""

    sample: Sample
    extent: Extent
    at: float
    """The time that is looked at: of the sample, or later."""
    transitions: Mapping[str, Sequence[Transition]]


class Playback:
    """The position in a recording. One move is made at a time, in the order in which they are asked for."""

    def __init__(
        self, replay: Replay, reader: Reader, known: Callable[[], Past] = lambda: EMPTY_PAST
    ) -> None:
        """`known` gives what is remembered now, where the project is also watched live."""
        self._replay, self._reader, self._known = replay, reader, known
        self._turn = asyncio.Lock()
        self._events: Sequence[Event] = ()
        self._put_together: tuple[Sequence[Event], Sequence[Event], Sequence[Event]] = ((), (), ())
        """Those recorded, those known, and both in one: every step along the bar asks for them."""
        self._judged: Sequence[Event] = ()
        self._problems: Sequence[float] = ()
        """Times of the errors among these."""
        self._told = ToldStatuses(())
        self._failed_jobs: Sequence[FailedJob] = ()
        self._job_counts: Sequence[JobCount] = ()
        self.extent: Extent | None = None
        """None as long as nothing was read, and where there is nothing."""
        self._sample: Sample | None = None
        self._shown: PastAt | None = None
        """What was remembered at that sample."""
        self.at = 0.0
        """The time that is looked at: events between the sample and it are behind. Unix seconds."""
        self._transitions: Mapping[str, Sequence[Transition]] = {}
        """By id, the newest ones up to then, as far as they were read."""
        self._wanted: set[str] = set()
        """Ids of which they are to be read."""
        self._reading: asyncio.Task[None] | None = None

    @property
    def stamp(self) -> Stamp | None:
        """The sample that is shown."""
        return self._sample.stamp if self._sample is not None else None

    @property
    def gap(self) -> str:
        """Why it does not follow on the sample before it, in words; empty if it does."""
        return self._sample.gap if self._sample is not None else ""

    @property
    def is_unrecorded(self) -> bool:
        """Nothing was recorded at the time that is looked at: what is shown was known before."""
        gaps = self.extent.gaps if self.extent is not None else ()
        return any(gap.since < self.at < gap.until for gap in gaps)

    async def seek(self, at: float) -> bool:
        """Go to what was known at a time, Unix seconds by the server's clock; whether there is anything."""
        return await self._move(lambda: self._reader.samples.seek(at), at)

    async def step(self, by: int) -> bool:
        """Go to the next or the previous sample; whether there is one."""
        return await self._move(lambda: self._neighbour(by))

    async def minute(self, by: int) -> bool:
        """Go a minute on or back."""
        return self.stamp is not None and await self.seek(self.at + by * MINUTE)

    async def pass_to(self, at: float) -> bool:
        """Let time pass up to then, Unix seconds; whether there is another sample. The others in between
        are passed over.
        """
        before = self._sample
        return await self._move(lambda: self._newest(at), at) and self._sample is not before

    @property
    def is_at_end(self) -> bool:
        """Whether there is nothing newer."""
        return self.extent is None or self.at >= self.extent.last

    async def end(self, *, newest: bool) -> bool:
        """Go to the newest or the oldest sample."""
        return await self.seek(float("inf") if newest else 0.0)

    async def event(self, by: int, *, problems: bool = False) -> Event | None:
        """Go to the next or the previous event, or problem; None if there is none."""
        if self.stamp is None:
            return None
        events = self._all_events()
        if problems:
            events = [event for event in events if event.severity in PROBLEMS]
        key = attrgetter("at")
        index = (
            bisect_right(events, self.at, key=key) if by > 0 else bisect_left(events, self.at, key=key) - 1
        )
        if not 0 <= index < len(events):
            return None
        await self.seek(events[index].at)
        return events[index]

    @property
    def problems(self) -> Sequence[float]:
        """When errors happened that are known, Unix seconds in order."""
        events = self._all_events()
        if events is not self._judged:
            self._judged = events
            self._problems = [event.at for event in events if event.severity is Severity.ERROR]
        return self._problems

    def _all_events(self) -> Sequence[Event]:
        recorded, known = self._events, self._known().events
        if recorded is not self._put_together[0] or known is not self._put_together[1]:
            self._put_together = recorded, known, with_events(recorded, known)
        return self._put_together[2]

    def _neighbour(self, by: int) -> Sample | None:
        if self.stamp is None:
            return None
        samples = self._reader.samples
        return samples.after(self.stamp.seq) if by > 0 else samples.before(self.stamp.seq)

    def _newest(self, at: float) -> Sample | None:
        """The sample of a time, and the one that is shown if it is that."""
        shown, samples = self._sample, self._reader.samples
        if shown is None:
            return samples.seek(at)
        between = samples.stamps(shown.stamp.at, at)
        return samples.seek(at) if between and between[-1].seq > shown.stamp.seq else shown

    async def _move(self, find: Callable[[], Sample | None], at: float | None = None) -> bool:
        async with self._turn:
            found = await asyncio.to_thread(self._read, find, at, self._asked())
            if found is None:
                return False
            before, self._sample = self._sample, found.sample
            self.extent, self.at, self._transitions = found.extent, found.at, found.transitions
            past = self._past(found.sample)
            if found.sample is not before or len(past.events) != len(self._replay.past.events):
                self._replay.show_sample(found.sample, past)
            return True

    def _asked(self) -> Sequence[str]:
        """Ids of which the transitions are read with the next sample: those asked about at this one.

        Where that was passed over before anybody looked at it, those at the one before it.
        """
        asked = self._shown.asked if self._shown is not None else None
        return tuple(islice(asked or self._transitions, MOST_READ))

    def _past(self, sample: Sample) -> Past:
        known, events = self._known(), self._all_events()
        if self._told.events is not events:
            self._told = ToldStatuses(events)
        failed = {job.job_id: job for job in (*self._failed_jobs, *known.failed_jobs)}
        self._shown = PastAt(
            known,
            events,
            self.at,
            None if self.extent is None else self.extent.first,
            fleet=sample.fleet,
            failed_jobs=list(failed.values()),
            job_counts=self._job_counts,
            transitions=self._transitions,
            ask=self._want,
            untold=self._reader.untold,
            told=self._told,
        )
        return self._shown

    # ---- in a thread, one at a time -------------------------------------------------------------------

    def _read(self, find: Callable[[], Sample | None], at: float | None, ids: Iterable[str]) -> _Read | None:
        """What is moved to, and what there is."""
        reader, samples = self._reader, self._reader.samples
        first, last = samples.first, samples.last
        if first is None or last is None:
            return None
        if self.extent is None:
            self._events = reader.events(0.0, float("inf"))
            self._failed_jobs = reader.failed_jobs(0.0)
            self._job_counts = reader.job_counts(0.0)
        extent = Extent(first.at, last.at, tuple(reader.gaps("samples", first.at, last.at)))
        sample = find()
        if sample is None:
            self.extent = extent
            return None
        here = sample.stamp.at
        seen = here if at is None else max(here, min(at, last.at))
        steps = reader.newest_transitions(ids, seen) if ids else None
        return _Read(sample, extent, seen, steps or {})

    # ---- since when -----------------------------------------------------------------------------------

    def _want(self, id: str) -> None:
        """It is asked since when this has its status: read that as soon as nobody asks for more."""
        self._wanted.add(id)
        if self._reading is None:
            self._reading = asyncio.get_running_loop().create_task(self._read_wanted())

    async def _read_wanted(self) -> None:
        try:
            while self._wanted:
                await self._read_more()
        finally:
            self._reading = None

    async def _read_more(self) -> None:
        """Read a part: moves may come between two of them."""
        async with self._turn:
            ids = frozenset(self._wanted)
            found = await asyncio.to_thread(self._reader.newest_transitions, ids, self.at)
            if found is None:
                return
            self._wanted -= ids
            self._transitions = {**self._transitions, **{id: found.get(id, ()) for id in ids}}
            if self._sample is not None:
                self._replay.show_past(self._past(self._sample))

    def close(self) -> None:
        """Close the files."""
        if self._reading is not None:
            self._reading.cancel()
        self._reader.close()
