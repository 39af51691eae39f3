"""Calls methods: picks host and grant, and decodes the answer."""

from __future__ import annotations

import asyncio
import copy
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from tui.api import errors, hosts, proof
from tui.api.auth import Credentials, Grant
from tui.api.budget import Budget
from tui.api.decoding.batch import Batch, Unreadable
from tui.api.decoding.quota import Quota
from tui.api.decoding.reader import LongListing, Reader
from tui.api.decoding.wire import read_one
from tui.api.hosts import Host
from tui.api.long_answers import Receiver, Turn
from tui.api.methods import Method
from tui.api.models import Wire
from tui.api.text.clean import clean
from tui.api.text.masking import QUOTED, masked
from tui.api.transport import DEADLINE, Transport, WriteGuard
from tui.clock import Clock
from tui.secret import Secret

T = TypeVar("T", bound=Wire)


class Endpoint(Struct, frozen=True):
    """A project's hosts, credentials and connection settings."""

    url: str
    agents_url: str
    credentials: Credentials
    ca_file: str | None = None
    proxy: str | None = None
    unused_proxy: str = ""
    """The variable of the environment that names a proxy and is not used, which errors of connecting say."""
    deadline: float = DEADLINE
    """Seconds that a unary call may take in total."""


class Caller:
    """Calls the methods of one project. The constructor raises `BadTarget` for an invalid URL."""

    def __init__(self, endpoint: Endpoint, *, budget: Budget, clock: Clock, gate: WriteGuard) -> None:
        self.clock = clock
        self.endpoint = endpoint
        self.urls = {
            Host.PROJECT: hosts.base(endpoint.url),
            Host.AGENTS: hosts.base(endpoint.agents_url),
        }
        """Base URL of each host, to which paths are appended."""
        self.exact_rooms: dict[str, str] = {}
        """Displayed room name → name on the server, where these differ."""
        self.long_answers = asyncio.Lock()
        """Held by the one long answer that is in memory."""
        self.is_ordered = False
        """An operator waits for what it asks: it is sent also when the budget is used up."""
        self.transport = Transport(
            endpoint.credentials,
            budget=budget,
            clock=clock,
            gate=gate,
            ca_file=endpoint.ca_file,
            proxy=endpoint.proxy,
            unused_proxy=endpoint.unused_proxy,
            deadline=endpoint.deadline,
        )

    def ordered(self) -> Caller:
        """A caller on the same connections whose reads are sent even when the budget is spent."""
        other = copy.copy(self)
        other.is_ordered = True
        return other

    def url(self, method: Method) -> str:
        """Base URL of the host that serves a method."""
        return self.urls[method.host]

    async def send(
        self,
        method: Method,
        request: Mapping[str, object],
        *,
        room: str = "",
        request_id: str = "",
        turn: Turn | None = None,
        receiver: Receiver | None = None,
    ) -> bytes:
        """The body of the answer to one call; `room` is the displayed name of the token's room.

        With a `turn`, a long answer waits for the others that have one. One that is too long to be in memory
        as a whole goes to the `receiver`, and what is returned is empty.
        """
        if exact := self.exact_rooms.get(room):
            room, request = exact, {**request, "room": exact}
        grants = {
            "agent": Grant(agent_admin=True),
            "room": Grant(room=room),
            "room_list": Grant(room_list=True),
        }
        body = msgspec.json.encode(request, enc_hook=self._as_bytes)
        return await self.transport.call(
            method,
            self.url(method),
            body,
            grants[method.grant],
            request_id=request_id,
            ordered=self.is_ordered,
            turn=turn,
            receiver=receiver,
        )

    async def ask(
        self,
        method: Method,
        kind: type[T],
        request: Mapping[str, object],
        *,
        room: str = "",
        request_id: str = "",
    ) -> T:
        """The answer to one call. A 200 that is no answer to it is `Unknown`, since the call may have run."""
        body = await self.send(method, request, room=room, request_id=request_id)
        answer = read_one(body, kind)
        if answer is None or proof.twirp_error(body) is not None:
            raise self.no_answer(method, body, "the answer cannot be read", request_id)
        answer.mask(self.transport.sent.mask_values)
        return answer

    def not_done(self, method: Method, message: str, request_id: str) -> errors.NotDone:
        """The error for `success: false`."""
        return errors.NotDone(
            clean(masked(message, self.transport.sent)) or "LiveKit says no, without a reason",
            method.label,
            urlsplit(self.url(method)).hostname or "",
            status=200,
            request_id=request_id,
        )

    def no_answer(self, method: Method, body: bytes, why: str, request_id: str = "") -> errors.Unknown:
        """The error for a 200 whose body is no answer to the call, which may have run."""
        error = proof.twirp_error(body)
        if error is not None:
            text = f"an error in place of an answer: {error.code} {error.msg}"
        else:
            text = f"{why}: {self._quoted(body)!r}"
        return self.proves_nothing(method, text, request_id)

    def proves_nothing(self, method: Method, text: str, request_id: str = "") -> errors.Unknown:
        """The error for a 200 that proves nothing: the call may have run."""
        host = urlsplit(self.url(method)).hostname or ""
        said = clean(masked(text, self.transport.sent), limit=200)
        return errors.Unknown(said, method.label, host, status=200, request_id=request_id)

    def _quoted(self, body: bytes) -> str:
        """How an unexpected body begins, fit for display."""
        text = body[:QUOTED].decode("utf-8", "replace")
        return clean(masked(text, self.transport.sent), limit=60)

    def _as_bytes(self, value: object) -> bytes:
        """The bytes of a secret, which JSON has in base64. Only here does it leave its type."""
        if isinstance(value, Secret):
            self.transport.sent.add(value.reveal())
            return value.reveal().encode("utf-8", "surrogateescape")
        raise NotImplementedError(f"{type(value).__name__} in a request")


class Listing(Generic[T]):
    """One listing method. It keeps the last answer to each request, so that equal answers cost nothing."""

    def __init__(
        self,
        caller: Caller,
        method: Method,
        kind: type[T],
        key: str,
        *,
        remember: int = 64,
        lean: bool = False,
        quota: Quota | None = None,
    ) -> None:
        """`quota` is for all that is kept of the answers to questions that are counted."""
        self._caller = caller
        self._method = method
        self._kind = kind
        self._key = key
        self._remember = remember
        self._lean = lean
        self._quota = quota
        self._readers: OrderedDict[bytes, Reader[T]] = OrderedDict()

    async def ask(
        self, request: Mapping[str, object], *, room: str = "", is_counted: bool = True
    ) -> Batch[T]:
        """The answer; unchanged items are the same objects as in the previous one."""
        turn = Turn(self._caller.long_answers)
        try:
            return await self._ask(request, room, turn, self._quota if is_counted else None)
        finally:
            turn.end()

    async def _ask(
        self, request: Mapping[str, object], room: str, turn: Turn, quota: Quota | None
    ) -> Batch[T]:
        reader = self._reader(msgspec.json.encode(request))
        share = quota.share(room) if quota else None
        long = LongListing(reader, share)
        beginning = b""
        try:
            body = await self._caller.send(self._method, request, room=room, turn=turn, receiver=long)
            if long.beginning:
                long.end()
                return reader.batch
            beginning, steps = body[:QUOTED], reader.steps(body, share=share)
            del body  # it may be large, and is let go as soon as it is taken apart
            for _ in steps:
                await self._caller.clock.sleep(0)
        except Unreadable as error:
            raise self._caller.no_answer(self._method, beginning or long.beginning, str(error)) from None
        return reader.batch

    def raw(self, item: object) -> bytes:
        """The JSON that an item was decoded from; empty if its answer is not kept."""
        return next((found for reader in self._readers.values() if (found := reader.raw(item))), b"")

    def entries(self, request: Mapping[str, object]) -> Iterator[tuple[T, bytes]]:
        """The items of the newest answer to a request with their JSON."""
        reader = self._readers.get(msgspec.json.encode(request))
        return reader.entries() if reader else iter(())

    def _reader(self, question: bytes) -> Reader[T]:
        reader = self._readers.pop(question, None) or Reader(
            self._kind,
            self._key,
            lean=self._lean,
            most=self._method.most,
            longest=self._method.body_limit,
            sent=self._caller.transport.sent,
        )
        self._readers[question] = reader
        while len(self._readers) > self._remember:
            self._readers.popitem(last=False)
        return reader
