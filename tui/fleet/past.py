"""What panes may ask of the past; answered from memory. Must not know who derives it or where it is kept."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from tui.api.models import Agent


class Since(Struct, frozen=True, gc=False):
    """Since when an agent has its status."""

    status: str
    at: float | None
    """Unix seconds; None if it had the status when this session first saw it."""


class AgentChange(Struct, frozen=True, gc=False):
    """An agent that changed a moment ago."""

    before: Agent
    """The agent as it was before the first of its recent changes."""
    at: float
    """Monotonic time of that change."""


class Past(Protocol):
    """What is remembered of a fleet. A value: when anything in it differs, it is another object."""

    def since(self, agent_id: str) -> Since | None:
        """Since when an agent has its status; None for an agent that was never seen."""

    def changed(self, agent_id: str) -> AgentChange | None:
        """How an agent changed within the last minute; None if it did not."""

    @property
    def has_changes(self) -> bool:
        """Whether any agent changed within the last minute."""


class EmptyPast:
    """A past of which nothing is known."""

    def since(self, agent_id: str) -> Since | None:
        """Never anything."""
        return None

    def changed(self, agent_id: str) -> AgentChange | None:
        """Never anything."""
        return None

    @property
    def has_changes(self) -> bool:
        """Never any."""
        return False


EMPTY_PAST = EmptyPast()
"""The past before anything was received."""
