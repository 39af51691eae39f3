"""A server on loopback that answers what a real one was recorded to answer at one stop of a situation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from tests.api.scripted import Server, http, serving, text
from tests.peers.recording import RecordedStop, Reply


class Replay:
    """The server. The situation stands at `stop`, and comes to `after` with what is sent on the way there."""

    def __init__(self) -> None:
        self.stop: RecordedStop | None = None
        self.after: RecordedStop | None = None
        self.server = Server()

    async def answer(self, writer: asyncio.StreamWriter) -> None:
        """Answer the newest request."""
        method = self.server.requests[-1].method
        found = self._reply(method)
        if found is None:  # as a server without Cloud Agents
            writer.write(text("404 Not Found", "404 page not found\n"))
        else:
            writer.write(http(f"{found.status} X", found.body, kind=found.type))
        await writer.drain()

    def _reply(self, method: str) -> Reply | None:
        if self.after is not None and (sent := find(self.after.sent, method)) is not None:
            self.stop, self.after = self.after, None
            return sent
        if self.stop is None:
            return None
        listed = find(self.stop.replies, "ListRooms")
        # a token is refused before the path is looked at (PROTOCOL.md, Errors)
        return listed if listed and listed.status == 401 else find(self.stop.replies, method)


def find(replies: Iterable[Reply], method: str) -> Reply | None:
    """The reply to a method."""
    return next((reply for reply in replies if reply.method == method), None)


@asynccontextmanager
async def replaying() -> AsyncIterator[Replay]:
    """A replay on loopback."""
    replay = Replay()
    async with serving(default=replay.answer) as replay.server:
        yield replay
