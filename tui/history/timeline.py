"""The past of one session in memory: its newest events, and what panes ask of it. Must not know the disk."""

from __future__ import annotations

import asyncio
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from msgspec import structs

from tui.fleet.past import AgentChange, Event, FailedJob, JobCount, Past, Since, newest
from tui.fleet.since_by_id import SinceById
from tui.fleet.store import Change
from tui.history.doubles import Doubles
from tui.history.events.derive import Input, Resumed, State, Step, derive
from tui.history.events.job_counts import Counts, with_counts
from tui.history.events.room_words import told_before
from tui.history.events.rooms import differing_rooms

MANY: Final = 10_000
"""Agents or dispatches that differ in a change: if there are more, a thread derives what that tells."""


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """What is remembered at one moment. Implements `Past`; another object when anything in it differs."""

    statuses: SinceById = field(default_factory=SinceById)
    """Since when agents, and deployments of those that have several, have their status."""
    changes: Mapping[str, AgentChange] = field(default_factory=dict)
    """By agent id, oldest change first."""
    events: Sequence[Event] = ()
    """The newest, in the order of their times."""
    begun: float | None = None
    """Since when anything is known, Unix seconds by the server's clock."""
    failed: Mapping[str, FailedJob] = field(default_factory=dict)
    """Jobs of the last day that failed, by id."""
    counts: Counts = field(default_factory=dict)
    """Of jobs of the last day that succeeded."""

    def since(self, id: str) -> Since | None:
        """Since when an agent, or one of its deployments by key, has its status; None if never seen."""
        return self.statuses.get(id)

    def changed(self, agent_id: str) -> AgentChange | None:
        """How an agent changed within the last minute; None if it did not."""
        return self.changes.get(agent_id)

    @property
    def untold(self) -> str:
        """Empty: what happens is told."""
        return ""

    @property
    def has_changes(self) -> bool:
        """Whether any agent changed within the last minute."""
        return bool(self.changes)

    def continued(self, state: State) -> State:
        """The state with what is remembered here, so that it goes on from this moment."""
        agents = replace(state.agents, statuses=self.statuses, changes=self.changes)
        rooms = replace(state.rooms, failed=self.failed, counts=self.counts)
        return replace(state, agents=agents, rooms=rooms, begun=self.begun)

    @property
    def failed_jobs(self) -> Sequence[FailedJob]:
        """Jobs of the last day that failed, in the order in which that was found."""
        return tuple(self.failed.values())

    @property
    def job_counts(self) -> Iterable[JobCount]:
        """Of jobs that succeeded within the last day, in any order; only what was seen is counted."""
        return self.counts.values()


def after(timeline: Timeline, step: Step) -> Timeline:
    """What is remembered after a step; the same object if nothing in it differs."""
    state = step.state
    if (
        not step.events
        and state.agents.statuses is timeline.statuses
        and state.agents.changes is timeline.changes
        and state.rooms.failed is timeline.failed
        and state.rooms.counts is timeline.counts
        and state.begun == timeline.begun
    ):
        return timeline
    events = with_events(timeline.events, step.events)
    agents, rooms = state.agents, state.rooms
    return Timeline(agents.statuses, agents.changes, events, state.begun, rooms.failed, rooms.counts)


def _is_large(happened: Input, state: State) -> bool:
    if not isinstance(happened, Change):
        return False
    before, after = happened.before, happened.after
    if len(happened.differing_agents.positions) > MANY:
        return True
    if sum(map(len, after.dispatches.values())) <= MANY:
        return False  # nearly always
    rooms = differing_rooms(state.rooms, before, after, happened.fields)
    return sum(len(after.dispatches[room]) for room in rooms) > MANY


def with_events(known: Sequence[Event], new: Iterable[Event]) -> Sequence[Event]:
    """The newest of both, in the order of their times; what is known by its id stays as it is."""
    found = list(new)
    if not found:
        return known
    ids = {event.id for event in known}
    events = list(known)
    for event in found:
        if event.id not in ids:
            ids.add(event.id)
            insort(events, event, key=lambda item: item.at)
    return tuple(newest(reversed(events)))[::-1]


class History:
    """Follows one project: takes every input, holds what is remembered, and tells of every step."""

    def __init__(
        self,
        state: State | None = None,
        timeline: Timeline | None = None,
        *,
        skew: Callable[[], float | None] = lambda: 0.0,
    ) -> None:
        """`skew` gives the server's clock minus this machine's, seconds; None while that is not known.

        The rest is what is known already.
        """
        self._state = state or State()
        self._timeline = timeline or Timeline()
        self._skew = skew
        self._listeners: dict[object, Callable[[Step], None]] = {}
        self._doubles = Doubles(self._state.gap_after)
        self._is_running = False
        self._waiting: deque[Input] = deque()
        """What is to be taken in, the oldest first; the first one is a large change."""
        self._has_waiting = asyncio.Event()

    @property
    def past(self) -> Past:
        """What is known now."""
        return self._timeline

    def record(self, change: Change) -> None:
        """Take in a change. Subscribe it before the screen, which then finds the news of the same change."""
        self.take(change)

    def take(self, happened: Input) -> None:
        """Take in an input, after those that wait."""
        if self._waiting or (self._is_running and _is_large(happened, self._state)):
            self._waiting.append(happened)
            self._has_waiting.set()
            if isinstance(happened, Change) and "agents" in happened.fields:
                # how they are is known, and not yet since when
                self._timeline = replace(self._timeline, statuses=SinceById())
        else:
            self._tell(derive(self._state, happened, self._skew()), happened)

    async def run(self) -> None:
        """Take in large changes beside the loop, until cancelled. Where this does not run, nothing waits."""
        self._is_running = True
        try:
            while True:
                await self._has_waiting.wait()
                await self._take_waiting()
                self._has_waiting.clear()
        finally:
            self._is_running = False
            await self._take_waiting()  # nothing of it is lost, and another session may be on the screen

    async def _take_waiting(self) -> None:
        while self._waiting:
            step = await asyncio.to_thread(derive, self._state, self._waiting[0], self._skew())
            self._tell(step, self._waiting.popleft(), is_late=True)

    def _tell(self, step: Step, happened: Input, *, is_late: bool = False) -> None:
        self._state = step.state
        events = self._doubles.without(step.events) if step.events else ()
        step = structs.replace(step, events=events, happened=happened, is_late=is_late)
        self._timeline = after(self._timeline, step)
        for listener in tuple(self._listeners.values()):
            listener(step)

    def resume(
        self,
        known: Resumed,
        since: SinceById,
        events: Iterable[Event],
        failed_jobs: Iterable[FailedJob],
        begun: float,
        job_counts: Iterable[JobCount] = (),
    ) -> None:
        """Go on from what earlier runs knew, since `begun` (Unix seconds by the server's clock).

        Best before the first listing, which is then held against it, and before anything of this run is
        written: what was read must not hold what is remembered here, whose counts are added to it.
        """
        state, events = self._state, list(events)
        agents = replace(state.agents, statuses=since.updated(state.agents.statuses))
        failed = {**{job.job_id: job for job in failed_jobs}, **state.rooms.failed}
        counts = with_counts(with_counts({}, job_counts), state.rooms.counts.values())
        self._state = replace(
            state,
            agents=agents,
            rooms=replace(state.rooms, failed=failed, counts=counts, told=told_before(events)),
            resumed=known if "agents" not in state.heard else None,
            begun=begun,
        )
        told = with_events(self._timeline.events, events)
        self._timeline = Timeline(agents.statuses, agents.changes, told, begun, failed, counts)

    def add(self, events: Sequence[Event]) -> None:
        """Add what another process of this user has told: in place of what this one derived of the same."""
        held = self._timeline.events
        known = {event.id for event in held}
        new = [event for event in events if event.id not in known]
        if not new:
            return
        doubles = self._doubles.replaced(new)
        if doubles.own_ids:
            held = [event for event in held if event.id not in doubles.own_ids]
        self._timeline = replace(self._timeline, events=with_events(held, new))
        for listener in tuple(self._listeners.values()):
            listener(Step(self._state, tuple(doubles.new)))

    def follow(self, listener: Callable[[Step], None]) -> Callable[[], None]:
        """Be told of every step, once it is in `past`; returns how to stop that."""
        key = object()
        self._listeners[key] = listener

        def stop() -> None:
            self._listeners.pop(key, None)

        return stop
