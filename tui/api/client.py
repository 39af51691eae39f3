"""The client of one project: one method per read, typed answers."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from tui.api import errors, hosts, methods, proof
from tui.api.auth import Grant
from tui.api.budget import Budget
from tui.api.caller import Caller, Endpoint, Listing
from tui.api.changes import ChangeMethod, Request
from tui.api.decoding.batch import Batch
from tui.api.decoding.exact_dispatches import ExactDispatch, raw_of, read_exact
from tui.api.decoding.limits import MEBI
from tui.api.decoding.quota import Quota
from tui.api.decoding.wire import exact_name, is_plain
from tui.api.health import Health
from tui.api.hosts import Host
from tui.api.methods import Method
from tui.api.models import (
    Agent,
    Dispatch,
    Participant,
    PrivateLink,
    PrivateLinkStatus,
    Room,
    SecretInfo,
    Setting,
    Version,
    Wire,
)
from tui.api.text.masking import SentSecrets
from tui.api.transport import WriteGuard
from tui.clock import Clock

T = TypeVar("T", bound=Wire)
BUILD_QUIET: Final = 900.0
"""Seconds that a build may say nothing: `lk` allows as much for the whole of it."""
ROOMS_REMEMBERED: Final = 4096
"""Rooms whose last answers are kept to compare with; a larger fleet decodes some rooms anew."""
ROWS_IN_ROOMS: Final = 100_000
"""Dispatches of all rooms together that are kept, and as many participants."""
SIZE_IN_ROOMS: Final = 64 * MEBI
"""Bytes of their JSON, for each of the two."""


class LinkHealth(Wire, frozen=True):
    """GetPrivateLinkStatusResponse."""

    value: PrivateLinkStatus | None = None


def nobody_there(error: errors.Unknown) -> errors.NotFound | None:
    """`NotFound` for the 503 of a self-hosted server whose room does not exist; None for other errors."""
    if error.status != 503 or "no response from servers" not in error.message:
        return None
    return errors.NotFound("room not found or not active", error.method, error.host, error.code, error.status)


class Client:
    """Every call of one project: one method per read, and `change` for whatever changes something.

    Raises the errors of `errors`; the constructor raises `BadTarget`.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        budget: Budget,
        clock: Clock,
        gate: WriteGuard | None = None,
        caller: Caller | None = None,
    ) -> None:
        """`caller` shares the connections of another client."""
        self.gate = gate or WriteGuard()
        self.budget = budget
        self._caller = caller or Caller(endpoint, budget=budget, clock=clock, gate=self.gate)
        self._agents = Listing(self._caller, methods.LIST_AGENTS, Agent, "agents")
        self._versions = Listing(self._caller, methods.LIST_VERSIONS, Version, "versions")
        self._secrets = Listing(self._caller, methods.LIST_SECRETS, SecretInfo, "secrets")
        self._settings = Listing(self._caller, methods.GET_SETTINGS, Setting, "params")
        self._rooms = Listing(self._caller, methods.LIST_ROOMS, Room, "rooms")
        self._named: Batch[Room] = Batch()
        self._quotas: list[Quota] = []
        self._not_found: set[str] = set()
        """Rooms that were not there when they were asked, since the newest list of rooms."""
        self._participants = self._of_rooms(methods.LIST_PARTICIPANTS, Participant, "participants")
        self._dispatches = self._of_rooms(methods.LIST_DISPATCH, Dispatch, "agent_dispatches")
        self._links = Listing(self._caller, methods.LIST_LINKS, PrivateLink, "items")

    def _of_rooms(self, method: Method, kind: type[T], key: str) -> Listing[T]:
        """A listing of one room at a time; what is kept of all rooms is limited."""
        quota = None
        if not self._caller.is_ordered:  # what an operator asks for is not kept for long
            quota = Quota(ROWS_IN_ROOMS, SIZE_IN_ROOMS)
            self._quotas.append(quota)
        return Listing(self._caller, method, kind, key, remember=ROOMS_REMEMBERED, lean=True, quota=quota)

    def ordered(self) -> Client:
        """A client on the same connections whose reads are sent even when the request budget is used up."""
        caller = self._caller
        return Client(
            caller.endpoint, budget=self.budget, clock=caller.clock, gate=self.gate, caller=caller.ordered()
        )

    @property
    def endpoint(self) -> Endpoint:
        """The project's hosts, credentials and connection settings."""
        return self._caller.endpoint

    @property
    def deadline(self) -> float:
        """Seconds that a call may take in all."""
        return self._caller.transport.deadline

    @deadline.setter
    def deadline(self, seconds: float) -> None:
        self._caller.transport.deadline = seconds

    @property
    def sent(self) -> SentSecrets:
        """What no remote text of this project may show."""
        return self._caller.transport.sent

    def peer(self, host: Host) -> str:
        """The IP address that the connections to a host went to; empty if it is not known."""
        return self._caller.transport.peer(self._caller.urls[host])

    def address(self, host: Host) -> str:
        """Name and port of a host."""
        return urlsplit(self._caller.urls[host]).netloc

    def health(self, host: Host) -> Health:
        """Response time and clock of a host."""
        return self._caller.transport.health(self.address(host))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._caller.transport.aclose()

    async def list_agents(self, agent_id: str = "") -> Batch[Agent]:
        """Every agent of the project, or one."""
        return await self._agents.ask({"agent_id": agent_id} if agent_id else {})

    async def list_versions(self, agent_id: str) -> Batch[Version]:
        """The versions of an agent, in no particular order."""
        return await self._versions.ask({"agent_id": agent_id})

    async def list_secrets(self, agent_id: str) -> Batch[SecretInfo]:
        """Names and times of an agent's secrets."""
        return await self._secrets.ask({"agent_id": agent_id})

    async def settings(self) -> dict[str, str]:
        """GetClientSettings as a mapping."""
        batch = await self._settings.ask({})
        return {item.name: item.value for item in batch.items}

    async def list_rooms(self, name: str = "") -> Batch[Room]:
        """Every open room, or one."""
        if name:
            return await self._rooms.ask({"names": [self._caller.exact_rooms.get(name, name)]})
        batch = await self._rooms.ask({})
        names = {room.name for room in batch.items}
        for quota in self._quotas:
            if batch.has_all_rows:
                quota.keep(names)
            elif batch.cut is None:  # rooms that are known stay, also where they are not listed
                quota.let_go(self._not_found - names)
        self._not_found.clear()
        if batch is not self._named:
            self._named = batch
            named = (
                (room.name, exact_name(raw)) for room, raw in self._rooms.entries({}) if not is_plain(raw)
            )
            self._caller.exact_rooms.clear()
            self._caller.exact_rooms.update(
                (shown, exact) for shown, exact in named if exact not in ("", shown)
            )
        return batch

    async def list_participants(self, room: str) -> Batch[Participant]:
        """The participants of a room, agents included."""
        return await self._participants.ask({"room": room}, room=room)

    async def list_dispatches(self, room: str, dispatch_id: str = "") -> Batch[Dispatch]:
        """The dispatches of a room. A missing room is `NotFound`, also where servers answer 503."""
        request = {"room": room} | ({"dispatch_id": dispatch_id} if dispatch_id else {})
        try:
            return await self._dispatches.ask(request, room=room, is_counted=not dispatch_id)
        except (errors.NotFound, errors.Unknown) as error:
            missing = nobody_there(error) if isinstance(error, errors.Unknown) else error
            if missing is not None and not dispatch_id:
                self._not_found.add(room)
            raise missing or error from None

    async def exact_dispatches(self, room: str) -> tuple[ExactDispatch, ...]:
        """The dispatches of a room exactly as they are. A room that nobody serves is `NotFound`."""
        method = methods.LIST_DISPATCH
        try:
            body = await self._caller.send(method, {"room": room}, room=room)
        except errors.Unknown as error:
            raise nobody_there(error) or error from None
        try:
            return read_exact(body)
        except ValueError as error:
            raise self._caller.no_answer(method, body, str(error)) from None

    async def raw_dispatch(self, room: str, dispatch_id: str, job_id: str = "") -> bytes:
        """The JSON of a dispatch, or of one of its jobs, asked anew: the bytes of listings are not kept.

        Empty if it is not there.
        """
        request = {"room": room, "dispatch_id": dispatch_id}
        body = await self._caller.send(methods.LIST_DISPATCH, request, room=room)
        try:
            return raw_of(body, dispatch_id, job_id)
        except ValueError as error:
            raise self._caller.no_answer(methods.LIST_DISPATCH, body, str(error)) from None

    async def list_links(self) -> Batch[PrivateLink]:
        """The project's private links."""
        return await self._links.ask({})

    async def link_status(self, private_link_id: str) -> PrivateLinkStatus:
        """Health of a private link."""
        request = {"private_link_id": private_link_id}
        answer = await self._caller.ask(methods.LINK_STATUS, LinkHealth, request)
        return answer.value or PrivateLinkStatus()

    def logs(
        self, agent_id: str, *, log_type: str = "deploy", deployment: str = "", server_region: str = ""
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Open the log of an agent's newest instance in one region (PROTOCOL.md, Logs); yields raw chunks.

        Opening raises the tree of `errors`; iterating raises `Unknown` when the stream is cut or silent.
        """
        params = {"agent_id": agent_id, "log_type": log_type}
        if deployment:
            params["deployment"] = deployment
        url = hosts.regional(self._caller.endpoint.agents_url, server_region)
        grant = Grant(agent_admin=True)
        return self._caller.transport.stream("GET", f"{url}/logs", grant, label="GET /logs", params=params)

    async def change(self, change: ChangeMethod[T], request: Request, *, request_id: str) -> T:
        """Send a change, once, and return the answer: it proves what `proof.of_answer` says of the method.

        Raises `ReadOnly` before anything is sent, `NotDone` where the server says that it was not done,
        `Unknown` for an answer that proves nothing, as one that names something else than was asked for, and
        `ValueError` for a request that would mean something else than its caller says.
        """
        if problem := change.problem(request):
            raise ValueError(problem)
        room = str(request["room"]) if change.grant == "room" else ""
        answer = await self._caller.ask(change, change.answer, request, room=room, request_id=request_id)
        if (words := proof.denial(answer)) is not None:
            raise self._caller.not_done(change, words, request_id)
        if words := proof.flaw(change, request, answer):
            raise self._caller.proves_nothing(change, words, request_id)
        return answer

    def build(
        self, agent_id: str, deployment: str, attributes: Mapping[str, str]
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Start the build of what was uploaded; yields the raw SolveStatus stream."""
        params = {"agent_id": agent_id} | ({"deployment": deployment} if deployment else {})
        packed = base64.b64encode(msgspec.json.encode(dict(attributes))).decode()
        headers = {"X-LIVEKIT-AGENT-VERSION-ATTRIBUTES": packed} if attributes else {}
        return self._caller.transport.stream(
            "POST",
            f"{self._caller.urls[Host.AGENTS]}/build",
            Grant(agent_admin=True),
            label="POST /build",
            params=params,
            headers=headers,
            quiet=BUILD_QUIET,
        )

    def raw(self, item: Wire) -> bytes:
        """The JSON that an item of a current listing was decoded from; empty if it is not in one."""
        listings = (
            self._agents,
            self._versions,
            self._secrets,
            self._rooms,
            self._participants,
            self._dispatches,
        )
        return next((found for listing in listings if (found := listing.raw(item))), b"")
