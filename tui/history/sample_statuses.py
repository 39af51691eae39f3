"""Since when agents have their status, as far as samples tell. Must not know where these are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from tui.clock import Moment
from tui.fleet.past import Transition
from tui.fleet.state import Fleet
from tui.fleet.store import Change
from tui.history.events.agents import AgentMemory
from tui.history.events.derive import Resumed, State, derive
from tui.history.records import Sample

AT_ONCE: Final = 4
"""Samples that are read in one call at the most: of ten thousand agents each takes four milliseconds."""
_TOLD: Final = ("agents", "freshness", "unreadable", "cut")
"""Fields of a fleet that tell of the status of agents, and whether anybody watched."""


class SampleStatuses:
    """Follows samples from the first one on, no further than it was asked for."""

    def __init__(self, after: Callable[[int], Sample | None]) -> None:
        """`after` reads the sample after one by its number, of any kind; None at the end."""
        self._after = after
        self._state = State()
        self._newest: Sample | None = None
        """The last one that was followed."""
        self._steps: dict[str, list[Transition]] = {}
        """By id, in the order of the samples."""

    def newest(self, ids: Iterable[str], at: float, few: int) -> Mapping[str, Sequence[Transition]] | None:
        """By id, the `few` newest transitions up to a time; None while there is more to be read for that."""
        for _ in range(AT_ONCE):
            sample = self._after(0 if self._newest is None else self._newest.stamp.seq)
            if sample is None or sample.stamp.at > at:
                steps = {id: [step for step in self._steps.get(id, ()) if step.at <= at] for id in ids}
                return {id: known[-few:] for id, known in steps.items()}
            self._follow(sample)
        return None

    def between(self, id: str, since: float, until: float) -> list[Transition]:
        """Transitions of a time, however much has to be read for that."""
        while self.newest((), until, 0) is None:
            pass
        return [step for step in self._steps.get(id, ()) if since <= step.at <= until]

    def _follow(self, sample: Sample) -> None:
        before, state, stamp = self._newest, self._state, sample.stamp
        known = Fleet() if before is None else before.fleet
        if before is not None and sample.gap:  # as after an earlier run: its monotonic times say nothing here
            heard = state.heard.get("agents")
            resumed = None if heard is None else Resumed(known, heard)
            known, state = Fleet(), State(agents=state.agents, resumed=resumed)
        differ = (name for name in _TOLD if getattr(known, name) is not getattr(sample.fleet, name))
        change = Change(known, sample.fleet, frozenset(differ), Moment(stamp.unix, stamp.mono))
        step = derive(state, change, stamp.skew)
        # of the rest, which is for events, nothing is wanted
        agents = AgentMemory(step.state.agents.statuses)
        self._state, self._newest = replace(step.state, agents=agents), sample
        for transition in step.transitions:
            self._steps.setdefault(transition.id, []).append(transition)
