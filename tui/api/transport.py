"""Every request passes here: deadline, budget, read-only rule, body cap, error mapping.

Nothing else in the program sends a token anywhere. Importing this module costs a third of the time to the
first frame (httpx), so the screen does it once that is painted.
"""

from __future__ import annotations

import asyncio
import ssl
import uuid
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from tui.api import errors, hosts
from tui.api.auth import BACKDATE, STREAM_LIFETIME, Credentials, Grant
from tui.api.budget import Budget
from tui.api.decoding.limits import MEBI, WHOLE
from tui.api.health import Health
from tui.api.long_answers import Receiver, Turn
from tui.api.methods import CLI_VERSION, READS, Method
from tui.api.pool import Pool
from tui.api.responses import ERROR_LIMIT, Call, broken, chunks, read, refusal
from tui.api.text.masking import SentSecrets
from tui.api.trust import trust
from tui.clock import Clock

DEADLINE = 10.0
"""Seconds that a unary call may take in total; httpx has no such limit."""
CONNECT = 4.0
"""Seconds to connect: shorter than the deadline, to tell 'did not connect' from 'no answer'."""
QUIET = 75.0
"""Seconds without a byte after which a stream counts as dead."""
SKEW_NOTED = 30.0
"""Seconds of clock difference that explain why a token is refused."""
UNSIGNED_DEADLINE = 5.0
"""Seconds that a request without a token may take in all: it goes to a machine of the operator's own."""
UNSIGNED_LIMIT = 4 * MEBI
"""Bytes of its answer that are read at the most."""
LIMITED_FOR = 5.0
"""Seconds to pause after a 429 that names no time; doubled while they keep coming, 60 at the most."""


@dataclass
class WriteGuard:
    """Whether changes may be sent. Held by the transport, not by keys, so that no caller can bypass it."""

    read_only: bool = False
    _unlocked_until: float = field(default=0.0, repr=False)

    def unlock(self, now: float, seconds: float) -> None:
        """Allow changes for a while; `now` is monotonic."""
        self._unlocked_until = now + seconds

    def lock(self) -> None:
        """Forbid changes again."""
        self._unlocked_until = 0.0

    def remaining(self, now: float) -> float:
        """Seconds for which changes are still allowed."""
        return max(0.0, self._unlocked_until - now)

    def allows(self, label: str, now: float) -> bool:
        """Whether this call may be sent."""
        return label in READS or not self.read_only or self.remaining(now) > 0


class Transport:
    """Sends requests for one project; `aclose` when done."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        budget: Budget,
        clock: Clock,
        gate: WriteGuard,
        ca_file: str | None = None,
        proxy: str | None = None,
        unused_proxy: str = "",
        deadline: float = DEADLINE,
    ) -> None:
        """Raises `BadTarget` for a `ca_file` that cannot be read."""
        self._credentials = credentials
        self._clock = clock
        self.deadline = deadline
        """Seconds that a call may take in all; may be changed at any time."""
        self.budget = budget
        self.gate = gate
        self.sent = SentSecrets()
        """What no text of an answer may show: tokens, and the secrets of requests and answers."""
        self._health: dict[str, Health] = {}  # by name and port of the host
        self._limited = 0
        if ca_file:
            trust(ca_file)
        self._timeout = httpx.Timeout(deadline, connect=CONNECT, pool=CONNECT)
        self._peers: dict[str, str] = {}
        self._reads = Pool(ca_file, proxy, unused_proxy, keep=10, peers=self._peers)
        # a change never travels on a connection that was idle: a stale one would make its outcome unknown
        self._changes = Pool(ca_file, proxy, unused_proxy, keep=0, peers=self._peers)
        # streams have a pool of their own, or two of them would block polling
        self._streams = Pool(ca_file, proxy, unused_proxy, keep=0)
        self._unsigned = Pool(ca_file, None, keep=10)  # to other hosts: the proxy is for LiveKit

    async def aclose(self) -> None:
        """Close every connection."""
        for pool in (self._reads, self._changes, self._streams, self._unsigned):
            await pool.aclose()

    def health(self, address: str) -> Health:
        """Response time and clock of a host; `address` is its name and port."""
        return self._health.setdefault(address, Health())

    def peer(self, url: str) -> str:
        """The IP address that the connections to a host went to; empty if it is not known, as by proxy."""
        parts = httpx.URL(url)
        return self._peers.get(parts.netloc.decode()) or (parts.host if hosts.reach(parts.host) else "")

    def server_time(self, address: str) -> float:
        """Unix seconds by a host's clock, as far as it is known."""
        return self._clock.now() + self.health(address).correction

    async def call(
        self,
        method: Method,
        url: str,
        body: bytes,
        grant: Grant,
        *,
        request_id: str = "",
        ordered: bool = False,
        turn: Turn | None = None,
        receiver: Receiver | None = None,
    ) -> bytes:
        """POST one unary call to `url` (base of the host) and return the body of its 200.

        Raises the tree of `errors`. A change is sent once; only one that certainly was not sent is tried
        again, at most twice, with the same request id. A read refused for its token is signed again once if
        the refusal showed the server's time. `ordered`: somebody waits for it. A long answer takes `turn`;
        one of more than `WHOLE` bytes goes to the `receiver`, and nothing of it is returned.
        """
        host, changes = urlsplit(url).netloc, method.changes
        call = Call(method.label, host, request_id, self.sent, changes=changes, turn=turn, receiver=receiver)
        self._admit(method, call, ordered=ordered)
        if not changes:
            return await self._signed(method, url, body, grant, call)
        call.request_id = request_id or str(uuid.uuid4())
        for attempt in range(3):
            try:
                return await self._once(method, url, body, grant, call)
            except errors.Unreachable:
                if attempt == 2:
                    raise
                await self._clock.sleep(0.2 * 2**attempt)
        raise AssertionError("unreachable")

    async def _signed(self, method: Method, url: str, body: bytes, grant: Grant, call: Call) -> bytes:
        assumed = self.health(call.address).correction
        try:
            return await self._once(method, url, body, grant, call)
        except errors.Unauthorized:
            if abs(self.health(call.address).correction - assumed) < BACKDATE:
                raise
        self.budget.count()
        return await self._once(method, url, body, grant, call)

    def _admit(self, method: Method, call: Call, *, ordered: bool) -> None:
        if not self.gate.allows(method.label, self._clock.monotonic()):
            raise call.error(errors.ReadOnly, "refused: this session is read-only; nothing was sent")
        if method.changes:
            self.budget.count()
        elif not self.budget.take(ordered=ordered):
            wait = self.budget.wait()
            why = "LiveKit asked for a pause" if self.budget.pause() else "request budget used up"
            text = f"{why}, next in {max(1.0, wait):.0f} s"
            raise call.error(errors.Throttled, text, wait=wait)

    async def _once(self, method: Method, url: str, body: bytes, grant: Grant, call: Call) -> bytes:
        pool = self._changes if method.changes else self._reads
        headers = self._headers(call, grant, {"Content-Type": "application/json"})
        sending = pool.send("POST", url + method.path, headers=headers, timeout=self._timeout, content=body)
        limit = method.body_limit if call.receiver else min(method.body_limit, WHOLE)
        call.may_be_cut = method.is_listing
        response, answer = await self._exchange(sending, call, limit, self.deadline)
        if response.status_code != 200:
            raise self._refused(response, answer, call)
        self._limited = 0
        return answer

    async def get_unsigned(
        self, url: str, *, limit: int = UNSIGNED_LIMIT, deadline: float = UNSIGNED_DEADLINE
    ) -> bytes:
        """GET without a token, as of a worker's metrics; the body of the 200, at most `limit` bytes of it.

        Neither budget nor proxy are used: both are for LiveKit's API. Raises the tree of `errors`.
        """
        parts = urlsplit(hosts.unsigned(url))
        call = Call(f"GET {parts.path or '/'}", parts.netloc, "", self.sent, signed=False)
        headers = {"User-Agent": "lktop", "Accept-Encoding": "identity"}
        sent = self._unsigned.send("GET", parts.geturl(), headers=headers, timeout=self._timeout)
        response, answer = await self._exchange(sent, call, limit, deadline)
        if response.status_code != 200:
            raise refusal(response, answer, call, self.server_time(call.address))
        return answer

    async def _exchange(
        self, sending: Awaitable[httpx.Response], call: Call, limit: int, deadline: float
    ) -> tuple[httpx.Response, bytes]:
        """Send a request and read the whole answer, whatever its status."""
        started = self._clock.monotonic()
        try:
            async with asyncio.timeout(deadline) as timer:
                response = await sending
                try:
                    self._note(call, response, started)
                    return response, await read(response, limit, call, timer)
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError) as error:
            raise broken(error, call) from None

    @asynccontextmanager
    async def stream(
        self,
        verb: str,
        url: str,
        grant: Grant,
        *,
        label: str,
        params: dict[str, str],
        headers: dict[str, str] | None = None,
        quiet: float = QUIET,
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """Open an endless answer; yields its chunks; raises `Unknown` when it is cut or silent."""
        call = Call(label, urlsplit(url).netloc, "", self.sent, changes=label not in READS)
        if not self.gate.allows(label, self._clock.monotonic()):
            raise call.error(errors.ReadOnly, "refused: this session is read-only; nothing was sent")
        self.budget.count()
        signed = self._headers(call, grant, headers or {}, lifetime=STREAM_LIFETIME)
        timeout = httpx.Timeout(quiet, connect=CONNECT, pool=CONNECT)
        started = self._clock.monotonic()
        url = str(httpx.URL(url, params=params))
        try:
            async with asyncio.timeout(self.deadline):
                response = await self._streams.send(verb, url, headers=signed, timeout=timeout)
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL, ssl.SSLError) as error:
            raise broken(error, call) from None
        try:
            self._note(call, response, started)
            if response.status_code != 200:
                try:
                    async with asyncio.timeout(self.deadline):
                        answer = await read(response, ERROR_LIMIT, call)
                except (TimeoutError, httpx.HTTPError) as error:
                    raise broken(error, call) from None
                raise self._refused(response, answer, call)
            yield chunks(response, call)
        finally:
            await response.aclose()

    def _headers(
        self, call: Call, grant: Grant, more: dict[str, str], lifetime: float | None = None
    ) -> dict[str, str]:
        lasts = {"lifetime": lifetime} if lifetime else {}
        token = self._credentials.token(grant, now=self.server_time(call.address), **lasts)
        self.sent.add_token(token)
        headers = {
            "Authorization": f"Bearer {token}",
            "User-Agent": "lktop",
            "Accept-Encoding": "identity",  # so that a small body cannot unpack to a large one
            "X-LIVEKIT-CLI-VERSION": CLI_VERSION,
            **more,
        }
        if call.request_id:
            headers["X-Livekit-Request-Id"] = call.request_id
        return headers

    def _note(self, call: Call, response: httpx.Response, started: float) -> None:
        # a 503 may have waited for a node that is gone, which measures nothing of the connection
        waited = response.status_code == 503
        latency = None if waited else self._clock.monotonic() - started
        self.health(call.address).note(latency, response.headers.get("Date", ""), self._clock.now())

    def _refused(self, response: httpx.Response, body: bytes, call: Call) -> errors.ApiError:
        error = refusal(response, body, call, self.server_time(call.address))
        if isinstance(error, errors.RateLimited) or error.status == 429:
            error.retry_after = error.retry_after or min(60.0, LIMITED_FOR * 2**self._limited)
            self._limited = min(self._limited + 1, 8)
            self.budget.limited(error.retry_after)
        skew = self.health(call.address).skew
        if isinstance(error, errors.Unauthorized) and abs(skew) > SKEW_NOTED:
            way = "behind" if skew > 0 else "ahead of"
            error.message += f"; this machine's clock is {abs(skew):.0f} s {way} the server's"
        return error
