"""Keeps one log stream open: connects, waits, tries again. What comes in is handed on untouched."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Final, Protocol

from tui.api import errors
from tui.clock import Clock
from tui.logs.ends import Cause, End, end_by_error, end_of_stream
from tui.logs.source import LogClient, LogSource

SHORTEST: Final = 0.5
LONGEST: Final = 30.0
"""Seconds of back-off, doubled with every failure in a row."""
STEADY: Final = 30.0
"""Seconds for which a stream must have been open for its end not to count as another failure."""
SILENCE: Final = 60.0
"""A read that failed after so many seconds without a byte means silent; the client gives up at 75."""

Ping = Callable[[LogSource], Awaitable[object]]
"""Asks the service something cheap. Raises `errors.ApiError` when it does not answer."""


class Sink(Protocol):
    """Where a tail puts what happens, in order."""

    def opened(self) -> None:
        """The stream is open."""

    async def chunk(self, data: bytes) -> None:
        """Bytes came; waits while too many lie unread."""

    def ended(self, end: End) -> None:
        """The stream ended or did not open."""


class Tail:
    """One stream, kept open until cancelled."""

    def __init__(
        self,
        source: LogSource,
        client: LogClient,
        sink: Sink,
        *,
        clock: Clock,
        random: Random,
        ping: Ping | None,
    ) -> None:
        self.source = source
        self._client = client
        self._sink = sink
        self._clock = clock
        self._random = random
        self._ping = ping
        self._nudged = asyncio.Event()
        self._failures = 0

    def nudge(self) -> None:
        """Try again now: something changed, or the operator asks."""
        self._failures = 0
        self._nudged.set()

    async def run(self) -> None:
        """Follow the stream for ever. Failures of the service are told to the sink; no others are caught."""
        while True:
            end = await self._follow()
            self._sink.ended(end)
            if end.cause is Cause.QUIET and (end := await self._look(end)).cause is not Cause.QUIET:
                self._sink.ended(end)
            await self._wait(end)

    async def _follow(self) -> End:
        """Open the stream and pass it on until it ends."""
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
                self._sink.opened()
                async for chunk in chunks:
                    heard = self._clock.monotonic()
                    await self._sink.chunk(chunk)
            end = end_of_stream(source)
        except errors.ApiError as error:
            end = end_by_error(error, opened=bool(opened))
            if end.cause is Cause.CUT and self._clock.monotonic() - heard >= SILENCE:
                end = End(Cause.QUIET)
        if opened and self._clock.monotonic() - opened >= STEADY:
            self._failures = 0
        return end

    async def _look(self, quiet: End) -> End:
        """A silent stream: is the service there at all?"""
        if self._ping is None:
            return quiet
        try:
            await self._ping(self.source)
        except errors.ApiError as error:
            return end_by_error(error, opened=True)
        return quiet

    async def _wait(self, end: End) -> None:
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
        waits = [
            asyncio.ensure_future(self._clock.sleep(seconds)),
            asyncio.ensure_future(self._nudged.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
