"""An object store of a few lines on loopback: it takes uploads and misbehaves on request."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

ALL = 1 << 40
"""More bytes than any test sends."""


@dataclass
class Store:
    """What it answers and what it saw."""

    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    take: int = ALL
    """Bytes of the body to read before answering."""
    silent: bool = False
    """Whether to hang up without an answer."""
    deaf: bool = False
    """Whether to stop reading and stay connected."""
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    url: str = ""
    released: asyncio.Event = field(default_factory=asyncio.Event)
    connections: set[asyncio.Task[None]] = field(default_factory=set)

    def headers(self) -> dict[str, str]:
        """The header fields of the newest request, by lower-case name."""
        lines = self.heads[-1].split("\r\n")[1:]
        return {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name
        }

    def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept so that the end can wait for it."""
        self.connections.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            verb = await reader.readexactly(4)
            if verb not in (b"PUT ", b"POST"):  # as when TLS is spoken to it
                writer.write(answering("400 Bad Request"))
                raise ConnectionError
            head = (verb + await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head.rstrip("\r\n"))
            length = int(self.headers().get("content-length", "0"))
            self.bodies.append(await reader.readexactly(min(length, self.take)))
            if self.deaf:
                await self.released.wait()
            if not self.silent:
                writer.write(self.answer)
                await writer.drain()
                while await reader.read(1 << 16):  # a reset would overtake the answer
                    pass
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def answering(status: str, body: str = "", *headers: str) -> bytes:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


@asynccontextmanager
async def running(store: Store, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Store]:
    """The store on a free port."""
    server = await asyncio.start_server(store.connect, "127.0.0.1", 0, ssl=tls)
    store.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield store
    finally:
        store.released.set()
        server.close()
        await server.wait_closed()
        await asyncio.gather(*store.connections)
