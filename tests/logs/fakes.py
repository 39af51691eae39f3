"""A clock that a test moves, a client whose streams a test writes, and lines as agents print them."""

from __future__ import annotations

import asyncio
import heapq
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import settings

from tui.api import errors
from tui.logs.source import LogSource

EPOCH = 1_795_000_000.0
"""Where the test clock starts, Unix seconds: 2026-11-18T11:06:40Z."""


PROPERTY = settings(deadline=None, derandomize=True)
"""For properties: the same examples each time, however busy the machine is."""


class TestClock:
    """Time that moves only when the test moves it; sleepers wake in order."""

    __test__ = False

    def __init__(self, start: float = EPOCH) -> None:
        self._start = start
        self._passed = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._count = 0

    def now(self) -> float:
        """Unix seconds."""
        return self._start + self._passed

    def monotonic(self) -> float:
        """Seconds since some time before the test."""
        return 1000.0 + self._passed

    async def sleep(self, seconds: float) -> None:
        """Wait until the test has moved time that far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.Event()
        self._count += 1
        heapq.heappush(self._sleepers, (self._passed + seconds, self._count, woken))
        await woken.wait()

    async def advance(self, seconds: float) -> None:
        """Move time; everything that is due happens, in order."""
        end = self._passed + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            self._passed, _, woken = heapq.heappop(self._sleepers)
            woken.set()
            await settle()
        self._passed = end
        await settle()


async def settle() -> None:
    """Let every task run until it waits for time or for bytes."""
    for _ in range(12):
        await asyncio.sleep(0)


@dataclass
class Wire:
    """One opened stream; the test is the server."""

    agent_id: str
    log_type: str
    deployment: str
    server_region: str
    _chunks: asyncio.Queue[bytes | errors.ApiError | None] = field(default_factory=asyncio.Queue)
    closed: bool = False

    def send(self, *chunks: bytes) -> None:
        """Bytes for the client."""
        for chunk in chunks:
            self._chunks.put_nowait(chunk)

    def lines(self, *lines: bytes | str) -> None:
        """Whole lines for the client."""
        for line in lines:
            self.send((line.encode() if isinstance(line, str) else line) + b"\n")

    def end(self, error: errors.ApiError | None = None) -> None:
        """End it, in order or with an error."""
        self._chunks.put_nowait(error)

    async def chunks(self) -> AsyncIterator[bytes]:
        """What the client reads."""
        while True:
            chunk = await self._chunks.get()
            if chunk is None:
                return
            if isinstance(chunk, errors.ApiError):
                raise chunk
            yield chunk


class TestClient:
    """Answers `logs` with wires; failures to open can be lined up."""

    __test__ = False

    def __init__(self) -> None:
        self.wires: list[Wire] = []
        self.refusals: list[errors.ApiError] = []
        """Raised one after the other at the next opens."""
        self.calls = 0

    @property
    def wire(self) -> Wire:
        """The newest stream."""
        return self.wires[-1]

    def of(self, region: str) -> Wire:
        """The newest stream of a region."""
        return next(wire for wire in reversed(self.wires) if wire.server_region == region)

    def logs(
        self, agent_id: str, *, log_type: str = "deploy", deployment: str = "", server_region: str = ""
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open a stream."""
        return self._open(Wire(agent_id, log_type, deployment, server_region))

    @asynccontextmanager
    async def _open(self, wire: Wire) -> AsyncIterator[AsyncIterator[bytes]]:
        self.calls += 1
        if self.refusals:
            raise self.refusals.pop(0)
        self.wires.append(wire)
        try:
            yield wire.chunks()
        finally:
            wire.closed = True


def source(
    region: str = "us-east",
    *,
    agent_id: str = "CA_test",
    agent: str = "inbound",
    log_type: str = "deploy",
    version: str = "",
    deployed_at: float | None = None,
) -> LogSource:
    """A source as the fleet describes it."""
    return LogSource(
        agent_id, agent, region, region, log_type=log_type, version=version, deployed_at=deployed_at
    )


def line(
    message: str, *, level: str = "INFO", at: float = EPOCH, name: str = "livekit.agents", **extra: object
) -> bytes:
    """A line as livekit-agents prints it in production."""
    stamp = datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds")
    return json.dumps(
        {"message": message, "level": level, "name": name, **extra, "timestamp": stamp}
    ).encode()


TRACEBACK = """Traceback (most recent call last):
  File "/app/agent.py", line 41, in entrypoint
    await book(ctx)
  File "/app/tools.py", line 12, in book
    raise ValueError("no such slot: 14")
ValueError: no such slot: 14"""
