"""What came back, or did not: bodies within limits, failures as the tree of `errors`."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

import httpx
import msgspec

from tui.api import errors
from tui.api.clean import clean

E = TypeVar("E", bound=errors.ApiError)

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_PREFIX = "twirp error unknown: "
"""What open-source servers put before most messages (contract.md §1.4)."""


@dataclass
class Call:
    """What every error of one call says about it."""

    label: str
    host: str
    request_id: str

    def error(self, kind: type[E], text: str, *, code: str = "", status: int = 0, wait: float = 0.0) -> E:
        """An error of this call."""
        return kind(text, self.label, self.host, code, status, self.request_id, wait)


async def read(response: httpx.Response, limit: int, call: Call) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for chunk in response.aiter_raw():
        size += len(chunk)
        if size > limit:
            text = f"the answer is longer than {limit // 1024} KiB; not read further"
            raise call.error(errors.Unknown, text, status=response.status_code)
        parts.append(chunk)
    return b"".join(parts)


async def chunks(response: httpx.Response, call: Call) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.aiter_raw():
            yield chunk
    except (httpx.HTTPError, httpx.StreamError, ssl.SSLError) as error:
        raise broken(error, call) from None


def broken(error: Exception, call: Call) -> errors.ApiError:
    """What a transport failure means for the question whether the request ran."""
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
    text = words.get(type(error).__name__) or clean(str(error), limit=160) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in text:
        text = f"certificate not trusted: {text.partition('failed: ')[2].partition(' (_ssl')[0]}"
    kind = errors.Unreachable if isinstance(error, _NOT_SENT) else errors.Unknown
    return call.error(kind, text)


class _TwirpError(msgspec.Struct):
    code: str = ""
    msg: str = ""


def _twirp(body: bytes) -> tuple[str, str]:
    """Code and message of a Twirp error; empty for any other body (contract.md §1.4)."""
    try:
        found = msgspec.json.decode(body, type=_TwirpError)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError):
        return "", ""
    return clean(found.code, limit=40), clean(found.msg.removeprefix(_PREFIX), limit=600)


def _plain(body: bytes) -> str:
    """The first line of a plain-text answer; nothing of a page meant for a browser."""
    text = body[:400].decode("utf-8", "replace").strip()
    return "" if text.startswith("<") else clean(text.partition("\n")[0], limit=200)


def retry_after(value: str, now: float) -> float:
    """Seconds to wait by a Retry-After header (seconds or date); 5 if it is of no use, 60 at the most."""
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - now
        except (ValueError, OverflowError, IndexError, TypeError):
            return 5.0
    return min(60.0, seconds) if seconds > 0 else 5.0


def refusal(response: httpx.Response, body: bytes, call: Call, now: float) -> errors.ApiError:
    """What an answer other than 200 means; `now` in Unix seconds, for a Retry-After that is a date."""
    status = response.status_code
    code, text = _twirp(body)
    kind: type[errors.ApiError]
    wait = 0.0
    if status in (401, 403):
        kind = errors.Unauthorized
        text = text or _plain(body) or "the server does not accept these credentials"
    elif code in ("bad_route", "unimplemented") or (status == 404 and not code):
        kind, text = errors.NoSuchService, "this server does not offer this API"
    elif status == 404:
        kind = errors.NotFound
    elif status == 429:
        kind = errors.RateLimited
        wait = retry_after(response.headers.get("Retry-After", ""), now)
        text = text or "too many requests for this project"
    elif 300 <= status < 400:
        kind = errors.Refused
        text = "the server redirects elsewhere; not followed, for it would see the token"
    elif status in (408, 499) or status >= 500:
        kind = errors.Unknown
    else:
        kind = errors.Refused
    text = text or _plain(body) or response.reason_phrase or "no reason given"
    return call.error(kind, text, code=code, status=status, wait=wait)
