"""How much happens in a room, by its dispatches and participants: it decides how often it is asked. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tui.api.models import Dispatch, Job, Participant, moment
from tui.fleet.evidence import agent_of
from tui.fleet.participant_scheduler import Need
from tui.fleet.room_scheduler import Activity

YOUNG_FOR: Final = 60.0
"""Seconds after its start for which a job is young: its agent may not have joined yet."""
WAITS_FOR: Final = 300.0
"""Seconds after its creation for which a dispatch without a job is watched closely."""


def activity(dispatches: Iterable[Dispatch], people: Iterable[Participant] | None, now: float) -> Activity:
    """How much happens in a room; `now` is in Unix seconds by the server's clock."""
    items = tuple(dispatches)
    needs = _needs(items, people, now)
    if not needs.isdisjoint((Need.YOUNG, Need.DOUBTFUL)) or any(_waits(item, now) for item in items):
        return Activity.UNSETTLED
    return Activity.RUNNING if Need.RUNNING in needs else Activity.QUIET


def participants_need(
    dispatches: Iterable[Dispatch], people: Iterable[Participant] | None, now: float
) -> Need:
    """Why the participants of a room are worth asking for; `now` is in Unix seconds by the server's clock."""
    return max(_needs(dispatches, people, now), default=Need.NONE)


def _needs(dispatches: Iterable[Dispatch], people: Iterable[Participant] | None, now: float) -> set[Need]:
    here = None if people is None else tuple(people)
    return {_need(job, here, now) for item in dispatches for job in item.jobs}


def _need(job: Job, here: tuple[Participant, ...] | None, now: float) -> Need:
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
    if here is not None and agent_of(job, here) is None:
        return Need.DOUBTFUL
    return Need.RUNNING


def _waits(dispatch: Dispatch, now: float) -> bool:
    """It has no job yet, although a worker is to take it."""
    if dispatch.jobs or not dispatch.agent_name:
        return False
    created = moment(dispatch.state.created_at) if dispatch.state else None
    return created is None or now - created < WAITS_FOR
