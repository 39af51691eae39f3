"""Uvicorn as a test wants it: without signals, polling or patience. Knows nothing of LiveKit."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn


class Server(uvicorn.Server):
    """Uvicorn without signals, polling or patience: it stops when told, streams and all."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stop = asyncio.Event()
        self.ready = asyncio.Event()
        """Set once connections are accepted."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to whoever runs this server."""
        yield

    def stop(self) -> None:
        """End `serve` soon."""
        self._stop.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and tell who waits for it."""
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        """Nothing to do until told to stop."""
        await self._stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close everything now: nobody practises on a server that is going down."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for server in self.servers:
            await server.wait_closed()
