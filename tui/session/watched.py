"""What the screen needs of a session. A protocol, so that the network is imported after the first frame."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from tui.fleet.state import Selection
from tui.fleet.store import Store
from tui.logs.hub import LogHub
from tui.operations.remote import Remote
from tui.project import Project


@dataclass(frozen=True, slots=True)
class Link:
    """How the line to a project is, in steps coarse enough to stay the same while nothing happens."""

    hosts: str = ""
    """The effective hosts, so that a redirected one is seen."""
    latency: float = 0.0
    """Seconds."""
    skew: float = 0.0
    """Server's clock minus ours, seconds."""
    used: int = 0
    """Requests of the last minute."""
    budget: int = 60
    """Requests a minute that this console allows itself."""
    unlocked: float = 0.0
    """Seconds for which a read-only session may still change things."""
    dry_run: bool = False
    """Nothing is sent, by the operator's wish."""


class Watched(Protocol):
    """A project being watched; `session.Session` is the one there is."""

    project: Project
    store: Store
    logs: LogHub | None
    """None for a session without streams."""

    def select(self, selection: Selection) -> None:
        """Fetch details for another selection."""

    def nudge(self, *names: str) -> None:
        """Ask now, for the named sources or all."""

    def raw(self, item: object) -> bytes:
        """The JSON that an item of a listing was received as; empty if it is not kept."""

    def link(self) -> Link:
        """How the line is."""

    async def run(self) -> None:
        """Poll until cancelled."""

    def kept(self) -> AbstractAsyncContextManager[None]:
        """Keep the connections open as long as this lasts: what was begun is seen through to its end."""

    @property
    def remote(self) -> Remote:
        """What operations are sent through."""

    def unlock(self, seconds: float) -> None:
        """Let a read-only session change things for a while."""

    def lock(self) -> None:
        """End such a while."""
