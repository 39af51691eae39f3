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
    """What events that the other process recorded stand for."""

    own_ids: set[str]
    """Ids of events of this process that they replace."""
    new: list[Event]
    """Those of which this process had not told."""


class Doubles:
    """Finds for an event of one process that of the other. What has none is remembered for a while."""

    def __init__(self, within: float) -> None:
        """`within`: seconds between two polls at the most, by which one may see later what the other saw."""
        self._within = within
        self._own: list[Event] = []
        self._theirs: list[Event] = []

    def without(self, own: Iterable[Event]) -> tuple[Event, ...]:
        """Those of this process that the other one did not record yet."""
        left = tuple(
            event for event in own if event.kind in OWN or _taken(event, self._theirs, self._within) is None
        )
        self._own = self._recent([*self._own, *left])
        return left

    def replaced(self, theirs: Iterable[Event]) -> Replaced:
        """What recorded events of the other process stand for."""
        found = Replaced(set(), [])
        for event in theirs:
            own = None if event.kind in OWN else _taken(event, self._own, self._within)
            if own is not None:
                found.own_ids.add(own.id)
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
    what = _what(event)
    same = [other for other in among if _what(other) == what and abs(other.at - event.at) <= within]
    if not same:
        return None
    nearest = min(same, key=lambda other: abs(other.at - event.at))
    among.remove(nearest)
    return nearest


def _what(event: Event) -> tuple[object, ...]:
    # the severity tells a source that is lost from one that is back, which have no words before and after
    return event.kind, event.subject, event.before, event.after, event.severity
