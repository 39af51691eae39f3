"""What a status means: its family, its severity and a diagnosis from its evidence. Must not know colours."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import Final

from msgspec import Struct

from tui.api.models import Agent, Deployment


class Family(StrEnum):
    """Groups of statuses that must be told apart at a glance."""

    HEALTHY = "healthy"
    MOVING = "moving"
    """Normal, and in transition to another status."""
    SLEEP = "sleep"
    ERROR = "error"
    GONE = "gone"
    UNKNOWN = "unknown"


class Status(Struct, frozen=True):
    """A status of an agent, a deployment or a version."""

    name: str
    """As LiveKit's documents spell it; as received if they do not list it."""
    family: Family
    severity: int
    """0 is the worst. The default order of lists."""

    @property
    def problem(self) -> bool:
        """Whether an operator should look at it."""
        return self.family in (Family.ERROR, Family.UNKNOWN) and bool(self.name)


_ORDER: Final = (
    ("CrashLoop", Family.ERROR),
    ("Error", Family.ERROR),
    ("Build Failed", Family.ERROR),
    ("Server Error", Family.ERROR),
    ("Suspended", Family.ERROR),
    ("Waking", Family.SLEEP),
    ("Updating", Family.MOVING),
    ("Scheduling", Family.MOVING),
    ("Building", Family.MOVING),
    ("Setting Up", Family.MOVING),
    ("Deleting", Family.MOVING),
    ("Running", Family.HEALTHY),
    ("Sleeping", Family.SLEEP),
    ("Deleted", Family.GONE),
)
"""The fourteen documented statuses, worst first."""

_UNKNOWN_AFTER: Final = 3
"""Rank of an unknown status: after Server Error, because it may be a problem."""


def _fold(text: str) -> str:
    return "".join(text.casefold().replace("-", " ").replace("_", " ").split())


STATUSES: Final = tuple(Status(name, family, 2 * rank) for rank, (name, family) in enumerate(_ORDER))
_BY_NAME: Final = {_fold(status.name): status for status in STATUSES} | {
    # lower-case words that other servers and older versions are reported to use
    "ready": Status("Running", Family.HEALTHY, 22),
    "pending": Status("Scheduling", Family.MOVING, 14),
    "failed": Status("Error", Family.ERROR, 2),
}
_NEVER_SEEN: Final = Status("", Family.UNKNOWN, 23)
_cache: dict[str, Status] = {}


def status(text: str) -> Status:
    """The status for a word of the server; an unknown word becomes a status of that name."""
    found = _cache.get(text)
    if found is None:
        found = _BY_NAME.get(_fold(text)) or (
            Status(text, Family.UNKNOWN, 2 * _UNKNOWN_AFTER + 1) if text.strip() else _NEVER_SEEN
        )
        if len(_cache) < 1024:  # words come from a server, so the memory for them is bounded
            _cache[text] = found
    return found


def worst(agent: Agent) -> Status:
    """The status of an agent: the worst of its deployments."""
    found = None
    for row in agent.agent_deployments:  # a loop: it is asked several times of each of many agents
        state = _cache.get(row.status) or status(row.status)
        if found is None or state.severity < found.severity:
            found = state
    return found or _NEVER_SEEN


@lru_cache(maxsize=1_024)
def worst_of(words: tuple[str, ...]) -> Status:
    """The status of an agent from the words of its deployments, which are the same of many."""
    return min(map(status, words), key=lambda state: state.severity, default=_NEVER_SEEN)


def status_words(agent: Agent) -> tuple[str, ...]:
    """The words of the server for the status of each deployment, in their order."""
    return tuple([row.status for row in agent.agent_deployments])


def replicas(agent: Agent) -> tuple[int, int, int]:
    """Current, least and most replicas over all deployments."""
    rows = agent.agent_deployments
    return (
        sum(row.replicas for row in rows),
        sum(row.min_replicas for row in rows),
        sum(row.max_replicas for row in rows),
    )


_PHRASES: Final = {
    "CrashLoop": "keeps crashing",
    "Build Failed": "failed to build",
    "Suspended": "is suspended",
    "Waking": "is waking up",
    "Updating": "is updating",
    "Scheduling": "is being scheduled",
    "Building": "is being built",
    "Setting Up": "is being set up",
    "Deleting": "is being deleted",
    "Running": "is running",
    "Sleeping": "is asleep",
    "Deleted": "is deleted",
    "": "was not observed",
}


def status_phrase(state: Status) -> str:
    """What an agent or a version with this status does, to stand after its name: `keeps crashing`.

    A status that no verb says better is named: `has status Error`.
    """
    return _PHRASES.get(state.name, f"has status {state.name}")


EVENT_WORDS: Final = {
    "AGENT_EVENT_TYPE_APPLICATION_CRASHED": ("crashed", "crashed"),
    "AGENT_EVENT_TYPE_RESTARTED_HIGH_DISK_USAGE": ("restarted: disk full", "disk full"),
    "AGENT_EVENT_TYPE_RESTARTED_HIGH_MEMORY_USAGE": ("restarted: memory high", "OOM"),
}
"""Event type → words, and the short ones of a column."""


def event_words(kind: str | int) -> str:
    """An event type in words; an unknown type as received."""
    known = EVENT_WORDS.get(str(kind))
    return known[0] if known else str(kind).removeprefix("AGENT_EVENT_TYPE_").replace("_", " ").lower()


def reading(row: Deployment) -> str:
    """What a deployment's status means, where its word, replicas and events do not say it.

    A status can mislead: "Error" with no replicas and no crash is often only an idle scale-down.
    """
    state = status(row.status)
    crash = next((e for e in row.events if "CRASHED" in str(e.type) and e.count), None)
    if state.name == "Error" and crash is None and row.replicas < max(row.min_replicas, 1):
        return "no crash event: may be idle scale-down"
    if state.name == "Server Error":
        return "on LiveKit's side, not yours"
    if state.name == "Build Failed":
        return "the build log says why; an older version may still be serving"
    if state.name == "Sleeping":
        return "scaled to zero; a dispatch wakes it, a cold start takes 10-20 s"
    if state.family is Family.HEALTHY and row.replicas < row.min_replicas:
        return "fewer replicas than the minimum"
    if state.family is Family.UNKNOWN and state.name:
        return "a status that LiveKit does not document"
    return ""
