"""Every call that a client can make, with the request that it must become."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from tests.api.scripted import http
from tui.api import changes
from tui.api.changes import ChangeMethod, secret_message
from tui.api.client import Client
from tui.api.hosts import Host
from tui.api.models import Wire
from tui.secret import Secret

ROOM = "lobby 4/ü"
ADMIN = {"agent": {"admin": True}}
ROOM_ADMIN = {"video": {"roomAdmin": True, "room": ROOM}}
ROOM_LIST = {"video": {"roomList": True}}
SECRETS = [secret_message("TOKEN", Secret("hunter2"))]
ID = "0b7e6c1a-6d0c-4d44-9a5e-0d6a3f1f7f10"
DONE = http(
    200,
    json.dumps(
        {
            "success": True,
            "id": "AD_x",
            "room": ROOM,
            "agent_name": "n",
            "agent_id": "CA_x",
            "private_link": {"private_link_id": "CAPL_x", "name": "pg", "endpoint": "e"},
            **{f"{name}s": [] for name in ("agent", "version", "secret", "param", "room", "participant")},
            "agent_dispatches": [],
            "items": [],
        }
    ),
)
"""An answer that suits every method."""


@dataclass(frozen=True)
class Call:
    """One of them."""

    name: str
    """The method of `Client`, or the name of a change."""
    run: Callable[[Client], Awaitable[object]]
    path: str
    grant: Mapping[str, Mapping[str, object]]
    body: dict[str, object]
    stream: bool = False
    change: ChangeMethod[Wire] | None = None

    @property
    def changes(self) -> bool:
        """It changes something."""
        return self.change is not None or self.name == "build"

    def __str__(self) -> str:
        return self.name


async def first(stream: AbstractAsyncContextManager[object]) -> object:
    """Open a stream and leave it."""
    async with stream as chunks:
        return chunks


def _cloud(
    name: str, run: Callable[[Client], Awaitable[object]], method: str, body: dict[str, object]
) -> Call:
    return Call(name, run, f"/twirp/livekit.CloudAgent/{method}", ADMIN, body)


def _name(change: ChangeMethod[Wire]) -> str:
    """Two changes share the method DeleteAgent."""
    return "DeleteDeployment" if change is changes.DELETE_DEPLOYMENT else change.name


def _change(change: ChangeMethod[Wire], **request: object) -> Call:
    grant = ADMIN if change.host is Host.AGENTS else ROOM_ADMIN
    body = {**request, "secrets": _SENT_SECRETS} if "secrets" in request else request
    return Call(
        _name(change),
        lambda client: client.change(change, request, request_id=ID),
        f"/twirp/livekit.{change.service}/{change.name}",
        grant,
        body,
        change=change,
    )


_SENT_SECRETS = [{"name": "TOKEN", "value": "aHVudGVyMg==", "kind": "AGENT_SECRET_KIND_ENVIRONMENT"}]
_DISPATCH = "/twirp/livekit.AgentDispatchService/"
_ROOMS = "/twirp/livekit.RoomService/"

CALLS: tuple[Call, ...] = (
    _cloud("list_agents", lambda c: c.list_agents(), "ListAgents", {}),
    _cloud("list_agents", lambda c: c.list_agents("CA_x"), "ListAgents", {"agent_id": "CA_x"}),
    _cloud("list_versions", lambda c: c.list_versions("CA_x"), "ListAgentVersions", {"agent_id": "CA_x"}),
    _cloud("list_secrets", lambda c: c.list_secrets("CA_x"), "ListAgentSecrets", {"agent_id": "CA_x"}),
    _cloud("settings", lambda c: c.settings(), "GetClientSettings", {}),
    _cloud("list_links", lambda c: c.list_links(), "ListPrivateLinks", {}),
    _cloud(
        "link_status",
        lambda c: c.link_status("CAPL_x"),
        "GetPrivateLinkStatus",
        {"private_link_id": "CAPL_x"},
    ),
    Call("list_rooms", lambda c: c.list_rooms(), f"{_ROOMS}ListRooms", ROOM_LIST, {}),
    Call("list_rooms", lambda c: c.list_rooms(ROOM), f"{_ROOMS}ListRooms", ROOM_LIST, {"names": [ROOM]}),
    Call(
        "list_participants",
        lambda c: c.list_participants(ROOM),
        f"{_ROOMS}ListParticipants",
        ROOM_ADMIN,
        {"room": ROOM},
    ),
    Call(
        "list_dispatches",
        lambda c: c.list_dispatches(ROOM),
        f"{_DISPATCH}ListDispatch",
        ROOM_ADMIN,
        {"room": ROOM},
    ),
    Call(
        "list_dispatches",
        lambda c: c.list_dispatches(ROOM, "AD_x"),
        f"{_DISPATCH}ListDispatch",
        ROOM_ADMIN,
        {"room": ROOM, "dispatch_id": "AD_x"},
    ),
    Call(
        "logs", lambda c: first(c.logs("CA_x")), "/logs?agent_id=CA_x&log_type=deploy", ADMIN, {}, stream=True
    ),
    Call(
        "logs",
        lambda c: first(c.logs("CA_x", log_type="build", deployment="a&b")),
        "/logs?agent_id=CA_x&log_type=build&deployment=a%26b",
        ADMIN,
        {},
        stream=True,
    ),
    Call(
        "build",
        lambda c: first(c.build("CA_x", "staging", {"git": "x"})),
        "/build?agent_id=CA_x&deployment=staging",
        ADMIN,
        {},
        stream=True,
    ),
    Call(
        "exact_dispatches",
        lambda c: c.exact_dispatches(ROOM),
        f"{_DISPATCH}ListDispatch",
        ROOM_ADMIN,
        {"room": ROOM},
    ),
    Call(
        "raw_dispatch",
        lambda c: c.raw_dispatch(ROOM, "AD_x"),
        f"{_DISPATCH}ListDispatch",
        ROOM_ADMIN,
        {"room": ROOM, "dispatch_id": "AD_x"},
    ),
    _change(changes.CREATE_DISPATCH, room=ROOM, agent_name="n", metadata="{}", attributes={"k": "v"}),
    _change(changes.DELETE_DISPATCH, room=ROOM, dispatch_id="AD_x"),
    _change(changes.RESTART_AGENT, agent_id="CA_x"),
    _change(changes.ROLLBACK_AGENT, agent_id="CA_x", version="20260811090412"),
    _change(changes.PROMOTE_AGENT, agent_id="CA_x", src_deployment="staging", dst_deployment=""),
    _change(changes.DELETE_AGENT, agent_id="CA_x", deployment=""),
    _change(changes.DELETE_DEPLOYMENT, agent_id="CA_x", deployment="staging"),
    _change(changes.UPDATE_AGENT, agent_id="CA_x", secrets=SECRETS),
    _change(changes.UPDATE_SECRETS, agent_id="CA_x", secrets=SECRETS, remove=["OLD"], overwrite=False),
    _change(changes.CREATE_AGENT, secrets=SECRETS, regions=["us-east"]),
    _change(changes.DEPLOY_AGENT, agent_id="CA_x", secrets=SECRETS, deployment="", attributes={"git": "x"}),
    _change(changes.CREATE_LINK, name="pg", region="us-east", port=5432, endpoint="e"),
    _change(changes.DESTROY_LINK, private_link_id="CAPL_x"),
)
READS = tuple(call for call in CALLS if not call.changes)
CHANGES = tuple(call for call in CALLS if call.changes)
UNARY_CHANGES = tuple(call for call in CHANGES if not call.stream)

LOCAL = {"address", "peer", "health", "raw", "aclose", "ordered", "change"}
"""Public methods of `Client` that ask nobody anything by themselves."""


def needed() -> set[str]:
    """The names that `CALLS` must cover: methods of `Client`, and every change."""
    found = {name for name, _ in inspect.getmembers(Client, inspect.isfunction) if not name.startswith("_")}
    return (found - LOCAL) | {_name(change) for change in changes.CHANGES}
