"""Bodies without an end cost no more memory than their limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import psutil
import pytest

from tests.api.scripted import Act, connected, serving
from tui.api import changes, methods
from tui.api.client import Client
from tui.api.errors import ApiError, Unknown

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


CALLS: list[tuple[str, bytes, Callable[[Client], Awaitable[object]], int]] = [
    ("a listing of no rows", b"200 OK", lambda client: client.list_secrets("CA_x"), 16),
    ("no listing", b"200 OK", lambda client: client.settings(), 16),
    ("a change", b"200 OK", restart, 16),
    ("an error", b"500 X", lambda client: client.list_agents(), 1),
    ("an error of a change", b"400 X", restart, 1),
    ("an error of a stream", b"500 X", read_all, 1),
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
        with pytest.raises(ApiError) as caught:
            await call(client)
    assert isinstance(caught.value, Unknown) or caught.value.status == 400
    assert len(told) < most + 8, "it is not read further"
    assert max(told) - told[0] < (2 * most + 12) * MIB


def test_the_limits_are_those_that_the_readme_promises() -> None:
    sizes = {method.label: method.body_limit // MIB for method in methods.METHODS}
    assert set(sizes.values()) == {16, 24}
    assert [label for label, size in sizes.items() if size == 24] == [
        "CloudAgent/ListAgents",
        "RoomService/ListRooms",
    ]
    assert (methods.LIST_AGENTS.most, methods.LIST_ROOMS.most) == (50_000, 20_000)
