"""When sources were watched: stretches that grow with every good answer. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import structs

from tui.fleet.state import Fleet
from tui.history.records import WatchedTime

SAMPLES: Final = "samples"
"""In place of a source: when samples were taken."""
SOURCES: Final = ("agents", "rooms", "dispatches")
"""Sources that are always polled; the others follow the selection."""


class Watching:
    """Follows the answers of one run."""

    def __init__(self, run: str, gap_after: float) -> None:
        """`gap_after`: seconds between two answers after which nobody has watched in between."""
        self._run = run
        self._gap_after = gap_after
        self._times: dict[str, WatchedTime] = {}
        self._reasons: dict[str, str] = {}
        """By source, why the next stretch is another one."""
        self._due: dict[tuple[str, float], WatchedTime] = {}

    def see(self, fleet: Fleet, at: float, monotonic: float) -> None:
        """Take in a fleet; `at` is Unix seconds by the server's clock."""
        for source in SOURCES:
            fresh = fleet.freshness.get(source)
            if fresh is None:
                continue
            if fresh.failures:
                self._reasons[source] = fresh.error or "no answer"
            elif fresh.at is not None:
                self._extend(source, at - (monotonic - fresh.at))
        self._extend(SAMPLES, at)

    def interrupt(self, source: str, why: str) -> None:
        """What follows is another stretch."""
        if source in self._times:
            del self._times[source]
        self._reasons[source] = why

    def due(self) -> list[WatchedTime]:
        """Stretches that have grown since the last call."""
        found = list(self._due.values())
        self._due = {}
        return found

    def _extend(self, source: str, at: float) -> None:
        known = self._times.get(source)
        if known is not None and at <= known.until:
            return
        if known is None or at - known.until > self._gap_after:
            known = WatchedTime(source, at, at, self._run, self._reasons.get(source, ""))
        else:
            known = structs.replace(known, until=at)
        self._reasons.pop(source, None)
        self._times[source] = self._due[source, known.since] = known
