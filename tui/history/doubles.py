"""Events of one change that two processes of one user have derived, each on its own. Pure.

Only one of them records. The other shows what it derives at once, and what is recorded in its place once
that comes: in whichever order, it is told once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tui.fleet.past import Event
from tui.history.records import OWN


class Replaced(NamedTuple):
    """What became of events of the other process."""

    ours: set[str]
    """Ids of events of ours that they stand for."""
    new: list[Event]
    """Those of which this process had told nothing."""


class Doubles:
    """Finds for an event of one process that of the other. What has none is remembered for a while."""

    def __init__(self, within: float) -> None:
        """`within`: seconds between two polls at the most, by which one may see later what the other saw."""
        self._within = within
        self._ours: list[Event] = []
        self._theirs: list[Event] = []

    def without(self, ours: Iterable[Event]) -> tuple[Event, ...]:
        """Those of ours that the other process did not record yet."""
        left = tuple(
            event for event in ours if event.kind in OWN or _taken(event, self._theirs, self._within) is None
        )
        self._ours = self._recent([*self._ours, *left])
        return left

    def replaced(self, theirs: Iterable[Event]) -> Replaced:
        """What recorded events of the other process stand for."""
        found = Replaced(set(), [])
        for event in theirs:
            own = None if event.kind in OWN else _taken(event, self._ours, self._within)
            if own is not None:
                found.ours.add(own.id)
                continue
            found.new.append(event)
            if event.kind not in OWN:
                self._theirs.append(event)
        self._theirs = self._recent(self._theirs)
        return found

    def _recent(self, events: list[Event]) -> list[Event]:
        newest = max((event.at for event in events), default=0.0)
        return [event for event in events if newest - event.at <= 2 * self._within]


def _taken(event: Event, among: list[Event], within: float) -> Event | None:
    """Remove and return the nearest event of the same change."""
    same = [
        other
        for other in among
        if (other.kind, other.subject, other.before, other.after)
        == (event.kind, event.subject, event.before, event.after)
        and abs(other.at - event.at) <= within
    ]
    if not same:
        return None
    nearest = min(same, key=lambda other: abs(other.at - event.at))
    among.remove(nearest)
    return nearest
