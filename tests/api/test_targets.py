"""Where a token may go: which addresses and certificates are refused, and that nothing is sent there."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NoReturn

import httpx
import pytest

from tests.api.scripted import SECRET, connected, http, serving, text
from tui.api import errors, hosts, trust
from tui.api.changes import RESTART_AGENT
from tui.api.errors import BadTarget
from tui.api.hosts import Host
from tui.api.pool import Pool
from tui.api.probe import probe
from tui.api.text.clean import is_clean

TLS = Path(__file__).with_name("tls")
"""A key and certificates of it, made for these tests and good for nothing else."""


def tls(certificate: str) -> ssl.SSLContext:
    """The server's side with one of the certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / f"{certificate}.pem", TLS / "key.pem")
    return context


# ---- addresses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("wss://demo-a1b2c3.livekit.cloud", "https://demo-a1b2c3.livekit.cloud"),
        ("https://demo.livekit.cloud/", "https://demo.livekit.cloud"),
        ("HTTPS://Demo.LiveKit.Cloud", "https://demo.livekit.cloud"),
        ("https://lk.example:8443/base/", "https://lk.example:8443/base"),
        ("ws://127.0.0.1:7880", "http://127.0.0.1:7880"),
        ("http://localhost:7880", "http://localhost:7880"),
        ("ws://[::1]:7880", "http://[::1]:7880"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]"),
        (" wss://a.example ", "https://a.example"),
    ],
)
def test_addresses_that_may_see_a_token(url: str, base: str) -> None:
    assert hosts.base(url) == base


@pytest.mark.parametrize(
    "url",
    [
        "http://demo.livekit.cloud",
        "ws://10.0.0.5:7880",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://evil.localhost:7880",
        "http://0.0.0.0:7880",
        "http://[::ffff:10.0.0.1]",
        "ftp://a.example",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "a.example",
        "//a.example",
        "https://",
        "https:///path",
        "",
        "https://user@a.example",
        "https://key:hunter2@a.example",
        "https://good.example@evil.example",
        "https://good.example\\@evil.example",
        "https://a.example?token=hunter2",
        "https://a.example#hunter2",
        "https://a.example:99999",
        "https://a.example:hunter2@b",
        "https://a b.example",
        "https://a.example\x00.evil.example",
        "https://exämple.com",
        "https://ad\u200bmin.example",
        "https://a%2eexample",
        "https://[::1",
    ],
)
def test_addresses_that_may_not(url: str) -> None:
    with pytest.raises(BadTarget) as caught:
        hosts.base(url)
    assert is_clean(str(caught.value)) and "hunter2" not in str(caught.value)
    assert isinstance(caught.value, errors.NotSent)


async def test_a_client_is_not_even_made_for_such_an_address() -> None:
    for urls in (("http://lk.example", "https://a.example"), ("https://a.example", "http://lk.example")):
        with pytest.raises(BadTarget, match="only https"):
            async with connected(urls[0], agents_url=urls[1]):
                pytest.fail("it is made")


AGENTS = "https://agents.livekit.cloud"


@pytest.mark.parametrize(
    ("root", "region", "url"),
    [
        (AGENTS, "osbxash1a", "https://osbxash1a.agents.livekit.cloud"),
        (AGENTS, "us-east", "https://us-east.agents.livekit.cloud"),
        (AGENTS, "", AGENTS),
        ("https://agents.example:8443/x/", "a1", "https://a1.agents.example:8443/x"),
        ("http://127.0.0.1:7880", "osbxash1a", "http://127.0.0.1:7880"),
        ("http://localhost:7880", "../evil", "http://localhost:7880"),
        ("http://[::1]:7880", "osbxash1a", "http://[::1]:7880"),
        ("https://192.0.2.7", "osbxash1a", "https://192.0.2.7"),
    ],
)
def test_a_region_is_a_label_before_the_host(root: str, region: str, url: str) -> None:
    assert hosts.regional(root, region) == url


HOSTILE_REGIONS = [
    "x@evil.example/",
    "evil.example/#",
    "evil.example?",
    "evil.example:443/",
    "../",
    "a.b",
    "a/b",
    "r" * 41,
    "r" * 300,
    "a\r\nHost: evil.example",
    "a\n",
    "a b",
    "A",
    "ä",
    "a\u202eb",
    "%2e",
    "\\",
    "\x00",
    "eyJhbGciOiJI.eyJpc3Mi.Wq_3-hZ",
]


@pytest.mark.parametrize("region", HOSTILE_REGIONS)
async def test_a_region_that_is_none_is_refused_and_nothing_is_sent(region: str) -> None:
    """It comes out of an answer and would become the host that sees an agent-admin token."""
    with pytest.raises(BadTarget, match="a region that is no region") as caught:
        hosts.regional(AGENTS, region)
    assert is_clean(str(caught.value)) and "Wq_3" not in str(caught.value)
    async with serving() as server, connected(server.url, agents_url=AGENTS) as client:
        with pytest.raises(BadTarget):
            async with client.logs("CA_x", server_region=region):
                pytest.fail("it is open")
        assert client.budget.used() == 0 and server.connections == 0


# ---- redirects -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
async def test_a_redirect_is_not_followed(status: str) -> None:
    """Not even to another door of the same house: who answers there would see the token."""
    async with serving() as evil:
        answer = http(status, "", f"Location: {evil.url}/twirp/livekit.CloudAgent/ListAgents")
        async with serving(answer) as server, connected(server.url) as client:
            with pytest.raises(errors.Refused, match="redirects elsewhere; not followed"):
                await client.list_agents()
            with pytest.raises(errors.Refused, match="redirects elsewhere; not followed"):
                async with client.logs("CA_x"):
                    pytest.fail("it is open")
            assert len(server.requests) == 2
        assert evil.connections == 0


# ---- certificates --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("certificate", "trusted", "words"),
    [
        ("good", None, "certificate not trusted: self-signed certificate"),
        ("good", "other", "certificate not trusted: self-signed certificate"),
        ("other", "other", "certificate not trusted: IP address mismatch"),
        ("expired", "expired", "certificate not trusted: certificate has expired"),
    ],
)
async def test_a_certificate_problem_is_named_and_nothing_is_sent(
    certificate: str, trusted: str | None, words: str
) -> None:
    """There is no way around it but the right certificate."""
    ca_file = str(TLS / f"{trusted}.pem") if trusted else None
    async with serving(tls=tls(certificate)) as server, connected(server.url, ca_file=ca_file) as client:
        with pytest.raises(errors.Unreachable) as caught:
            await client.list_agents()
        assert words in caught.value.message
        with pytest.raises(errors.Unreachable):
            async with client.logs("CA_x"):
                pytest.fail("it is open")
        assert server.requests == []


async def test_an_authority_of_ones_own_is_trusted() -> None:
    answer = http(200, '{"agents":[{"agent_id":"CA_x"}]}')
    ca_file = str(TLS / "good.pem")
    async with serving(answer, tls=tls("good")) as server, connected(server.url, ca_file=ca_file) as client:
        assert (await client.list_agents()).items[0].agent_id == "CA_x"


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_authority_that_cannot_be_read_makes_no_client(content: str | None, tmp_path: Path) -> None:
    """It was checked at the start, but a project may be chosen hours later."""
    file = tmp_path / "ours.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(errors.BadTarget, match=r"ca_file .*ours\.pem is not a readable file"):
        trust.trust(str(file))


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
async def test_the_environment_does_not_extend_trust(variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, str(TLS / "good.pem"))
    trust._public.cache_clear()  # or what was read before the variable was set would be tried
    async with serving(tls=tls("good")) as server, connected(server.url) as client:
        with pytest.raises(errors.Unreachable, match="self-signed"):
            await client.list_agents()


async def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as proxy, serving(http(200, "{}")) as server:
        for name in ("http_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        async with connected(server.url) as client:
            await client.list_rooms()
        assert proxy.connections == 0


async def test_a_proxy_that_is_set_and_not_used_is_told_where_nothing_is_reached() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with connected(url, unused_proxy="HTTPS_PROXY") as client:
            with pytest.raises(
                errors.Unreachable, match="connection refused; HTTPS_PROXY is set and not used"
            ):
                await client.list_agents()
            with pytest.raises(errors.Unreachable, match="HTTPS_PROXY is set and not used"):
                async with client.logs("CA_x"):
                    pass
    async with (
        serving(http(500, "{}")) as server,
        connected(server.url, unused_proxy="HTTPS_PROXY") as client,
    ):
        with pytest.raises(errors.Unknown) as caught:
            await client.list_agents()
        assert "PROXY" not in str(caught.value), "the host was reached"


async def test_this_machine_is_never_asked_through_a_proxy() -> None:
    """It would get the token in clear, and would ask itself."""
    async with serving() as proxy, serving(http(200, '{"rooms":[],"success":true}')) as server:
        for url in (server.url, server.url.replace("127.0.0.1", "localhost")):
            async with connected(url, proxy=proxy.url) as client:
                await client.list_rooms()
                await client.change(RESTART_AGENT, {"agent_id": "CA_x"}, request_id="one")
                async with client.logs("CA_x"):
                    pass
                assert client.peer(Host.PROJECT) == client.peer(Host.AGENTS) == "127.0.0.1"
        assert (proxy.connections, len(server.requests)) == (0, 6)
        assert {request.headers["host"].partition(":")[0] for request in server.requests} == {
            "127.0.0.1",
            "localhost",
        }


@pytest.mark.parametrize("host", ["0.0.0.0", "[::ffff:127.0.0.1]", "2130706433", "localhost.", "a.localhost"])
async def test_this_machine_is_not_asked_through_a_proxy_in_any_spelling(host: str) -> None:
    async with serving() as proxy, connected(f"https://{host}:1", proxy=proxy.url) as client:
        with pytest.raises(errors.Unreachable, match=r"connection refused|name is not known"):
            await client.list_agents()
        assert proxy.connections == 0


async def test_localhost_is_this_machine_whatever_a_resolver_says(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    resolve = socket.getaddrinfo

    def elsewhere(host: str | bytes | None, *args: int, **options: int) -> object:
        name = host.decode() if isinstance(host, bytes) else host or ""
        asked.append(name)
        return resolve("192.0.2.1" if name == "localhost" else host, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", elsewhere)
    async with (
        serving(http(200, "{}")) as server,
        connected(server.url.replace("127.0.0.1", "localhost"), deadline=1) as client,
    ):
        await client.list_rooms()
    assert "localhost" not in asked


async def test_a_token_does_not_leave_this_machine_in_clear() -> None:
    """Addresses are judged when a client is made; what sends asks again."""
    pool = Pool(None, None, keep=0)
    with pytest.raises(errors.BadTarget, match="only https"):
        await pool.send(
            "POST", "http://lk.example/", headers={"Authorization": "Bearer x"}, timeout=httpx.Timeout(1)
        )
    await pool.aclose()


async def test_a_cookie_is_not_sent_back() -> None:
    answer = http(200, '{"rooms":[],"success":true}', f"Set-Cookie: big={'x' * 4000}; Path=/; Max-Age=9999")
    async with serving(answer) as server, connected(server.url) as client:
        for _ in range(2):
            await client.list_rooms()
            await client.change(RESTART_AGENT, {"agent_id": "CA_x"}, request_id="one")
            async with client.logs("CA_x"):
                pass
        assert len(server.requests) == 6
        assert not [request for request in server.requests if "cookie" in request.headers]


async def test_a_plain_port_is_named() -> None:
    async def speak_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    listener = await asyncio.start_server(speak_http, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener, connected(f"https://127.0.0.1:{port}") as client:
        with pytest.raises(errors.Unreachable, match="no TLS at this address"):
            await client.list_agents()


@pytest.fixture
async def refusing_proxy() -> AsyncIterator[str]:
    """A proxy that lets nobody through."""
    async with serving(text("403 Forbidden", "not here")) as server:
        yield server.url


async def test_a_proxy_that_refuses_is_named(refusing_proxy: str) -> None:
    """Before there is a tunnel nothing of ours was sent, so that a change may be tried again."""
    async with connected("https://lk.invalid", proxy=refusing_proxy) as client:
        with pytest.raises(errors.Unreachable, match="the proxy refused: 403 Forbidden"):
            await client.list_agents()
        assert client.peer(Host.AGENTS) == "", "what a proxy connects to is not known"


async def test_a_project_at_an_address_is_there_whatever_way_leads_to_it() -> None:
    async with connected("https://10.0.0.9", proxy="http://10.0.0.1:3128") as client:
        assert client.peer(Host.AGENTS) == "10.0.0.9"


async def test_a_proxy_sees_no_token_and_does_not_say_where_the_project_is() -> None:
    """Its own address is none of the project's: an upload into its network would be let through."""
    heard: list[bytes] = []
    url = ""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while part := await reader.read(65_536):
            heard.append(part)
            writer.write(part)
        writer.close()

    async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        behind = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        await asyncio.gather(pipe(reader, behind[1]), pipe(behind[0], writer))

    proxy = await asyncio.start_server(tunnel, "127.0.0.1", 0)
    port = proxy.sockets[0].getsockname()[1]
    async with proxy, serving(http(200, '{"agents":[],"success":true}'), tls=tls("other")) as server:
        url = server.url
        async with connected(
            "https://other.example", ca_file=str(TLS / "other.pem"), proxy=f"http://127.0.0.1:{port}"
        ) as client:
            await client.list_agents()
            await client.change(RESTART_AGENT, {"agent_id": "CA_x"}, request_id="one")
            async with client.logs("CA_x"):
                pass
            assert client.peer(Host.AGENTS) == ""
        assert [request.headers["authorization"][:7] for request in server.requests] == ["Bearer "] * 3
    assert heard[0].startswith(b"CONNECT other.example:443 ")
    assert b"Bearer" not in b"".join(heard)


async def test_a_proxy_that_repeats_a_token_is_not_quoted_whole() -> None:
    said = "407 Bearer eyJhbGciOiJI.eyJpc3Mi.Wq_3-hZ is not known"
    async with serving(http(said)) as proxy, connected("https://lk.invalid", proxy=proxy.url) as client:
        with pytest.raises(errors.Unreachable, match=r"the proxy refused: 407 Bearer \*\*\* is not known"):
            await client.list_agents()


async def test_a_name_that_does_not_resolve_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: object, **options: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    async with connected("https://lk.invalid") as client:
        with pytest.raises(errors.Unreachable, match="host name is not known") as caught:
            await client.list_agents()
        assert caught.value.host == "lk.invalid"
        assert SECRET not in repr(caught.value)


# ---- the probe -----------------------------------------------------------------------------------------


async def test_the_probe_takes_no_token_along() -> None:
    async with serving(text(200, "OK", "Date: Tue, 11 Aug 2026 00:00:00 GMT")) as server:
        seen = await asyncio.to_thread(probe, server.url)
        assert seen.reachable and seen.skew_seconds is not None and seen.message == "HTTP 200"
        assert "authorization" not in server.requests[0].headers


async def test_the_probe_goes_where_it_was_told_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as proxy, serving() as elsewhere:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        async with serving(http("302 Found", "", f"Location: {elsewhere.url}")) as server:
            assert (await asyncio.to_thread(probe, server.url)).message.startswith("HTTP 302")
        assert (proxy.connections, elsewhere.connections) == (0, 0)


async def test_the_probe_says_what_is_wrong() -> None:
    async with serving(text(406, "Not Ready")) as server:
        seen = await asyncio.to_thread(probe, server.url)
        assert (seen.reachable, seen.skew_seconds) == (True, None)
        assert seen.message == "HTTP 406, no clock to compare"
    for url in (server.url, "http://lk.example", "https://key:hunter2@lk.example"):
        seen = await asyncio.to_thread(probe, url)
        assert not seen.reachable and "hunter2" not in seen.message
