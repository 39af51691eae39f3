"""The one place where what is known changes: update → unchanged? → replace → tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tui.fleet.state import Fleet, Freshness

Subscriber = Callable[[Fleet], None]
_replaced: Callable[..., Fleet] = replace
"""Given fields by name, of which each has a type of its own."""


class Store:
    """Holds the newest `Fleet` and tells subscribers when it is another one."""

    def __init__(self, fleet: Fleet | None = None) -> None:
        self._fleet = fleet or Fleet()
        self._subscribers: list[Subscriber] = []

    @property
    def fleet(self) -> Fleet:
        """What is known now."""
        return self._fleet

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Be told of every change; returns how to stop that."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    def update(self, **changes: object) -> bool:
        """Replace fields of the fleet by values that differ; returns whether any did.

        Values equal to the present ones are dropped, so that identity means 'did not change' for everybody
        downstream.
        """
        news = {
            name: value
            for name, value in changes.items()
            if (old := getattr(self._fleet, name)) is not value and old != value
        }
        if not news:
            return False
        self._fleet = _replaced(self._fleet, **news)
        for subscriber in tuple(self._subscribers):
            subscriber(self._fleet)
        return True

    def freshen(self, source: str, freshness: Freshness, **changes: object) -> bool:
        """Update with what a source brought, together with how current it now is."""
        merged = {**self._fleet.freshness, source: freshness}
        return self.update(freshness=merged, **changes)
