"""One stream by itself: what happens on it waits in order, and a flood slows it down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from tests.logs.fakes import TestClient, TestClock, settle, source
from tui.api import errors
from tui.logs.stream import UNREAD, LogStream, Opened
from tui.logs.stream_end import Cause, StreamEnd
from tui.logs.watch import SLICE


@asynccontextmanager
async def running(client: TestClient) -> AsyncIterator[LogStream]:
    """A stream that is kept open until the block ends."""
    stream = LogStream(source(), client, clock=TestClock(), random=Random(1), ping=None, wake=lambda: None)
    task = asyncio.create_task(stream.run())
    await settle()
    yield stream
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_happens_is_taken_in_order_with_neighbouring_bytes_joined() -> None:
    client = TestClient()
    async with running(client) as stream:
        client.wire.send(b"1\n", b"2")
        client.wire.end(errors.Unknown("reset"))
        await settle()
        assert stream.waiting
        assert stream.take(SLICE) == [Opened(), b"1\n2", StreamEnd(Cause.CUT, "reset")]
        assert not stream.waiting


async def test_an_end_behind_more_bytes_than_are_taken_still_waits() -> None:
    client = TestClient()
    async with running(client) as stream:
        client.wire.send(b"x" * 100)
        client.wire.end()
        await settle()
        assert stream.take(100) == [Opened(), b"x" * 100]
        assert stream.waiting
        assert stream.take(100) == [StreamEnd(Cause.EOF)]


async def test_a_flood_that_nobody_takes_stops_the_reading_not_the_program() -> None:
    client, chunk, count, received = TestClient(), b"x" * 65_535 + b"\n", 200, 0
    async with running(client) as stream:
        client.wire.send(*[chunk] * count)
        for _ in range(500):
            await asyncio.sleep(0)
        assert UNREAD < stream.unread <= UNREAD + len(chunk)
        while received < count * len(chunk):
            received += sum(len(event) for event in stream.take(SLICE) if isinstance(event, bytes))
            for _ in range(20):
                await asyncio.sleep(0)
            assert stream.unread <= UNREAD + len(chunk)
        assert stream.unread == 0
