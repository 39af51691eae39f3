"""Follows a build by the lines of its stream (PROTOCOL.md, Builds). Knows no screen and no clock.

It follows the rules of BuildKit's own display: a step may be announced any number of times, may run more than
once, and may belong to a group.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from tui.api.errors import ApiError
from tui.api.streams import lines
from tui.api.text.clean import LIMIT, clean
from tui.api.text.masking import SentSecrets, masked
from tui.packaging import solve
from tui.packaging.steps import BuildStep, PartState, Row, StepState, VertexState

_PARTIAL_LIMIT: Final = 65_536
"""Bytes of an incomplete line after which it is shown."""
_ANSI: Final = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]")
"""Colours and cursor movements that build tools print."""


class BuildOutcome(StrEnum):
    """The state of a whole build."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """The stream broke: the build may still run."""


@dataclass(frozen=True, slots=True)
class BuildWarning:
    """Advice about the Dockerfile."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class BuildProgress:
    """A build at one moment."""

    outcome: BuildOutcome
    steps: tuple[BuildStep, ...]
    """Started steps in order of their start, then waiting ones."""
    completed: int
    total: int
    """Grows during the build, so it is a count and no base for a percentage."""
    warnings: tuple[BuildWarning, ...]
    queue: str
    """The service's message while no builder is free; empty once a step is known."""
    error: str
    """Why the build failed, or why its end is unknown."""
    unreadable: int
    """Lines that could not be read; the build continues."""

    @property
    def doubtful(self) -> bool:
        """Whether the stream reported success although steps did not end: then the agent's status decides."""
        return self.outcome is BuildOutcome.SUCCEEDED and self.completed < self.total


class Build:
    """Takes the lines of one build and reports its progress."""

    def __init__(self, sent: SentSecrets | None = None) -> None:
        """`sent` is what no line may show."""
        self._sent = sent
        self._vertices: dict[str, VertexState] = {}
        self._rows: dict[str, Row] = {}
        self._row_of: dict[str, Row] = {}
        """The row of each step, by the step's digest."""
        self._warnings: list[BuildWarning] = []
        self._began = 0
        self._latest = 0.0
        """The latest time in the stream."""
        self._queue = ""
        self._error = ""
        self._unreadable = 0
        self._outcome = BuildOutcome.RUNNING

    def feed(self, line: bytes) -> None:
        """Process one line. Lines after the end of the build are ignored."""
        if self._outcome is not BuildOutcome.RUNNING or not line.strip():
            return
        if line.startswith(solve.ERROR_PREFIX):
            text = line.removeprefix(solve.ERROR_PREFIX).decode("utf-8", "replace").strip()
            self._finish(BuildOutcome.FAILED, self._text(text, 2_000) or "no reason given")
            return
        try:
            status = solve.read_line(line)
        except solve.UnreadableStatus:
            self._unreadable += 1
            return
        self._take_queue(status.queue or None)
        self._take(status)

    @property
    def outcome(self) -> BuildOutcome:
        """The state of the build."""
        return self._outcome

    def end(self) -> None:
        """The stream ended in order, which means success."""
        self._finish(BuildOutcome.SUCCEEDED, "")

    def cut(self, reason: str) -> None:
        """The stream broke; `reason` is fit for display."""
        self._finish(BuildOutcome.UNKNOWN, reason)

    def progress(self, now: float) -> BuildProgress:
        """The present progress; `now` is Unix seconds by the server's clock, for running steps."""
        if self._outcome is not BuildOutcome.RUNNING:
            now = self._latest
        begun = sorted((row for row in self._rows.values() if row.number), key=lambda row: row.number)
        waiting = [row for row in self._rows.values() if not row.number and not row.grouped]
        alone = [vertex for vertex in self._vertices.values() if not vertex.group]
        return BuildProgress(
            outcome=self._outcome,
            steps=tuple(self._settled(row.view(now)) for row in (*begun, *waiting)),
            completed=sum(vertex.completed for vertex in alone),
            total=len(alone),
            warnings=tuple(self._warnings),
            queue=self._queue,
            error=self._error,
            unreadable=self._unreadable,
        )

    def _settled(self, step: BuildStep) -> BuildStep:
        """The state of a step; after the build running ones count as ended, unless the stream broke."""
        if step.state is StepState.RUNNING and self._outcome in (BuildOutcome.FAILED, BuildOutcome.SUCCEEDED):
            return replace(step, state=StepState.CANCELLED)
        return step

    def _finish(self, outcome: BuildOutcome, error: str) -> None:
        if self._outcome is not BuildOutcome.RUNNING:
            return
        self._outcome, self._error, self._queue = outcome, error, ""
        for row in self._rows.values():
            self._take_rest(row)

    def _take_queue(self, queue: solve.Queue | None) -> None:
        self._queue = (self._text(queue.message, 200) if queue else "") or self._queue

    def _take(self, status: solve.SolveStatus) -> None:
        for vertex in status.vertexes or ():
            self._take_vertex(vertex)
        for part in status.statuses or ():
            self._take_status(part)
        for warning in status.warnings or ():
            self._take_warning(warning)
        for log in status.logs or ():
            self._take_log(log)
        # process the end of a step after the output in the same line
        for vertex in status.vertexes or ():
            self._take_end(self._row_of[vertex.digest])

    def _take_vertex(self, vertex: solve.Vertex) -> None:
        self._queue = ""
        known = self._vertices.get(vertex.digest)
        if known is None:
            known = self._vertices[vertex.digest] = VertexState()
            self._place(vertex, known)
        started, completed = solve.read_time(vertex.started), solve.read_time(vertex.completed)
        known.merge(vertex, started, completed, self._text)
        self._note(started, completed)
        row = self._row_of[vertex.digest]
        if not row.grouped:
            row.name = known.name
        if not row.number and row.shown:
            self._began += 1
            row.number = self._began

    def _place(self, vertex: solve.Vertex, known: VertexState) -> None:
        """Assign a new step to a row: its own, or its group's."""
        group = vertex.group
        if group is None:
            row = self._rows[vertex.digest] = Row(vertex.digest, "", grouped=False)
        else:
            known.group, known.weak = group.id or "group", group.weak
            key = f"group {known.group}"
            row = self._rows.setdefault(key, Row(key, self._text(group.name, 300), grouped=True))
        row.members.append(known)
        self._row_of[vertex.digest] = row

    def _take_end(self, row: Row) -> None:
        ended = row.state not in (StepState.WAITING, StepState.RUNNING)
        if ended and not row.ended and row.number:
            self._take_rest(row)
        row.ended = ended

    def _take_status(self, part: solve.VertexStatus) -> None:
        row = self._row_of.get(part.vertex)
        if row is None:
            return
        known = row.parts.setdefault((part.vertex, part.id), PartState(self._text(part.name or part.id, 200)))
        known.current, known.total = part.current, part.total
        known.started = solve.read_time(part.started) or known.started
        known.completed = solve.read_time(part.completed)
        self._note(known.started, known.completed)

    def _take_warning(self, warning: solve.VertexWarning) -> None:
        row = self._row_of.get(warning.vertex)
        if warning.vertex and row is None:
            return
        parts = [solve.read_bytes(part) for part in (warning.short, *(warning.detail or ()))]
        text = self._text(": ".join(part.decode("utf-8", "replace") for part in parts if part), 600)
        self._warnings.append(BuildWarning(text, self._text(warning.url, 200)))

    def _take_log(self, log: solve.VertexLog) -> None:
        row = self._row_of.get(log.vertex)
        if row is None:
            return
        self._note(solve.read_time(log.timestamp))
        place = (log.vertex, log.stream)
        *whole, rest = (row.partial.pop(place, b"") + solve.read_bytes(log.data)).split(b"\n")
        if len(rest) > _PARTIAL_LIMIT:
            whole.append(rest)
        elif rest:
            row.partial[place] = rest
        for line in whole:
            self._take_output(row, line)

    def _take_rest(self, row: Row) -> None:
        """Add incomplete lines to the output of their steps."""
        for line in row.partial.values():
            self._take_output(row, line)
        row.partial.clear()

    def _take_output(self, row: Row, line: bytes) -> None:
        """A complete line; of a progress bar that redraws itself, the last state."""
        shown = _ANSI.sub(b"", line).rstrip(b"\r").rpartition(b"\r")[2]
        row.tail.append(self._text(shown.decode("utf-8", "replace")))

    def _text(self, text: str, limit: int = LIMIT) -> str:
        """Remote text as it may be shown and kept."""
        return clean(masked(text, self._sent), limit=limit)

    def _note(self, *times: float | None) -> None:
        self._latest = max(self._latest, *(time or 0.0 for time in times))


async def follow(build: Build, chunks: AsyncIterator[bytes], tell: Callable[[], None]) -> None:
    """Follow a build to the end of its stream. If the stream breaks the result is unknown.

    `tell` is called after every line.
    """
    try:
        async for line in lines(chunks):
            build.feed(line)
            tell()
            if build.outcome is not BuildOutcome.RUNNING:
                return
    except ApiError as error:
        build.cut(str(error))
    else:
        build.end()
