"""Keeps the store current: one supervised task per source, never two polls of a source at once.

The network is awaited here and nowhere near the screen. A source that fails backs off with jitter and leaves
the last good data in place; one whose own code fails repeatedly is parked with the reason; the rest live on.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from tui.api.clean import clean
from tui.api.client import Client
from tui.api.errors import ApiError, NoSuchService, RateLimited, Throttled, Unauthorized
from tui.clock import Clock
from tui.fleet.sources import SOURCES, Asking, Source
from tui.fleet.state import Freshness, Selection
from tui.fleet.store import Store

BACKOFF = 0.8
"""Seconds before the first retry; doubled each time (hazards.md §3.3)."""
BACKOFF_CAP = 30.0
"""Seconds that a retry waits at the most."""
REFUSED_EVERY = 30.0
"""Seconds between tries while the credentials are refused."""
ABSENT_EVERY = 60.0
"""Seconds between looks whether a server has grown the API that it did not have."""
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
        self._polled: dict[str, float] = {}
        self.selection = Selection()

    def select(self, selection: Selection) -> None:
        """Poll for another selection; sources that follow it ask at once if their subject changed."""
        before, self.selection = self.selection, selection
        fleet = self._store.fleet
        for source in self._sources:
            if source.follows_selection and source.subject(fleet, before) != source.subject(fleet, selection):
                self._nudges[source.name].set()

    def nudge(self, *names: str) -> None:
        """Ask again now: the named sources, or all. Wakes parked ones."""
        for name in names or tuple(self._nudges):
            self._nudges[name].set()

    async def run(self) -> None:
        """Poll until cancelled."""
        async with asyncio.TaskGroup() as group:
            for source in self._sources:
                group.create_task(self._supervise(source), name=f"poll {source.name}")

    async def once(self) -> None:
        """One round over everything wanted, in order."""
        for source in self._sources:
            if (subject := source.subject(self._store.fleet, self.selection)) is not None:
                await self._poll(source, subject)

    async def _supervise(self, source: Source) -> None:
        nudge = self._nudges[source.name]
        known: str | None = None
        while True:
            nudge.clear()
            subject = source.subject(self._store.fleet, self.selection)
            if source.follows_selection and subject is not None and subject != known:
                await self._clock.sleep(SETTLE)
                subject = source.subject(self._store.fleet, self.selection)
            known = subject
            if subject is None:
                # what makes it wanted is a selection, which nudges, or other data: look again soon
                await self._rest(nudge, 1.0)
                continue
            await self._rest(nudge, await self._poll(source, subject))

    async def _rest(self, nudge: asyncio.Event, seconds: float | None) -> None:
        """Wait for the next poll or for a nudge; for a nudge alone if there is no next one."""
        if seconds is None:
            await nudge.wait()
            return
        waits = {asyncio.ensure_future(nudge.wait()), asyncio.ensure_future(self._clock.sleep(seconds))}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _poll(self, source: Source, subject: str) -> float | None:
        """Ask once and store the outcome; seconds until the next poll, None if it is parked."""
        asking = Asking(
            client=self._client,
            fleet=self._store.fleet,
            selection=self.selection,
            now=self._clock.now(),
            monotonic=self._clock.monotonic(),
            polled=self._polled,
        )
        before = self._store.fleet.fresh(source.name)
        try:
            merge = await source.fetch(asking)
            changes = merge(self._store.fleet)
        except ApiError as error:
            return self._failed(source, subject, before, error)
        except Exception as error:  # a fault of ours must not end the program in an incident
            return self._faulted(source, subject, before, error)
        good = before.good(self._clock.monotonic(), subject)
        self._store.freshen(source.name, good, **changes)
        return source.every(self._store.fleet, self.selection, self._refresh)

    def _failed(self, source: Source, subject: str, before: Freshness, error: ApiError) -> float:
        now = self._clock.monotonic()
        if isinstance(error, NoSuchService):
            absent = replace(before.good(now, subject), absent=True, error=str(error))
            self._store.freshen(source.name, absent)
            return ABSENT_EVERY
        if isinstance(error, Throttled | RateLimited):
            wait = error.retry_after + self._chance.random()
        elif isinstance(error, Unauthorized):
            wait = REFUSED_EVERY
        else:
            wait = min(BACKOFF_CAP, BACKOFF * 2 ** min(before.failures, 10)) * (1 + self._chance.random())
        if isinstance(error, Throttled):
            return wait  # our own budget: nothing is wrong with the server
        self._store.freshen(source.name, before.failed(str(error), now + wait, subject))
        return wait

    def _faulted(self, source: Source, subject: str, before: Freshness, error: Exception) -> float | None:
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
        failed = before.failed(text, None if wait is None else now + wait, subject)
        self._store.freshen(source.name, replace(failed, parked=parked))
        if parked:
            faults.clear()
        return wait
