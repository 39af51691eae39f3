"""How much happens in a room, by its dispatches and participants: it decides how often it is asked. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from tui.api.models import Dispatch, Job, Participant, moment
from tui.fleet.evidence import agents_in
from tui.fleet.polling.participant_scheduler import Need
from tui.fleet.polling.room_scheduler import Activity

YOUNG_FOR: Final = 60.0
"""Seconds after its start for which a job is young: its agent may not have joined yet."""
LOOKED_AT: Final = 5_000
"""Dispatches of a room that are looked at, the newest: it only decides how often the room is asked."""
WAITS_FOR: Final = 300.0
"""Seconds after its creation for which a dispatch without a job is watched closely."""


def activity(
    dispatches: Iterable[Dispatch], people: Iterable[Participant] | None, now: float
) -> tuple[Activity, Need]:
    """How much happens in a room, and why its participants are worth asking for.

    `now` is in Unix seconds by the server's clock.
    """
    agent_of = None if people is None else agents_in(people)
    needs, waits = set[Need](), False
    for item in tuple(dispatches)[-LOOKED_AT:]:
        needs.update([_need(job, agent_of, now) for job in item.jobs])
        waits = waits or _waits(item, now)
    need = max(needs, default=Need.NONE)
    if waits or not needs.isdisjoint((Need.YOUNG, Need.DOUBTFUL)):
        return Activity.UNSETTLED, need
    return Activity.RUNNING if Need.RUNNING in needs else Activity.QUIET, need


def _need(job: Job, agent_of: Callable[[Job], Participant | None] | None, now: float) -> Need:
    state = job.state
    if state is None or state.status == "JS_PENDING":
        return Need.YOUNG
    if state.status == "JS_FAILED":
        return Need.PROBLEM
    if state.status != "JS_RUNNING":
        return Need.NONE
    started = moment(state.started_at)
    if started is not None and now - started < YOUNG_FOR:
        return Need.YOUNG
    if agent_of is not None and agent_of(job) is None:
        return Need.DOUBTFUL
    return Need.RUNNING


def _waits(dispatch: Dispatch, now: float) -> bool:
    """It has no job yet, although a worker is to take it."""
    if dispatch.jobs or not dispatch.agent_name:
        return False
    created = moment(dispatch.state.created_at) if dispatch.state else None
    return created is None or now - created < WAITS_FOR
