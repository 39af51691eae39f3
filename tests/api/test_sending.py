"""How often a request leaves: a change once, whatever becomes of the answer; what surely did not, again."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack

import pytest

from tests.api.calls import DONE, ID, UNARY_CHANGES, Call
from tests.api.scripted import Act, Server, connected, hang_up, http, part, serving, text, twirp
from tests.fixtures.clocks import ManualClock
from tui.api import changes, errors
from tui.api.changes import CHANGES, RESTART_AGENT
from tui.api.hosts import Host
from tui.api.models import Wire
from tui.api.transport import DEADLINE

every_change = pytest.mark.parametrize("call", UNARY_CHANGES, ids=str)


async def reset(writer: asyncio.StreamWriter) -> None:
    """Drop the connection with a TCP reset."""
    writer.transport.abort()
    raise ConnectionResetError


UNKNOWN: dict[str, bytes | Act] = {
    "closed": hang_up,
    "reset": reset,
    "cut": part(DONE[:-5]),
    "408": twirp(408, "deadline_exceeded", "context deadline exceeded"),
    "500": twirp(500, "internal", "internal error"),
    "502": http("502 Bad Gateway", "<html>", kind="text/html"),
    "503": twirp(503, "unavailable", "no response from servers", "Retry-After: 1"),
    "504": http("504 Gateway Timeout"),
    "no JSON": text("200 OK", "OK"),
    "empty": http(200, ""),
    "201": http("201 Created", '{"success":true}'),
}
PROVES_NOTHING: dict[str, bytes | Act] = {
    "an error as 200": http(200, '{"code":"internal","msg":"why"}'),
    "no as text": http(200, '{"success":"false"}'),
    "no as number": http(200, '{"success":0}'),
    "yes as text": http(200, '{"success":"true"}'),
    "303": http("303 See Other", "", "Location: /elsewhere"),
    "307": http("307 Temporary Redirect", "", "Location: /elsewhere"),
    "a gateway's 401": http("401 Unauthorized", "<html>", kind="text/html"),
    "a gateway's 404": http("404 Not Found", "<html>", kind="text/html"),
    "a gateway's 409": http("409 Conflict", '{"error":"conflict"}'),
    "a gateway's 429": http("429 Too Many Requests", "<html>", kind="text/html"),
    "500 bad_route": twirp(500, "bad_route", "no"),
    "503 unimplemented": twirp(503, "unimplemented", "no"),
    "502 resource_exhausted": twirp(502, "resource_exhausted", "no"),
    "409 aborted": twirp(409, "aborted", "no"),
}
REFUSED: dict[str, bytes] = {
    "400": twirp(400, "invalid_argument", "no"),
    "401": text("401 Unauthorized", "invalid API key"),
    "403": twirp(403, "permission_denied", "permissions denied"),
    "404": twirp(404, "not_found", "no"),
    "429": twirp(429, "resource_exhausted", "no", "Retry-After: 1"),
    "501": twirp(501, "unimplemented", "no"),
}


@pytest.mark.parametrize(
    ("call", "fault"),
    [(call, fault) for call in UNARY_CHANGES for fault in UNKNOWN]
    + [(call, fault) for call in UNARY_CHANGES[:3] for fault in PROVES_NOTHING],
    ids=str,
)
async def test_a_change_without_an_answer_is_sent_once_and_unknown(call: Call, fault: str) -> None:
    """It is counted at the server, and nobody says that it failed."""
    answer = {**UNKNOWN, **PROVES_NOTHING}[fault]
    async with serving(default=answer) as server, connected(server.url) as client:
        with pytest.raises(errors.Unknown) as caught:
            await call.run(client)
        assert len(server.requests) == 1
        assert caught.value.request_id == ID == server.requests[0].headers["x-livekit-request-id"]


@every_change
async def test_a_change_that_is_not_answered_in_time_is_sent_once_and_unknown(call: Call) -> None:
    async with serving() as server, connected(server.url, deadline=0.15) as client:
        server.script, server.default = [], server.silence
        with pytest.raises(errors.Unknown, match="no answer in time"):
            await call.run(client)
        assert len(server.requests) == 1


@pytest.mark.parametrize("fault", REFUSED)
@every_change
async def test_a_refused_change_is_sent_once_and_nothing_changed(call: Call, fault: str) -> None:
    async with serving(REFUSED[fault]) as server, connected(server.url) as client:
        with pytest.raises(errors.Refused):
            await call.run(client)
        assert len(server.requests) == 1


@pytest.mark.parametrize("call", [call for call in UNARY_CHANGES if "Agent" in call.name], ids=str)
async def test_the_second_failure_channel(call: Call) -> None:
    """HTTP 200 with `success: false` (PROTOCOL.md, Agents)."""
    body = '{"success":false,"message":"agent is busy"}'
    async with serving(http(200, body)) as server, connected(server.url) as client:
        if call.name == "CreateAgent":  # has no such flag: without an id nobody knows
            with pytest.raises(errors.Unknown, match="names no agent"):
                await call.run(client)
            return
        with pytest.raises(errors.NotDone) as caught:
            await call.run(client)
        assert caught.value.message == "agent is busy"
        assert caught.value.request_id == ID


@pytest.mark.parametrize(
    "call", [call for call in UNARY_CHANGES if call.name != "DestroyPrivateLink"], ids=str
)
async def test_an_empty_object_is_neither_yes_nor_no(call: Call) -> None:
    """Whoever answers `{}`, a proxy too, may do so after the effect. Deleting a link has no other answer."""
    async with serving(http(200, "{}")) as server, connected(server.url) as client:
        with pytest.raises(errors.Unknown, match=r"says neither yes nor no|names no "):
            await call.run(client)


ABOUT_OTHERS = [
    (changes.DELETE_DISPATCH, {"room": "r", "dispatch_id": "AD_a"}, '{"id":"AD_b","room":"r"}'),
    (changes.CREATE_DISPATCH, {"room": "r", "agent_name": "n"}, '{"id":"AD_a","room":"s","agent_name":"n"}'),
    (changes.CREATE_DISPATCH, {"room": "r", "agent_name": "n"}, '{"id":"AD_a","room":"r","agent_name":"m"}'),
    (changes.DEPLOY_AGENT, {"agent_id": "CA_a", "deployment": ""}, '{"success":true,"agent_id":"CA_b"}'),
    (
        changes.DEPLOY_AGENT,
        {"agent_id": "CA_a", "deployment": "x"},
        '{"success":true,"agent_id":"CA_a","deployment":"y"}',
    ),
    (
        changes.PROMOTE_AGENT,
        {"agent_id": "CA_a", "src_deployment": "x", "dst_deployment": ""},
        '{"success":true,"agent_id":"CA_b"}',
    ),
    (
        changes.CREATE_LINK,
        {"name": "a", "endpoint": "e"},
        '{"private_link":{"private_link_id":"CAPL_a","name":"b","endpoint":"e"}}',
    ),
]


@pytest.mark.parametrize(("change", "request_", "body"), ABOUT_OTHERS, ids=range(len(ABOUT_OTHERS)))
async def test_an_answer_about_something_else_proves_nothing(
    change: changes.ChangeMethod[Wire], request_: changes.Request, body: str
) -> None:
    async with serving(http(200, body)) as server, connected(server.url) as client:
        with pytest.raises(errors.Unknown, match="which was not asked for"):
            await client.change(change, request_, request_id=ID)


async def test_a_gateways_429_makes_everybody_wait_all_the_same() -> None:
    async with serving(PROVES_NOTHING["a gateway's 429"]) as server, connected(server.url) as client:
        with pytest.raises(errors.Unknown):
            await client.change(RESTART_AGENT, {"agent_id": "CA_x"}, request_id=ID)
        assert client.budget.pause() > 0


# ---- what surely did not leave -------------------------------------------------------------------------


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@every_change
async def test_what_could_not_leave_is_tried_again_under_the_same_id(call: Call) -> None:
    """The server comes up during the second pause: it gets one request."""
    clock, port = ManualClock(), free_port()
    async with AsyncExitStack() as stack:
        servers: list[Server] = []

        async def start() -> None:
            if len(clock.slept) == 2:
                servers.append(await stack.enter_async_context(serving(DONE, port=port)))

        clock.on_sleep = start
        client = await stack.enter_async_context(connected(f"http://127.0.0.1:{port}", clock=clock))
        await call.run(client)
        assert clock.slept == [0.2, 0.4]
        assert [request.headers["x-livekit-request-id"] for request in servers[0].requests] == [ID]


@every_change
async def test_what_cannot_leave_is_tried_three_times(call: Call) -> None:
    clock = ManualClock()
    async with connected(f"http://127.0.0.1:{free_port()}", clock=clock) as client:
        with pytest.raises(errors.Unreachable, match="connection refused") as caught:
            await call.run(client)
        assert clock.slept == [0.2, 0.4]
        assert caught.value.request_id == ID and isinstance(caught.value, errors.NotSent)


async def test_an_id_is_made_for_a_change_that_has_none() -> None:
    async with serving(DONE) as server, connected(server.url) as client:
        for _ in range(2):
            await client.change(RESTART_AGENT, {"agent_id": "CA_x"}, request_id="")
        first, second = (request.headers["x-livekit-request-id"] for request in server.requests)
        assert len(first) == 36 and first != second


async def test_a_change_never_travels_on_a_connection_that_was_idle() -> None:
    """A server that drops it at that moment would make the outcome unknown."""
    async with serving(DONE) as server, connected(server.url) as client:
        for _ in range(3):
            await client.list_agents()
        assert server.connections == 1
        await client.change(RESTART_AGENT, {"agent_id": "CA_x"}, request_id=ID)
        await client.change(RESTART_AGENT, {"agent_id": "CA_x"}, request_id=ID)
        assert server.connections == 3


async def test_a_read_is_tried_once() -> None:
    """The poller asks again; nobody else should."""
    clock = ManualClock()
    async with connected(f"http://127.0.0.1:{free_port()}", clock=clock) as client:
        with pytest.raises(errors.Unreachable):
            await client.list_agents()
        assert clock.slept == []
    async with serving(default=hang_up) as server, connected(server.url) as client:
        with pytest.raises(errors.Unknown):
            await client.list_agents()
        assert len(server.requests) == 1


async def test_cancelling_a_change_does_not_send_it_again() -> None:
    arrived = asyncio.Event()

    async def act(writer: asyncio.StreamWriter) -> None:
        arrived.set()
        await server.released.wait()

    async with serving(default=act) as server, connected(server.url) as client:
        task = asyncio.create_task(client.change(RESTART_AGENT, {"agent_id": "CA_x"}, request_id=ID))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(server.requests) == 1


async def test_how_long_an_answer_took_is_known() -> None:
    async with serving(DONE) as server, connected(server.url) as client:
        health = client.health(Host.PROJECT)
        assert health.latency == 0
        await client.list_rooms()
        assert 0 < health.latency < DEADLINE


async def test_waiting_for_a_room_whose_node_is_gone_is_no_slow_line() -> None:
    nobody = twirp(503, "unavailable", "no response from servers")
    async with serving(nobody) as server, connected(server.url) as client:
        with pytest.raises(errors.ApiError):
            await client.list_dispatches("r")
        assert client.health(Host.PROJECT).latency == 0


# ---- streams -------------------------------------------------------------------------------------------


def chunked(*lines: bytes, end: bool = True) -> bytes:
    """A stream of lines, or its beginning."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(line), line) for line in lines) + b"0\r\n\r\n" * end


async def test_a_stream_brings_bytes_as_they_are() -> None:
    line = b"a\xe2\x80\xa8b\x1b[0m\xff\n"
    async with serving(chunked(line, line)) as server, connected(server.url) as client:
        async with client.logs("CA_x") as chunks:
            assert b"".join([chunk async for chunk in chunks]) == line + line
        assert server.requests[0].path == "/logs?agent_id=CA_x&log_type=deploy"


@pytest.mark.parametrize(
    ("answer", "kind"), [(REFUSED["401"], errors.Unauthorized), (UNKNOWN["500"], errors.Unknown)]
)
async def test_a_stream_that_does_not_open_says_why(answer: bytes | Act, kind: type[errors.ApiError]) -> None:
    async with serving(default=answer) as server, connected(server.url) as client:
        with pytest.raises(kind) as caught:
            async with client.logs("CA_x"):
                pytest.fail("it is not open")
        assert caught.value.method == "GET /logs" and len(server.requests) == 1


async def test_a_stream_that_is_cut_says_so_after_what_came() -> None:
    async with serving(default=part(chunked(b"one\n", end=False))) as server, connected(server.url) as client:
        received = []
        with pytest.raises(errors.Unknown, match="closed before the answer was whole"):
            async with client.logs("CA_x") as chunks:
                async for chunk in chunks:
                    received.append(chunk)
        assert received == [b"one\n"]


async def test_a_stream_that_is_left_is_closed_at_once() -> None:
    async with serving(default=chunked(b"one\n", end=False)) as server, connected(server.url) as client:
        async with client.logs("CA_x") as chunks:
            assert await anext(chunks) == b"one\n"
        async with asyncio.timeout(10):
            await asyncio.wait(server.served)


async def test_polls_are_on_time_beside_many_streams() -> None:
    """Streams have connections of their own."""

    async def act(writer: asyncio.StreamWriter) -> None:
        if server.requests[-1].path.startswith("/logs"):
            writer.write(chunked(b"x\n", end=False))
            await server.released.wait()
        writer.write(DONE)

    async with serving(default=act) as server, connected(server.url, deadline=2) as client:
        async with AsyncExitStack() as stack:
            for _ in range(8):
                await stack.enter_async_context(client.logs("CA_x"))
            for _ in range(5):
                await client.list_agents()
        assert len(server.requests) == 13


def test_what_may_not_be_repeated_is_marked() -> None:
    """Sending these twice has another effect than once."""
    once = {method.name for method in CHANGES if not method.repeatable}
    assert once == {
        "CreateDispatch",
        "CreateAgent",
        "DeployAgentV2",
        "UpdateAgent",
        "RestartAgent",
        "CreatePrivateLink",
    }
