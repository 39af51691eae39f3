"""A server of a few lines that answers byte for byte what it is told, and a client on it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate

from tui.api.auth import Credentials
from tui.api.budget import Budget
from tui.api.caller import Endpoint
from tui.api.client import Client
from tui.api.transport import DEADLINE, WriteGuard
from tui.clock import Clock, SystemClock
from tui.secret import Secret

KEY = "APIscripted"
SECRET = "scripted-secret-0123456789abcdef0123456789"

Act = Callable[[asyncio.StreamWriter], Awaitable[None]]
"""What the server does in place of a plain answer."""


@dataclass(frozen=True)
class Request:
    """A request as it came in."""

    verb: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def method(self) -> str:
        """`ListAgents`, or the path of what is no Twirp call."""
        return self.path.rpartition("/")[2] if self.path.startswith("/twirp/") else self.path

    @property
    def claims(self) -> dict[str, object]:
        """What the token says, whoever signed it."""
        middle = self.headers["authorization"].removeprefix("Bearer ").split(".")[1]
        found: dict[str, object] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
        return found

    @property
    def json(self) -> dict[str, object]:
        """The body."""
        found: dict[str, object] = json.loads(self.body)
        return found


@dataclass
class Server:
    """Answers from `script` as long as there are any, then `default`."""

    default: bytes | Act = b""
    script: list[bytes | Act] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    url: str = ""
    released: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the test is over: lets go whoever was kept waiting."""
    served: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, for as many requests as it brings."""
        self.connections += 1
        if task := asyncio.current_task():
            self.served[task] = writer
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            while True:
                self.requests.append(await _read(reader))
                answer = self.choose(self.requests[-1])
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                else:
                    await answer(writer)
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()

    def choose(self, request: Request) -> bytes | Act:
        """What is answered to a request."""
        return self.script.pop(0) if self.script else self.default

    async def silence(self, writer: asyncio.StreamWriter) -> None:
        """Say nothing until the test is over."""
        await self.released.wait()

    def drip(self, answer: bytes, pause: float) -> Act:
        """Answer a byte at a time."""

        async def act(writer: asyncio.StreamWriter) -> None:
            for index in range(len(answer)):
                writer.write(answer[index : index + 1])
                await writer.drain()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self.released.wait()
                        return

        return act


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    verb, path, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Request(verb, path, headers, await reader.readexactly(int(headers.get("content-length", "0"))))


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Close without an answer."""
    raise ConnectionResetError


def part(answer: bytes) -> Act:
    """Answer so much and hang up."""

    async def act(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        raise ConnectionResetError

    return act


def http(status: int | str, body: bytes | str = b"", *headers: str, kind: str = "application/json") -> bytes:
    """A whole answer."""
    raw = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(raw)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


def text(status: int | str, body: str, *headers: str) -> bytes:
    """An answer in plain text, as of middleware."""
    return http(status, body, *headers, kind="text/plain; charset=utf-8")


def twirp(status: int, code: str, message: str, *headers: str) -> bytes:
    """A Twirp error."""
    return http(f"{status} X", json.dumps({"code": code, "msg": message}), *headers)


def date(at: float) -> str:
    """The header that tells a server's time; `at` in Unix seconds."""
    return f"Date: {formatdate(at, usegmt=True)}"


@asynccontextmanager
async def serving(
    *script: bytes | Act, default: bytes | Act = b"", tls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[Server]:
    """A server on loopback; without a default the last of the script is repeated."""
    server = Server(default or (script[-1] if script else http(200, "{}")), list(script))
    async with listening(server, tls=tls, port=port):
        yield server


@asynccontextmanager
async def listening(
    server: Server, *, tls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[None]:
    """Let a server listen on loopback; its `url` is set."""
    listener = await asyncio.start_server(server.serve, "127.0.0.1", port, ssl=tls)
    scheme = "https" if tls else "http"
    server.url = f"{scheme}://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield
    finally:
        server.released.set()
        listener.close()
        for writer in server.served.values():
            writer.close()
        await asyncio.gather(*server.served)
        await listener.wait_closed()


@asynccontextmanager
async def connected(
    url: str,
    *,
    agents_url: str = "",
    clock: Clock | None = None,
    per_minute: int = 10_000,
    gate: WriteGuard | None = None,
    ca_file: str | None = None,
    proxy: str | None = None,
    unused_proxy: str = "",
    key: str = KEY,
    secret: str = SECRET,
    deadline: float = DEADLINE,
) -> AsyncIterator[Client]:
    """A client of that server."""
    clock = clock or SystemClock()
    credentials = Credentials(key, Secret(secret))
    endpoint = Endpoint(
        url,
        agents_url or url,
        credentials,
        ca_file=ca_file,
        proxy=proxy,
        unused_proxy=unused_proxy,
        deadline=deadline,
    )
    client = Client(endpoint, budget=Budget(per_minute, clock), clock=clock, gate=gate)
    try:
        yield client
    finally:
        await client.aclose()
