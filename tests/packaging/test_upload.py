"""Uploads against a real server: both variants, what counts as success, faults, and secrecy."""

from __future__ import annotations

import asyncio
import email.parser
import email.policy
import functools
import logging
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from tests.api.test_targets import TLS, tls
from tests.packaging.store import Store, answering, running
from tui.api import errors
from tui.api.changes import PresignedPostRequest
from tui.api.hosts import Reach, reach
from tui.api.upload import upload as upload_to
from tui.api.upload_target import UploadTarget, is_judged, upload_target, ways
from tui.secret import Secret

SIGNED = "/bucket/key?X-Amz-Signature=0123456789abcdef&X-Amz-Credential=AKIAEXAMPLE%2F2026"
FORM = {"key": "CA_x/20260811090412.tar.gz", "policy": "cG9saWN5LWNhbmFyeQ==", "x-sig": "signature-canary"}

upload = functools.partial(upload_to, peer="127.0.0.1")
"""From a project on this machine."""
CONTENT = os.urandom(700_001)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "a.tar.gz"
    path.write_bytes(CONTENT)
    return path


async def test_put_sends_the_bytes_and_no_token(archive: Path) -> None:
    async with running(Store()) as store:
        await upload(upload_target(store.url + SIGNED), archive)
    assert store.heads[0].startswith(f"PUT {SIGNED} HTTP/1.1\r\n")
    assert store.bodies == [CONTENT]
    headers = store.headers()
    assert headers["content-type"] == "application/gzip"
    assert headers["content-length"] == "700001"
    assert set(headers) == {"host", "content-type", "content-length", "accept-encoding", "user-agent"}


async def test_post_sends_the_form_with_the_file_last(archive: Path) -> None:
    async with running(Store(answer=answering("204 No Content"))) as store:
        await upload(upload_target("", store.url + "/up", FORM), archive)
    assert store.heads[0].startswith("POST /up HTTP/1.1\r\n")
    headers = store.headers()
    assert "authorization" not in headers and int(headers["content-length"]) == len(store.bodies[0])
    raw = f"Content-Type: {headers['content-type']}\r\n\r\n".encode() + store.bodies[0]
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(raw)
    parts = list(form.iter_parts())
    names = [part.get_param("name", header="content-disposition") for part in parts]
    assert names == ["key", "policy", "x-sig", "file"]
    assert [part.get_payload() for part in parts[:3]] == list(FORM.values())
    assert parts[3].get_filename() == FORM["key"]
    assert parts[3].get_content_type() == "application/octet-stream"
    assert parts[3].get_payload(decode=True) == CONTENT


async def test_a_form_without_a_key_names_the_file_itself(archive: Path) -> None:
    async with running(Store()) as store:
        await upload(upload_target("", store.url, {}), archive)
    assert b'name="file"; filename="upload.tar.gz"\r\n' in store.bodies[0]


async def test_a_field_cannot_break_out_of_its_part(archive: Path) -> None:
    async with running(Store()) as store:
        await upload(upload_target("", store.url, {'a"\r\nX: y': "v", "key": 'k"; name="evil'}), archive)
    assert b'name="a\\"%0D%0AX: y"\r\n\r\nv\r\n' in store.bodies[0]
    assert b'filename="k\\"; name=\\"evil"' in store.bodies[0]


async def test_the_parts_of_a_reply_fit(archive: Path) -> None:
    post = PresignedPostRequest(url="https://store.example/x", values=FORM)
    target = upload_target("https://elsewhere.example/put", post.url, post.values)
    assert (target.host, target.fields is not None) == ("store.example", True)


async def test_progress_is_told_to_the_last_byte(archive: Path) -> None:
    told: list[tuple[int, int]] = []
    async with running(Store()) as store:
        await upload(upload_target(store.url), archive, progress=lambda *step: told.append(step))
    assert told == [(262_144, 700_001), (524_288, 700_001), (700_001, 700_001)]


async def test_an_empty_file_is_sent_too(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    async with running(Store()) as store:
        await upload(upload_target(store.url), tmp_path / "empty")
    assert store.bodies == [b""]


ANSWERS = [
    ("PUT", "200 OK", None),
    ("PUT", "201 Created", errors.Unknown),
    ("PUT", "204 No Content", errors.Unknown),
    ("POST", "200 OK", None),
    ("POST", "201 Created", None),
    ("POST", "204 No Content", None),
    ("POST", "202 Accepted", errors.Unknown),
    ("PUT", "307 Temporary Redirect", errors.Refused),
    ("POST", "303 See Other", errors.Refused),
    ("PUT", "400 Bad Request", errors.Refused),
    ("PUT", "403 Forbidden", errors.Refused),
    ("POST", "413 Too Large", errors.Refused),
    ("PUT", "408 Timeout", errors.Unknown),
    ("PUT", "500 Oops", errors.Unknown),
    ("POST", "503 Slow Down", errors.Unknown),
]


@pytest.mark.parametrize(("verb", "status", "error"), ANSWERS)
async def test_what_an_answer_means(
    archive: Path, verb: str, status: str, error: type[errors.ApiError] | None
) -> None:
    async with running(
        Store(answer=answering(status, "", "Location: http://127.0.0.1:9/elsewhere"))
    ) as store:
        target = upload_target(store.url + SIGNED, *((store.url, FORM) if verb == "POST" else ()))
        if error is None:
            await upload(target, archive)
        else:
            with pytest.raises(error) as raised:
                await upload(target, archive)
            assert (raised.value.status, raised.value.host) == (int(status[:3]), "127.0.0.1")
            assert raised.value.method == f"{verb} upload"
    assert len(store.heads) == 1


async def test_the_reason_of_a_store_is_passed_on_without_what_it_repeats(archive: Path) -> None:
    xml = (
        "<?xml version='1.0'?>\n<Error><Code>SignatureDoesNotMatch</Code><Message>Not 0123456789abcdef by "
        "AKIAEXAMPLE/2026 \x1b[31m</Message><StringToSign>PUT secret-canary</StringToSign></Error>"
    )
    async with running(Store(answer=answering("403 Forbidden", xml))) as store:
        with pytest.raises(errors.Refused) as raised:
            await upload(upload_target(store.url + SIGNED), archive)
    assert str(raised.value) == (
        "upload to 127.0.0.1: SignatureDoesNotMatch: Not *** by *** ␛[31m (HTTP 403)"
    )


async def test_a_plain_reason_is_passed_on_and_a_page_is_not(archive: Path) -> None:
    said = "Your proposed upload exceeds the maximum allowed size.\nmore"
    async with running(Store(answer=answering("400 Bad Request", said))) as store:
        with pytest.raises(errors.Refused, match=r"exceeds the maximum allowed size\. \(HTTP 400\)$"):
            await upload(upload_target(store.url), archive)
        store.answer = answering("400 Bad Request", "<html><body>oops</body></html>")
        with pytest.raises(errors.Refused, match="refused without a reason"):
            await upload(upload_target(store.url), archive)
        store.answer = answering("200 OK", "\n<!DOCTYPE html><title>Sign in</title>")
        with pytest.raises(errors.Unknown, match="means neither yes nor no"):
            await upload(upload_target(store.url), archive)


async def test_a_refusal_before_the_end_is_heard(archive: Path) -> None:
    said = answering("400 Bad Request", "too large", "Connection: close")
    async with running(Store(answer=said, take=1000)) as store:
        with pytest.raises(errors.Refused, match="too large"):
            await upload(upload_target(store.url), archive)


async def test_a_cut_in_the_middle_is_not_sent(tmp_path: Path) -> None:
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(64 << 20)
    async with running(Store(take=100_000, silent=True)) as store:
        with pytest.raises(errors.NotSent, match="not complete and nothing was kept") as raised:
            await upload(upload_target(store.url + SIGNED), big)
    assert not isinstance(raised.value, errors.Unreachable)
    assert len(store.heads) == 1


@pytest.mark.parametrize("fields", [None, FORM])
async def test_a_lost_answer_is_unknown(archive: Path, fields: dict[str, str] | None) -> None:
    async with running(Store(silent=True)) as store:
        target = upload_target(store.url) if fields is None else upload_target("", store.url, fields)
        with pytest.raises(errors.Unknown, match="all was sent, whether it was kept is unknown"):
            await upload(target, archive)
    assert len(store.heads) == 1


async def test_a_store_that_stops_reading_is_given_up(tmp_path: Path) -> None:
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(64 << 20)
    async with running(Store(take=10, deaf=True)) as store:
        with pytest.raises(errors.NotSent, match="stopped taking bytes"):
            await upload(upload_target(store.url), big, stall=0.2)


async def test_the_whole_has_a_deadline(archive: Path) -> None:
    async with running(Store(deaf=True)) as store:
        with pytest.raises(errors.Unknown, match="not done in time"):
            await upload(upload_target(store.url), archive, deadline=0.2)


async def test_cancelling_hangs_up(tmp_path: Path) -> None:
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(64 << 20)
    started = asyncio.Event()
    async with running(Store(take=10, deaf=True)) as store:
        task = asyncio.create_task(
            upload(upload_target(store.url), big, progress=lambda done, total: started.set())
        )
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_nobody_listening_is_unreachable(archive: Path) -> None:
    async with running(Store()) as store:
        url = store.url
    with pytest.raises(
        errors.Unreachable, match=r"^upload to 127\.0\.0\.1: .*; nothing was uploaded$"
    ) as raised:
        await upload(upload_target(url + SIGNED), archive)
    assert "Signature" not in str(raised.value)


async def test_plain_http_where_tls_was_promised_is_unreachable(archive: Path) -> None:
    async with running(Store()) as store:
        with pytest.raises(errors.Unreachable, match="nothing was uploaded"):
            await upload(upload_target(store.url.replace("http:", "https:")), archive)


async def test_an_archive_that_changes_meanwhile_is_not_sent(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 1_000_000)
    async with running(Store()) as store:
        with pytest.raises(errors.NotSent, match="changed while it was sent"):
            await upload(upload_target(store.url), path, progress=lambda *_: os.truncate(path, 300_000))


async def test_a_missing_archive_or_a_link_is_not_sent(tmp_path: Path, archive: Path) -> None:
    (tmp_path / "link").symlink_to(archive)
    for name, why in [("gone", "no such file"), ("link", "symbolic links")]:
        with pytest.raises(errors.NotSent, match=why):
            await upload(upload_target("http://127.0.0.1:9"), tmp_path / name)


BAD = [
    "",
    "/relative",
    "store.example/x",
    "http://store.example/x",
    "ftp://127.0.0.1/x",
    "https://",
    "https://user:pw@store.example/x",
    "https://store.example:99999/x",
    "https://store.exämple/x",
    "https://store.example/x\r\nHost: evil",
    "https://[::1/x",
    "https://%31%32%37.0.0.1/x",
    "https://store%2eexample/x",
    "file:///etc/passwd",
]


@pytest.mark.parametrize(
    "fields",
    [{f"field{number}": "a value" for number in range(101)}, {"policy": "x" * 140_000}, {"y" * 140_000: ""}],
)
def test_a_form_that_is_too_large_to_be_one_is_refused(fields: dict[str, str]) -> None:
    """A hundred thousand fields would take seconds in which nothing else happens."""
    with pytest.raises(errors.BadTarget, match="too large to be one; nothing was uploaded"):
        upload_target("", "https://store.example/x", fields)
    upload_target("", "https://store.example/x", dict(list(fields.items())[:10]) if len(fields) > 1 else {})


@pytest.mark.parametrize("url", BAD)
def test_an_address_that_may_not_be_uploaded_to(url: str) -> None:
    for target in ((url,), ("https://fine.example", url, FORM)) if url else ((url,),):
        with pytest.raises(errors.BadTarget, match="nothing was uploaded") as raised:
            upload_target(*target)
        assert "pw" not in str(raised.value)


def test_addresses_that_may(tmp_path: Path) -> None:
    for url in (
        "https://store.example/x?y=z",
        "http://127.0.0.1:1/x",
        "http://localhost/x",
        "http://[::1]:1/",
    ):
        upload_target(url)


async def test_nothing_of_the_address_or_form_is_shown_or_logged(
    archive: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    async with running(Store()) as store:
        targets = {SIGNED: upload_target(store.url + SIGNED), str(FORM): upload_target("", store.url, FORM)}
        for repeated, target in targets.items():
            store.answer = answering("500 Oops", repeated)
            said.append(repr(target))
            with pytest.raises(errors.Unknown) as raised:
                await upload(target, archive)
            said += [str(raised.value), repr(raised.value)]
    said.append(caplog.text)
    for canary in ("0123456789abcdef", "AKIAEXAMPLE", "cG9saWN5LWNhbmFyeQ", "signature-canary"):
        assert not [text for text in said if canary in text]


# ---- where an address leads ----------------------------------------------------------------------------

CLOUD = "93.184.216.34"


@pytest.mark.parametrize(
    ("address", "where"),
    [
        ("127.0.0.1", Reach.LOOPBACK),
        ("127.9.9.9", Reach.LOOPBACK),
        ("::1", Reach.LOOPBACK),
        ("0.0.0.0", Reach.LOOPBACK),
        ("0.1.2.3", Reach.LOOPBACK),
        ("::", Reach.LOOPBACK),
        ("::ffff:127.0.0.1", Reach.LOOPBACK),
        ("64:ff9b::7f00:1", Reach.LOOPBACK),
        ("2002:7f00:1::", Reach.LOOPBACK),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", Reach.LOOPBACK),
        ("10.0.0.1", Reach.PRIVATE),
        ("172.16.3.4", Reach.PRIVATE),
        ("192.168.1.1", Reach.PRIVATE),
        ("169.254.169.254", Reach.PRIVATE),
        ("100.64.0.1", Reach.PRIVATE),
        ("fd00::1", Reach.PRIVATE),
        ("fe80::1%eth0", Reach.PRIVATE),
        ("::ffff:10.0.0.1", Reach.PRIVATE),
        ("64:ff9b::a00:1", Reach.PRIVATE),
        ("224.0.0.1", Reach.PRIVATE),
        ("8.8.8.8", Reach.PUBLIC),
        ("2606:4700::1111", Reach.PUBLIC),
        ("::127.0.0.1", Reach.LOOPBACK),
        ("::ffff:0:127.0.0.1", Reach.LOOPBACK),
        ("0x7f000001", Reach.LOOPBACK),
        ("2130706433", Reach.LOOPBACK),
        ("0177.1", Reach.LOOPBACK),
        ("0xa000001", Reach.PRIVATE),
        ("fec0::1", Reach.PRIVATE),
        ("64:ff9b:1::7f00:1", Reach.PRIVATE),
        ("5f00::1", Reach.PRIVATE),
        ("127.0.0.1.", Reach.LOOPBACK),
        ("10.1.", Reach.PRIVATE),
        ("store.example", None),
        ("127.0.0.1.example", None),
        ("dead.beef", None),
    ],
)
def test_where_an_address_leads(address: str, where: Reach | None) -> None:
    assert reach(address) is where


def resolving(monkeypatch: pytest.MonkeyPatch, **names: Sequence[str]) -> list[str]:
    """Let names, with `_` for a dot, have these addresses; the names that are looked up."""
    asked: list[str] = []

    def look(host: str | bytes | None, port: int, *args: int, **options: int) -> list[tuple[object, ...]]:
        name = host.decode() if isinstance(host, bytes) else host or ""
        asked.append(name)
        found = [name] if reach(name) else names[name.replace(".", "_")]
        families = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(families[":" in one], socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(socket, "getaddrinfo", look)
    return asked


@pytest.mark.parametrize("peer", [CLOUD, "10.0.0.9", ""])
@pytest.mark.parametrize("how", ["plain", "tls", "name"])
async def test_an_answer_does_not_lead_to_this_machine(
    archive: Path, peer: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever answers for a project elsewhere could make this program post anything to a service here."""
    resolving(monkeypatch, store_example=["127.0.0.1"])
    async with running(Store()) as store:
        url = store.url if how == "plain" else store.url.replace("http:", "https:")
        target = upload_target("", url.replace("127.0.0.1", "store.example") if how == "name" else url, FORM)
        with pytest.raises(errors.BadTarget, match="leads to this machine, where the project itself is not"):
            await upload_to(target, archive, peer=peer)
        assert not store.connections


@pytest.mark.parametrize(
    "url", ["https://10.1.2.3/x", "https://169.254.169.254/x", "https://store.example/x"]
)
async def test_an_answer_does_not_lead_into_a_private_network(
    archive: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, store_example=["10.1.2.3", "fd00::1"])
    for peer in (CLOUD, "127.0.0.1", ""):
        with pytest.raises(errors.BadTarget, match="leads to a private network"):
            await upload_to(upload_target(url), archive, peer=peer)
    assert {way.address for way in await ways(upload_target(url), peer="10.9.9.9", proxy=None)} <= {
        "10.1.2.3",
        "169.254.169.254",
        "fd00::1",
    }


async def test_of_the_addresses_of_a_name_only_those_are_tried_that_may_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolving(monkeypatch, store_example=[CLOUD, "127.0.0.1", "10.0.0.1", "8.8.8.8"])
    target = upload_target("https://store.example/x")
    for peer, tried in (
        (CLOUD, [CLOUD, "8.8.8.8"]),
        ("127.0.0.1", [CLOUD, "127.0.0.1", "8.8.8.8"]),
        ("10.9.9.9", [CLOUD, "10.0.0.1", "8.8.8.8"]),
    ):
        assert [way.address for way in await ways(target, peer=peer, proxy=None)] == tried


async def test_in_clear_it_goes_to_this_machine_alone_whatever_a_resolver_says(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, localhost=["10.1.2.3", CLOUD])
    for peer in ("10.9.9.9", CLOUD, "127.0.0.1"):
        with pytest.raises(errors.BadTarget, match="leads to a private network"):
            await upload_to(upload_target("http://localhost/x"), archive, peer=peer)


async def test_a_name_is_looked_up_once_and_its_certificate_is_asked_for(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second look could lead elsewhere. The first address does not answer, and the next one is tried."""
    asked = resolving(monkeypatch, other_example=[CLOUD, "::1", "127.0.0.1"])
    async with running(Store(), tls=tls("other")) as store:
        target = upload_target(store.url.replace("127.0.0.1", "other.example") + SIGNED)
        allowed = await ways(target, peer="127.0.0.1", proxy=None)
        assert [way.address for way in allowed] == [CLOUD, "::1", "127.0.0.1"]
        asked = resolving(monkeypatch, other_example=["::1", "127.0.0.1"])
        await upload(target, archive, ca_file=str(TLS / "other.pem"))
        assert asked.count("other.example") == 1
        assert store.heads[0].startswith(f"PUT {SIGNED} HTTP/1.1\r\n")
        assert store.headers()["host"] == f"other.example:{store.url.rpartition(':')[2]}"
        with pytest.raises(errors.Unreachable, match="certificate not trusted"):
            await upload(target, archive, ca_file=str(TLS / "good.pem"))


async def test_a_proxy_looks_names_up_itself_and_this_machine_needs_none(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(Store()) as proxy, running(Store()) as store:
        through = upload_target("https://store.example/x")
        assert [way.proxy for way in await ways(through, peer="", proxy=proxy.url)] == [proxy.url]
        assert not is_judged(through, proxy.url) and is_judged(through, None)
        with pytest.raises(errors.BadTarget, match="leads to a private network"):
            await upload_to(upload_target("https://10.0.0.1/x"), archive, peer="", proxy=proxy.url)
        for host in ("0x7f000001", "127.1", "0.0.0.0", "127.0.0.1.", "[::ffff:127.0.0.1]"):
            here = upload_target(f"https://{host}/x")
            assert is_judged(here, proxy.url)
            with pytest.raises(errors.BadTarget, match="leads to this machine"):
                await upload_to(here, archive, peer="", proxy=proxy.url)
            assert [way.proxy for way in await ways(here, peer="127.0.0.1", proxy=proxy.url)] == [None]
        resolving(monkeypatch, **{name: ["127.0.0.1"] for name in ("localhost_", "store_localhost")})
        for host in ("localhost.", "store.localhost"):
            here = upload_target(f"https://{host}/x")
            assert is_judged(here, proxy.url), "a name that is reserved for this machine"
            with pytest.raises(errors.BadTarget, match="leads to this machine"):
                await upload_to(here, archive, peer="", proxy=proxy.url)
        await upload(upload_target(store.url), archive, proxy=proxy.url)
        assert (len(proxy.heads), len(store.heads)) == (0, 1)


async def test_a_name_that_is_not_known_is_unreachable(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*args: object, **options: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(errors.Unreachable, match="the host name is not known; nothing was uploaded"):
        await upload(upload_target("https://store.example/x"), archive)


async def test_a_target_made_by_hand_is_judged_again(archive: Path) -> None:
    with pytest.raises(errors.BadTarget):
        await upload(UploadTarget(Secret("http://store.example/")), archive)
