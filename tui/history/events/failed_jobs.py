"""Jobs that failed, or are in doubt, as they are remembered. Pure; must not know when one counts as such."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from tui.api.models import Dispatch, Job, JobState, moment
from tui.api.text.clean import clean
from tui.api.text.masking import masked
from tui.fleet.conditions import JobCondition
from tui.fleet.evidence import RoomEvidence
from tui.fleet.past import FailedJob

KEPT_FOR: Final = 86_400.0
"""Seconds for which failed jobs are remembered."""
MOST_FAILED: Final = 5_000
"""Failed jobs that are remembered at the most."""


def as_failed(
    room: str, dispatch: Dispatch, job: Job, condition: JobCondition, known: RoomEvidence
) -> FailedJob:
    """A job of a room as it is remembered."""
    state = job.state or JobState()
    word = str(state.reason).removeprefix("JSR_").replace("_", " ").lower()
    parts = (state.error, word if word not in ("unspecified", "0") else "")
    ended = moment(state.ended_at)
    return FailedJob(
        job_id=job.id,
        dispatch_id=dispatch.id,
        room=room,
        agent_name=job.agent_name or dispatch.agent_name,
        status=condition.word,
        at=ended if ended is not None else known.dispatches_at or known.people_at,
        reason=clean(masked(" · ".join(filter(None, parts))), limit=300),
        worker=state.worker_id,
        agent_id=state.agent_id,
    )


def kept(known: Mapping[str, FailedJob], new: Iterable[FailedJob], at: float) -> Mapping[str, FailedJob]:
    """The failed jobs by id with new ones, without those of more than a day ago; `at` in Unix seconds."""
    if news := {job.job_id: job for job in new}:
        known = {**known, **news}
    oldest = next(iter(known.values()), None)
    if oldest is not None and (at - oldest.at >= KEPT_FOR or len(known) > MOST_FAILED):
        recent = [job for job in known.values() if at - job.at < KEPT_FOR]
        known = {job.job_id: job for job in recent[-MOST_FAILED:]}
    return known
