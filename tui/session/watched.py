"""What a watched project offers. A protocol, so that the network is imported after the first frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from tui.clock import Moment
from tui.fleet.past import Past, Subject
from tui.fleet.polling.sources import Source
from tui.fleet.reason import Reason
from tui.fleet.store import Store
from tui.fleet.times import TimeStyle
from tui.fleet.view import Selection
from tui.history.store import Reader
from tui.logs.hub import LogHub
from tui.operations.journal.journal import AuditEntry
from tui.operations.remote import Remote
from tui.project import REQUESTS_PER_MINUTE, Project

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class Link:
    """State of the connection to a project, in steps so coarse that it stays equal while nothing happens."""

    hosts: str = ""
    """The hosts that are asked, so that a redirected one is seen."""
    latency: float = 0.0
    """Seconds."""
    skew: float = 0.0
    """Server's clock minus this machine's, seconds."""
    used: int = 0
    """Requests sent within the last minute."""
    budget: int = REQUESTS_PER_MINUTE
    """Requests a minute that this console makes at the most."""
    slowed_to: int | None = None
    """Requests a minute that it makes for some time after a 429, in steps of ten; None where all is well."""
    unlocked: float = 0.0
    """Seconds for which a read-only session may still change things."""
    dry_run: bool = False
    """Nothing is sent: the operator asked for a dry run."""
    past: str = ""
    """The moment of the past that is shown, in words; empty for now."""


class NoHistory(Exception):
    """Nothing recorded can be read. The text is one line for the operator."""


class Watched(Protocol):
    """A project being watched: live (`live.Session`), or from a recording (`replayed.Replay`).

    Nothing above this layer asks which of them it is.
    """

    @property
    def project(self) -> Project:
        """What is watched. Its key identifies the session in the registry."""

    @property
    def store(self) -> Store:
        """What is known of the project. It tells subscribers of every change."""

    @property
    def logs(self) -> LogHub | None:
        """Opens the logs of agents; None where there are none to open."""

    async def run(self) -> None:
        """Keep the store up to date and the logs open until cancelled. May be called once."""

    def kept(self) -> AbstractAsyncContextManager[None]:
        """Keep connections open until this work finishes, also after `run` was cancelled."""

    def select(self, selection: Selection) -> None:
        """Fetch the details of what is selected, from now on."""

    def nudge(self, *sources: Source) -> None:
        """Ask now instead of at the next turn: the named sources, or all."""

    def link(self) -> Link:
        """State of the connection."""

    @property
    def moment(self) -> Moment:
        """The moment that the store tells of, now or in the past: Unix seconds are by the server's clock."""

    @property
    def past(self) -> Past:
        """What is remembered of the fleet. It holds the news of a change before the screen is told of it."""

    def reasons(self, style: TimeStyle) -> Mapping[str, Reason]:
        """Why agents are broken at that moment, by id, with times in a style. Made when asked for."""

    def follow(self, told: Callable[[], None]) -> Callable[[], None]:
        """Be told when the past tells of something new, also without a change; returns how to stop that."""

    def report(self, entry: AuditEntry, *, is_old: bool = False) -> None:
        """Make an event of an operation of the operator's; `is_old` if the journal was read back."""

    def note(self, text: str, subject: Subject, by: str, at: float | None = None) -> str:
        """Make an event of what the operator notes on something; returns why that cannot be done.

        It is of now, or of an earlier time: Unix seconds by the server's clock.
        """

    @property
    def unrecorded(self) -> str:
        """Why what is noted is not on the disk, in words; empty where it is."""

    async def open_recording(self) -> Reader:
        """What was recorded of the project up to now. Raises `NoHistory` with the reason in words."""

    async def forget(self) -> str:
        """Remove all that was recorded of the project; what is wrong with that, in words, or empty."""

    def raw(self, item: object) -> bytes:
        """The JSON in which an item of a listing was received; empty where that is not kept."""

    @property
    def remote(self) -> Remote:
        """What operations ask LiveKit through. Its calls raise `NotSent` where `refusal` is not empty."""

    @property
    def refusal(self) -> str:
        """Why nothing can be changed in this session, in words; empty where it can."""

    def client_of(self, kind: type[C]) -> C | None:
        """The session's API client, if it is of this type; None without network.

        The caller names the type, because importing it here would bring the network to the first frame.
        """

    def unlock(self, seconds: float) -> None:
        """Let a read-only session change things for a while."""

    def lock(self) -> None:
        """Make an unlocked session read-only again."""
