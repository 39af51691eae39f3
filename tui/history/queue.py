"""What waits to be recorded, between the loop and the thread that writes. Never waits, and has an end."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import replace
from typing import Final

from tui.fleet.state import Fleet
from tui.history.events.derive import Step
from tui.history.records import FRESH, ErrorCount
from tui.history.store import Batch, Taken

MOST_WAITING: Final = 64
"""Samples that may wait; of more the newest is kept."""
MOST_ROWS: Final = 200_000
"""Agents, rooms and dispatches of all samples that wait, if each has its own: of large fleets fewer wait."""
BEHIND_AFTER: Final = 5.0
"""Seconds for which samples may be left out until that is noted as a gap."""
NOTHING: Final = "nothing is recorded of it now"
"""The answer to who asks to remove everything after the end."""


class RecordQueue:
    """Filled on the loop, emptied by one thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._filled = threading.Event()
        """Something waits, or nothing more comes."""
        self._hurry = threading.Event()
        """Somebody waits for an answer, or nothing more comes."""
        self._batch = Batch()
        self._full_since: float | None = None
        """Since when samples are left out, monotonic."""
        self._forgets: list[Future[str]] = []
        self._is_over = self._is_closed = False

    @property
    def is_over(self) -> bool:
        """Nothing more comes."""
        return self._is_over

    def add(self, taken: Taken, fields: frozenset[str]) -> None:
        """Add a fleet in which these fields differ from the one before."""
        with self._lock:
            samples = self._batch.samples
            if samples and fields <= FRESH and _all_is_well(samples[-1].fleet, taken.fleet):
                # newer times of good answers: they are in the next sample, whichever that is
                last = samples[-1]
                samples[-1] = replace(taken, is_behind=last.is_behind, agents=last.agents)
            elif len(samples) < _most_waiting(taken.fleet):
                samples.append(taken)
            else:
                now = taken.moment.monotonic
                self._full_since = self._full_since or now
                is_behind = now - self._full_since >= BEHIND_AFTER
                # it does not follow on what is written, and the fleet before it may be as large
                samples[-1] = replace(taken, is_behind=is_behind, agents=None)
            self._filled.set()

    def add_step(self, step: Step) -> None:
        """Add what history derived."""
        with self._lock:
            self._batch.events += step.events
            self._batch.transitions += step.transitions
            self._batch.failed_jobs += step.failed
            self._batch.job_counts += step.job_counts
            self._batch.since = step.state.agents.statuses
            self._filled.set()

    def add_error_counts(self, counts: list[ErrorCount]) -> None:
        """Add how often errors were read in logs."""
        with self._lock:
            self._batch.error_counts += counts
            self._filled.set()

    def forget(self) -> Future[str]:
        """Ask to remove everything; what is wrong with that, in words, or empty."""
        done: Future[str] = Future()
        with self._lock:
            if self._is_closed:
                done.set_result(NOTHING)
            self._forgets.append(done)
            self._rouse()
        return done

    def end(self) -> None:
        """Nothing more comes."""
        with self._lock:
            self._is_over = True
            self._rouse()

    def _rouse(self) -> None:
        self._filled.set()
        self._hurry.set()

    # ---- for the thread -------------------------------------------------------------------------------

    def wait(self, seconds: float) -> None:
        """Wait until there is something, or it is over, or so long."""
        self._filled.wait(seconds)

    def pause(self, seconds: float) -> None:
        """Wait so long, or until it is over: what comes meanwhile is written at once, and wakes nobody."""
        self._hurry.wait(seconds)

    def take(self) -> Batch:
        """All that waits."""
        with self._lock:
            found, self._batch = self._batch, Batch()
            self._full_since = None
            if not self._is_over:
                self._filled.clear()
            return found

    def close(self) -> None:
        """The thread is at its end, and answers nobody any more."""
        with self._lock:
            self._is_closed = True
            for done in self.take_forgets():
                done.set_result(NOTHING)

    def take_forgets(self) -> list[Future[str]]:
        """Who asked to remove everything."""
        with self._lock:
            found, self._forgets = self._forgets, []
            if not self._is_over:
                self._hurry.clear()
            return found


def _most_waiting(fleet: Fleet) -> int:
    """How many such fleets may wait: at least the newest."""
    rows = len(fleet.agents) + len(fleet.rooms) + sum(map(len, fleet.dispatches.values()))
    return max(1, min(MOST_WAITING, MOST_ROWS // max(1, rows)))


def _all_is_well(before: Fleet, after: Fleet) -> bool:
    """No source and no room is failing: a failed poll is a sample of its own."""
    sources = (*before.freshness.values(), *after.freshness.values())
    return not (before.coverage.failing or after.coverage.failing or any(fresh.failures for fresh in sources))
