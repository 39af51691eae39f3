"""What every request passes, in the order of LiveKit's own server (PROTOCOL.md, Hosts and paths).

Recovery from panics, double slashes, size limit, authentication. Besides, due events of the world happen
first and the request is recorded. Independent of the routes.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
import traceback
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from itertools import islice

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tui.sim.http import request_url
from tui.sim.http.auth import Claims, Denied, verify
from tui.sim.http.faults import Faults, afflict
from tui.sim.http.twirp import panic
from tui.sim.world.world import World

KEPT = 10_000
"""Requests remembered."""
KEPT_CHARACTERS = 2_000
"""Characters remembered of all headers of a request, of its path and of its query; each may have 64 kB."""
KEPT_HEADERS = 40
UPLOADS = "/_upload/"
UNLIMITED = (UPLOADS, "/v2/")
"""Paths that stand for other services, with limits of their own."""
CONTROL = "/_sim"
"""The control API; it and uploads take no LiveKit token."""
BEARER = "Bearer "
_TOKEN = re.compile("access_token=[^&]*")


@dataclass
class SeenRequest:
    """A request as received, with the claims of its token but without the token."""

    seq: int
    moment: float
    """World time, Unix seconds."""
    received: float
    """The machine's time, Unix seconds."""
    method: str
    path: str
    query: str
    headers: dict[str, str]
    claims: dict[str, object]
    status: int = 0
    """HTTP status of the answer; 0 without one."""
    fault: str = ""
    """The injected fault; empty without one."""


class RequestPipeline:
    """Wraps the routes of one application."""

    def __init__(self, app: ASGIApp, world: World, keys: Mapping[str, str], faults: Faults) -> None:
        self._app = app
        self._world = world
        self._keys = keys
        self.faults = faults
        self.seen: deque[SeenRequest] = deque(maxlen=KEPT)
        self.count = 0
        self.closing = False
        """The server is being stopped."""
        self.panics: list[str] = []
        """Tracebacks of errors of the simulator itself."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if scope["path"].startswith("//"):
            # The official Go client joins a base that ends in a slash with a path that starts with one.
            scope["path"] = scope["path"][1:]
        headers = Headers(scope=scope)
        request_url.remember(headers.get("host", ""))
        seen = self._remember(scope, headers)
        dated = self._dated(send, seen)
        try:
            self._world.settle()
            await self._pass_on(headers, seen, scope, receive, dated)
        except Denied as denied:
            await PlainTextResponse(str(denied), 401)(scope, receive, dated)
        except asyncio.CancelledError:
            # When the server stops it cancels what is still being answered; that is no error to report.
            if not self.closing:
                raise
        except Exception:
            # As LiveKit's own server does: an error of the simulator is answered, and is reported at the end.
            self.panics.append(traceback.format_exc())
            print(self.panics[-1], file=sys.stderr)
            if not seen.status:
                await panic().response()(scope, receive, dated)

    async def _pass_on(
        self, headers: Headers, seen: SeenRequest, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Check size and token, and let the routes or a fault answer. Raises Denied."""
        path, limit = scope["path"], self._world.switches.body_limit
        if int(headers.get("content-length") or 0) > limit and not path.startswith(UNLIMITED):
            await PlainTextResponse("request body too large", 413)(scope, receive, send)
            return
        claims = None
        is_control = path == CONTROL or path.startswith(f"{CONTROL}/")
        if not is_control and not path.startswith(UPLOADS):
            claims = self._claims(headers, QueryParams(scope["query_string"]))
            if claims is not None and claims.size <= KEPT_CHARACTERS:
                seen.claims = dict(claims.payload)
        scope["state"].update(claims=claims, seen=seen)
        fault = None if is_control else self.faults.hit(path)
        if fault is None:
            await self._app(scope, receive, send)
        else:
            seen.fault = fault.action
            await afflict(fault, self._app, scope, receive, send)

    def _remember(self, scope: Scope, headers: Headers) -> SeenRequest:
        self.count += 1
        seen = SeenRequest(
            self.count,
            self._world.now,
            time.time(),
            scope["method"],
            scope["path"][:KEPT_CHARACTERS],
            _TOKEN.sub("access_token=…", scope["query_string"].decode("latin-1"))[:KEPT_CHARACTERS],
            _remembered(headers),
            {},
        )
        self.seen.append(seen)
        return seen

    def _dated(self, send: Send, seen: SeenRequest) -> Send:
        """Send with the server's clock in the `Date` header."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                MutableHeaders(scope=message)["Date"] = formatdate(self._world.clock.shown(), usegmt=True)
            await send(message)

        return dated

    def _claims(self, headers: Headers, query: QueryParams) -> Claims | None:
        """What the caller's token says; None without a token. Raises Denied."""
        authorization = headers.get("authorization")
        if authorization is None:
            token = query.get("access_token", "")
            if not token:
                return None
        elif authorization.startswith(BEARER):
            token = authorization[len(BEARER) :]
        else:
            raise Denied(f"invalid authorization header. Must start with {BEARER}")
        clock = self._world.clock
        moments = (time.time() + clock.skew, clock.shown())
        return verify(token, self._keys, moments, echo=self._world.switches.echo_token)


def _remembered(headers: Headers) -> dict[str, str]:
    """The first headers of a request, without its token."""
    kept: dict[str, str] = {}
    left = KEPT_CHARACTERS
    for name, value in islice(headers.items(), KEPT_HEADERS):
        text = f"{value[: len(BEARER)]}…" if name == "authorization" else value
        left -= len(name) + len(text)
        if left < 0:
            break
        kept[name] = text
    return kept
