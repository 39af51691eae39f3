"""Reads response bodies within limits and maps failures to `errors`."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec

from tui.api import errors, proof
from tui.api.decoding.limits import WHOLE
from tui.api.long_answers import LONG, Receiver, Turn, pass_on
from tui.api.text.clean import clean
from tui.api.text.masking import QUOTED, SentSecrets, masked
from tui.secret import MASK

E = TypeVar("E", bound=errors.ApiError)

_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,  # raised before there is a way to the host
    httpx.UnsupportedProtocol,
)
ERROR_LIMIT = 65_536
"""Bytes of an answer other than 200 that are read."""
_PREFIX = "twirp error unknown: "
"""What self-hosted servers put before most messages."""
_NO_PAGE = b"404 page not found"
"""What Go's router answers for a service that is not there; a gateway's 404 says nothing of the server."""
_ECHO = f"invalid token: {MASK}, error: "
"""How released servers begin a 401, once the token is masked (PROTOCOL.md, Errors)."""


@dataclass
class Call:
    """What all errors of one call have in common."""

    label: str
    address: str
    """Name and port of the host."""
    request_id: str
    sent: SentSecrets
    """What its answer may repeat and nobody may see."""
    signed: bool = True
    """It carries a token."""
    changes: bool = False
    """It is not a read."""
    turn: Turn | None = None
    """What a long answer to it waits for."""
    may_be_cut: bool = False
    """Of an answer that is too long, the beginning is of use."""
    receiver: Receiver | None = None
    """What takes in an answer that is too long to be in memory as a whole."""

    @property
    def host(self) -> str:
        """Name of the host."""
        return urlsplit(f"//{self.address}").hostname or ""

    def mask(self, text: str) -> str:
        """A text of the answer without what it repeats, still to be cleaned and cut."""
        shown = masked(text, self.sent)
        return f"invalid token: {shown.removeprefix(_ECHO)}" if shown.startswith(_ECHO) else shown

    def error(self, kind: type[E], text: str, *, code: str = "", status: int = 0, wait: float = 0.0) -> E:
        """An error of this call."""
        return kind(text, self.label, self.host, code, status, self.request_id, wait)


async def read(
    response: httpx.Response, limit: int, call: Call, timer: asyncio.Timeout | None = None
) -> bytes:
    """The body, as sent; raises `Unknown` when it is longer than `limit` bytes, unless it may be cut there.

    An error is cut at `ERROR_LIMIT`, for no more of one is ever looked at. A body of more than `WHOLE` bytes
    goes to the receiver of the call, if there is one, and nothing of it is returned; what the receiver needs
    is added to the `timer`, which is for the server.
    """
    # no list of chunks: each may hold a byte, and joined they would need the room twice
    buffer = BytesIO()
    may_be_cut, receiver = call.may_be_cut, call.receiver
    if response.status_code != 200:
        limit, may_be_cut, receiver = ERROR_LIMIT, True, None
    parts = response.aiter_raw()
    if receiver is not None and _announced(response) > WHOLE:  # nothing of it needs to be kept
        if call.turn is not None:
            await call.turn.take()
        await pass_on(buffer, parts, limit, receiver, timer)
        return b""
    async for chunk in parts:
        if receiver is not None and buffer.tell() + len(chunk) > WHOLE:
            buffer.write(chunk)
            await pass_on(buffer, parts, limit, receiver, timer)
            return b""
        if buffer.tell() + len(chunk) > limit:
            if may_be_cut:
                buffer.write(chunk[: limit - buffer.tell()])
                break
            text = f"the answer is longer than {limit // 1024} KiB; not read further"
            raise call.error(errors.Unknown, text, status=response.status_code)
        if call.turn is not None and buffer.tell() + len(chunk) > LONG:
            await call.turn.take()
        buffer.write(chunk)
    return buffer.getvalue()


def _announced(response: httpx.Response) -> int:
    """Bytes that the body is said to have; 0 if that is not said."""
    text = response.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0


async def chunks(response: httpx.Response, call: Call) -> AsyncIterator[bytes]:
    """The chunks of an endless body; raises `Unknown` when it is cut or silent."""
    try:
        async for chunk in response.aiter_raw():
            yield chunk
    except (httpx.HTTPError, httpx.StreamError, ssl.SSLError) as error:
        raise broken(error, call) from None


def broken(error: Exception, call: Call) -> errors.ApiError:
    """The error for a transport failure, by whether the request may have run."""
    words = {
        "ConnectTimeout": "no connection in time",
        "PoolTimeout": "no free connection",
        "ReadTimeout": "no answer in time",
        "WriteTimeout": "the request could not be sent in time",
        "TimeoutError": "no answer in time",
        "RemoteProtocolError": "the connection was closed before the answer was whole",
        "ReadError": "the connection broke while reading the answer",
        "WriteError": "the connection broke while sending",
    }
    kind = errors.Unreachable if isinstance(error, _NOT_SENT) else errors.Unknown
    text = words.get(type(error).__name__) or _why(error, call)
    notes = error.__notes__ if hasattr(error, "__notes__") else []
    return call.error(kind, "; ".join((text, *notes)))


def _why(error: BaseException, call: Call) -> str:
    """A failure in words, by its first cause: libraries say 'all connection attempts failed'."""
    text = call.mask(str(error))
    if isinstance(error, httpx.ProxyError):
        return clean(f"the proxy refused: {text}", limit=160)
    while cause := error.__cause__ or error.__context__:
        error = cause
    if isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate not trusted: {clean(error.verify_message, limit=120)}"
    if isinstance(error, ssl.SSLError) and error.reason:
        plain = error.reason in ("WRONG_VERSION_NUMBER", "UNEXPECTED_EOF_WHILE_READING")
        words = "no TLS at this address" if plain else f"TLS: {error.reason.replace('_', ' ').lower()}"
        return clean(words, limit=120)
    if isinstance(error, socket.gaierror):
        return "the host name is not known"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return clean(text, limit=160) or type(error).__name__


class _TwirpError(msgspec.Struct):
    code: str = ""
    msg: str = ""


def _twirp(body: bytes, call: Call) -> tuple[str, str]:
    """Code and message of a Twirp error; empty for any other body."""
    try:
        found = msgspec.json.decode(body, type=_TwirpError)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError):
        return "", ""
    return clean(call.mask(found.code), limit=40), clean(
        call.mask(found.msg.removeprefix(_PREFIX)), limit=600
    )


def _plain(body: bytes, call: Call) -> str:
    """The first line of a plain-text answer; empty for HTML."""
    text = body[:QUOTED].decode("utf-8", "replace").strip()
    return "" if text.startswith("<") else clean(call.mask(text).partition("\n")[0], limit=200)


def retry_after(value: str, now: float) -> float:
    """Seconds to wait by a Retry-After header (seconds or date), 60 at most; 0 if it is invalid."""
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - now
        except (ValueError, OverflowError, IndexError, TypeError):
            return 0.0
    return min(60.0, seconds) if seconds > 0 else 0.0


def refusal(response: httpx.Response, body: bytes, call: Call, now: float) -> errors.ApiError:
    """The error for an answer other than 200. A change counts as refused only where the answer proves it.

    `now` is the server's time in Unix seconds, for a Retry-After that is a date.
    """
    status = response.status_code
    code, text = _twirp(body, call)
    wait = 0.0
    if status in (429, 503):
        wait = retry_after(response.headers.get("Retry-After", ""), now)
    kind, better = _kind(status, code, body)
    if call.changes and proof.of_refusal(status, body) is not proof.Proof.NOTHING_RAN:
        kind = errors.Unknown
    if better and call.signed and 300 <= status < 400:
        better += ", for it would see the token"
    text = better or text or _plain(body, call)
    if not text and status in (401, 403):
        why = "does not accept these credentials" if call.signed else "wants credentials; none were sent"
        text = f"the server {why}"
    text = text or clean(call.mask(response.reason_phrase), limit=200) or "no reason given"
    return call.error(kind, text, code=code, status=status, wait=wait)


def _kind(status: int, code: str, body: bytes) -> tuple[type[errors.ApiError], str]:
    """What kind of no an answer is, and its words where there are better ones than the server's."""
    exact = proof.twirp_error(body)
    agrees = exact is not None and proof.STATUS_OF[exact.code] == status
    if status == 429 or code == "resource_exhausted":
        return errors.RateLimited, "" if code else "too many requests for this project"
    if status in (401, 403):
        return errors.Unauthorized, ""
    if (agrees and code in ("bad_route", "unimplemented")) or (status == 404 and body.startswith(_NO_PAGE)):
        return errors.NoSuchService, "this server does not offer this API"
    if agrees and code == "not_found":
        return errors.NotFound, ""
    if 300 <= status < 400:
        return errors.Refused, "the server redirects elsewhere; not followed"
    if status in (408, 499) or status >= 500 or status < 300:  # only 200 is success
        return errors.Unknown, ""
    return errors.Refused, ""
