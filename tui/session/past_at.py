"""What was remembered at an earlier moment: the part of a past that had happened by then. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from operator import attrgetter

from tui.api.models import Agent, Deployment
from tui.fleet.past import (
    AgentChange,
    Event,
    FailedJob,
    JobCount,
    Kind,
    Past,
    Since,
    Transition,
    deployment_key,
)
from tui.fleet.state import Fleet
from tui.fleet.status import status, worst
from tui.history.events.since import of_transitions


class ToldStatuses:
    """Since when agents and deployments had which status, as events tell. Made once for many moments."""

    def __init__(self, events: Sequence[Event]) -> None:
        """`events` are in the order of their times."""
        self.events = events

    def since(self, id: str, at: float) -> Since | None:
        """Since when it had the status of a time, by the last event that tells of it; None without one."""
        times, found = self._by_id.get(id, ((), ()))
        index = bisect_right(times, at)
        return found[index - 1] if index else None

    @cached_property
    def _by_id(self) -> Mapping[str, tuple[Sequence[float], Sequence[Since]]]:
        found: dict[str, tuple[list[float], list[Since]]] = {}
        for event in self.events:
            if event.kind is Kind.STATUS and event.after:
                exact = event.not_before is None
                since = Since(
                    event.after,
                    at=event.at if exact else None,
                    not_before=event.not_before,
                    not_after=None if exact else event.at,
                    is_clock_unknown=event.is_clock_unknown,
                )
                for id in event.ids or (event.subject.agent_id,):
                    times, statuses = found.setdefault(id, ([], []))
                    times.append(event.at)
                    statuses.append(since)
        return found


class PastAt:
    """A `Past` as it was at one moment. Nothing that came later is in it."""

    def __init__(
        self,
        known: Past,
        events: Sequence[Event],
        at: float,
        begun: float | None = None,
        *,
        fleet: Fleet | None = None,
        failed_jobs: Sequence[FailedJob] = (),
        job_counts: Iterable[JobCount] = (),
        transitions: Mapping[str, Sequence[Transition]] | None = None,
        ask: Callable[[str], None] = lambda id: None,
        untold: str = "",
        told: ToldStatuses | None = None,
    ) -> None:
        """`known` is what is remembered now; `events` and `failed_jobs` are in the order of their times.

        Times are Unix seconds by the server's clock; `begun` is the oldest of what was recorded. `fleet` is
        what was known then. `transitions` has, by id, the newest ones up to then as far as they were read;
        `ask` is told the ids of others that are wanted. `untold` is why no event is known. `job_counts` were
        recorded; those of `known` are taken in. `told` is made of the same events.
        """
        self._known = known
        self._at = at
        self._recorded_counts = job_counts
        self._fleet = fleet or Fleet()
        self._transitions = transitions or {}
        self._ask = ask
        self.asked: set[str] = set()
        """Ids of which the transitions were asked about, such as those on the screen."""
        self.untold = untold
        self._told = told or ToldStatuses(events)
        self.events: Sequence[Event] = events[: bisect_right(events, at, key=attrgetter("at"))]
        self.failed_jobs: Sequence[FailedJob] = [job for job in failed_jobs if job.at <= at]
        self.begun = begun if begun is not None else known.begun

    def since(self, id: str) -> Since | None:
        """Since when it had its status then, as far as that is known."""
        since = self._known.since(id)
        if since is not None:
            seen = since.at if since.at is not None else since.not_after
            if seen is not None and seen <= self._at:
                return since
        self.asked.add(id)
        steps = self._transitions.get(id)
        if steps is None:
            self._ask(id)
        agent_id, _, deployment = id.partition("/")
        agent = self._fleet.agent(agent_id)
        if steps and agent is not None:
            rows = _rows(agent, id) if deployment else agent.agent_deployments
            name = worst(agent).name if not deployment else status(rows[0].status).name if rows else ""
            return of_transitions(steps, name, agent, rows)
        return self._told.since(id, self._at)

    @cached_property
    def job_counts(self) -> Iterable[JobCount]:
        """Of jobs that succeeded in the minutes that were over by then; only summed up where asked for."""
        found: dict[tuple[str, int], JobCount] = {}
        for item in (*self._recorded_counts, *self._known.job_counts):
            if (item.minute + 1) * 60 <= self._at:
                key = item.agent_name, item.minute
                found[key] = max(item, found.get(key, item), key=attrgetter("succeeded"))
        return found.values()

    def changed(self, agent_id: str) -> AgentChange | None:
        """Nothing is marked as changed: one steps through time, and every sample would be."""
        return None

    @property
    def has_changes(self) -> bool:
        """Never any."""
        return False


def _rows(agent: Agent, key: str) -> Sequence[Deployment]:
    """The deployment with this key."""
    rows = agent.agent_deployments
    return [row for row in rows if deployment_key(agent.agent_id, row.region, row.deployment) == key]
