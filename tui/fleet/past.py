"""What panes may ask of the past; answered from memory. Must not know who derives it or where it is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import islice
from typing import Final, Protocol

from msgspec import Struct

from tui.api.models import Agent

HELD: Final = 2_000
"""Events that are held in memory; older ones are on the disk, if anywhere."""
MOST_IDS: Final = 200_000
"""Ids that these may have, about: when a large fleet breaks, the event has the id of every agent."""


class Kind(StrEnum):
    """What an event is about. The values are kept on disk."""

    STATUS = "status"
    """An agent, or some of its deployments, has another status."""
    AGENT = "agent"
    """An agent appeared or is gone."""
    CRASH = "crash"
    MEMORY = "memory"
    """Restarted because of its memory."""
    DISK = "disk"
    """Restarted because its disk was full."""
    RESTART = "restart"
    """Counted by the server under a name that this program does not know."""
    VERSION = "version"
    """Another version is current."""
    DRAINING = "draining"
    """Old replicas began, or ended, finishing their sessions."""
    REPLICAS = "replicas"
    SECRETS = "secrets"
    DISPATCH = "dispatch"
    """A dispatch has no job for too long, or has one at last."""
    JOB = "job"
    """A job failed, or how it is has become doubtful."""
    ROOM = "room"
    """A room has somebody in it and nobody to serve them."""
    SOURCE = "source"
    """What is polled stopped answering, or answers again."""
    CLOCK = "clock"
    """This machine's clock jumped back."""
    OPERATION = "operation"
    """The operator's own operation, or its outcome."""
    NOTE = "note"
    """What the operator noted."""


class Severity(StrEnum):
    """How much an event matters. The values are kept on disk."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    GOOD = "good"
    """What was wrong is right again."""


class Subject(Struct, frozen=True, gc=False):
    """What an event is about: identities, as far as they are known."""

    agent_id: str = ""
    agent_name: str = ""
    """As it was then: the agent may be gone."""
    room: str = ""
    dispatch_id: str = ""
    job_id: str = ""
    source: str = ""
    """Name of a source, such as `agents`."""


NOBODY = Subject()
"""The subject of what concerns the whole project."""


class Event(Struct, frozen=True):
    """Something that happened. Times are Unix seconds by the server's clock."""

    id: str
    """Unique in the project."""
    at: float
    """When it happened, or was seen to have happened."""
    kind: Kind
    severity: Severity
    text: str
    """One line, printable."""
    subject: Subject = NOBODY
    detail: str = ""
    """The rest of what is known of it, printable."""
    before: str = ""
    after: str = ""
    not_before: float | None = None
    """It happened between this time and `at`; None if `at` is exact to two polls."""
    ids: tuple[str, ...] = ()
    """Ids of the agents, dispatches or jobs that are counted in it; empty where it is about one."""
    project: str = ""
    """The project's key."""
    is_clock_unknown: bool = False
    """The server's clock was not known then: the times are by this machine's."""


class Transition(Struct, frozen=True, gc=False):
    """One agent or deployment has another status. Times are Unix seconds by the server's clock.

    With the same one `before` and `after` it was restarted or deployed in a gap, and may have had another.
    """

    id: str
    """An agent's id, or what `deployment_key` makes of a deployment."""
    before: str
    """Empty for one that was not there before."""
    after: str
    """Empty for one that is gone."""
    not_before: float | None
    """The newest good answer without it, if it came in a gap; else None.

    Of one that was not there before it is `at` if that was seen, and None if it was there at first.
    """
    at: float
    """The first good answer with it."""
    is_clock_unknown: bool = False
    """The server's clock was not known then: the times are by this machine's."""


class Since(Struct, frozen=True, gc=False):
    """Since when an agent or deployment has its status. Times are Unix seconds by the server's clock."""

    status: str
    at: float | None = None
    """When it changed, if that was seen between two good answers that were close together."""
    not_before: float | None = None
    """It cannot have it for longer."""
    not_after: float | None = None
    """It had it by then."""
    evidence: str = ""
    """Why it cannot have it for longer, in a word such as `deploy`."""
    is_clock_unknown: bool = False
    """The server's clock was not known then: a time is by this machine's."""


class Gap(Struct, frozen=True, gc=False):
    """A time in which something was not watched. Times are Unix seconds by the server's clock."""

    source: str
    """What was not polled; empty for everything."""
    since: float
    """The last good answer before it."""
    until: float
    """The first good answer after it."""
    why: str = ""


class FailedJob(Struct, frozen=True, gc=False):
    """A job that failed, or whose end is doubtful. Kept when its room is gone.

    Times are Unix seconds by the server's clock.
    """

    job_id: str
    dispatch_id: str
    room: str
    agent_name: str
    status: str
    """The word of its condition, such as `failed` or `left the room`."""
    at: float
    """When it ended by the server's word, else when it was first seen like this."""
    reason: str = ""
    """The server's reason or error, printable."""
    worker: str = ""
    agent_id: str = ""

    @property
    def subject(self) -> Subject:
        """What it belongs to."""
        return Subject(
            agent_id=self.agent_id,
            agent_name=self.agent_name,
            room=self.room,
            dispatch_id=self.dispatch_id,
            job_id=self.job_id,
        )


class JobCount(Struct, frozen=True, gc=False):
    """How many jobs of an agent were seen to succeed within a minute."""

    agent_name: str
    minute: int
    """Unix minutes by the server's clock."""
    succeeded: int


class AgentChange(Struct, frozen=True, gc=False):
    """An agent that changed a moment ago."""

    before: Agent
    """The agent as it was before the first of its recent changes."""
    at: float
    """Monotonic time of that change."""


class Past(Protocol):
    """What is remembered of a fleet. A value: when anything in it differs, it is another object."""

    def since(self, id: str) -> Since | None:
        """Since when an agent, or one of its deployments by key, has its status; None if never seen."""

    def changed(self, agent_id: str) -> AgentChange | None:
        """How an agent changed within the last minute; None if it did not."""

    @property
    def has_changes(self) -> bool:
        """Whether any agent changed within the last minute."""

    @property
    def events(self) -> Sequence[Event]:
        """The newest events, oldest first."""

    @property
    def begun(self) -> float | None:
        """Since when anything is known, Unix seconds by the server's clock; None before that."""

    @property
    def untold(self) -> str:
        """Why no event is known although some may have happened, in words; empty where they are known."""

    @property
    def failed_jobs(self) -> Sequence[FailedJob]:
        """Jobs of the last day that failed or are doubtful, oldest first."""

    @property
    def job_counts(self) -> Iterable[JobCount]:
        """Of jobs that succeeded within the last day, in any order; only what was seen is counted."""


class EmptyPast:
    """A past of which nothing is known."""

    events: Sequence[Event] = ()
    failed_jobs: Sequence[FailedJob] = ()
    job_counts: Iterable[JobCount] = ()
    has_changes = False
    untold = ""
    begun: float | None = None

    def since(self, id: str) -> Since | None:
        """Never anything."""
        return None

    def changed(self, agent_id: str) -> AgentChange | None:
        """Never anything."""
        return None


EMPTY_PAST = EmptyPast()
"""The past before anything was received."""


def complete_since(past: Past) -> float | None:
    """From when on no event is missing, Unix seconds: older ones may have had to go. None before any."""
    is_full = len(past.events) >= HELD or sum(len(event.ids) for event in past.events) >= MOST_IDS
    return past.events[0].at if is_full else past.begun


def newest(events: Iterable[Event], most: int = HELD) -> Iterator[Event]:
    """The first of some events, which are the newest first: `most`, or fewer of those that have many ids."""
    ids, most_ids = 0, MOST_IDS * max(1, most // HELD)
    for event in islice(events, most):
        if ids >= most_ids:
            return
        ids += len(event.ids)
        yield event


def deployment_key(agent_id: str, region: str, deployment: str) -> str:
    """The id of one of several deployments of an agent, in questions about the past."""
    return f"{agent_id}/{region}/{deployment}"
