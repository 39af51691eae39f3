"""Keeps the store current: one task per source, and never two polls of a source at once.

A source that fails backs off with jitter and leaves the last good data in place. One whose own code fails
repeatedly is parked with the reason, and the others go on. A host that refuses our credentials is asked by
one source at a time.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from tui.api.client import Client
from tui.api.errors import ApiError, Throttled, Unauthorized, Unknown, Unreachable
from tui.api.text.clean import clean
from tui.api.text.masking import masked
from tui.clock import Clock, wait_or_sleep
from tui.fleet.polling.poll_outcome import (
    REFUSED_EVERY,
    Answered,
    Failed,
    Faulted,
    HeldBack,
    Outcome,
    Unwanted,
    next_turn,
)
from tui.fleet.polling.room_polling import RoomPolling
from tui.fleet.polling.sources import SOURCES, FetchContext, Source
from tui.fleet.polling.suspect_polling import SuspectPolling
from tui.fleet.state import Fleet
from tui.fleet.store import Store
from tui.fleet.view import Selection

LOOK_EVERY = 1.0
"""Seconds between looks whether a source has become wanted by what another one brought."""
SETTLE = 0.15
"""Seconds that a selection rests before its details are fetched, so that a held arrow key asks nothing."""
FAULTS_ALLOWED = (5, 60.0)
"""Own faults of a source, and the seconds within which so many of them park it."""

_log = logging.getLogger(__name__)


class Poller:
    """Polls what is wanted for the current selection. `run` until cancelled, or `once` for one round."""

    def __init__(
        self,
        client: Client,
        store: Store,
        *,
        clock: Clock,
        chance: random.Random,
        refresh: float = 2.0,
        sources: Sequence[Source] = SOURCES,
    ) -> None:
        self._client = client
        self._store = store
        self._clock = clock
        self._chance = chance
        self._refresh = refresh
        self._sources = tuple(sources)
        self._nudges = {source.name: asyncio.Event() for source in sources}
        self._faults: dict[str, deque[float]] = {source.name: deque() for source in sources}
        self._refusals: dict[str, _Refusal] = {}
        self._accepted: dict[str, float] = {}
        """Monotonic time at which a host last took our credentials."""
        self._failing: set[str] = set()
        """Sources whose newest request failed as all do in an outage, rather than being refused."""
        self._subjects: dict[str, str | None] = {}
        """What each source was last asked about."""
        self._rooms = RoomPolling()
        self._suspects = SuspectPolling()
        self._pace: dict[str, float] = {}
        """Seconds between polls, by source; only where all is well, and not of those that take the rest."""
        self.selection = Selection()

    def select(self, selection: Selection) -> None:
        """Poll for another selection; sources that follow it ask at once if their subject changed."""
        before, self.selection = self.selection, selection
        fleet = self._store.fleet
        for source in self._sources:
            appears = source.pane in selection.panes_in_view and source.pane not in before.panes_in_view
            moves = source.subject(fleet, before) != source.subject(fleet, selection)
            if source.follows_selection and (moves or appears):
                self._nudges[source.name].set()

    def nudge(self, *sources: Source) -> None:
        """Ask again now: these sources, or all. Wakes parked ones, tries refused credentials again."""
        for refusal in self._refusals.values():
            refusal.until = 0.0
        for source in sources or self._sources:
            self._nudges[source.name].set()

    async def run(self) -> None:
        """Poll until cancelled."""
        async with asyncio.TaskGroup() as group:
            for source in self._sources:
                group.create_task(self._supervise(source), name=f"poll {source.name}")

    async def once(self) -> None:
        """One round over everything wanted, in order, whatever failed before."""
        for source in self._sources:
            await self._turn(source, at_once=True)

    # ---- when -----------------------------------------------------------------------------------------

    async def _supervise(self, source: Source) -> None:
        nudge = self._nudges[source.name]
        nudged = True
        while True:
            nudge.clear()
            nudged = await wait_or_sleep(self._clock, nudge, await self._turn(source, nudged=nudged))

    async def _turn(self, source: Source, *, at_once: bool = False, nudged: bool = False) -> float | None:
        """Ask once, if it is wanted and its time has come; seconds until the next turn, None for never."""
        try:
            if not at_once:
                await self._settle(source)
            subject = self._subjects[source.name] = source.subject(self._store.fleet, self.selection)
            if not (at_once or nudged or self._in_view(source)):
                subject = None
            outcome, fleet = await self._ask(source, subject, at_once)
        except Exception as error:  # a bug must not end the program in an incident
            subject, outcome, fleet = "", self._fault(source, error), self._store.fleet
        freshness, wait = next_turn(
            self._store.fleet.fresh(source.name),
            outcome,
            subject=subject or "",
            now=self._clock.monotonic(),
            jitter=self._chance.random(),
        )
        self._store.freshen(source.name, freshness, lambda now: fleet)
        return wait

    async def _settle(self, source: Source) -> None:
        """Wait until a selection that moves has come to rest."""
        subject = source.subject(self._store.fleet, self.selection)
        if source.follows_selection and subject not in (None, self._subjects.get(source.name)):
            nudge = self._nudges[source.name]
            while await wait_or_sleep(self._clock, nudge, SETTLE):
                nudge.clear()

    # ---- what -----------------------------------------------------------------------------------------

    async def _ask(self, source: Source, subject: str | None, at_once: bool) -> tuple[Outcome, Fleet]:
        """Ask, unless nobody wants it or the host must be left alone; the fleet with the answer in it."""
        if subject is None:
            self._pace.pop(source.name, None)
            return Unwanted(None if source.follows_selection else LOOK_EVERY), self._store.fleet
        if not at_once and (held := self._held_back(source)):
            return held, self._store.fleet
        context = FetchContext(
            client=self._client,
            fleet=self._store.fleet,
            selection=self.selection,
            monotonic=self._clock.monotonic(),
            clock=self._clock,
            rooms=self._rooms,
            suspects=self._suspects,
            spare=None if at_once else self._spare(),
        )
        try:
            merge = await source.fetch(context)
        except ApiError as error:
            self._note_failure(source, error)
            return Failed(error), self._store.fleet
        fleet = merge(self._store.fleet)
        if context.asked:
            self._note_answer(source)
        for name in context.wakes:
            if name in self._nudges and (not fleet.fresh(name).failures or name in self._failing):
                self._nudges[name].set()
        if context.problem:
            self._note_failure(source, context.problem)
            return Failed(context.problem, in_part=context.asked), fleet
        return Answered(self._every(source, fleet), context.asked), fleet

    def _in_view(self, source: Source) -> bool:
        return not source.pane or source.pane in self.selection.panes_in_view

    def _every(self, source: Source, fleet: Fleet) -> float | None:
        """Seconds until a source that answered is asked again; None if nobody looks at it."""
        self._pace.pop(source.name, None)
        if not self._in_view(source):
            return None
        every = source.every(fleet, self.selection, self._refresh)
        if not source.takes_rest:
            every = max(every, 60 / (source.share * max(1, self._client.budget.rate)))
            self._pace[source.name] = every
        return every

    def _spare(self) -> float:
        """Requests a minute that are left of the budget for the sources that take the rest."""
        return self._client.budget.rate - sum(60 / seconds for seconds in self._pace.values())

    # ---- what went wrong ------------------------------------------------------------------------------

    def _note_failure(self, source: Source, error: ApiError) -> None:
        if isinstance(error, Throttled):
            return
        self._failing.discard(source.name)
        if isinstance(error, Unreachable | Unknown) and not error.retry_after:
            self._failing.add(source.name)
        if isinstance(error, Unauthorized):
            self._hold_back(source, str(error))

    def _fault(self, source: Source, error: Exception) -> Faulted:
        """Note that our own code failed."""
        now = self._clock.monotonic()
        text = clean(masked(f"{type(error).__name__}: {error}"), limit=200)
        _log.error("source %s failed: %s", source.name, text)
        faults = self._faults[source.name]
        faults.append(now)
        most, within = FAULTS_ALLOWED
        while faults and faults[0] < now - within:
            faults.popleft()
        count = len(faults)
        if count >= most:
            faults.clear()
        return Faulted(text, count, parked=count >= most)

    # ---- refused credentials --------------------------------------------------------------------------

    def _held_back(self, source: Source) -> HeldBack | None:
        """That this source leaves a host alone which refuses our credentials; None if it may ask."""
        refusal = self._refusals.get(self._host(source))
        now = self._clock.monotonic()
        if refusal is None:
            return None
        if refusal.until <= now:
            refusal.until = now + REFUSED_EVERY  # this one tries, and the others wait for its result
            return None
        return HeldBack(refusal.reason, refusal.until)

    def _hold_back(self, source: Source, reason: str) -> None:
        """Hold back all sources of the host, unless it took the same credentials a moment ago."""
        host, now = self._host(source), self._clock.monotonic()
        if now - self._accepted.get(host, -REFUSED_EVERY) >= REFUSED_EVERY:
            self._refusals[host] = _Refusal(now + REFUSED_EVERY, reason)

    def _note_answer(self, source: Source) -> None:
        """The host is there and takes our credentials: all that waited for that go on."""
        host = self._host(source)
        self._accepted[host] = self._clock.monotonic()
        was_refused = self._refusals.pop(host, None) is not None
        was_failing = source.name in self._failing
        self._failing.discard(source.name)
        for other in self._sources:
            waits = was_refused or (was_failing and other.name in self._failing)
            if waits and other is not source and self._host(other) == host:
                self._nudges[other.name].set()

    def _host(self, source: Source) -> str:
        return self._client.address(source.host)


@dataclass
class _Refusal:
    """A host that does not accept our credentials."""

    until: float
    """Monotonic time of the next try."""
    reason: str
