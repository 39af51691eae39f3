"""Moves a replayed project through its samples. Reading is done off the loop. Must not know the screen."""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Final

from msgspec import Struct

from tui.fleet.past import EMPTY_PAST, Event, Gap, Past, Severity
from tui.history.records import Sample, Stamp
from tui.history.store import Reader
from tui.history.timeline import with_events
from tui.session.past_at import PastAt
from tui.session.replayed import Replay

MINUTE: Final = 60.0
PROBLEMS: Final = (Severity.ERROR, Severity.WARNING)


class Extent(Struct, frozen=True):
    """What there is to go through. Times are Unix seconds by the server's clock."""

    first: float
    last: float
    gaps: tuple[Gap, ...] = ()
    """Times in which nothing was recorded, oldest first."""


class Playback:
    """The position in a recording. One move is made at a time, in the order in which they are asked for."""

    def __init__(
        self, replay: Replay, reader: Reader, known: Callable[[], Past] = lambda: EMPTY_PAST
    ) -> None:
        """`known` gives what is remembered now, where the project is also watched live."""
        self._replay, self._reader, self._known = replay, reader, known
        self._turn = asyncio.Lock()
        self._events: Sequence[Event] = ()
        self.extent: Extent | None = None
        """None as long as nothing was read, and where there is nothing."""
        self.stamp: Stamp | None = None
        """The sample that is shown."""
        self._at = 0.0
        """The time that was asked for: events between that sample and it are behind."""
        self.gap = ""
        """Why it does not follow on the sample before it, in words; empty if it does."""

    async def seek(self, at: float) -> bool:
        """Go to what was known at a time, Unix seconds by the server's clock; whether there is anything."""
        return await self._move(lambda: self._reader.samples.seek(at), at)

    async def step(self, by: int) -> bool:
        """Go to the next or the previous sample; whether there is one."""
        return await self._move(lambda: self._neighbour(by))

    async def minute(self, by: int) -> bool:
        """Go a minute on or back."""
        return self.stamp is not None and await self.seek(self._at + by * MINUTE)

    async def advance(self, seconds: float) -> bool:
        """Let so much time pass."""
        return self.stamp is not None and await self.seek(self._at + seconds)

    @property
    def is_at_end(self) -> bool:
        """Whether there is nothing newer."""
        return self.extent is None or self._at >= self.extent.last

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
            bisect_right(events, self._at, key=key) if by > 0 else bisect_left(events, self._at, key=key) - 1
        )
        if not 0 <= index < len(events):
            return None
        await self.seek(events[index].at)
        return events[index]

    def _all_events(self) -> Sequence[Event]:
        return with_events(self._events, self._known().events)

    def _neighbour(self, by: int) -> Sample | None:
        if self.stamp is None:
            return None
        samples = self._reader.samples
        return samples.after(self.stamp.seq) if by > 0 else samples.before(self.stamp.seq)

    async def _move(self, find: Callable[[], Sample | None], at: float | None = None) -> bool:
        async with self._turn:
            sample, extent, events = await asyncio.to_thread(self._read, find)
            self.extent = extent
            self._events = events
            if sample is None:
                return False
            self.stamp, self.gap = sample.stamp, sample.gap
            here = sample.stamp.at
            self._at = here if at is None or extent is None else max(here, min(at, extent.last))
            begun = None if extent is None else extent.first
            past = PastAt(self._known(), self._all_events(), self._at, begun)
            self._replay.show_sample(sample, past)
            return True

    def _read(
        self, find: Callable[[], Sample | None]
    ) -> tuple[Sample | None, Extent | None, Sequence[Event]]:
        """What is moved to, and what there is. Runs in a thread, one at a time."""
        samples = self._reader.samples
        first, last = samples.first, samples.last
        if first is None or last is None:
            return None, None, ()
        gaps = tuple(self._reader.gaps("samples", first.at, last.at))
        events = self._events or self._reader.events(0.0, float("inf"))
        return find(), Extent(first.at, last.at, gaps), events

    def close(self) -> None:
        """Close the files."""
        self._reader.close()
