"""How much of the dispatch tree is known and how current that is, also in words. Pure."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

AT_LEAST: Final = 12.0
"""Seconds that the oldest room of a live tree may be old, however few there are."""
FOR_EACH: Final = 0.9
"""Seconds that it may be old for each room."""
LIVE_MOST: Final = 100
"""Rooms up to which a tree can be live as a whole."""
FEW: Final = 8
"""Rooms that opened a moment ago: the next round asks as many anyway."""


class Coverage(Struct, frozen=True):
    """How much of the dispatch tree is known: rooms are asked in turn, as no call lists all dispatches.

    Times are monotonic.
    """

    polled: int = 0
    """Rooms whose dispatches were ever answered."""
    total: int = 0
    """Rooms that are listed."""
    oldest: float | None = None
    """When the least recently polled of them was answered, those that are failing left out."""
    failing: int = 0
    """Rooms whose newest question brought no answer."""
    unread: int = 0
    """Rooms about which nothing came back yet, no failure either."""
    unread_since: float | None = None
    """When the first of them was listed; None if there are none."""
    changed: int = 0
    """Rooms that ListRooms shows a change in, and that were not answered since."""
    changed_since: float | None = None
    """When the first of these changes was listed; None if there are none."""


def live_within(rooms: int) -> float:
    """Seconds that the oldest room of a live tree of so many rooms may be old."""
    return max(AT_LEAST, FOR_EACH * min(rooms, LIVE_MOST))


def coverage_words(coverage: Coverage, now: float) -> str:
    """How current the tree is, where it is not live as a whole; empty if it is. `now` is monotonic."""
    waits = _older(coverage.changed_since, now, AT_LEAST)
    changed = f"changed rooms: {coverage.changed} to load" if waits else "changed rooms: seen"
    parts = [changed] if waits else []
    if coverage.unread > FEW or _older(coverage.unread_since, now, AT_LEAST):
        parts.append(f"rooms: {_coarsely(coverage.polled)} of {_coarsely(coverage.total)} loaded")
    elif coverage.total > LIVE_MOST or _older(coverage.oldest, now, live_within(coverage.total)):
        parts = [changed, f"quiet rooms: oldest {_minutes(now - (coverage.oldest or now))}"]
    if coverage.failing:
        parts.append(f"{coverage.failing} room{'s' if coverage.failing > 1 else ''} without an answer")
    return " · ".join(parts)


def _older(since: float | None, now: float, than: float) -> bool:
    return since is not None and now - since > than


def _minutes(seconds: float) -> str:
    return f"{seconds // 60:.0f} min" if seconds >= 60 else "under 1 min"


def _coarsely(count: int) -> int:
    """A count in steps while it grows for minutes, so that the line rarely changes."""
    return count if count < 100 else count // 100 * 100
