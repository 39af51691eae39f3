"""Twirp as LiveKit's servers speak it: errors, their statuses, and the table of methods (contract.md §1)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, Literal, Protocol

from google.protobuf.message import Message
from starlette.responses import Response

from tui.sim.http.wire import Codec, JsonForm, M, Malformed, decode
from tui.sim.world.auth import Claims

Code = Literal[
    "canceled",
    "unknown",
    "invalid_argument",
    "malformed",
    "deadline_exceeded",
    "not_found",
    "bad_route",
    "already_exists",
    "permission_denied",
    "unauthenticated",
    "resource_exhausted",
    "failed_precondition",
    "aborted",
    "out_of_range",
    "unimplemented",
    "internal",
    "unavailable",
    "data_loss",
]
"""The codes of Twirp (contract.md §1.4)."""

STATUS: Final[dict[Code, int]] = {
    "canceled": 408,
    "unknown": 500,
    "invalid_argument": 400,
    "malformed": 400,
    "deadline_exceeded": 408,
    "not_found": 404,
    "bad_route": 404,
    "already_exists": 409,
    "permission_denied": 403,
    "unauthenticated": 401,
    "resource_exhausted": 429,
    "failed_precondition": 412,
    "aborted": 409,
    "out_of_range": 400,
    "unimplemented": 501,
    "internal": 500,
    "unavailable": 503,
    "data_loss": 500,
}
"""HTTP status of every Twirp code (contract.md §1.4)."""


class TwirpError(Exception):
    """A call that failed, in Twirp's words."""

    def __init__(
        self, code: Code, msg: str, meta: dict[str, str] | None = None, *, born: bool = False
    ) -> None:
        super().__init__(msg)
        self.code = code
        self.msg = msg
        self.meta = meta or {}
        self.born = born
        """Born as a Twirp error, hence never prefixed (contract.md §1.4)."""

    def response(self, prefix: bool = False) -> Response:
        """The answer: exactly code, msg and, if any, meta, or Go clients blame an intermediary (§1.5)."""
        msg = f"twirp error unknown: {self.msg}" if prefix and not self.born else self.msg
        body: dict[str, object] = {"code": self.code, "msg": msg}
        if self.meta:
            body["meta"] = self.meta
        return Response(json.dumps(body), STATUS[self.code], media_type="application/json")


def bad_route(msg: str, method: str, path: str) -> TwirpError:
    """A call that reaches no method (contract.md §1.1)."""
    return TwirpError("bad_route", msg, {"twirp_invalid_route": f"{method} {path}"}, born=True)


def panic() -> TwirpError:
    """What a caller is told of the server's own mistake (contract.md §1.4)."""
    return TwirpError("internal", "Internal service panic", born=True)


class Encodes(Protocol):
    """What a `Listing` can do, whatever it lists."""

    def encoded(self, codec: Codec, keys: Iterable[str] | None = None) -> bytes:
        """The answer's body."""


@dataclass(frozen=True)
class Page:
    """An answer that is a listing, or a part of it, in whatever form the caller wants."""

    listing: Encodes
    keys: Iterable[str] | None = None

    def encoded(self, codec: Codec) -> bytes:
        """The answer's body."""
        return self.listing.encoded(codec, self.keys)


Answer = Message | Page


class Method(Protocol):
    """One method of a service, from a request's body to an answer."""

    replayed: bool
    """An answer is repeated for a repeated request id (contract.md §1.8)."""

    async def call(self, body: bytes, codec: Codec, claims: Claims | None) -> Answer:
        """Decode, check the grant, run. Raises TwirpError and Denied."""


class Refusal(Protocol):
    """How this server words a missing grant."""

    def __call__(self, claims: Claims | None) -> TwirpError:
        """The error for a caller who may not."""


class Rpc(Generic[M]):
    """A method of the world: which message it takes, which grant it wants, what it does."""

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
