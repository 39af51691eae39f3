"""What polling asks of LiveKit, as a protocol: sources are known before the network is imported."""

from __future__ import annotations

from typing import Protocol

from tui.api.budget import Budget
from tui.api.decoding.batch import Batch
from tui.api.models import Agent, Dispatch, Participant, Room, SecretInfo, Version


class Listings(Protocol):
    """The listings of one project. Each call raises an error of `tui.api.errors`.

    `tui.api.client.Client` has them. It is not named here: it imports the network, and operations name their
    sources before the first frame.
    """

    @property
    def budget(self) -> Budget:
        """How many requests may be sent."""

    async def list_agents(self, agent_id: str = "") -> Batch[Agent]:
        """Every agent, or one."""

    async def list_versions(self, agent_id: str) -> Batch[Version]:
        """The versions of an agent."""

    async def list_secrets(self, agent_id: str) -> Batch[SecretInfo]:
        """Names and times of an agent's secrets."""

    async def list_rooms(self) -> Batch[Room]:
        """The open rooms."""

    async def list_participants(self, room: str) -> Batch[Participant]:
        """The participants of a room."""

    async def list_dispatches(self, room: str, dispatch_id: str = "") -> Batch[Dispatch]:
        """The dispatches of a room; `NotFound` for a missing room."""
