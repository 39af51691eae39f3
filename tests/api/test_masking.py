"""What a server repeats of a request is in no error: tokens, secrets, presigned addresses, in any form."""

from __future__ import annotations

import asyncio
import base64
import html
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.calls import CHANGES, Call
from tests.api.echoes import ECHOES, FORMS, VALUE, assert_gone
from tests.api.scripted import Act, Server, connected, http, serving, text, twirp
from tests.packaging.store import Store, answering, running
from tui.api import changes
from tui.api.changes import secret_message
from tui.api.errors import ApiError, Unauthorized
from tui.api.text.masking import QUOTED, TOKENS, SentSecrets, masked
from tui.api.upload import upload
from tui.api.upload_target import upload_target
from tui.packaging.progress import Build
from tui.secret import Secret

TOKEN = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJkZXZrZXkifQ.Wq_3-hZfXJmJmWl0b9Q"


@pytest.mark.parametrize("name", FORMS)
def test_a_value_is_masked_in_every_form(name: str) -> None:
    form = FORMS[name](VALUE)
    sent = SentSecrets(VALUE)
    shown = masked(f"cannot parse {form} here", sent)
    assert re.fullmatch(r"""cannot parse (?:b|[\["'\\])*\*\*\*[\]"'\\]* here""", shown)
    for cut in (form[: len(form) * 2 // 3], form[:12]):
        shown = masked(f"cannot parse {cut}", sent)
        assert_gone(VALUE, shown)
        assert shown.startswith("cannot parse ")


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=8, max_size=40), st.binary(max_size=5))
def test_a_value_within_larger_base64_is_masked(value: str, before: bytes) -> None:
    """As it is, and in base64, as it is in the body of a request."""
    inner = base64.b64encode(value.encode())
    for said in (value.encode(), inner):
        packed = base64.b64encode(before + said + b"?" * 7).decode()
        shown = masked(packed, SentSecrets(value))
        assert "***" in shown and base64.b64encode(said).decode() not in shown
        assert masked(shown, SentSecrets(value)) == shown


LONG = "postgresql://app:S3cr3t-Passw0rd@db.internal:5432/app?sslmode=require"


@pytest.mark.parametrize("form", [str, FORMS["base64"]])
def test_a_piece_of_a_value_is_masked_wherever_it_stands(form: Callable[[str], str]) -> None:
    """Texts are cut, from either side, and quote in parts."""
    whole = form(LONG)
    for at in (16, len(whole) // 3, len(whole) // 2):
        for said in (
            f"cannot parse {whole[:at]}... (cut)",
            f"cannot parse ...{whole[at:]}, which is too long",
            f"unexpected character near '{whole[at - 8 : at + 24]}'",
            json.dumps({"user": whole[:at], "password": whole[at:]}),
        ):
            shown = masked(said, SentSecrets(LONG))
            assert "***" in shown
            assert not any(whole[place : place + 16] in shown for place in range(len(whole) - 15))


def test_large_files_take_no_room_of_the_other_secrets_of_an_operation() -> None:
    files = [f"{number:07x} {number}" * 70_000 for number in range(4)]
    sent = SentSecrets("small-password", *files)
    assert masked("a small-password", sent) == "a ***"
    assert all(masked(f"a {file}", sent) == "a ***" for file in files)


def test_the_oldest_secrets_make_room_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.api.text.masking.KEPT", 5_000)
    values = [f"{number}-value-of-a-secret" for number in range(100, 140)]
    sent = SentSecrets(*values)
    shown = [masked(value[:9], sent) == "***" for value in values]
    assert not shown[0] and shown[-1] and shown == sorted(shown)


def test_a_value_is_masked_in_either_alphabet_of_base64_and_in_escapes_of_escapes() -> None:
    value = "~~~???>>>~~~???>>>"
    packed = base64.b64encode(value.encode()).decode()
    assert "/" in packed and "+" in packed
    alphabets = (packed, packed.translate(str.maketrans("+/", "-_")))
    for said in alphabets:
        for sent in (value, *alphabets):
            assert re.fullmatch(r"got \*\*\*[+-]?", masked(f"got {said}", SentSecrets(sent)))
    assert masked(f"got {quote(quote(quote(value)))}", SentSecrets(value)) == "got ***"


def test_an_escape_that_was_cut_at_the_end_hides_no_beginning_of_a_value() -> None:
    spelled = "".join(f"\\u{ord(character):04x}" for character in LONG)
    for count in (7, 8):
        for left in range(6):
            shown = masked(f"near {spelled[: 6 * count + left]}", SentSecrets(LONG))
            assert re.fullmatch(r"near \*\*\*(\\u?[0-9a-f]{0,3})?", shown), shown


def test_a_piece_is_masked_from_its_beginning_to_its_end() -> None:
    sent = SentSecrets(LONG)
    for begin in range(1, 30):
        shown = masked(f"near '{LONG[begin : begin + 30]}'", sent)
        assert re.fullmatch(r"near '-?\*\*\*'", shown)  # a hyphen does not count, nor is it a secret


def test_words_that_a_value_has_too_are_not_masked() -> None:
    said = "cannot use postgresql:// in region db.internal, port 5432: sslmode is not known"
    assert masked(said, SentSecrets(LONG)) == said


def test_the_parts_of_a_token_are_masked_alone() -> None:
    """As a program prints one that has taken it apart."""
    sent = SentSecrets()
    signed = jwt.encode({"iss": "devkey"}, "x" * 32)
    sent.add_token(signed)
    header, payload, signature = signed.split(".")
    said = json.dumps({"header": header, "claims": payload, "signature": signature})
    assert masked(said, sent) == '{"header": "***", "claims": "***", "signature": "***"}'
    assert masked(f"signature {signature[:20]}… is invalid", sent) == "signature ***… is invalid"
    half = len(signed) // 2
    assert signature[:16] not in masked(f"{signed[:half]}', '{signed[half:]}", sent)
    for number in range(2 * TOKENS):
        if number == TOKENS // 2:
            sent.add_token(signed)  # one that is used again is as new
        if number == TOKENS:
            assert signature[:16] not in masked(signature, sent)
        sent.add_token(jwt.encode({"iss": str(number)}, "x" * 32))
    assert masked(signature, sent) == signature, "only the newest are remembered"


def test_lines_of_a_file_are_masked_and_short_values_are_not() -> None:
    sent = SentSecrets("-----BEGIN KEY-----\nMIIEvQIBADAN\n-----END KEY-----", "short")
    assert masked("at MIIEvQIBADAN: bad line of a short key", sent) == "at ***: bad line of a short key"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"Authorization: Bearer {TOKEN}", "Authorization: Bearer ***"),
        (f"a=Bearer%20{TOKEN}&b", "a=Bearer%20***&b"),
        (rf"\u0020{TOKEN}\n{TOKEN}", r"\u0020***\n***"),
        (f"jwt.{TOKEN}", "jwt.***"),
        (f"{TOKEN[:50]}…", "***…"),
        ("no agents.livekit.cloud, no keyJohnson.example", "no agents.livekit.cloud, no keyJohnson.example"),
        ("https://s/x?X-Amz-Signature=0123456789ab&a=b", "https://s/x?X-Amz-Signature=***&a=b"),
        ("x%3FX-Amz-Credential%3DAKIA0123456789%2F1", "x%3FX-Amz-Credential%3D***"),
        ('{"policy": "eyJleHBpcmF0aW9uIjoi"}', '{"policy": "***"}'),
        (r"{\"Signature\":\"0123456789ab\"}", r"{\"Signature\":\"***\"}"),
        ("a policy is needed; signature does not match", "a policy is needed; signature does not match"),
        *(
            (f"to {base64.urlsafe_b64encode(header).decode().rstrip('=')}.eyJpc3MiOiJk.Wq_3-hZ", "to ***")
            for header in (b'{ "alg": "HS256" }', b'{\n "alg": "HS256"}', b'{\r\n "alg": "HS256"}')
        ),
        *(
            (f"https://s/x?{name}=0123456789ab&a=b", f"https://s/x?{name}=***&a=b")
            for name in (
                *(
                    "x-goog-signature",
                    "X-Goog-Credential",
                    "x-ms-token",
                    "x-oss-signature",
                    "x-cos-security-token",
                ),
                *("Signature", "sig", "Policy", "AWSAccessKeyId", "GoogleAccessId", "Key-Pair-Id"),
                *("access_token", "security-token"),
            )
        ),
    ],
)
def test_words_that_are_masked_whoever_says_them(said: str, shown: str) -> None:
    assert masked(said) == shown
    assert masked(shown) == shown


@pytest.mark.parametrize(
    "piece",
    ["eyJ", "eyJ.", "%20eyJ", "a.", "X-Amz-", "x-amz-a-", "=", "======b", "policy", "\\u0020", "\\303", "&a"]
    + ["\\" * 4_000 + end for end in ("q", "u12", "x0", "8")],
)
def test_time_is_linear_in_the_text(piece: str) -> None:
    """An answer of eight thousand backslashes once took five seconds of the loop."""
    sent = SentSecrets(VALUE, "eyJeyJeyJ", "a.a.a.a.a.a.b", "====" * 1000, "=a" * 9000)
    began = time.process_time()
    masked(piece * (QUOTED // len(piece) + 1), sent)
    assert time.process_time() - began < 1


# ---- answers -------------------------------------------------------------------------------------------

REASON = "token signature is invalid: signature is invalid"


@pytest.mark.parametrize("answer", [text, lambda status, said: twirp(401, "unauthenticated", said)])
async def test_a_401_that_repeats_the_token_gives_its_reason_first(
    answer: Callable[[str, str], bytes],
) -> None:
    said = f"invalid token: {TOKEN + 'x' * 600}, error: {REASON}"
    async with serving(answer("401 Unauthorized", said)) as server, connected(server.url) as client:
        with pytest.raises(Unauthorized) as caught:
            await client.list_agents()
    assert caught.value.message == f"invalid token: {REASON}"


def quoting(server: Server, status: str, wrap: Callable[[str], str]) -> Act:
    """Answer with a quotation of the request: its token and its body."""

    async def act(writer: asyncio.StreamWriter) -> None:
        request = server.requests[-1]
        writer.write(http(status, wrap(f"{request.headers['authorization']} {request.body.decode()}")))
        await writer.drain()

    return act


@pytest.mark.parametrize("call", CHANGES, ids=str)
async def test_nothing_that_was_sent_is_in_an_error(call: Call) -> None:
    async with serving() as server, connected(server.url) as client:
        for status, wrap in ECHOES:
            server.script = [quoting(server, status, wrap)]
            try:
                await call.run(client)
            except ApiError as error:
                # what a token says is in the body too, in the same base64; its signature is not
                signature = server.requests[-1].headers["authorization"].rpartition(".")[2]
                assert_gone(signature, f"{error} {error!r}")


ELSEWHERE: dict[str, Callable[[str], bytes]] = {
    "the reason": lambda said: http(f"400 {said}"),
    "the reason of a page": lambda said: http(f"502 {said}", "<html>"),
    "the code": lambda said: http("400 X", json.dumps({"code": said, "msg": "no"})),
    "meta": lambda said: http(
        "400 X", json.dumps({"code": "invalid_argument", "msg": "no", "meta": {"a": said}})
    ),
    "a page": lambda said: http("500 X", f"<!doctype html><title>{said}</title>"),
    "the place to go to": lambda said: http("307 X", said, f"Location: /?token={said}"),
    "headers": lambda said: http(
        "429 X", "", f"Retry-After: {said}", f"Date: {said}", f"WWW-Authenticate: {said}"
    ),
    "a header that is none": lambda said: f"HTTP/1.1 400 Bad\r\n{said}\r\n\r\n".encode(),
    "a status that is none": lambda said: f"HTTP/1.1 {said}\r\n\r\n".encode(),
    "a length that is none": lambda said: f"HTTP/1.1 200 OK\r\nContent-Length: {said}\r\n\r\n".encode(),
    "a chunk that is none": lambda said: (
        f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{said}\r\n".encode()
    ),
    "an id": lambda said: http(200, json.dumps({"success": True, "agent_id": said})),
}


@pytest.mark.parametrize("place", ELSEWHERE)
async def test_no_other_part_of_an_answer_brings_a_signature_into_an_error(place: str) -> None:
    """Alone, since whole tokens are known by what they look like."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(ELSEWHERE[place](server.requests[-1].headers["authorization"].rpartition(".")[2]))
        await writer.drain()
        raise ConnectionResetError

    async with serving(answer) as server, connected(server.url) as client:
        request = {"agent_id": "CA_x"}
        with pytest.raises(ApiError) as caught:
            await client.change(changes.RESTART_AGENT, request, request_id="one")
        signature = server.requests[-1].headers["authorization"].rpartition(".")[2]
        assert_gone(signature, f"{caught.value} {caught.value!r}")


async def test_a_stream_that_is_refused_repeats_no_signature() -> None:
    """Alone, since whole tokens are known by what they look like."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(text("400 Bad Request", server.requests[-1].headers["authorization"].rpartition(".")[2]))
        await writer.drain()

    async with serving(answer) as server, connected(server.url) as client:
        for stream in (client.logs("CA_x"), client.build("CA_x", "", {})):
            with pytest.raises(ApiError, match=r"\*\*\* \(HTTP 400\)$") as caught:
                async with stream:
                    pytest.fail("it is open")
            assert_gone(server.requests[-1].headers["authorization"].rpartition(".")[2], str(caught.value))


async def test_a_secret_that_was_sent_is_in_no_later_error_either() -> None:
    async with serving(http(200, '{"success":true}')) as server, connected(server.url) as client:
        request = {"agent_id": "CA_x", "secrets": [secret_message("KEY", Secret(VALUE))]}
        await client.change(changes.UPDATE_SECRETS, request, request_id="one")
        for name, form in FORMS.items():
            server.script = [twirp(500, "internal", f"{name} {form(VALUE)}")]
            with pytest.raises(ApiError) as caught:
                await client.list_secrets("CA_x")
            assert_gone(VALUE, str(caught.value))
            assert name in str(caught.value)


async def test_a_secret_that_was_sent_is_not_in_errors_of_jobs() -> None:
    """An agent prints the key that its provider did not take; the operator has just set it."""
    state = {"status": "JS_FAILED", "error": f"Incorrect API key: {VALUE}"}
    dispatch = {
        "id": "AD_1",
        "room": "r",
        "state": {"jobs": [{"id": "AJ_1", "state": state}, {"id": "AJ_2"}]},
    }
    async with serving(http(200, '{"success":true}')) as server, connected(server.url) as client:
        server.script = [http(200, json.dumps({"agent_dispatches": [dispatch]}))]
        (before,) = (await client.list_dispatches("r")).items
        assert before.jobs[0].state is not None and VALUE in before.jobs[0].state.error, "not sent by us"
        server.script = [http(200, '{"success":true}')]
        request = {"agent_id": "CA_x", "secrets": [secret_message("KEY", Secret(VALUE))]}
        await client.change(changes.UPDATE_SECRETS, request, request_id="one")
        for size in (1, 40_000):  # in slices, too
            more = [{"id": f"AD_{number}"} for number in range(2, 2 + size)]
            server.script = [http(200, json.dumps({"agent_dispatches": [dispatch, *more]}))]
            (first, *_) = (await client.list_dispatches("r")).items
            assert first.jobs[0].state is not None
            assert first.jobs[0].state.error == "Incorrect API key: ***"
        server.script = [http(200, json.dumps(dispatch))]
        gone = await client.change(
            changes.DELETE_DISPATCH, {"room": "r", "dispatch_id": "AD_1"}, request_id="two"
        )
        assert VALUE not in repr(gone)


# ---- uploads and builds --------------------------------------------------------------------------------


async def test_an_upload_host_repeats_nothing(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    signature, policy = "0123456789abcdef/+canary", "cG9saWN5LWNhbmFyeS1+fn4="
    quoted = quote(signature, "")
    async with running(Store()) as store:
        put = upload_target(f"{store.url}/x?X-Amz-Signature={quoted}")
        post = upload_target("", store.url, {"policy": policy, "x-sig": signature})
        for name, form in FORMS.items():
            said = f"{name}: {form(signature)} {form(VALUE)}"
            xml = f"<Error><Code>No</Code><Message>{html.escape(said)}</Message>"
            for target, answer in [
                (put, answering("201 Created", f"{said} {form(quoted)}")),
                (put, answering("500 Oops", xml)),
                (post, answering("403 Forbidden", f"{said} {form(policy)}")),
                (post, answering("500 Oops", xml)),
            ]:
                store.answer = answer
                sent = SentSecrets(VALUE)  # nothing but what this upload adds
                with pytest.raises(ApiError) as caught:
                    await upload(target, tmp_path / "a", peer="127.0.0.1", sent=sent)
                assert name in str(caught.value)
                values = (signature, quoted, VALUE) if target is put else (signature, policy, VALUE)
                for value in values:
                    assert_gone(value, str(caught.value))


def test_a_build_repeats_nothing() -> None:
    sent = SentSecrets(VALUE)
    sent.add_token(TOKEN)
    for name, form in FORMS.items():
        said = f"{name}: {form(VALUE)} {form(TOKEN)}"
        packed = base64.b64encode(f"{said}\n".encode()).decode()
        lines = [
            {"vertexes": [{"digest": "a", "name": said, "started": "2026-08-11T09:04:12Z", "error": said}]},
            {"statuses": [{"id": said, "vertex": "a"}], "logs": [{"vertex": "a", "data": packed}]},
            {"warnings": [{"vertex": "a", "short": packed, "url": said}]},
        ]
        build = Build(sent)
        for line in (*(json.dumps(line).encode() for line in lines), f"BUILD ERROR: {said}".encode()):
            build.feed(line)
        shown = repr(build.progress(0.0))
        assert shown.count(name) >= 6
        assert_gone(VALUE, shown)
        assert_gone(TOKEN, shown)
