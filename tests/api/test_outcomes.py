"""What every kind of answer, and of none, means for the question that matters: did it run?"""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import tracemalloc
from email.utils import formatdate

import pytest

from tests.api.scripted import Act, connected, date, hang_up, http, part, serving, text, twirp
from tui.api import errors
from tui.api.client import Client
from tui.api.decoding.limits import MEBI
from tui.api.errors import ApiError
from tui.api.responses import retry_after
from tui.api.text.clean import is_clean

HTML = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body></html>"


async def failure(client: Client) -> ApiError:
    """The error of one read."""
    with pytest.raises(ApiError) as caught:
        await client.list_agents()
    assert is_clean(str(caught.value)) and "\n" not in str(caught.value)
    return caught.value


CLASSES: list[tuple[bytes, type[ApiError], str]] = [
    # authentication: middleware answers in plain text, handlers in Twirp (PROTOCOL.md, Tokens and grants)
    (text("401 Unauthorized", "invalid API key"), errors.Unauthorized, "invalid API key (HTTP 401)"),
    (
        text("401 Unauthorized", "invalid authorization token: token has invalid claims: token is expired"),
        errors.Unauthorized,
        "token is expired",
    ),
    (
        twirp(401, "unauthenticated", "permissions denied"),
        errors.Unauthorized,
        "permissions denied (401 unauthenticated)",
    ),
    (
        twirp(403, "permission_denied", "permissions denied"),
        errors.Unauthorized,
        "permissions denied (403 permission_denied)",
    ),
    (text("403 Forbidden", "project suspended"), errors.Unauthorized, "project suspended"),
    (http("401 Unauthorized"), errors.Unauthorized, "does not accept these credentials"),
    # which of the two 404s it is decides whether to go on asking (PROTOCOL.md, Errors)
    (text("404 Not Found", "404 page not found\n"), errors.NoSuchService, "does not offer this API"),
    (twirp(404, "bad_route", 'no handler for path "/x"'), errors.NoSuchService, "does not offer this API"),
    (twirp(501, "unimplemented", "no"), errors.NoSuchService, "does not offer this API"),
    (twirp(500, "bad_route", "no"), errors.Unknown, "no (500 bad_route)"),
    (twirp(503, "unimplemented", "no"), errors.Unknown, "no (503 unimplemented)"),
    (http("404 Not Found", HTML, kind="text/html"), errors.Refused, "Not Found (HTTP 404)"),
    (twirp(404, "not_found", "agent not found"), errors.NotFound, "agent not found (404 not_found)"),
    (http("404 X", '{"code":"not_found","msg":"no","by":"a proxy"}'), errors.Refused, "no (404 not_found)"),
    (
        twirp(404, "not_found", "twirp error unknown: dispatch ID not found"),
        errors.NotFound,
        "dispatch ID not found (404 not_found)",
    ),
    # an explicit no
    (twirp(400, "invalid_argument", "no room name"), errors.Refused, "no room name (400 invalid_argument)"),
    (twirp(400, "malformed", "livekit-cli version header is required"), errors.Refused, "version header"),
    (twirp(409, "already_exists", "agent exists"), errors.Refused, "agent exists"),
    (twirp(412, "failed_precondition", "agent is busy"), errors.Refused, "agent is busy"),
    (text("413 Too Large", "request body too large"), errors.Refused, "request body too large (HTTP 413)"),
    (text("451 Unavailable", "project not allowed in this region."), errors.Refused, "not allowed in this"),
    (http("302 Found", "", "Location: https://evil.example/"), errors.Refused, "redirects elsewhere"),
    (http("307 Temporary", "", "Location: https://evil.example/"), errors.Refused, "redirects elsewhere"),
    # too many
    (twirp(429, "resource_exhausted", "rate limit"), errors.RateLimited, "rate limit"),
    (http("429 Too Many Requests", HTML), errors.RateLimited, "too many requests for this project"),
    (twirp(403, "resource_exhausted", "rate limit"), errors.RateLimited, "rate limit"),
    # it may have run: a 408 is Twirp's deadline_exceeded
    (twirp(408, "deadline_exceeded", "context deadline exceeded"), errors.Unknown, "deadline exceeded"),
    (twirp(408, "canceled", "context canceled"), errors.Unknown, "context canceled"),
    (twirp(500, "internal", "failed to get agent"), errors.Unknown, "failed to get agent (500 internal)"),
    (twirp(503, "unavailable", "overloaded"), errors.Unknown, "overloaded (503 unavailable)"),
    (http("502 Bad Gateway", HTML, kind="text/html"), errors.Unknown, "Bad Gateway (HTTP 502)"),
    (http("504 Gateway Timeout"), errors.Unknown, "Gateway Timeout (HTTP 504)"),
    (http("499 Client Closed"), errors.Unknown, "HTTP 499"),
    (http("201 Created", '{"agents":[]}'), errors.Unknown, "HTTP 201"),
    (http("204 No Content"), errors.Unknown, "HTTP 204"),
    # 200 alone is no answer (PROTOCOL.md, Errors)
    (http("200 OK", HTML, kind="text/html"), errors.Unknown, "not the JSON object expected"),
    (http("200 OK", ""), errors.Unknown, "not the JSON object expected"),
    (http("200 OK", "[]"), errors.Unknown, "not the JSON object expected"),
    (http("200 OK", "null"), errors.Unknown, "not the JSON object expected"),
    (http("200 OK", '{"agents":[{"agent_id"'), errors.Unknown, "not the JSON object expected"),
    (http("200 OK", '{"agents":' + "[" * 100_000), errors.Unknown, "not the JSON object expected"),
    (text("200 OK", "OK"), errors.Unknown, "not the JSON object expected"),
    (
        http("200 OK", '{"code":"internal","msg":"why"}'),
        errors.Unknown,
        "in place of an answer: internal why",
    ),
    (http("200 OK", '{"status":"up"}'), errors.Unknown, "something else than its list"),
    # error bodies that are none
    (http("500 Oops", '{"code":5,"msg":["x"]}'), errors.Unknown, "HTTP 500"),
    (
        http("500 Oops", '{"code":"internal","msg":"why","meta":{"cause":"x"},"extra":1}'),
        errors.Unknown,
        "why",
    ),
    (http("500 Oops", "[" * 100_000), errors.Unknown, "HTTP 500"),
    (http("500 Oops", b"\xff\xfe\x1b[2J gone"), errors.Unknown, "␛[2J gone"),
    (twirp(400, "invalid_argument", "\x1b]52;c;eA==\x07 " + "x" * 5000), errors.Refused, "␛]52;c;eA==␇"),
]


@pytest.mark.parametrize(("answer", "kind", "words"), CLASSES, ids=range(len(CLASSES)))
async def test_answers(answer: bytes, kind: type[ApiError], words: str) -> None:
    async with serving(answer) as server, connected(server.url) as client:
        error = await failure(client)
        assert type(error) is kind
        assert words in str(error)
        assert error.method == "CloudAgent/ListAgents" and error.host == "127.0.0.1"
        assert len(server.requests) == 1, "not sent again, not followed elsewhere"


def test_a_class_says_whether_it_ran() -> None:
    """The three branches of the tree are disjoint."""
    branches = (errors.NotSent, errors.Refused, errors.Unknown)
    for _, kind, _ in CLASSES:
        assert sum(issubclass(kind, branch) for branch in branches) == 1


BREAKS: list[tuple[Act, str]] = [
    (hang_up, "closed before the answer was whole"),
    (part(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"), "closed before the answer was whole"),
    (
        part(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"),
        "closed before the answer was whole",
    ),
    (part(b"\x15\x03\x01\x00\x02"), "closed before the answer was whole"),
    (part(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\n{}"), "closed before the answer was whole"),
]


@pytest.mark.parametrize(("act", "words"), BREAKS, ids=range(len(BREAKS)))
async def test_broken_answers_are_unknown(act: Act, words: str) -> None:
    async with serving(default=act) as server, connected(server.url) as client:
        error = await failure(client)
        assert type(error) is errors.Unknown
        assert words in error.message
        assert len(server.requests) == 1


async def test_a_silent_server_is_given_up_at_the_deadline() -> None:
    async with serving() as server, connected(server.url, deadline=0.2) as client:
        server.script, server.default = [], server.silence
        started = time.monotonic()
        error = await failure(client)
        assert (type(error), error.message) == (errors.Unknown, "no answer in time")
        assert 0.2 <= time.monotonic() - started < 5


async def test_an_answer_byte_by_byte_is_given_up_at_the_deadline() -> None:
    """httpx has no limit for the whole: each byte would begin its patience anew."""
    async with serving() as server, connected(server.url, deadline=0.3) as client:
        server.script, server.default = [], server.drip(http(200, '{"agents":[]}' + " " * 200), 0.05)
        started = time.monotonic()
        error = await failure(client)
        assert (type(error), error.message) == (errors.Unknown, "no answer in time")
        assert 0.3 <= time.monotonic() - started < 5, "the whole would take ten seconds"


async def test_an_answer_beyond_the_limit_is_not_read() -> None:
    """Nor is it kept: of a body said to be endless no more than the limit is taken."""
    chunk = b"%x\r\n%s\r\n" % (1 << 16, b"x" * (1 << 16))
    sent = 0

    async def flood(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(chunk)
            await writer.drain()
            sent += 1 << 16

    async with serving(default=flood) as server, connected(server.url) as client:
        with pytest.raises(errors.Unknown, match=r"longer than 16384 KiB; not read further \(HTTP 200\)"):
            await client.link_status("CAPL_x")
        assert sent < 16 * MEBI + 16 * MEBI, "what the sockets hold is more than what is read"


async def test_an_error_is_read_to_what_is_shown_of_it() -> None:
    long = text("500 Oops", "no disk " + "x" * (8 * MEBI))
    async with serving(long) as server, connected(server.url) as client:
        tracemalloc.start()
        try:
            assert (await failure(client)).message.startswith("no disk xxx")
            assert tracemalloc.get_traced_memory()[1] < 30 * MEBI, "the server has the answer three times"
        finally:
            tracemalloc.stop()


async def test_a_small_body_does_not_unpack_to_a_large_one() -> None:
    """We ask for no compression and undo none."""
    bomb = gzip.compress(b'{"agents":[' + b" " * 1_000_000 + b"]}")
    async with serving(http(200, bomb, "Content-Encoding: gzip")) as server, connected(server.url) as client:
        error = await failure(client)
        assert type(error) is errors.Unknown and "object expected: '␟" in error.message, "read as it came"
        assert server.requests[0].headers["accept-encoding"] == "identity"


async def test_a_fleet_of_twelve_megabytes_is_read() -> None:
    """Ten thousand agents are more than eight: the listings without a filter may be longer."""
    rows = [{"agent_id": f"CA_{n}", "agent_name": "x" * 1200} for n in range(10_000)]
    async with serving(http(200, json.dumps({"agents": rows}))) as server, connected(server.url) as client:
        assert len((await client.list_agents()).items) == 10_000


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("60", 60.0),
        ("99999999", 60.0),
        ("inf", 60.0),
        ("nan", 0.0),
        ("-1", 0.0),
        ("0", 0.0),
        ("", 0.0),
        ("soon", 0.0),
        (formatdate(1_786_000_030, usegmt=True), 30.0),
        (formatdate(1_785_000_000, usegmt=True), 0.0),
        ("Mon, 99 Foo 2026 99:99:99 GMT", 0.0),
        ("9" * 5000, 60.0),
    ],
)
def test_retry_after(header: str, seconds: float) -> None:
    assert retry_after(header, 1_786_000_000.0) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        (("Retry-After: 7",), 7.0),
        (("Retry-After: 99999999",), 60.0),
        (("Retry-After: -1",), 5.0),
        ((), 5.0),
        # a date is by the server's clock, which is 10 minutes ahead of ours here
        (("Retry-After: " + formatdate(time.time() + 620, usegmt=True), date(time.time() + 600)), 20.0),
    ],
)
async def test_a_429_names_the_pause(headers: tuple[str, ...], wait: float) -> None:
    answer = twirp(429, "resource_exhausted", "rate limit", *headers)
    async with serving(answer) as server, connected(server.url) as client:
        error = await failure(client)
        assert error.retry_after == pytest.approx(wait, abs=2)
        assert client.budget.pause() == pytest.approx(wait, abs=2)


async def test_a_503_may_name_a_pause_too() -> None:
    answer = twirp(503, "unavailable", "overloaded", "Retry-After: 9")
    async with serving(answer) as server, connected(server.url) as client:
        error = await failure(client)
        assert (type(error), error.retry_after) == (errors.Unknown, 9.0)
        assert client.budget.pause() == 0, "one call of one method failed; the project is not limited"


@pytest.mark.parametrize(
    "answer",
    ids=["self-hosted", "cloud"],
    argvalues=[
        twirp(503, "unavailable", "no response from servers"),
        twirp(404, "not_found", "requested room does not exist"),
    ],
)
async def test_a_room_that_nobody_serves_is_not_found(answer: bytes) -> None:
    """A self-hosted server says 503 after three seconds; it is no outage."""
    async with serving(answer) as server, connected(server.url) as client:
        with pytest.raises(errors.NotFound):
            await client.list_dispatches("lobby")


async def test_another_503_of_list_dispatch_is_an_outage() -> None:
    async with serving(twirp(503, "unavailable", "overloaded")) as server, connected(server.url) as client:
        with pytest.raises(errors.Unknown, match="overloaded"):
            await client.list_dispatches("lobby")
