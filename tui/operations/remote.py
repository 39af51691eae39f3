"""What operations ask of LiveKit, as a protocol that `tui.api.client.Client` satisfies.

The screen knows every operation before its first frame, and the network is imported after it.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

from tui.api.changes import ChangeMethod, Request
from tui.api.decoding.batch import Batch
from tui.api.decoding.exact_dispatches import ExactDispatch
from tui.api.models import (
    Agent,
    Dispatch,
    Participant,
    PrivateLink,
    PrivateLinkStatus,
    Room,
    SecretInfo,
    Version,
    Wire,
)

T = TypeVar("T", bound=Wire)


class Remote(Protocol):
    """LiveKit for one project. Every method raises the tree of `tui.api.errors`."""

    async def list_agents(self, agent_id: str = "") -> Batch[Agent]:
        """Every agent, or one."""

    async def list_versions(self, agent_id: str) -> Batch[Version]:
        """What was built for an agent."""

    async def list_secrets(self, agent_id: str) -> Batch[SecretInfo]:
        """Names and times of an agent's secrets."""

    async def list_rooms(self, name: str = "") -> Batch[Room]:
        """Every open room, or one."""

    async def list_participants(self, room: str) -> Batch[Participant]:
        """Who is in a room."""

    async def list_dispatches(self, room: str, dispatch_id: str = "") -> Batch[Dispatch]:
        """The dispatches of a room; `NotFound` for a room that nobody serves."""

    async def exact_dispatches(self, room: str) -> tuple[ExactDispatch, ...]:
        """The dispatches of a room exactly as they are; `NotFound` for a room that nobody serves."""

    async def settings(self) -> dict[str, str]:
        """What the service says of regions and SDK versions."""

    async def raw_dispatch(self, room: str, dispatch_id: str, job_id: str = "") -> bytes:
        """The JSON of a dispatch, or of one of its jobs, requested again; empty if it is not there."""

    async def list_links(self) -> Batch[PrivateLink]:
        """The project's private links."""

    async def link_status(self, private_link_id: str) -> PrivateLinkStatus:
        """Health of a private link."""

    async def change(self, change: ChangeMethod[T], request: Request, *, request_id: str) -> T:
        """Send a change, once."""
