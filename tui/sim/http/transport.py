"""Uvicorn that stops at once, and connections that can be broken on purpose. Knows no LiveKit."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Iterable, Iterator

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

BACKLOG = 512
NO_HTTP = (
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\nno HTTP request\n"
)


class BreakableTransport(asyncio.Transport):
    """A connection's transport that can be made to fail after a number of bytes."""

    def __init__(self, inner: asyncio.Transport) -> None:
        super().__init__()
        self._inner = inner
        self._left: int | None = None
        self._then_close = False
        self.lost = asyncio.Event()
        """Set when the connection is gone, by either side."""

    def fail_after(self, count: int, *, close: bool) -> None:
        """Let `count` more bytes through, then close, or with `close` false send nothing more."""
        self._left, self._then_close = count, close

    def reset(self) -> None:
        """Drop the connection with a TCP reset."""
        connection: socket.socket | None = self._inner.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._inner.abort()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send the bytes that are allowed."""
        if self._left is None:
            self._inner.write(data)
            return
        allowed, self._left = bytes(data[: self._left]), max(0, self._left - len(data))
        if allowed:
            self._inner.write(allowed)
        if self._left == 0 and self._then_close:
            self._inner.close()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Send all."""
        for data in list_of_data:
            self.write(data)

    def close(self) -> None:
        """Close once everything is sent; a silenced connection stays open."""
        if self._left is None or self._then_close:
            self._inner.close()

    def abort(self) -> None:
        """Close now."""
        self._inner.abort()

    def is_closing(self) -> bool:
        """Whether it is closed or will be."""
        return self._inner.is_closing()

    def get_extra_info(self, name: str, default: object = None) -> object:
        """Addresses and the socket."""
        return self._inner.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Pause reading."""
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        """Resume reading."""
        self._inner.resume_reading()


class Connection(H11Protocol):
    """Uvicorn's HTTP connection over a `BreakableTransport`, `transport` in the state of requests."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Put the `BreakableTransport` between uvicorn and the socket."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("HTTP needs a stream")
        self.breakable = BreakableTransport(transport)
        self.app_state = {**self.app_state, "transport": self.breakable}
        super().connection_made(self.breakable)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP. Whoever answers what came before it has nobody to answer to any more."""
        cycle = self._newest()
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        if cycle is None or not cycle.response_started:  # else it was answered already, or in part
            self.transport.write(NO_HTTP)  # uvicorn's own fails where what came before it was a HEAD
        self.transport.close()

    def _newest(self) -> RequestResponseCycle | None:
        """The newest request of this connection, and what was answered to it; None before the first."""
        return self.cycle

    def connection_lost(self, exc: Exception | None) -> None:
        """Set `lost`."""
        super().connection_lost(exc)
        self.breakable.lost.set()


class Server(uvicorn.Server):
    """Uvicorn without signals and polling: `stop` ends it at once, open streams included."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stop = asyncio.Event()
        self.ready = asyncio.Event()
        """Set once connections are accepted."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are handled by the caller."""
        yield

    def stop(self) -> None:
        """End `serve` soon."""
        self._stop.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then set `ready`."""
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        """Wait for `stop`."""
        await self._stop.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close everything now."""
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


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises OSError.

    The protocol is named because asyncio switches Nagle's algorithm off only where it is; otherwise an answer
    in two pieces waits 40 ms for the client's delayed acknowledgement.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
