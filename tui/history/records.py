"""What a recording is made of, beside fleets and events. Values only; must not know where they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from tui.fleet.past import Kind
from tui.fleet.state import Fleet

FRESH: Final = frozenset({"coverage", "room_freshness", "freshness", "secrets_at", "status_changed_at"})
"""Fields of a fleet that say how current it is; they change with every poll."""

OWN: Final = frozenset({Kind.OPERATION, Kind.NOTE})
"""Kinds of events that only the process of their operator knows of; others each process derives itself."""


class Run(Struct, frozen=True):
    """One run of the program that records."""

    id: str
    unix: float
    """When it began by this machine's clock, Unix seconds."""
    mono: float
    """The same moment, monotonic."""
    host: str
    version: str
    """Of the program."""


class Stamp(Struct, frozen=True, gc=False, array_like=True):
    """Which sample it is, and when it was."""

    seq: int
    """Its number. This alone orders samples."""
    run: str
    """The run that recorded it: monotonic times of two runs say nothing of each other."""
    mono: float
    """Monotonic seconds of that run."""
    unix: float
    """Unix seconds by the clock of the machine that recorded."""
    skew: float | None = None
    """The server's clock minus that one, seconds; None if it was not known."""
    is_quiet: bool = False
    """Nothing had changed but how current the data were."""

    @property
    def at(self) -> float:
        """Unix seconds by the server's clock, as far as it was known."""
        return self.unix + (self.skew or 0.0)


@dataclass(frozen=True, slots=True)
class Sample:
    """What was known at one moment."""

    stamp: Stamp
    fleet: Fleet
    gap: str = ""
    """Why it does not follow on the one before it, in words; empty if it does."""


class ErrorCount(Struct, frozen=True, gc=False):
    """How often an error was read in an agent's log within a minute."""

    agent_id: str
    minute: int
    """Unix minutes by the server's clock."""
    signature: str
    """What errors of one cause have in common."""
    count: int
    line: str = ""
    """The newest of them, masked."""


class WatchedTime(Struct, frozen=True, gc=False):
    """A time within which a source was polled without a gap. Unix seconds by the server's clock."""

    source: str
    since: float
    until: float
    run: str
    why: str = ""
    """Why there is a gap before it, in words."""


class Unusable(Exception):
    """What is there cannot be used by this program, now or later. The text is one line for the operator."""
