"""Twirp as LiveKit's servers speak it: errors and methods (PROTOCOL.md, Errors)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol

from google.protobuf.message import Message
from starlette.responses import Response

from tui.sim.http.auth import Claims
from tui.sim.wire.codec import Codec, JsonForm, M, Malformed, decode
from tui.sim.wire.codes import STATUS, Code


class TwirpError(Exception):
    """A call that failed, with a code of Twirp."""

    def __init__(
        self, code: Code, msg: str, meta: dict[str, str] | None = None, *, born: bool = False
    ) -> None:
        super().__init__(msg)
        self.code = code
        self.msg = msg
        self.meta = meta or {}
        self.born = born
        """Raised by Twirp itself or the authentication, hence without the servers' prefix."""

    def response(self, prefix: bool = False) -> Response:
        """The answer: exactly code, msg and, if any, meta, or Go clients blame an intermediary."""
        msg = f"twirp error unknown: {self.msg}" if prefix and not self.born else self.msg
        body: dict[str, object] = {"code": self.code, "msg": msg}
        if self.meta:
            body["meta"] = self.meta
        return Response(json.dumps(body), STATUS[self.code], media_type="application/json")


def bad_route(msg: str, method: str, path: str) -> TwirpError:
    """A call that reaches no method (PROTOCOL.md, Hosts and paths)."""
    return TwirpError("bad_route", msg, {"twirp_invalid_route": f"{method} {path}"}, born=True)


def panic() -> TwirpError:
    """The answer to a caller when the server itself fails."""
    return TwirpError("internal", "Internal service panic", born=True)


class Encodes(Protocol):
    """A `Listing` of any message."""

    def encoded(self, codec: Codec, keys: Iterable[str] | None = None) -> bytes:
        """The answer's body."""


@dataclass(frozen=True)
class Page:
    """An answer that is a listing, or a part of it, in the codec of the caller."""

    listing: Encodes
    keys: Iterable[str] | None = None

    def encoded(self, codec: Codec) -> bytes:
        """The answer's body."""
        return self.listing.encoded(codec, self.keys)


Answer = Message | Page


class Method(Protocol):
    """One method of a service, from a request's body to an answer."""

    replayed: bool
    """The same answer is given again for the same request id."""

    async def call(self, body: bytes, codec: Codec, claims: Claims | None) -> Answer:
        """Decode, check the grant, run. Raises TwirpError and Denied."""


class Refusal(Protocol):
    """The error of this server for a missing grant."""

    def __call__(self, claims: Claims | None) -> TwirpError:
        """The error for a caller without the grant."""


class Rpc(Generic[M]):
    """A method: the message that it takes, the grant that it needs, and what it does."""

    def __init__(
        self,
        request: type[M],
        grant: Callable[[Claims, M], bool],
        run: Callable[[M], Awaitable[Answer]],
        refusal: Refusal,
        *,
        replayed: bool = False,
    ) -> None:
        self._request = request
        self._grant = grant
        self._run = run
        self._refusal = refusal
        self.replayed = replayed

    async def call(self, body: bytes, codec: Codec, claims: Claims | None) -> Answer:
        """Decode, check the grant, run."""
        try:
            request = decode(body, self._request, codec)
        except Malformed as error:
            raise TwirpError("malformed", str(error), born=True) from None
        if claims is None or not self._grant(claims, request):
            raise self._refusal(claims)
        return await self._run(request)


def encoded(answer: Answer, codec: Codec, form: JsonForm) -> bytes:
    """An answer's body."""
    if isinstance(answer, Page):
        return answer.encoded(codec)
    return answer.SerializeToString() if codec == "protobuf" else form.encoded(answer)
