"""Every call that a client can make, with the request that it must become."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from tests.api.scripted import http
from tui.api.changes import Changes, new_secret
from tui.api.client import Client
from tui.secret import Secret

ROOM = "lobby 4/ü"
ADMIN = {"agent": {"admin": True}}
ROOM_ADMIN = {"video": {"roomAdmin": True, "room": ROOM}}
ROOM_LIST = {"video": {"roomList": True}}
SECRETS = (new_secret("TOKEN", Secret("hunter2")),)
ID = "0b7e6c1a-6d0c-4d44-9a5e-0d6a3f1f7f10"
DONE = http(200, '{"success":true,"id":"AD_x","agent_id":"CA_x","private_link":{"private_link_id":"CAPL_x"}}')
"""An answer that suits every method."""


@dataclass(frozen=True)
class Call:
    """One of them."""

    name: str
    """The method of `Client`, or of `Changes` behind a dot."""
    run: Callable[[Client], Awaitable[object]]
    path: str
    grant: Mapping[str, Mapping[str, object]]
    body: dict[str, object]
    stream: bool = False

    @property
    def changes(self) -> bool:
        """It changes something."""
        return self.name.startswith("changes.")

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
        "changes.create_dispatch",
        lambda c: c.changes.create_dispatch(
            room=ROOM, agent_name="n", metadata="{}", deployment="d", attributes={"k": "v"}, request_id=ID
        ),
        f"{_DISPATCH}CreateDispatch",
        ROOM_ADMIN,
        {
            "room": ROOM,
            "agent_name": "n",
            "metadata": "{}",
            "restart_policy": "JRP_ON_FAILURE",
            "deployment": "d",
            "attributes": {"k": "v"},
        },
    ),
    Call(
        "changes.delete_dispatch",
        lambda c: c.changes.delete_dispatch(room=ROOM, dispatch_id="AD_x", request_id=ID),
        f"{_DISPATCH}DeleteDispatch",
        ROOM_ADMIN,
        {"room": ROOM, "dispatch_id": "AD_x"},
    ),
    _cloud(
        "changes.restart_agent",
        lambda c: c.changes.restart_agent("CA_x", request_id=ID),
        "RestartAgent",
        {"agent_id": "CA_x"},
    ),
    _cloud(
        "changes.rollback_agent",
        lambda c: c.changes.rollback_agent("CA_x", "20260811090412", request_id=ID),
        "RollbackAgent",
        {"agent_id": "CA_x", "version": "20260811090412"},
    ),
    _cloud(
        "changes.promote_agent",
        lambda c: c.changes.promote_agent("CA_x", "staging", request_id=ID),
        "PromoteAgent",
        {"agent_id": "CA_x", "src_deployment": "staging", "dst_deployment": ""},
    ),
    _cloud(
        "changes.delete_agent",
        lambda c: c.changes.delete_agent("CA_x", request_id=ID),
        "DeleteAgent",
        {"agent_id": "CA_x", "deployment": ""},
    ),
    _cloud(
        "changes.delete_deployment",
        lambda c: c.changes.delete_deployment("CA_x", "staging", request_id=ID),
        "DeleteAgent",
        {"agent_id": "CA_x", "deployment": "staging"},
    ),
    _cloud(
        "changes.update_agent",
        lambda c: c.changes.update_agent("CA_x", SECRETS, request_id=ID),
        "UpdateAgent",
        {"agent_id": "CA_x", "secrets": _SENT_SECRETS},
    ),
    _cloud(
        "changes.update_secrets",
        lambda c: c.changes.update_secrets("CA_x", SECRETS, remove=("OLD",), request_id=ID),
        "UpdateAgentSecrets",
        {"agent_id": "CA_x", "secrets": _SENT_SECRETS, "remove": ["OLD"], "overwrite": False},
    ),
    _cloud(
        "changes.create_agent",
        lambda c: c.changes.create_agent(SECRETS, "us-east", request_id=ID),
        "CreateAgent",
        {"secrets": _SENT_SECRETS, "regions": ["us-east"]},
    ),
    _cloud(
        "changes.deploy_agent",
        lambda c: c.changes.deploy_agent("CA_x", SECRETS, "staging", {"git": "x"}, request_id=ID),
        "DeployAgentV2",
        {"agent_id": "CA_x", "secrets": _SENT_SECRETS, "deployment": "staging", "attributes": {"git": "x"}},
    ),
    Call(
        "changes.build",
        lambda c: first(c.changes.build("CA_x", "staging", {"git": "x"})),
        "/build?agent_id=CA_x&deployment=staging",
        ADMIN,
        {},
        stream=True,
    ),
    _cloud(
        "changes.create_link",
        lambda c: c.changes.create_link(
            name="pg", region="us-east", port=5432, endpoint="e", cloud_region="r", request_id=ID
        ),
        "CreatePrivateLink",
        {"name": "pg", "region": "us-east", "port": 5432, "endpoint": "e", "cloud_region": "r"},
    ),
    _cloud(
        "changes.destroy_link",
        lambda c: c.changes.destroy_link("CAPL_x", request_id=ID),
        "DestroyPrivateLink",
        {"private_link_id": "CAPL_x"},
    ),
)
READS = tuple(call for call in CALLS if not call.changes)
CHANGES = tuple(call for call in CALLS if call.changes)
UNARY_CHANGES = tuple(call for call in CHANGES if not call.stream)

LOCAL = {"address", "health", "raw", "aclose"}
"""Public methods of `Client` that ask nobody anything."""


def public_methods() -> set[str]:
    """The names that `CALLS` must cover."""
    found = {name for name, _ in inspect.getmembers(Client, inspect.isfunction) if not name.startswith("_")}
    changing = {
        name for name, _ in inspect.getmembers(Changes, inspect.isfunction) if not name.startswith("_")
    }
    return (found - LOCAL) | {f"changes.{name}" for name in changing}
