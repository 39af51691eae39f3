"""The steps of a build: what is shown of one, and how announcements are merged (PROTOCOL.md, Builds)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from tui.packaging import solve

TAIL: Final = 200
"""Lines of output kept per step."""


class StepState(StrEnum):
    """The state of a step."""

    WAITING = "waiting"
    RUNNING = "running"
    CACHED = "cached"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class SubStatus:
    """Progress within a step, such as one layer that is pulled."""

    text: str
    current: int
    """Bytes, mostly."""
    total: int
    """0 when it is not known."""
    duration: float
    """Seconds; until now if it is not done."""
    done: bool


@dataclass(frozen=True, slots=True)
class BuildStep:
    """One row: a step, or a group of them."""

    key: str
    number: int
    """Order of the starts, from 1; 0 for a waiting step."""
    name: str
    state: StepState
    duration: float
    """Seconds that it ran, until now if it runs; parallel runs count once."""
    error: str
    parts: tuple[SubStatus, ...]
    tail: tuple[str, ...]
    """The last lines of its output."""
    members: int
    """Steps in the group; 0 for a step of its own."""


@dataclass(slots=True)
class PartState:
    """The state of one sub-status."""

    text: str
    current: int = 0
    total: int = 0
    started: float | None = None
    completed: float | None = None

    def view(self, now: float) -> SubStatus:
        """As shown at `now`, Unix seconds."""
        end = now if self.completed is None else self.completed
        duration = 0.0 if self.started is None else max(0.0, end - self.started)
        return SubStatus(self.text, self.current, self.total, duration, self.completed is not None)


@dataclass(slots=True)
class VertexState:
    """The state of one step, merged from its announcements."""

    name: str = ""
    group: str = ""
    weak: bool = False
    """Whether it alone does not make its group visible."""
    cached: bool = False
    error: str = ""
    runs: dict[float, float | None] = field(default_factory=dict)
    """Start to end of each run, Unix seconds."""

    @property
    def running(self) -> bool:
        """Whether a run has no end yet."""
        return any(end is None for end in self.runs.values())

    @property
    def completed(self) -> bool:
        """Whether it started and no run of it is open."""
        return bool(self.runs) and not self.running

    def merge(
        self,
        vertex: solve.Vertex,
        started: float | None,
        completed: float | None,
        shown: Callable[[str, int], str],
    ) -> None:
        """Merge an announcement: the later one counts, but a start is never undone.

        `shown` makes remote text fit for display, given its longest length.
        """
        self.name = shown(vertex.name, 300) or self.name
        self.cached = vertex.cached
        self.error = shown(vertex.error, 2_000)
        if started is not None:
            self.runs[started] = completed


@dataclass(slots=True)
class Row:
    """A step of its own, or the steps of a group as one."""

    key: str
    name: str
    grouped: bool
    members: list[VertexState] = field(default_factory=list)
    number: int = 0
    """Order of first appearance; 0 before that."""
    ended: bool = False
    parts: dict[tuple[str, str], PartState] = field(default_factory=dict)
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL))
    partial: dict[tuple[str, int], bytes] = field(default_factory=dict)
    """The beginning of a line, for each step and stream."""

    @property
    def shown(self) -> bool:
        """Whether it is visible: a group only once a member that is not weak started, or one failed."""
        return any((member.runs and not member.weak) or member.error for member in self.members)

    @property
    def error(self) -> str:
        """The first member's that has one."""
        return next((member.error for member in self.members if member.error), "")

    @property
    def state(self) -> StepState:
        """Its state; a group is cached only if all members are."""
        if self.error:
            return StepState.CANCELLED if self.error.endswith("context canceled") else StepState.FAILED
        if not self.shown:
            return StepState.WAITING
        if any(member.running for member in self.members):
            return StepState.RUNNING
        return StepState.CACHED if all(member.cached for member in self.members) else StepState.DONE

    def duration(self, now: float) -> float:
        """Seconds in which any member ran."""
        runs = (run for member in self.members for run in member.runs.items())
        return _union([(start, now if end is None else end) for start, end in runs])

    def view(self, now: float) -> BuildStep:
        """As shown at `now`, Unix seconds."""
        return BuildStep(
            key=self.key,
            number=self.number,
            name=self.name,
            state=self.state,
            duration=self.duration(now),
            error=self.error,
            parts=tuple(part.view(now) for part in self.parts.values()),
            tail=tuple(self.tail),
            members=len(self.members) if self.grouped else 0,
        )


def _union(runs: Sequence[tuple[float, float]]) -> float:
    """Seconds covered by intervals that may overlap."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(runs):
        total += max(0.0, end - max(start, reached))
        reached = max(reached, end)
    return total
