"""What a remote method is, and every method that only reads; `changes` has those that change something."""

from __future__ import annotations

from typing import ClassVar, Final

from msgspec import Struct

from tui.api.decoding.limits import LISTING, WHOLE
from tui.api.hosts import Host

CLI_VERSION: Final = "2.18.2"
"""Sent as `X-LIVEKIT-CLI-VERSION`; Cloud is reported to refuse calls without it."""


class Method(Struct, frozen=True):
    """One RPC (PROTOCOL.md)."""

    service: str
    name: str
    grant: str = "agent"
    """`agent`, `room` (admin of the request's room) or `room_list` (PROTOCOL.md, Tokens and grants)."""
    body_limit: int = WHOLE
    """Largest answer, bytes; a longer listing is cut."""
    most: int = 50_000
    """Rows of a listing that are kept; the rest is cut."""
    changes: ClassVar[bool] = False
    """It is not a read: refused when read-only, never sent again automatically."""

    @property
    def path(self) -> str:
        """Path below the base URL."""
        return f"/twirp/livekit.{self.service}/{self.name}"

    @property
    def label(self) -> str:
        """Name to show."""
        return f"{self.service}/{self.name}"

    @property
    def is_listing(self) -> bool:
        """Its answer is a list, which may be cut."""
        return self.name.startswith("List")

    @property
    def host(self) -> Host:
        """Which host serves it."""
        return Host.AGENTS if self.service == "CloudAgent" else Host.PROJECT


LIST_AGENTS: Final = Method("CloudAgent", "ListAgents", body_limit=LISTING, most=50_000)
LIST_VERSIONS: Final = Method("CloudAgent", "ListAgentVersions", body_limit=LISTING)
LIST_SECRETS: Final = Method("CloudAgent", "ListAgentSecrets", body_limit=LISTING)
GET_SETTINGS: Final = Method("CloudAgent", "GetClientSettings")
LIST_LINKS: Final = Method("CloudAgent", "ListPrivateLinks", body_limit=LISTING)
LINK_STATUS: Final = Method("CloudAgent", "GetPrivateLinkStatus")
LIST_ROOMS: Final = Method("RoomService", "ListRooms", grant="room_list", body_limit=LISTING, most=20_000)
LIST_PARTICIPANTS: Final = Method("RoomService", "ListParticipants", grant="room", body_limit=LISTING)
LIST_DISPATCH: Final = Method(
    "AgentDispatchService", "ListDispatch", grant="room", body_limit=LISTING, most=100_000
)

METHODS: Final = tuple(value for value in list(globals().values()) if isinstance(value, Method))
"""Every method that reads."""
READS: Final = frozenset(method.label for method in METHODS) | {"GET /logs"}
"""The allow-list of read-only mode: all other methods are refused."""
