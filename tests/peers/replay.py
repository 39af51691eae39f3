"""A server on loopback that answers what a real one was recorded to answer at one stop of a situation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.api.scripted import Server, http, serving, text
from tests.peers.recording import RecordedStop


class Replay:
    """The server; `stop` is where the situation stands."""

    def __init__(self) -> None:
        self.stop: RecordedStop | None = None
        self.server = Server()

    async def answer(self, writer: asyncio.StreamWriter) -> None:
        """Answer the newest request."""
        method = self.server.requests[-1].method
        said = self.stop.replies + self.stop.sent if self.stop else ()
        found = next((reply for reply in said if reply.method == method), None)
        if found is None:  # as a server without Cloud Agents
            writer.write(text("404 Not Found", "404 page not found\n"))
        else:
            writer.write(http(f"{found.status} X", found.body, kind=found.type))
        await writer.drain()


@asynccontextmanager
async def replaying() -> AsyncIterator[Replay]:
    """A replay on loopback."""
    replay = Replay()
    async with serving(default=replay.answer) as replay.server:
        yield replay
