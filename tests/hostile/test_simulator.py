"""The simulator's doors by a seed: no request ends it, is answered by 500, or takes memory that stays.

A seed here, the rest on demand: `python -m pytest -m campaign tests/hostile`.
"""

from __future__ import annotations

import asyncio
from base64 import urlsafe_b64encode
from contextlib import suppress
from random import Random
from urllib.parse import urlsplit

import psutil
import pytest

from tests.sim.caller import START, token
from tui.sim.http.server import Simulator, serve

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.campaign) for seed in range(1, 25))]
"""The first in the ordinary tests."""
REQUESTS = 150
MOST = 48 * 1024 * 1024
"""Bytes by which the memory of this process may grow, with the tests that share it."""

VERBS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "CONNECT", "TRACE", "NO")
PATHS = (
    *(
        "/",
        "*",
        "?",
        "//",
        "/..",
        "/%00",
        "/%ff",
        "/%zz",
        "/" + "a" * 9000,
        "http://evil.example/_sim",
        "e:443",
    ),
    *(
        "/_sim",
        "/_sim/",
        "/_sim/effects",
        "/_sim/switches",
        "/_sim/../_sim",
        "/_sim%2feffects",
        "//_sim/clock",
    ),
    *("/_upload", "/_upload/a%2fb", "/_upload/../_sim", "/_upload/%00", "UPLOAD", "UPLOAD", "/logs", "AGENT"),
    *(
        "/twirp/livekit.CloudAgent/ListAgents",
        "/twirp/livekit.CloudAgent/%00",
        "/twirp/livekit.RoomService/X",
    ),
    *(
        "/twirp/livekit.AgentDispatchService/CreateDispatch",
        "/build",
        "/push-target",
        "/v2/",
        "/v2/a/b",
        "/rtc",
    ),
)
OF_AN_AGENT = ("/logs", "/build", "/push-target")
"""Answer with 500 where none is named, as LiveKit Cloud does."""
HOSTS = (
    *(
        "localhost",
        "127.0.0.1:1",
        "[::1]",
        "[",
        "[::1",
        "",
        "a b",
        "evil.com@127.0.0.1",
        "127.0.0.1#e",
        "h:99999",
    ),
    *("LOCALHOST.", "localhost\r\nHost: evil.example", "x" * 9000, "0"),
)
HEADERS = (
    *("Origin: null", "Sec-Fetch-Site: none", "Sec-Fetch-Site: cross-site", "Content-Type: application/json"),
    *("Content-Type: multipart/form-data", "Content-Type: multipart/form-data; boundary=x; charset=no"),
    *("Content-Type: application/protobuf", "Content-Type: application/gzip", "X-Long: " + "y" * 30_000),
    *(
        "Upgrade: websocket\r\nConnection: Upgrade",
        "Expect: 100-continue",
        "Access-Control-Request-Method: X",
    ),
    "X-LIVEKIT-AGENT-VERSION-ATTRIBUTES: " + "W1tb" * 5000,
)
BODIES: tuple[bytes, ...] = (
    *(b"", b"{}", b"null", b"[" * 50_000, b"1" * 6000, b'{"room": "\\ud800"}', b"\xff\x00", b"x" * 300_000),
    *(b'{"restart_policy": "\\ud800"}', b'{"advance": 1e309}', b"--x\r\n:\r\n\r\n--x--\r\n"),
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="\xff\x00"\r\n\r\nz\r\n--x--\r\n',
)
NUMBERS = ("1" * 400, "-1", "1e308", "1e999", "NaN", '"x"', "[]", "9e9")


def authorization(chance: Random, simulator: Simulator) -> str:
    """A good token, one that anybody can make, or none."""
    kind = chance.randrange(4)
    if kind == 0:
        return ""
    if kind == 1:
        return f"Authorization: Bearer {token(simulator, room='lobby')}\r\n"
    algorithm = chance.choice(('"HS256"', '"\\ud800"', "[]", "null"))
    claims = f'{{"iss": "devkey", "exp": {chance.choice(NUMBERS)}, "nbf": {chance.choice(NUMBERS)}}}'
    parts = (f'{{"alg": {algorithm}}}', claims, "signature")
    made = ".".join(urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)
    return f"Authorization: Bearer {made}\r\n"


def framed(chance: Random, body: bytes) -> bytes:
    """The end of the head, and a body that is as long as it says, or is not."""
    pieces = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    return chance.choice(
        (
            b"Content-Length: %d\r\n\r\n%b" % (len(body), body),
            b"Content-Length: %d\r\n\r\n%b" % (len(body) + 5, body),
            b"Content-Length: %b\r\n\r\n%b" % (b"9" * 5000, body),
            b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n" + body,
            b"Transfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n" + pieces + b"zz\r\n",
            b"Transfer-Encoding: chunked\r\n\r\n" + pieces + b"5;" + b"a=b;" * 40_000,
            b"Transfer-Encoding: chunked\r\n\r\n" + pieces,
        )
    )


async def answer(simulator: Simulator, request: bytes) -> bytes:
    """What a connection brings that is closed for writing after a request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(simulator.url).port)
    try:
        with suppress(ConnectionError):
            writer.write(request)
            await writer.drain()
            writer.write_eof()
            async with asyncio.timeout(5.0):
                return await reader.read(4096)
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("seed", SEEDS)
async def test_no_request_is_too_much_for_the_simulator(seed: int) -> None:
    chance = Random(seed)
    before = psutil.Process().memory_info().rss
    async with serve("calm", agents=2, speed=0, start_time=START, secret="secret" * 6) as simulator:
        agent = next(iter(simulator.world.agents))
        upload = urlsplit(simulator.app.uploads.offer(agent, "", "v1", {}).url).path
        for _ in range(REQUESTS):
            path = chance.choice(PATHS)
            path = {"UPLOAD": upload, "AGENT": f"/logs?agent_id={agent}&log_type=build"}.get(path, path)
            head = f"{chance.choice(VERBS)} {path} HTTP/1.{chance.randrange(2)}\r\n"
            if chance.random() < 0.95:
                head += f"Host: {chance.choice(HOSTS)}\r\n"
            head += authorization(chance, simulator)
            head += "".join(f"{line}\r\n" for line in chance.sample(HEADERS, chance.randrange(3)))
            said = await answer(simulator, head.encode() + framed(chance, chance.choice(BODIES)))
            assert path in OF_AN_AGENT or b" 500 " not in said.partition(b"\r\n")[0], head
        assert (await answer(simulator, b"GET /_sim HTTP/1.1\r\nHost: localhost\r\n\r\n"))[9:12] == b"200"
    assert psutil.Process().memory_info().rss - before < MOST
