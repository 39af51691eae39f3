"""Counts of jobs that succeeded, per agent and minute: an event for each would hide the rest. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from tui.api.models import Job, moment
from tui.fleet.past import JobCount

Counts = Mapping[tuple[str, int], JobCount]
"""By agent name and minute, in the order in which they were counted first."""

KEPT_FOR: Final = 86_400.0
"""Seconds for which counts are remembered."""
MOST_COUNTS: Final = 20_000
"""Counts that are remembered at the most."""


def is_new(before: Job | None) -> bool:
    """Whether a job has succeeded since the answer before this one, in which it was so; None for not there.

    What has succeeded at the first answer about its room may have been counted by an earlier run.
    """
    return before is None or before.state is None or before.state.status != "JS_SUCCESS"


def counted(jobs: Iterable[tuple[str, Job]], at: float) -> tuple[JobCount, ...]:
    """Counts of jobs with the names of their agents; one without a credible time of its end ended `at`."""
    found: Counter[tuple[str, int]] = Counter()
    for agent_name, job in jobs:
        ended = moment(job.state.ended_at) if job.state is not None else None
        if ended is None or not at - KEPT_FOR < ended <= at:
            ended = at
        found[agent_name, int(ended // 60)] += 1
    return tuple(JobCount(name, minute, number) for (name, minute), number in found.items())


def with_counts(known: Counts, new: Iterable[JobCount]) -> Counts:
    """Both, those of one agent and minute added up; the newest, if they are too many."""
    found = dict(known)
    for item in new:
        key = item.agent_name, item.minute
        old = found.get(key)
        found[key] = item if old is None else JobCount(*key, old.succeeded + item.succeeded)
    if len(found) > MOST_COUNTS:
        return dict(sorted(found.items(), key=lambda pair: pair[1].minute)[-MOST_COUNTS * 9 // 10 :])
    return found


def recent(known: Counts, at: float) -> Counts:
    """Without those of more than a day ago; the same object until the one counted first is so old."""
    first = next(iter(known.values()), None)
    if first is None or first.minute * 60 > at - KEPT_FOR:
        return known
    return {key: item for key, item in known.items() if item.minute * 60 > at - KEPT_FOR}
