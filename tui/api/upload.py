"""Uploads a packed working directory to the address that the service handed out (PROTOCOL.md, Uploads).

No token is sent: the address, or the form that comes with it, is the permission. Both are therefore secrets,
and errors of this module show no more than the host.
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import secrets
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Final

import httpx

from tui import privatefile
from tui.api import errors
from tui.api.sockets import KEEPALIVE
from tui.api.text.clean import clean
from tui.api.text.masking import QUOTED, SentSecrets, masked
from tui.api.trust import trust
from tui.api.upload_target import UploadTarget, Way, ways
from tui.secret import Secret

DEADLINE: Final = 900.0
"""Seconds for the whole upload: the official client gives upload and build together as long."""
STALL: Final = 60.0
"""Seconds without a byte taken, or without an answer, after which the upload is given up."""
CONNECT: Final = 10.0
"""Seconds to connect."""
BLOCK: Final = 1 << 18
"""Bytes read and reported at a time."""
_ANSWER_LIMIT: Final = 65_536

Progress = Callable[[int, int], None]
"""Called with the bytes sent so far and the size of the file."""


async def upload(
    target: UploadTarget,
    path: Path,
    *,
    peer: str,
    progress: Progress | None = None,
    sent: SentSecrets | None = None,
    ca_file: str | None = None,
    proxy: str | None = None,
    deadline: float = DEADLINE,
    stall: float = STALL,
) -> None:
    """Send a file once, streamed from the disk. Raises the tree of `errors`, whose texts are free of `sent`.

    `peer` is the address that the project's own connection went to, empty if that is not known.
    `NotSent` while bytes were missing, since a part of an archive is never kept; `Unknown` when all were sent
    and no answer came. A repetition is harmless: it writes the same object.
    """
    tried = await ways(target, peer=peer, proxy=proxy)
    sent = sent or SentSecrets()
    sent.add(*target.secrets)
    try:
        file = privatefile.open_file(path)
    except OSError as error:
        reason = clean(error.strerror or "cannot be read", limit=80).lower()
        raise errors.NotSent(f"the archive: {reason}; nothing was uploaded", host=target.host) from None
    with os.fdopen(file, "rb") as opened:
        body = _Body(target, opened, os.fstat(opened.fileno()).st_size, progress or _silent)
        for way in tried:
            try:
                status, answer = await _send(
                    _request(body, way, stall), target, body, ca_file, way.proxy, deadline
                )
                break
            except errors.Unreachable:  # nothing was sent
                if way is tried[-1]:
                    raise
    if status not in body.accepted or _is_page(answer):
        raise _refusal(status, answer, target, body, sent)


def _request(body: _Body, way: Way, stall: float) -> httpx.Request:
    """The request to one address of the target. A certificate must hold the name, not the address."""
    url = httpx.URL(body.target.url.reveal())
    extensions = {
        "timeout": {"connect": CONNECT, "pool": CONNECT, "read": stall, "write": stall},
        "sni_hostname": url.host,
    }
    host = {"Host": url.netloc.decode(), "Accept-Encoding": "identity", "User-Agent": "lktop"}
    address = url.copy_with(host=way.address)
    return httpx.Request(
        body.verb, address, headers={**body.headers, **host}, content=body.blocks(), extensions=extensions
    )


async def _send(
    request: httpx.Request,
    target: UploadTarget,
    body: _Body,
    ca_file: str | None,
    proxy: str | None,
    deadline: float,
) -> tuple[int, bytes]:
    """Status and body of the answer.

    Through the transport and not a client, because a client logs each address, which here is a secret.
    """
    wire = httpx.AsyncHTTPTransport(
        verify=trust(ca_file), proxy=proxy, trust_env=False, socket_options=KEEPALIVE, retries=0
    )
    try:
        async with asyncio.timeout(deadline), wire:
            response = await wire.handle_async_request(request)
            try:
                return response.status_code, await _read(response)
            finally:
                await response.aclose()
    except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError) as error:
        raise _broken(error, target, body) from None


async def _read(response: httpx.Response) -> bytes:
    """The beginning of an answer; more is never shown."""
    answer = b""
    async for chunk in response.aiter_raw():
        answer += chunk
        if len(answer) > _ANSWER_LIMIT:
            break
    return answer[:_ANSWER_LIMIT]


def _silent(done: int, total: int) -> None:
    """Ignore progress."""


@dataclass
class _Body:
    """The request body, and how much of it was sent."""

    target: UploadTarget
    file: BinaryIO
    size: int
    progress: Progress
    all_taken: bool = False
    _boundary: str = field(default_factory=lambda: f"lktop-{secrets.token_hex(16)}")

    @property
    def verb(self) -> str:
        return "PUT" if self.target.fields is None else "POST"

    @property
    def accepted(self) -> frozenset[int]:
        """The status codes that mean success, which differ."""
        return frozenset({200}) if self.target.fields is None else frozenset({200, 201, 204})

    @property
    def headers(self) -> dict[str, str]:
        kind = "application/gzip"
        if self.target.fields is not None:
            kind = f"multipart/form-data; boundary={self._boundary}"
        return {"Content-Type": kind, "Content-Length": str(len(self._head) + self.size + len(self._tail))}

    async def blocks(self) -> AsyncIterator[bytes]:
        if self._head:
            yield self._head
        done = 0
        while block := await asyncio.to_thread(self.file.read, BLOCK):
            yield block
            done += len(block)
            self.progress(done, self.size)
        if done != self.size:
            raise errors.NotSent(
                "the archive changed while it was sent; nothing was uploaded", host=self.target.host
            )
        self.all_taken = True
        if self._tail:
            yield self._tail

    @cached_property
    def _head(self) -> bytes:
        """The form's fields and the head of the file's part, which must come last."""
        if self.target.fields is None:
            return b""
        start = f"--{self._boundary}\r\nContent-Disposition: form-data; name="
        parts = [
            f'{start}"{_quoted(name)}"\r\n\r\n{value.reveal()}\r\n' for name, value in self.target.fields
        ]
        key = dict(self.target.fields).get("key", Secret("upload.tar.gz")).reveal()
        parts.append(f'{start}"file"; filename="{_quoted(key)}"\r\n')
        parts.append("Content-Type: application/octet-stream\r\n\r\n")
        return "".join(parts).encode()

    @property
    def _tail(self) -> bytes:
        return b"" if self.target.fields is None else f"\r\n--{self._boundary}--\r\n".encode()


def _quoted(name: str) -> str:
    """A name quoted for a part's header, so that it cannot end the quotes."""
    return name.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "%0D").replace("\n", "%0A")


_WORDS: Final = {
    "ConnectTimeout": "no connection in time",
    "ReadTimeout": "no answer in time",
    "WriteTimeout": "the other side stopped taking bytes",
    "TimeoutError": "not done in time",
    "RemoteProtocolError": "the connection was closed before there was an answer",
    "ReadError": "the connection broke while waiting for the answer",
    "WriteError": "the connection broke while sending",
}
_NO_CONNECTION: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
)


def _broken(error: Exception, target: UploadTarget, body: _Body) -> errors.ApiError:
    words = _WORDS.get(type(error).__name__)
    if words is None:
        # only the system's error texts: others may hold the address
        words = clean(str(error), limit=160) if isinstance(error, httpx.ConnectError) else "the upload broke"
    if "CERTIFICATE_VERIFY_FAILED" in words:
        words = f"certificate not trusted: {words.partition('failed: ')[2].partition(' (_ssl')[0]}"
    if isinstance(error, _NO_CONNECTION):
        kind: type[errors.ApiError] = errors.Unreachable
        end = "nothing was uploaded"
    elif body.all_taken:
        kind, end = errors.Unknown, "all was sent, whether it was kept is unknown"
    else:
        kind, end = errors.NotSent, "the upload is not complete and nothing was kept"
    return kind(f"upload to {target.host}: {words}; {end}", method=f"{body.verb} upload", host=target.host)


def _refusal(
    status: int, answer: bytes, target: UploadTarget, body: _Body, sent: SentSecrets
) -> errors.ApiError:
    kind: type[errors.ApiError]
    if 300 <= status < 400:
        kind, said = errors.Refused, "redirects elsewhere; not followed"
    elif status in (408, 499) or status >= 500 or status < 300:
        kind, said = errors.Unknown, _said(answer, sent) or "an answer that means neither yes nor no"
    else:
        kind, said = errors.Refused, _said(answer, sent) or "refused without a reason"
    where = target.host
    return kind(f"upload to {where}: {said}", method=f"{body.verb} upload", host=where, status=status)


def _is_page(answer: bytes) -> bool:
    """A page of HTML, which no store answers with: somebody in between took the source, or let it drop."""
    return answer[:QUOTED].lstrip().lower().startswith((b"<!doctype html", b"<html"))


def _said(answer: bytes, sent: SentSecrets) -> str:
    """The message of an answer: of an object store's XML its message; empty for HTML."""
    text = answer[:QUOTED].decode("utf-8", "replace").strip()
    if text.startswith("<"):
        found = [re.search(f"<{tag}>([^<]*)</{tag}>", text) for tag in ("Code", "Message")]
        text = ": ".join(html.unescape(match[1]) for match in found if match)
    return clean(masked(text, sent).partition("\n")[0], limit=200)
