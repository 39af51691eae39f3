"""A build as lines of text, for a log or a pipe, the way BuildKit prints one (contract.md §4.5).

Of sub-statuses only the end is written: each of their steps would be a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tui.build.progress import BuildProgress, Event, EventKind, Outcome
from tui.build.steps import StepState, SubStatus

_LAST_LINES: Final = 10
"""Lines of output repeated of a step that failed."""
_UNITS: Final = ("B", "kB", "MB", "GB", "TB")


class PlainLog:
    """Turns what a build's lines brought into lines of text."""

    def __init__(self) -> None:
        self._current = 0
        self._open: set[int] = set()
        """Steps that began and did not end."""
        self._names: dict[int, str] = {}

    def lines(self, events: Iterable[Event]) -> list[str]:
        """The lines that these events make."""
        return [line for event in events for line in self._event(event)]

    def closing(self, progress: BuildProgress) -> list[str]:
        """The last lines: what failed with its last words, and how it ended."""
        lines: list[str] = []
        for step in progress.steps:
            if step.state is StepState.FAILED:
                lines += ["------", f" > {step.name}:", *step.tail[-_LAST_LINES:], "------"]
        ends = {
            Outcome.RUNNING: "the build goes on",
            Outcome.SUCCEEDED: f"build done, {progress.completed} of {progress.total} steps",
            Outcome.FAILED: f"build failed: {progress.error}",
            Outcome.UNKNOWN: f"the end of the build is unknown: {progress.error}",
        }
        return [*lines, ends[progress.outcome]]

    def _event(self, event: Event) -> Iterator[str]:
        if event.kind in (EventKind.QUEUE, EventKind.UNREADABLE):
            yield event.text if event.kind is EventKind.QUEUE else f"cannot be read: {event.text}"
            return
        if not event.number:
            if event.kind is EventKind.WARNING:
                yield f"WARNING: {event.text}"
            return
        if event.kind is EventKind.BEGAN:
            self._names[event.number] = event.text
            self._open.add(event.number)
        if event.number != self._current:
            if self._current in self._open:
                yield f"#{self._current} ..."
            self._current = event.number
            yield f"#{event.number} {self._names.get(event.number, '')}"
        if event.kind is not EventKind.BEGAN:
            yield f"#{event.number} {self._said(event)}"

    def _said(self, event: Event) -> str:
        if event.kind is EventKind.OUTPUT:
            return f"{_since(event.seconds)} {event.text}"
        if event.kind is EventKind.WARNING:
            return f"WARNING: {event.text}"
        if event.status is not None:
            return _part(event.status)
        self._open.discard(event.number)
        ends = {
            StepState.CACHED: "CACHED",
            StepState.CANCELLED: "CANCELED",
            StepState.FAILED: f"ERROR: {event.text}",
        }
        return ends.get(event.state or StepState.DONE, f"DONE {event.seconds:.1f}s")


def size(count: int) -> str:
    """Bytes in decimal units: `1.20kB`."""
    value, unit = float(count), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{count}B" if unit == 0 else f"{value:.2f}{_UNITS[unit]}"


def _since(seconds: float) -> str:
    """Seconds with as many decimals as keep the column narrow."""
    return f"{seconds:.{3 if seconds < 10 else 2 if seconds < 100 else 1}f}"


def _part(status: SubStatus) -> str:
    amount = f" {size(status.current)}" if status.current or status.total else ""
    amount += f" / {size(status.total)}" if status.total else ""
    return f"{status.text}{amount} {status.duration:.1f}s done"
