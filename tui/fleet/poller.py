"""Keeps the store current: one supervised task per source, never two polls of a source at once.

The network is awaited here and nowhere near the screen. A source that fails backs off with jitter and leaves
the last good data in place; one whose own code fails repeatedly is parked with the reason; the rest live on.
A host that refuses our credentials is asked by one source at a time.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from tui.api.clean import clean
from tui.api.client import Client
from tui.api.errors import ApiError, NoSuchService, RateLimited, Throttled, Unauthorized, Unknown, Unreachable
from tui.clock import Clock
from tui.fleet.room_scheduler import RoomScheduler
from tui.fleet.sources import SOURCES, Asking, Source
from tui.fleet.state import Freshness, Selection
from tui.fleet.store import Store

BACKOFF = 0.8
"""Seconds before the first retry; doubled each time (hazards.md §3.3)."""
BACKOFF_CAP = 30.0
"""Seconds that a retry waits at the most."""
REFUSED_EVERY = 30.0
"""Seconds between tries, of all sources together, at a host that refuses the credentials."""
ABSENT_EVERY = 60.0
"""Seconds between looks whether a server has grown the API that it did not have."""
LOOK_EVERY = 1.0
"""Seconds between looks whether a source has become wanted by what another one brought."""
SETTLE = 0.15
"""Seconds that a selection rests before its details are fetched, so that a held arrow key asks nothing."""
INTENSITY = (5, 60.0)
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
        self._failing: set[str] = set()
        """Sources whose newest question failed as all do in an outage, rather than being refused."""
        self._known: dict[str, str | None] = {}
        self._rounds = RoomScheduler()
        self._pace: dict[str, float] = {}
        """Seconds between polls, by source."""
        self.selection = Selection()

    def select(self, selection: Selection) -> None:
        """Poll for another selection; sources that follow it ask at once if their subject changed."""
        before, self.selection = self.selection, selection
        fleet = self._store.fleet
        for source in self._sources:
            if source.follows_selection and source.subject(fleet, before) != source.subject(fleet, selection):
                self._nudges[source.name].set()

    def nudge(self, *names: str) -> None:
        """Ask again now: the named sources, or all. Wakes parked ones, tries refused credentials again."""
        for refusal in self._refusals.values():
            refusal.until = 0.0
        for name in names or tuple(self._nudges):
            self._nudges[name].set()

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
        while True:
            nudge.clear()
            await self._rest(nudge, await self._turn(source))

    async def _turn(self, source: Source, *, at_once: bool = False) -> float | None:
        """Ask once, if it is wanted and its time has come; seconds until the next turn, None for never."""
        try:
            if not at_once:
                await self._settle(source)
            subject = self._known[source.name] = source.subject(self._store.fleet, self.selection)
            if subject is None:
                self._pace.pop(source.name, None)
                if self._store.fleet.fresh(source.name).failures:  # what nobody wants is not stale
                    self._store.freshen(source.name, Freshness())
                return None if source.follows_selection else LOOK_EVERY
            wait = 0.0 if at_once else self._held(source, subject)
            return wait or await self._poll(source, subject, None if at_once else self._spare(source))
        except Exception as error:  # a fault of ours must not end the program in an incident
            return self._faulted(source, error)

    async def _settle(self, source: Source) -> None:
        """Wait until a selection that moves has come to rest."""
        subject = source.subject(self._store.fleet, self.selection)
        if source.follows_selection and subject not in (None, self._known.get(source.name)):
            nudge = self._nudges[source.name]
            while await self._rest(nudge, SETTLE):
                nudge.clear()

    async def _rest(self, nudge: asyncio.Event, seconds: float | None) -> bool:
        """Wait so long, without end for None, or until nudged; whether it was that."""
        if seconds is None:
            return await nudge.wait()
        nudged = asyncio.ensure_future(nudge.wait())
        slept = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({nudged, slept}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            nudged.cancel()
            slept.cancel()
        return nudge.is_set()

    # ---- what -----------------------------------------------------------------------------------------

    async def _poll(self, source: Source, subject: str, spare: float | None) -> float:
        """Ask once and store the outcome; seconds until the next poll."""
        asking = Asking(
            client=self._client,
            fleet=self._store.fleet,
            selection=self.selection,
            now=self._clock.now(),
            monotonic=self._clock.monotonic(),
            rounds=self._rounds,
            spare=spare,
        )
        before = self._store.fleet.fresh(source.name)
        try:
            merge = await source.fetch(asking)
        except ApiError as error:
            return self._failed(source, before, subject, error)
        if not asking.asked:
            return self._next(source)
        changes = merge(self._store.fleet)
        good = before.good(self._clock.monotonic(), subject)
        self._accept(source)
        if asking.problem and not isinstance(asking.problem, Throttled):
            # something came in: however often a part fails, the whole is not stale, nor asked less often
            return self._failed(source, good, subject, asking.problem, changes)
        self._store.freshen(source.name, good, **changes)
        if asking.problem:
            return self._throttled(asking.problem)
        return self._next(source)

    def _next(self, source: Source) -> float:
        """Seconds until the next poll of a source with which all is well."""
        self._pace[source.name] = source.every(self._store.fleet, self.selection, self._refresh)
        return self._pace[source.name]

    def _spare(self, source: Source) -> float:
        """Requests a minute that the other sources leave of the budget."""
        planned = sum(60 / seconds for name, seconds in self._pace.items() if name != source.name)
        return self._client.budget.per_minute - planned

    def _failed(
        self,
        source: Source,
        before: Freshness,
        subject: str,
        error: ApiError,
        changes: Mapping[str, object] = MappingProxyType({}),
    ) -> float:
        """Store what went wrong with what came in even so; seconds until the next try."""
        now = self._clock.monotonic()
        if isinstance(error, Throttled):
            wait = self._throttled(error)
            if before.failures:  # what it failed with before is still the reason, its next try is another
                self._store.freshen(source.name, replace(before, retry_at=now + wait))
            return wait
        self._failing.discard(source.name)
        if isinstance(error, Unreachable | Unknown) and not error.retry_after:
            self._failing.add(source.name)
        if isinstance(error, NoSuchService):
            absent = replace(before.good(now, subject), absent=True, error=str(error))
            self._store.freshen(source.name, absent, **changes)
            return ABSENT_EVERY
        if isinstance(error, RateLimited):
            wait = error.retry_after + self._chance.random()
        elif isinstance(error, Unauthorized):
            wait = REFUSED_EVERY
            self._refuse(source, now, str(error))
        else:
            wait = min(BACKOFF_CAP, BACKOFF * 2 ** min(before.failures, 10)) * (1 + self._chance.random())
            wait = max(wait, error.retry_after)
        self._store.freshen(source.name, before.failed(str(error), now + wait, subject), **changes)
        return wait

    def _throttled(self, error: ApiError) -> float:
        """Our own budget, or a pause that another source was told: nothing is wrong with this one."""
        return error.retry_after + self._chance.random()

    def _faulted(self, source: Source, error: Exception) -> float | None:
        """Store that our own code failed; seconds until the next try, None once it is parked."""
        now = self._clock.monotonic()
        text = clean(f"{type(error).__name__}: {error}", limit=200)
        _log.error("source %s failed: %s", source.name, text)
        faults = self._faults[source.name]
        faults.append(now)
        most, within = INTENSITY
        while faults and faults[0] < now - within:
            faults.popleft()
        parked = len(faults) >= most
        wait = None if parked else min(BACKOFF_CAP, BACKOFF * 2 ** len(faults))
        before = self._store.fleet.fresh(source.name)
        failed = before.failed(text, None if wait is None else now + wait, before.subject)
        self._store.freshen(source.name, replace(failed, parked=parked))
        if parked:
            faults.clear()
        return wait

    # ---- refused credentials --------------------------------------------------------------------------

    def _held(self, source: Source, subject: str) -> float:
        """Seconds for which this source leaves a host alone that refuses our credentials; 0 if it may ask."""
        refusal = self._refusals.get(self._host(source))
        now = self._clock.monotonic()
        if refusal is None:
            return 0.0
        if refusal.until <= now:
            refusal.until = now + REFUSED_EVERY  # this one tries, the others wait for what becomes of it
            return 0.0
        before = self._store.fleet.fresh(source.name)
        self._store.freshen(source.name, before.failed(refusal.reason, refusal.until, subject))
        return refusal.until - now

    def _refuse(self, source: Source, now: float, reason: str) -> None:
        """Hold back all sources of the host, unless it took the same credentials a moment ago."""
        host = self._host(source)
        if now - self._accepted.get(host, -REFUSED_EVERY) >= REFUSED_EVERY:
            self._refusals[host] = _Refusal(now + REFUSED_EVERY, reason)

    def _accept(self, source: Source) -> None:
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
        return self._client.agents_host if source.cloud else self._client.project_host


@dataclass
class _Refusal:
    """A host that does not accept our credentials."""

    until: float
    """Monotonic time of the next try."""
    reason: str
