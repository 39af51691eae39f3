"""A bare Twirp caller for the simulator's tests: official messages, both codecs, any token."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TypeVar

import httpx
import jwt
from google.protobuf import json_format
from google.protobuf.message import Message

from tui.sim.http.server import Simulator

START = 1786000000.0
"""World time at which the tests' worlds start."""

R = TypeVar("R", bound=Message)


def token(
    simulator: Simulator,
    claims: Mapping[str, object] | None = None,
    *,
    room: str = "",
    secret: str = "",
    algorithm: str = "HS256",
    starts: float = -10,
    expires: float = 300,
) -> str:
    """A token for everything in a room; `claims` replaces some of it, None takes a claim away.

    `starts` and `expires` are seconds from now.
    """
    payload: dict[str, object] = {
        "iss": simulator.key,
        "sub": "tests",
        "nbf": int(time.time() + starts),
        "exp": int(time.time() + expires),
        "agent": {"admin": True},
        "video": {"roomList": True, "roomCreate": True, "roomAdmin": True, "room": room},
        **(claims or {}),
    }
    kept = {name: value for name, value in payload.items() if value is not None}
    return jwt.encode(kept, secret or simulator.secret, algorithm=algorithm)


class Caller:
    """Calls one simulator."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.http = httpx.AsyncClient(base_url=simulator.url, timeout=20, verify=False, trust_env=False)

    async def __aenter__(self) -> Caller:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    def headers(self, room: str = "", **more: str) -> dict[str, str]:
        """The usual headers, with a token for everything in that room."""
        return {"Authorization": f"Bearer {token(self.simulator, room=room)}", **more}

    async def post(
        self,
        method: str,
        request: Message,
        codec: str = "protobuf",
        *,
        camel: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """Call `Service/Method` in a codec."""
        if codec == "json":
            body = json_format.MessageToJson(request, preserving_proto_field_name=not camel).encode()
        else:
            body = request.SerializeToString()
        room = getattr(request, "room", "")
        return await self.http.post(
            f"/twirp/livekit.{method}",
            content=body,
            headers={**self.headers(room), "Content-Type": f"application/{codec}", **(headers or {})},
        )

    async def call(
        self, method: str, request: Message, answer: type[R], headers: Mapping[str, str] | None = None
    ) -> R:
        """Call and decode; an error fails the test."""
        return decoded(await self.post(method, request, headers=headers), answer)

    async def lines(self, path: str, count: int, **params: str) -> list[bytes]:
        """The first lines of a stream."""
        found: list[bytes] = []
        rest = b""
        async with self.http.stream("GET", path, params=params, headers=self.headers()) as response:
            assert response.status_code == 200, (await response.aread()).decode()
            async for chunk in response.aiter_raw():
                *whole, rest = (rest + chunk).split(b"\n")
                found += whole
                if len(found) >= count:
                    break
        return found[:count]


def decoded(response: httpx.Response, answer: type[R]) -> R:
    """A 200 as a message."""
    assert response.status_code == 200, response.text
    if response.headers["content-type"] == "application/json":
        return json_format.Parse(response.text, answer())
    assert response.headers["content-type"] == "application/protobuf"
    return answer.FromString(response.content)


def refusal(response: httpx.Response) -> tuple[int, str, str]:
    """Status, code and message of a Twirp error, which holds nothing else but `meta`."""
    body = response.json()
    assert set(body) <= {"code", "msg", "meta"}
    assert response.headers["content-type"] == "application/json"
    return response.status_code, body["code"], body["msg"]
