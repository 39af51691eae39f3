"""The one place where what is known changes. Must not know who wants to hear of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from tui.api.text.clean import clean
from tui.api.text.masking import masked
from tui.clock import Clock, Moment
from tui.fleet.state import Differing, Fleet, Freshness, differing

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """One step from one `Fleet` to the next."""

    before: Fleet
    after: Fleet
    fields: frozenset[str]
    """Names of the fields of `Fleet` that differ; never empty."""
    at: Moment
    """When the store took it in."""

    @cached_property
    def differing_agents(self) -> Differing:
        """Where the two lists of agents differ, looked for once for all subscribers."""
        before, after = self.before.agents, self.after.agents
        return Differing(before, after, () if before is after else differing(before, after))


Subscriber = Callable[[Change], None]
Merge = Callable[[Fleet], Fleet]
"""How an answer changes the fleet as it is when the answer arrives: others write meanwhile."""


class Store:
    """Holds the newest `Fleet` and tells subscribers when it is another one."""

    def __init__(
        self, clock: Clock, fleet: Fleet | None = None, *, report: Callable[[str], None] | None = None
    ) -> None:
        """`report` is told in words of a subscriber that failed, beside the log."""
        self._clock = clock
        self._fleet = fleet or Fleet()
        self._report = report
        self._subscribers: dict[object, Subscriber] = {}

    @property
    def fleet(self) -> Fleet:
        """What is known now."""
        return self._fleet

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Be told of every change, in the order of subscription; returns how to stop that.

        A subscriber that raises is reported and hears of no further change.
        """
        key = object()
        self._subscribers[key] = subscriber

        def stop() -> None:
            self._subscribers.pop(key, None)

        return stop

    def update(self, merge: Merge) -> bool:
        """Replace the fleet by a changed one; returns whether any field differs.

        Values equal to the present ones are dropped, so identity means "did not change" for everybody
        downstream.
        """
        before = self._fleet
        held = vars(before)
        news = {
            name: value
            for name, value in vars(merge(before)).items()
            if value is not held[name] and value != held[name]
        }
        if not news:
            return False
        self._fleet = replace(before, **news)
        self._tell(Change(before, self._fleet, frozenset(news), Moment.read(self._clock)))
        return True

    def freshen(self, source: str, freshness: Freshness, merge: Merge | None = None) -> bool:
        """Update with what a source brought, together with how current it now is."""

        def merged(fleet: Fleet) -> Fleet:
            after = merge(fleet) if merge else fleet
            if after.fresh(source) == freshness:
                return after
            return replace(after, freshness={**after.freshness, source: freshness})

        return self.update(merged)

    def _tell(self, change: Change) -> None:
        for key, subscriber in tuple(self._subscribers.items()):
            try:
                subscriber(change)
            except Exception as error:  # its fault must not reach whoever brought the data, nor the others
                self._subscribers.pop(key, None)
                self._failed(subscriber, error)

    def _failed(self, subscriber: Subscriber, error: Exception) -> None:
        name = getattr(subscriber, "__qualname__", type(subscriber).__name__)
        text = clean(masked(f"{name} failed, updates to it end: {type(error).__name__}: {error}"), limit=300)
        _log.error("%s", text)
        if self._report is not None:
            self._report(text)
