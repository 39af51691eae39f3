"""Keeps one log stream open: connects, reads, waits, tries again. Knows neither lines nor logs.

What happens waits in order until it is taken. The wait is bounded: a flood slows its own stream down.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from random import Random
from typing import Final

import msgspec

from tui.api import errors
from tui.clock import Clock, wait_or_sleep
from tui.logs.source import LogClient, LogSource
from tui.logs.stream_end import Cause, StreamEnd, end_by_error, end_of_stream

SHORTEST: Final = 0.5
LONGEST: Final = 30.0
"""Seconds of back-off, doubled with every failure in a row."""
STEADY: Final = 30.0
"""Seconds for which a stream must have been open for its end not to count as another failure."""
SILENCE: Final = 60.0
"""A read that failed after so many seconds without a byte means silent; the client gives up at 75."""
UNREAD: Final = 4 * 1024 * 1024
"""Bytes that may wait before the stream is not read further."""

Ping = Callable[[LogSource], Awaitable[object]]
"""Asks the service something cheap. Raises `errors.ApiError` when it does not answer."""


class Opened(msgspec.Struct, frozen=True):
    """The stream is open; its bytes follow."""


Event = Opened | bytes | StreamEnd
"""What happens on a stream."""


class LogStream:
    """One stream, kept open until `run` is cancelled."""

    def __init__(
        self,
        source: LogSource,
        client: LogClient,
        *,
        clock: Clock,
        random: Random,
        ping: Ping | None,
        wake: Callable[[], None],
    ) -> None:
        """`wake` is called whenever there is something to take."""
        self.source = source
        self._client = client
        self._clock = clock
        self._random = random
        self._ping = ping
        self._wake = wake
        self._nudged = asyncio.Event()
        self._failures = 0
        self._events: deque[Event] = deque()
        self._has_room = asyncio.Event()
        self.unread = 0
        """Bytes that wait to be taken."""

    @property
    def waiting(self) -> bool:
        """There is something to take."""
        return bool(self._events)

    def take(self, most: int) -> list[Event]:
        """What happened, in order, up to about `most` bytes; bytes that follow each other are joined."""
        taken: list[Event] = []
        chunks: list[bytes] = []
        while self._events and most > 0:
            event = self._events.popleft()
            if isinstance(event, bytes):
                chunks.append(event)
                most -= len(event)
                self.unread -= len(event)
                continue
            if chunks:
                taken.append(b"".join(chunks))
                chunks.clear()
            taken.append(event)
        if chunks:
            taken.append(b"".join(chunks))
        if self.unread <= UNREAD // 2:
            self._has_room.set()
        return taken

    def nudge(self) -> None:
        """Try again now: something changed, or the operator asks."""
        self._failures = 0
        self._nudged.set()

    async def run(self) -> None:
        """Follow the stream until cancelled. Failures of the service become events; others are raised."""
        while True:
            end = await self._follow()
            self._put(end)
            if end.cause is Cause.QUIET and (end := await self._check(end)).cause is not Cause.QUIET:
                self._put(end)
            await self._wait(end)

    async def _follow(self) -> StreamEnd:
        """Open the stream and read it until it ends."""
        source = self.source
        opened = heard = 0.0
        self._nudged.clear()
        try:
            async with self._client.logs(
                source.agent_id,
                log_type=source.log_type,
                deployment=source.deployment,
                server_region=source.server_region,
            ) as chunks:
                opened = heard = self._clock.monotonic()
                self._put(Opened())
                async for chunk in chunks:
                    heard = self._clock.monotonic()
                    self.unread += len(chunk)
                    self._put(chunk)
                    if self.unread > UNREAD:
                        self._has_room.clear()
                        await self._has_room.wait()
            end = end_of_stream(source)
        except errors.ApiError as error:
            end = end_by_error(error, opened=bool(opened))
            if end.cause is Cause.CUT and self._clock.monotonic() - heard >= SILENCE:
                end = StreamEnd(Cause.QUIET)
        if opened and self._clock.monotonic() - opened >= STEADY:
            self._failures = 0
        return end

    async def _check(self, quiet: StreamEnd) -> StreamEnd:
        """A stream is silent: find out whether the service answers at all."""
        if self._ping is None:
            return quiet
        try:
            await self._ping(self.source)
        except errors.ApiError as error:
            return end_by_error(error, opened=True)
        return quiet

    async def _wait(self, end: StreamEnd) -> None:
        """Wait before the next try; a nudge ends it."""
        if end.cause is Cause.QUIET:
            return
        if end.final:
            await self._nudged.wait()
            return
        seconds = end.wait
        if seconds is None:
            seconds = min(LONGEST, SHORTEST * 2 ** min(self._failures, 10))
            self._failures += 1
        seconds *= self._random.uniform(0.75, 1.25)
        await wait_or_sleep(self._clock, self._nudged, seconds)

    def _put(self, event: Event) -> None:
        self._events.append(event)
        self._wake()
