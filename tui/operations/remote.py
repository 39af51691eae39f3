"""What operations ask of LiveKit, as a protocol; `sending.Sender` is the one there is.

The screen knows every operation before its first frame, and the network is imported after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from tui.api.models import (
    Agent,
    Dispatch,
    Participant,
    PrivateLink,
    PrivateLinkStatus,
    Room,
    SecretInfo,
    Version,
)
from tui.api.reader import Batch
from tui.packaging.secrets import SecretInput


@dataclass(frozen=True, slots=True)
class Original:
    """A dispatch exactly as the server holds it, not cleaned and not cut: to send again, never to show."""

    id: str = ""
    agent_name: str = ""
    room: str = ""
    metadata: str = field(default="", repr=False)
    restart_policy: str = "JRP_ON_FAILURE"
    deployment: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def digest(self) -> str:
        """What tells two dispatches apart without keeping what they carry, which may be personal."""
        return digest(self.metadata, self.attributes, self.deployment)


def digest(metadata: str, attributes: Mapping[str, str], deployment: str) -> str:
    """SHA-256 over what a dispatch carries; the order of attributes does not matter."""
    parts = [metadata, deployment, *(f"{name}\0{value}" for name, value in sorted(attributes.items()))]
    return sha256("\0\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


class Remote(Protocol):
    """LiveKit for one project. Every method raises the tree of `tui.api.errors`."""

    async def list_agents(self, agent_id: str = "") -> Batch[Agent]:
        """Every agent, or one."""

    async def list_versions(self, agent_id: str) -> Batch[Version]:
        """What was built for an agent."""

    async def list_secrets(self, agent_id: str) -> Batch[SecretInfo]:
        """Names and times of an agent's secrets."""

    async def list_rooms(self) -> Batch[Room]:
        """Every open room."""

    async def list_participants(self, room: str) -> Batch[Participant]:
        """Who is in a room."""

    async def list_dispatches(self, room: str, dispatch_id: str = "") -> Batch[Dispatch]:
        """The dispatches of a room; `NotFound` for a room that nobody serves."""

    async def settings(self) -> dict[str, str]:
        """What the service says of regions and SDK versions."""

    async def list_links(self) -> Batch[PrivateLink]:
        """The project's private links."""

    async def link_status(self, private_link_id: str) -> PrivateLinkStatus:
        """Health of a private link."""

    async def create_link(
        self, *, name: str, region: str, port: int, endpoint: str, cloud_region: str, request_id: str
    ) -> str:
        """Make a private link; its id. Not repeatable."""

    async def destroy_link(self, private_link_id: str, *, request_id: str) -> None:
        """Delete a private link."""

    async def originals(self, room: str) -> tuple[Original, ...]:
        """The dispatches of a room exactly as they are; `NotFound` for a room that nobody serves."""

    async def create_dispatch(
        self,
        *,
        room: str,
        agent_name: str,
        metadata: str,
        restart_policy: str,
        deployment: str,
        attributes: Mapping[str, str],
        request_id: str,
    ) -> Dispatch:
        """Ask for an agent in a room."""

    async def delete_dispatch(self, *, room: str, dispatch_id: str, request_id: str) -> None:
        """Delete a dispatch."""

    async def restart_agent(self, agent_id: str, *, request_id: str) -> None:
        """Restart an agent's workers."""

    async def rollback_agent(self, agent_id: str, version: str, *, request_id: str) -> None:
        """Make a version the current one."""

    async def promote_agent(self, agent_id: str, deployment: str, *, request_id: str) -> None:
        """Make a deployment's version the production one."""

    async def delete_agent(self, agent_id: str, *, request_id: str) -> None:
        """Delete an agent with all its deployments."""

    async def delete_deployment(self, agent_id: str, deployment: str, *, request_id: str) -> None:
        """Delete one named deployment."""

    async def update_agent(self, agent_id: str, secrets: tuple[SecretInput, ...], *, request_id: str) -> None:
        """Set secrets and restart the workers."""

    async def update_secrets(
        self,
        agent_id: str,
        secrets: tuple[SecretInput, ...] = (),
        *,
        remove: tuple[str, ...] = (),
        overwrite: bool = False,
        request_id: str,
    ) -> None:
        """Set and remove secrets; `overwrite` replaces the complete set."""
