"""Every remote method that the program can call: its host, grant, limits, and whether it changes things."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from tui.api.hosts import Host

MEBI = 1024 * 1024
CLI_VERSION: Final = "2.18.2"
"""Sent as `X-LIVEKIT-CLI-VERSION`; Cloud is reported to refuse calls without it."""


class Method(Struct, frozen=True):
    """One RPC (PROTOCOL.md)."""

    service: str
    name: str
    changes: bool = False
    """It is not a read: refused when read-only, never sent again automatically."""
    grant: str = "agent"
    """`agent`, `room` (admin of the request's room) or `room_list` (PROTOCOL.md, Tokens and grants)."""
    repeatable: bool = True
    """Sending it twice has the same effect as once."""
    body_limit: int = 8 * MEBI
    """Largest answer, bytes."""

    @property
    def path(self) -> str:
        """Path below the base URL."""
        return f"/twirp/livekit.{self.service}/{self.name}"

    @property
    def label(self) -> str:
        """Name for people."""
        return f"{self.service}/{self.name}"

    @property
    def host(self) -> Host:
        """Which host serves it."""
        return Host.AGENTS if self.service == "CloudAgent" else Host.PROJECT


def _agent(name: str, *, changes: bool = True, repeatable: bool = True) -> Method:
    return Method("CloudAgent", name, changes=changes, repeatable=repeatable)


# a fleet of 10,000 agents is 12 MB of JSON, so the two listings without a filter may be longer
LIST_AGENTS: Final = Method("CloudAgent", "ListAgents", body_limit=64 * MEBI)
LIST_VERSIONS: Final = _agent("ListAgentVersions", changes=False)
LIST_SECRETS: Final = _agent("ListAgentSecrets", changes=False)
GET_SETTINGS: Final = _agent("GetClientSettings", changes=False)
LIST_LINKS: Final = _agent("ListPrivateLinks", changes=False)
LINK_STATUS: Final = _agent("GetPrivateLinkStatus", changes=False)
CREATE_AGENT: Final = _agent("CreateAgent", repeatable=False)
DEPLOY_AGENT: Final = _agent("DeployAgentV2", repeatable=False)
PROMOTE_AGENT: Final = _agent("PromoteAgent")
UPDATE_AGENT: Final = _agent("UpdateAgent", repeatable=False)
UPDATE_SECRETS: Final = _agent("UpdateAgentSecrets")
RESTART_AGENT: Final = _agent("RestartAgent", repeatable=False)
ROLLBACK_AGENT: Final = _agent("RollbackAgent")
DELETE_AGENT: Final = _agent("DeleteAgent")
CREATE_LINK: Final = _agent("CreatePrivateLink", repeatable=False)
DESTROY_LINK: Final = _agent("DestroyPrivateLink")

LIST_ROOMS: Final = Method("RoomService", "ListRooms", grant="room_list", body_limit=64 * MEBI)
LIST_PARTICIPANTS: Final = Method("RoomService", "ListParticipants", grant="room")
LIST_DISPATCH: Final = Method("AgentDispatchService", "ListDispatch", grant="room", body_limit=64 * MEBI)
CREATE_DISPATCH: Final = Method(
    "AgentDispatchService", "CreateDispatch", changes=True, grant="room", repeatable=False
)
DELETE_DISPATCH: Final = Method("AgentDispatchService", "DeleteDispatch", changes=True, grant="room")

METHODS: Final = tuple(value for value in list(globals().values()) if isinstance(value, Method))
"""All of them."""
READS: Final = frozenset(method.label for method in METHODS if not method.changes) | {"GET /logs"}
"""The allow-list of read-only mode: all other methods are refused."""
