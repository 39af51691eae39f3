"""What every request passes: routes, codecs, tokens, limits, the clock (PROTOCOL.md, Hosts and paths)."""

from __future__ import annotations

import asyncio
import base64
import email.utils
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from itertools import product
from urllib.parse import urlsplit

import pytest
from livekit.protocol import cloud_agent as cloud_pb
from livekit.protocol import room as room_pb
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.sim.caller import START, Caller, decoded, refusal, token
from tui.sim.http.middleware import RequestPipeline
from tui.sim.http.server import Simulator, serve
from tui.sim.http.transport import listen

LIST = "/twirp/livekit.CloudAgent/ListAgents"


@pytest.mark.parametrize(
    ("method", "path", "content_type", "msg"),
    [
        ("GET", LIST, "application/json", 'unsupported method "GET" (only POST is allowed)'),
        ("POST", "/twirp/livekit.CloudAgent/Nope", "application/json", 'no handler for path "{path}"'),
        ("POST", "/twirp/livekit.CloudAgent/listAgents", "application/json", 'no handler for path "{path}"'),
        ("POST", "/twirp/livekit.CloudAgent", "application/json", 'no handler for path "{path}"'),
        (
            "POST",
            "/x/livekit.CloudAgent/ListAgents",
            "application/json",
            'invalid path prefix "/x", expected "/twirp", on path "{path}"',
        ),
        ("POST", LIST, "text/plain", 'unexpected Content-Type: "text/plain"'),
        ("POST", LIST, "", 'unexpected Content-Type: ""'),
    ],
)
async def test_a_call_that_reaches_no_method_is_a_bad_route(
    caller: Caller, method: str, path: str, content_type: str, msg: str
) -> None:
    headers = caller.headers(**({"Content-Type": content_type} if content_type else {}))
    response = await caller.http.request(method, path, content=b"{}", headers=headers)
    assert refusal(response) == (404, "bad_route", msg.format(path=path))
    assert response.json()["meta"] == {"twirp_invalid_route": f"{method} {path}"}


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8"])
async def test_the_codec_follows_the_content_type_alone(caller: Caller, content_type: str) -> None:
    headers = caller.headers(**{"Content-Type": content_type, "Accept": "application/protobuf"})
    response = await caller.http.post(LIST, content=b"{}", headers=headers)
    assert response.headers["content-type"] == "application/json"
    assert len(response.json()["agents"]) == 3


async def test_an_error_is_json_also_for_a_protobuf_caller(caller: Caller) -> None:
    response = await caller.post(
        "CloudAgent/ListAgentSecrets", cloud_pb.ListAgentSecretsRequest(agent_id="no")
    )
    assert refusal(response) == (500, "internal", "failed to get agent")


@pytest.mark.parametrize("path", ["/twirp/livekit.Egress/ListEgress", "/nope", "/twirp"])
async def test_an_unknown_service_is_a_plain_404_of_go(caller: Caller, path: str) -> None:
    response = await caller.http.post(path, json={}, headers=caller.headers())
    assert (response.status_code, response.text) == (404, "404 page not found\n")
    assert response.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "path", ["/_sim/", "/_sim/nope", "/_upload/a%2fb", "/_upload/../_sim", "/_upload/", "/_upload/../logs"]
)
async def test_odd_paths_without_a_token_are_not_found(caller: Caller, path: str) -> None:
    """They need no token to be looked at, and lead nowhere."""
    for method in ("GET", "POST", "PUT"):
        # Sent by hand, for a client would tidy the path up.
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(caller.simulator.url).port)
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 404 ") and answer.endswith(b"404 page not found\n")


async def test_a_path_that_only_begins_like_the_control_api_needs_a_token(caller: Caller) -> None:
    response = await caller.http.get("/_simulated", headers={"Authorization": "Bearer x"})
    assert response.status_code == 401


async def test_a_double_slash_is_forgiven(caller: Caller) -> None:
    url = f"{caller.simulator.url}/{LIST}"
    response = await caller.http.post(url, json={}, headers=caller.headers())
    assert response.status_code == 200


async def test_malformed_bodies_are_400(caller: Caller) -> None:
    headers = caller.headers(**{"Content-Type": "application/json"})
    response = await caller.http.post(LIST, content=b"", headers=headers)
    assert refusal(response) == (400, "malformed", "the json request could not be decoded")
    headers["Content-Type"] = "application/protobuf"
    response = await caller.http.post(LIST, content=b"\xff", headers=headers)
    assert refusal(response) == (400, "malformed", "the protobuf request could not be decoded")


async def test_half_a_character_in_json_is_400(caller: Caller) -> None:
    """Protobuf's own look-up of an enum's name raises SystemError for one."""
    path = "/twirp/livekit.AgentDispatchService/CreateDispatch"
    headers = caller.headers(**{"Content-Type": "application/json"})
    response = await caller.http.post(path, content=b'{"restart_policy": "\\ud800"}', headers=headers)
    assert refusal(response) == (400, "malformed", "the json request could not be decoded")


async def test_a_declared_body_over_the_limit_is_413_in_plain_text(
    simulator: Simulator, caller: Caller
) -> None:
    simulator.control.switch({"body_limit": 1000})
    headers = caller.headers(**{"Content-Type": "application/json"})
    response = await caller.http.post(LIST, content=b" " * 1001, headers=headers)
    assert (response.status_code, response.text) == (413, "request body too large")


async def test_an_undeclared_body_over_the_limit_is_malformed(simulator: Simulator, caller: Caller) -> None:
    simulator.control.switch({"body_limit": 1000})

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b" " * 100

    headers = caller.headers(**{"Content-Type": "application/json"})
    response = await caller.http.post(LIST, content=pieces(), headers=headers)
    assert refusal(response) == (400, "malformed", "http: request body too large")


@pytest.mark.parametrize("path", ["/", "/nope", "/_sim/clock", "/_upload/x", LIST, "/logs", "/v2/"])
async def test_a_body_that_is_no_http_any_more_is_the_callers_mistake(
    caller: Caller, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Whether it comes before the answer, with it, or after."""
    head = f" {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
    head += f"Authorization: Bearer {token(caller.simulator)}\r\nContent-Type: application/json\r\n\r\n"
    for verb, waits, broken in product(
        (b"POST", b"HEAD"), (False, True), (b"zz\r\n", b"1\r\nx\r\nzz\r\n", b"5;" + b"a=b;" * 40_000)
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(caller.simulator.url).port)
        writer.write(verb + head.encode() + (b"" if waits else broken))
        if waits:
            await writer.drain()
            assert (await caller.http.get("/")).status_code == 200, "it was looked at meanwhile"
            writer.write(broken)
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
    assert "asyncio" not in {record.name for record in caplog.records}, "which tells of exceptions"


async def test_a_log_whose_reader_breaks_off_by_no_http_ends(
    simulator: Simulator, caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    agent = next(iter(simulator.world.agents))
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(simulator.url).port)
    writer.write(
        f"GET /logs?agent_id={agent} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
        f"Authorization: Bearer {token(simulator)}\r\n\r\n".encode()
    )
    assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    writer.write(b"zz\r\n")
    with suppress(ConnectionError):
        await reader.read()
    writer.close()
    assert "asyncio" not in {record.name for record in caplog.records}, "which tells of exceptions"


async def test_a_mistake_of_the_simulator_is_told_to_caller_and_owner(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(name: str) -> None:
        raise ZeroDivisionError

    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        async with serve("calm", agents=1, speed=0) as simulator, Caller(simulator) as caller:
            monkeypatch.setattr(simulator.world, "room", broken)
            response = await caller.post("RoomService/CreateRoom", room_pb.CreateRoomRequest(name="a"))
            assert refusal(response) == (500, "internal", "Internal service panic")
    assert "ZeroDivisionError" in capsys.readouterr().err


class Alone:
    """The pipeline with routes of a test's own, and what it sends."""

    def __init__(self, simulator: Simulator, routes: ASGIApp) -> None:
        self.pipeline = RequestPipeline(routes, simulator.world, {}, simulator.app.pipeline.faults)
        self.sent: list[Message] = []

    async def ask(self) -> None:
        """One request, to a path that needs no token."""

        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Message) -> None:
            self.sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/_sim/x", "query_string": b"", "headers": []}
        await self.pipeline({**scope, "state": {}}, receive, send)


@pytest.mark.parametrize("is_begun", [False, True])
async def test_after_a_mistake_an_answer_that_was_begun_is_not_begun_again(
    simulator: Simulator, is_begun: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    async def routes(scope: Scope, receive: Receive, send: Send) -> None:
        if is_begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    alone = Alone(simulator, routes)
    await alone.ask()
    begun = [message["status"] for message in alone.sent if message["type"] == "http.response.start"]
    assert begun == ([200] if is_begun else [500])
    assert len(alone.pipeline.panics) == 1 and "ZeroDivisionError" in capsys.readouterr().err


async def test_what_is_cancelled_says_so_unless_the_server_is_being_stopped(simulator: Simulator) -> None:
    async def routes(scope: Scope, receive: Receive, send: Send) -> None:
        raise asyncio.CancelledError

    alone = Alone(simulator, routes)
    with pytest.raises(asyncio.CancelledError):
        await alone.ask()
    alone.pipeline.closing = True
    await alone.ask()
    assert not alone.sent and not alone.pipeline.panics


async def test_a_world_that_stops_moving_is_told_to_its_owner() -> None:
    due = asyncio.Event()

    def broken() -> None:
        due.set()
        raise ZeroDivisionError

    with pytest.raises(RuntimeError, match="its world stood still") as caught:
        async with serve("calm", agents=1, speed=1) as simulator:
            simulator.world.after(0, broken)
            await due.wait()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


async def test_the_root_says_ok(caller: Caller) -> None:
    response = await caller.http.get("/")
    assert (response.status_code, response.text) == (200, "OK")


# -- tokens


async def asked(caller: Caller, authorization: str | None, query: str = "") -> tuple[int, str, str]:
    headers = {} if authorization is None else {"Authorization": authorization}
    response = await caller.http.post(LIST + query, json={}, headers=headers)
    return response.status_code, response.headers["content-type"].split(";")[0], response.text


async def test_a_header_without_bearer_is_401_in_plain_text(caller: Caller) -> None:
    expected = (401, "text/plain", "invalid authorization header. Must start with Bearer ")
    assert await asked(caller, "Basic abc") == expected
    assert await asked(caller, "bearer abc") == expected


def unsigned(head: str, payload: str) -> str:
    """A token that anybody can make: one with the key's public name and any signature."""
    return ".".join(
        base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in (head, payload, "x")
    )


@pytest.mark.parametrize(
    "junk",
    [
        *("abc", "a.b.c", "....", "é.é.é", "e30.W10.e30"),
        unsigned('{"alg": "\\ud800"}', '{"iss": "devkey", "exp": 9e9}'),
        unsigned('{"alg": "HS256"}', '{"iss": "devkey", "exp": NaN}'),
        unsigned('{"alg": "HS256"}', '{"iss": "devkey", "exp": 1e999}'),
    ],
)
async def test_what_is_no_token_is_401_in_plain_text(caller: Caller, junk: str) -> None:
    response = await caller.http.post(LIST, json={}, headers=[(b"Authorization", f"Bearer {junk}".encode())])
    assert (response.status_code, response.text) == (401, "invalid authorization token")


UNSIGNED = "token signature is invalid: "
UNTIMELY = "token has invalid claims: "
BAD_TOKENS: dict[str, tuple[Callable[[Simulator], str], str]] = {
    "unknown key": (lambda s: token(s, {"iss": "other"}), "invalid API key"),
    "no key": (lambda s: token(s, {"iss": None}), "invalid API key"),
    "wrong secret": (lambda s: token(s, secret="x" * 40), f"{UNSIGNED}signature is invalid"),
    "HS512": (
        lambda s: token(s, secret="x" * 64, algorithm="HS512"),
        f"{UNSIGNED}signing method HS512 is invalid",
    ),
    "expired": (lambda s: token(s, expires=-70), f"{UNTIMELY}token is expired"),
    "too early": (lambda s: token(s, starts=90), f"{UNTIMELY}token is not valid yet"),
    "no expiry": (
        lambda s: token(s, {"exp": None}),
        f"{UNTIMELY}token is missing required claim: exp claim is required",
    ),
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
async def test_a_bad_token_is_401_in_the_words_of_go(caller: Caller, kind: str) -> None:
    make, said = BAD_TOKENS[kind]
    if "claims" in said or "signature" in said:
        said = f"invalid authorization token: {said}"
    assert await asked(caller, f"Bearer {make(caller.simulator)}") == (401, "text/plain", said)


@pytest.mark.parametrize(
    "times", [{"exp": 10**400}, {"exp": -(10**400)}, {"exp": 9e9, "nbf": 10**400}], ids=str
)
async def test_no_number_in_a_token_is_too_large(caller: Caller, times: dict[str, float]) -> None:
    """Anybody can send one: it is read before the signature is checked."""
    made = unsigned('{"alg": "HS256"}', json.dumps({"iss": caller.simulator.key, **times}))
    assert (await asked(caller, f"Bearer {made}"))[0] == 401


@pytest.mark.parametrize("times", [(-10, -40), (40, 300)])
async def test_a_minute_of_clock_difference_is_allowed(caller: Caller, times: tuple[float, float]) -> None:
    made = token(caller.simulator, starts=times[0], expires=times[1])
    assert (await asked(caller, f"Bearer {made}"))[0] == 200


async def test_a_token_in_the_worlds_time_is_as_good(caller: Caller) -> None:
    made = token(caller.simulator, {"nbf": int(START), "exp": int(START) + 60})
    assert (await asked(caller, f"Bearer {made}"))[0] == 200


async def test_no_header_at_all_is_a_twirp_error(caller: Caller) -> None:
    status, kind, text = await asked(caller, None)
    assert (status, kind) == (401, "application/json")
    assert json.loads(text) == {"code": "unauthenticated", "msg": "permissions denied"}


async def test_the_token_may_come_as_a_query_parameter(caller: Caller) -> None:
    assert (await asked(caller, None, f"?access_token={token(caller.simulator)}"))[0] == 200


@pytest.mark.parametrize(
    ("method", "claims"),
    [
        ("CloudAgent/ListAgents", {"agent": None}),
        ("CloudAgent/ListAgents", {"agent": {"admin": "true"}}),
        ("RoomService/ListRooms", {"video": {"roomAdmin": True}}),
        ("RoomService/CreateRoom", {"video": {"roomList": True}}),
        ("RoomService/ListParticipants", {"video": {"roomAdmin": True, "room": "other"}}),
        ("RoomService/ListParticipants", {"video": {"roomAdmin": True}}),
        ("AgentDispatchService/CreateDispatch", {"video": {"roomAdmin": True, "room": "A"}}),
        ("AgentDispatchService/ListDispatch", {"video": {"roomCreate": True, "room": "a"}}),
    ],
)
async def test_a_missing_grant_is_401_and_with_the_switch_403(
    simulator: Simulator, caller: Caller, method: str, claims: dict[str, object]
) -> None:
    made = token(simulator, claims)
    headers = {"Authorization": f"Bearer {made}"}
    response = await caller.http.post(f"/twirp/livekit.{method}", json={"room": "a"}, headers=headers)
    assert refusal(response) == (401, "unauthenticated", "permissions denied")
    simulator.control.switch({"grant_refusal": "403"})
    response = await caller.http.post(f"/twirp/livekit.{method}", json={"room": "a"}, headers=headers)
    assert refusal(response) == (403, "permission_denied", "permissions denied")


async def test_a_token_without_a_room_only_fits_the_nameless_room(caller: Caller) -> None:
    made = token(caller.simulator, {"video": {"roomAdmin": True}})
    headers = {"Authorization": f"Bearer {made}"}
    path = "/twirp/livekit.RoomService/ListParticipants"
    assert (await caller.http.post(path, json={}, headers=headers)).status_code == 404
    assert (await caller.http.post(path, json={"room": "a"}, headers=headers)).status_code == 401


# -- headers


async def test_the_cli_version_header_is_wanted_only_by_switch(simulator: Simulator, caller: Caller) -> None:
    request = cloud_pb.ListAgentsRequest()
    assert (await caller.post("CloudAgent/ListAgents", request)).status_code == 200
    simulator.control.switch({"require_cli_version": True})
    response = await caller.post("CloudAgent/ListAgents", request)
    assert refusal(response) == (400, "malformed", "livekit-cli version header is required")
    response = await caller.post(
        "CloudAgent/ListAgents", request, headers={"X-LIVEKIT-CLI-VERSION": "2.18.2"}
    )
    assert response.status_code == 200
    assert (await caller.post("RoomService/ListRooms", room_pb.ListRoomsRequest())).status_code == 200


async def test_the_date_header_is_the_worlds_clock_and_its_skew(simulator: Simulator, caller: Caller) -> None:
    async def date() -> float:
        response = await caller.http.get("/")
        return email.utils.parsedate_to_datetime(response.headers["date"]).timestamp()

    assert await date() == START
    simulator.clock.skew = 120
    simulator.advance(3)
    assert await date() == START + 123


async def test_a_skewed_server_refuses_tokens_of_an_exact_clock(simulator: Simulator, caller: Caller) -> None:
    simulator.clock.skew = 600
    response = await caller.post("CloudAgent/ListAgents", cloud_pb.ListAgentsRequest())
    assert response.text == "invalid authorization token: token has invalid claims: token is expired"


async def test_a_browser_may_ask_from_anywhere(caller: Caller) -> None:
    headers = {"Origin": "https://x.example", "Access-Control-Request-Method": "POST"}
    response = await caller.http.options(LIST, headers=headers)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["access-control-max-age"] == "86400"


async def test_camel_json_by_switch() -> None:
    async with (
        serve("calm", agents=1, speed=0, start_time=START, camel_json=True) as simulator,
        Caller(simulator) as caller,
    ):
        response = await caller.post("CloudAgent/ListAgents", cloud_pb.ListAgentsRequest(), "json")
        assert "agentId" in response.json()["agents"][0]
        assert len(decoded(response, cloud_pb.ListAgentsResponse).agents) == 1


async def test_an_unknown_switch_is_named() -> None:
    with pytest.raises(ValueError, match=r"unknown field `no_such_switch` - at `\$.switches`"):
        async with serve("calm", no_such_switch=True):
            pass


def test_answers_are_not_held_back_by_nagles_algorithm() -> None:
    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            # asyncio sets TCP_NODELAY exactly on these.
            assert accepted.proto == socket.IPPROTO_TCP


async def test_a_self_hosted_server_has_no_cloud_agents() -> None:
    async with serve("selfhosted", speed=0) as simulator, Caller(simulator) as caller:
        response = await caller.post("CloudAgent/ListAgents", cloud_pb.ListAgentsRequest())
        assert (response.status_code, response.text) == (404, "404 page not found\n")
        for path in ("/logs?agent_id=CA_x", "/push-target"):
            response = await caller.http.get(path, headers=caller.headers())
            assert (response.status_code, response.text) == (404, "404 page not found\n")
        rooms = await caller.call(
            "RoomService/ListRooms", room_pb.ListRoomsRequest(), room_pb.ListRoomsResponse
        )
        assert [room.name for room in rooms.rooms][:2] == ["lobby", "desk-1"]
