"""Reads the beginning of one log, for a few seconds, without keeping it. Must not know who wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from tui.api.errors import ApiError
from tui.clock import Clock, wait_or_sleep
from tui.logs.lines.classify import Classifier
from tui.logs.log import Log
from tui.logs.read_error import ErrorListener
from tui.logs.source import LogClient, LogSource, StreamState
from tui.logs.spool import Spool

SECONDS: Final = 5.0
"""For which it is read at the most."""
LINES: Final = 200
"""Lines that are read at the most."""
LONGEST: Final = 256 * 1024
"""Bytes of a line without an end; what is longer loses its beginning."""


async def glance(client: LogClient, source: LogSource, clock: Clock, listener: ErrorListener) -> int:
    """Tell of the errors in the lines that come first; returns how many lines came.

    A log that cannot be opened has none.
    """
    lines: list[bytes] = []
    is_over = asyncio.Event()
    reading = asyncio.create_task(_read(client, source, lines, is_over))
    try:
        await wait_or_sleep(clock, is_over, SECONDS)
    finally:
        reading.cancel()
        await asyncio.wait([reading])
    failure = None if reading.cancelled() else reading.exception()
    if failure is not None and not isinstance(failure, ApiError):
        raise failure
    if lines := lines[:LINES]:
        read_errors(lines, source, clock, listener)
    return len(lines)


def read_errors(lines: Sequence[bytes], source: LogSource, clock: Clock, listener: ErrorListener) -> None:
    """Tell of the errors in some lines."""
    log = Log(Spool(None), listener=listener)
    log.streams[0] = StreamState(source, "", heard=clock.monotonic())
    log.append(lines, Classifier().marks(lines), bytes(len(lines)), clock.now())
    while log.count_errors():
        pass
    log.close()


async def _read(client: LogClient, source: LogSource, lines: list[bytes], is_over: asyncio.Event) -> None:
    rest = b""
    try:
        async with client.logs(
            source.agent_id,
            log_type=source.log_type,
            deployment=source.deployment,
            server_region=source.server_region,
        ) as chunks:
            async for chunk in chunks:
                *whole, rest = (rest + chunk).split(b"\n")
                lines += whole
                rest = rest[-LONGEST:]
                if len(lines) >= LINES:
                    return
        if rest:
            lines.append(rest)
    finally:
        is_over.set()
