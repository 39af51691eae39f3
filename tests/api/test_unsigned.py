"""Requests without a token, as to a worker's metrics: real sockets, limits, and nothing of ours in them."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest

from tests.api.scripted import KEY, SECRET, Act, Server, date, hang_up, http, part, serving, text
from tests.api.test_targets import TLS, tls
from tests.fixtures.clocks import ManualClock
from tui.api import errors
from tui.api.auth import Credentials
from tui.api.budget import Budget
from tui.api.hosts import unsigned
from tui.api.transport import Transport, WriteGuard
from tui.clock import Clock, SystemClock
from tui.secret import Secret

METRICS = "# TYPE lk_agents_active_job_count gauge\nlk_agents_active_job_count 3\n"


@asynccontextmanager
async def transport(
    clock: Clock | None = None, *, proxy: str | None = None, ca_file: str | None = None
) -> AsyncIterator[Transport]:
    """A transport of a read-only project, whose budget is used up."""
    clock = clock or SystemClock()
    made = Transport(
        Credentials(KEY, Secret(SECRET)),
        budget=Budget(0, clock),
        clock=clock,
        gate=WriteGuard(read_only=True),
        proxy=proxy,
        ca_file=ca_file,
    )
    try:
        yield made
    finally:
        await made.aclose()


async def test_it_carries_no_token_and_little_else() -> None:
    async with serving(text("200 OK", METRICS)) as server, transport() as sender:
        body = await sender.get_unsigned(f"{server.url}/metrics?x=1")
        assert body.decode() == METRICS
        (request,) = server.requests
        assert (request.verb, request.path, request.body) == ("GET", "/metrics?x=1", b"")
        assert set(request.headers) == {"host", "user-agent", "accept-encoding"}
        assert KEY not in str(request) and SECRET not in str(request)


async def test_the_budget_of_livekit_neither_stops_nor_counts_it() -> None:
    limited = text("429 Too Many Requests", "slow down", "Retry-After: 30")
    async with serving(text("200 OK", METRICS), limited) as server, transport() as sender:
        await sender.get_unsigned(server.url)
        with pytest.raises(errors.RateLimited) as caught:
            await sender.get_unsigned(server.url)
        assert caught.value.retry_after == 30.0
        assert sender.budget.used() == 0 and sender.budget.pause() == 0


async def test_it_goes_past_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = socket.getaddrinfo

    def here(host: str | bytes | None, *args: int, **options: int) -> object:
        return resolve(
            "127.0.0.1" if host in ("worker.example", b"worker.example") else host, *args, **options
        )

    monkeypatch.setattr(socket, "getaddrinfo", here)
    async with (
        serving() as proxy,
        serving(text("200 OK", METRICS)) as server,
        transport(proxy=proxy.url) as sender,
    ):
        await sender.get_unsigned(server.url.replace("127.0.0.1", "worker.example"))
        assert proxy.connections == 0 and server.connections == 1


async def test_a_project_without_tls_trusts_authorities_all_the_same() -> None:
    async with (
        serving(text("200 OK", METRICS), tls=tls("good")) as server,
        transport(ca_file=str(TLS / "good.pem")) as sender,
    ):
        assert (await sender.get_unsigned(server.url)).decode() == METRICS


async def test_a_body_is_read_to_its_limit() -> None:
    async with serving(text("200 OK", "x" * 4096)) as server, transport() as sender:
        assert len(await sender.get_unsigned(server.url, limit=4096)) == 4096
        with pytest.raises(errors.Unknown, match="longer than 3 KiB"):
            await sender.get_unsigned(server.url, limit=4095)


@pytest.mark.parametrize(
    "how", [lambda server: server.silence, lambda server: server.drip(http(200, "x" * 99), 0.01)]
)
async def test_a_deadline_holds_for_all_of_it(how: Callable[[Server], Act]) -> None:
    async with serving() as server, transport() as sender:
        server.default = how(server)
        with pytest.raises(errors.Unknown, match="no answer in time"):
            await sender.get_unsigned(server.url, deadline=0.1)


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (text("404 Not Found", "404 page not found"), errors.NoSuchService, "does not offer"),
        (http("401 Unauthorized"), errors.Unauthorized, "wants credentials; none were sent"),
        (
            http("302 Found", "", "Location: http://127.0.0.1:1/"),
            errors.Refused,
            r"not followed \(HTTP 302\)",
        ),
        (text("500 Internal Server Error", "boom"), errors.Unknown, "boom"),
        (hang_up, errors.Unknown, "closed before the answer was whole"),
        (part(http(200, "x" * 50)[:-10]), errors.Unknown, "closed before the answer was whole"),
    ],
)
async def test_what_goes_wrong_is_told_as_everywhere(
    answer: bytes | Act, kind: type[errors.ApiError], words: str
) -> None:
    async with serving(default=answer) as server, transport() as sender:
        with pytest.raises(kind, match=words) as caught:
            await sender.get_unsigned(f"{server.url}/metrics")
        assert type(caught.value) is kind
        assert (caught.value.method, caught.value.host) == ("GET /metrics", "127.0.0.1")


async def test_a_secret_that_was_sent_is_not_quoted() -> None:
    """A worker has them in its environment."""
    said = text("500 Oops", "cannot start with S3cr3t-Passw0rd")
    async with serving(said) as server, transport() as sender:
        sender.sent.add("S3cr3t-Passw0rd")
        with pytest.raises(errors.Unknown, match=r"cannot start with \*\*\* "):
            await sender.get_unsigned(server.url)


async def test_nobody_there() -> None:
    async with serving() as server:
        url = server.url
    async with transport() as sender:
        with pytest.raises(errors.Unreachable, match="refused"):
            await sender.get_unsigned(url)


async def test_each_host_has_a_health_of_its_own() -> None:
    clock = ManualClock()
    behind = text("200 OK", METRICS, date(clock.now() - 100))
    async with serving(behind) as one, serving(text("200 OK", METRICS)) as two, transport(clock) as sender:
        await sender.get_unsigned(one.url)
        await sender.get_unsigned(two.url)
        skews = [sender.health(urlsplit(server.url).netloc).skew for server in (one, two)]
        assert skews[0] == pytest.approx(-100, abs=2) and skews[1] == 0.0


@pytest.mark.parametrize(
    "url", ["http://10.0.0.7:8081/metrics", "https://worker-1.internal/metrics", "http://[::1]:1/"]
)
def test_any_host_may_be_asked(url: str) -> None:
    assert unsigned(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "worker:8081",
        "file:///etc/passwd",
        "ftp://worker/",
        "http://user:pass@worker/",
        "http://:80/",
        "http://w:x/",
    ],
)
def test_what_is_no_such_address_is_not_asked(url: str) -> None:
    with pytest.raises(errors.BadTarget) as caught:
        unsigned(url)
    assert "pass@" not in caught.value.message
