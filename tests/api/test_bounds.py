"""Bodies without an end cost no more memory than their limit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from io import BytesIO
from pathlib import Path

import psutil
import pytest

from tests.api.scripted import Act, connected, http, serving
from tui.api import changes, methods, responses
from tui.api import client as client_limits
from tui.api.client import Client
from tui.api.decoding.reader import LongListing
from tui.api.errors import ApiError, Unknown
from tui.api.long_answers import pass_on
from tui.api.models import Agent
from tui.api.upload import upload
from tui.api.upload_target import upload_target

MIB = 1024 * 1024
SENT = 48
"""Times the piece that a server sends before the test gives up on it, in MiB."""


def endless(head: bytes, piece: bytes, told: list[int]) -> Act:
    """Chunks until the client has had enough; `told` gets the memory of this process at each MiB."""
    chunk = b"%x\r\n" % len(piece) + piece + b"\r\n"

    async def act(writer: asyncio.StreamWriter) -> None:
        writer.write(head + b"Transfer-Encoding: chunked\r\n\r\n")
        for sent in range(SENT * MIB // len(piece)):
            writer.write(chunk)
            await writer.drain()
            if sent % (MIB // len(piece)) == 0:
                told.append(psutil.Process().memory_info().rss)

    return act


async def restart(client: Client) -> object:
    return await client.change(changes.RESTART_AGENT, {"agent_id": "CA_x"}, request_id="r")


async def read_all(client: Client) -> object:
    async with client.build("CA_x", "", {}) as stream:
        return [len(chunk) async for chunk in stream]


async def upload_this(client: Client) -> object:
    return await upload(upload_target(client.endpoint.url), Path(__file__), peer="127.0.0.1")


CALLS: list[tuple[str, bytes, Callable[[Client], Awaitable[object]], int]] = [
    ("a listing of no rows", b"200 OK", lambda client: client.list_secrets("CA_x"), 16),
    ("no listing", b"200 OK", lambda client: client.settings(), 16),
    ("a change", b"200 OK", restart, 16),
    ("an error", b"500 X", lambda client: client.list_agents(), 1),
    ("an error of a change", b"400 X", restart, 1),
    ("an error of a stream", b"500 X", read_all, 1),
    ("an upload", b"200 OK", upload_this, 1),
    ("an upload that fails", b"500 X", upload_this, 1),
]


@pytest.mark.parametrize(
    ("status", "call", "most"), [case[1:] for case in CALLS], ids=[case[0] for case in CALLS]
)
async def test_a_body_without_an_end(
    status: bytes, call: Callable[[Client], Awaitable[object]], most: int
) -> None:
    """By its first MiB a listing is compared, so its limit and one copy of it are all that it costs."""
    told: list[int] = []
    head = b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\n"
    async with serving(default=endless(head, b"x" * 16_384, told)) as server, connected(server.url) as client:
        try:
            await call(client)
        except ApiError as error:
            assert isinstance(error, Unknown) or error.status == 400
        else:
            assert call is upload_this and status == b"200 OK", "of this the status tells"
    assert len(told) < most + 8, "it is not read further"
    assert max(told) - told[0] < (2 * most + 12) * MIB


async def test_a_listing_that_is_too_long_for_memory_is_taken_apart_on_the_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(responses, "WHOLE", 1000)
    rows = [{"agent_id": f"CA_{number}", "agent_name": "é]}"} for number in range(100)]
    body = json.dumps({"agents": rows})
    async with serving(default=http(200, body)) as server, connected(server.url) as client:
        known = await client.list_agents()
        assert ([agent.agent_id for agent in known.items], known.is_whole) == (
            [row["agent_id"] for row in rows],
            True,
        )
        assert await client.list_agents() is known
        for broken in (body[:-1], body + "x", body.replace('"agents"', '"others"')):
            server.default = http(200, broken)
            with pytest.raises(Unknown):
                await client.list_agents()
        server.default = http(200, body)
        assert await client.list_agents() is known


async def test_a_body_that_is_announced_as_long_is_taken_apart_from_its_first_byte() -> None:
    """What is kept until it turns out to be long would be sixteen megabytes, with those before them."""
    rows = ",".join(f'{{"agent_id":"CA_{number}"}}' for number in range(1000))
    taken = asyncio.Event()
    feed = LongListing.feed

    def watched(listing: LongListing[Agent], part: bytes) -> Iterator[None]:
        yield from feed(listing, part)
        taken.set()

    async def half(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (17 * MIB))
        writer.write(b'{"agents":[' + rows.encode())
        await asyncio.wait_for(taken.wait(), 4.0)
        writer.write(b" " * (17 * MIB - len(rows) - 13) + b"]}")
        await writer.drain()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LongListing, "feed", watched)
        async with serving(default=half) as server, connected(server.url, deadline=5.0) as client:
            known = await client.list_agents()
            assert (len(known.items), known.is_whole) == (1000, True)


async def test_the_time_of_the_server_is_not_used_up_by_taking_an_answer_apart() -> None:
    class Slow:
        is_full = False

        def feed(self, part: bytes) -> Iterator[None]:
            while asyncio.get_running_loop().time() < end:
                yield

    async def parts() -> AsyncIterator[bytes]:
        yield b"[]"

    end = asyncio.get_running_loop().time() + 0.02
    async with asyncio.timeout(0.01) as timer:
        await pass_on(BytesIO(b"["), parts(), 9, Slow(), timer)


def test_the_limits_are_those_that_the_readme_promises() -> None:
    sizes = {method.label: method.body_limit // MIB for method in methods.METHODS}
    assert {label for label, size in sizes.items() if size == 64} == {
        m.label for m in methods.METHODS if m.is_listing
    }
    assert set(sizes.values()) == {16, 64}
    assert (methods.LIST_AGENTS.most, methods.LIST_ROOMS.most) == (50_000, 20_000)
    assert methods.LIST_DISPATCH.most == client_limits.ROWS_IN_ROOMS == 100_000
    assert client_limits.SIZE_IN_ROOMS == 64 * MIB
    assert {method.most for method in methods.METHODS} == {20_000, 50_000, 100_000}
