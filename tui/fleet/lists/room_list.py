"""Which rooms the dispatch tree shows: what a filter looks at in a room and the dispatches in it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from tui.api.models import Dispatch, Job, moment
from tui.fleet.conditions import JobCondition, dispatch_condition, job_condition
from tui.fleet.evidence import RoomEvidence
from tui.fleet.lists.listing import Field, matching
from tui.fleet.lists.query import Query
from tui.fleet.view import View


class RoomRow(NamedTuple):
    """A room with its dispatches, none if it was not polled yet."""

    name: str
    dispatches: tuple[Dispatch, ...]
    evidence: RoomEvidence

    @property
    def jobs(self) -> Iterator[Job]:
        """The jobs of all dispatches."""
        return (job for dispatch in self.dispatches for job in dispatch.jobs)


ROOM_FIELDS: Final[Mapping[str, Field[RoomRow]]] = {
    "room": lambda row, view: row.name,
    "agent": lambda row, view: " ".join(item.agent_name for item in row.dispatches),
    "status": lambda row, view: " ".join(_states(row)).casefold(),
    "deployment": lambda row, view: " ".join(item.deployment for item in row.dispatches),
    "age": lambda row, view: _age(row, view.now),
    "worker": lambda row, view: " ".join(job.state.worker_id for job in row.jobs if job.state),
}
"""Fields of the filter grammar. They are of rooms: a room that passes is shown with all that is in it."""

SAYS_OTHERWISE: Final = (
    JobCondition.ABSENT,
    JobCondition.LEFT,
    JobCondition.USER_LEFT,
    JobCondition.REFUSED,
)
"""Conditions of jobs that are not as the server says."""


def matching_rooms(
    rooms: Iterable[str],
    view: View,
    evidence: Callable[[str], RoomEvidence],
    *,
    query: Query,
    agent_name: str = "",
) -> list[str]:
    """The rooms that pass a filter, in the order given; with `agent_name`, only those with its dispatches.

    `evidence` tells what is known of a room; only rooms that a filter asks about are looked into.
    """
    held = view.fleet.dispatches
    names = (name for name in rooms if not agent_name or _has(held.get(name, ()), agent_name))
    if not query:
        return list(names)
    rows = (RoomRow(name, held.get(name, ()), evidence(name)) for name in names)
    return [row.name for row in matching(rows, ROOM_FIELDS, view, query, _text)]


def _has(dispatches: Iterable[Dispatch], agent_name: str) -> bool:
    return any(item.agent_name == agent_name for item in dispatches)


def _states(row: RoomRow) -> list[str]:
    """How its jobs and waiting dispatches are, as the tree shows it; `none` without any job.

    `not loaded` where it is not known.
    """
    rows = [(item, row.evidence.of(item.id)) for item in row.dispatches]
    jobs = [_state(job, evidence) for item, evidence in rows for job in item.jobs]
    waiting = [dispatch_condition(item, evidence).word for item, evidence in rows if not item.jobs]
    nothing = "none" if row.evidence.dispatches_at is not None else "not loaded"
    return [*(jobs or [nothing]), *waiting, f"no answer {row.evidence.error}" if row.evidence.error else ""]


def _state(job: Job, evidence: RoomEvidence) -> str:
    """The word of its condition, and the server's where it says no other thing."""
    condition = job_condition(job, evidence)
    if job.state is None or condition in SAYS_OTHERWISE:
        return condition.word
    return f"{condition.word} {job.state.status}"


def _age(row: RoomRow, now: float) -> float | None:
    """Seconds since its newest job failed; if none did, since the newest job or dispatch of it began."""
    states = [job.state for job in row.jobs if job.state is not None]
    failed = [moment(state.ended_at) for state in states if state.status == "JS_FAILED"]
    begun = [moment(state.started_at) for state in states]
    begun += [moment(item.state.created_at) for item in row.dispatches if item.state is not None]
    newest = max((at for at in failed or begun if at is not None), default=None)
    return None if newest is None else now - newest


def _text(row: RoomRow) -> str:
    words = [row.name, *(f"{item.id} {item.agent_name} {item.deployment}" for item in row.dispatches)]
    words += [f"{job.id} {job.state.error if job.state else ''}" for job in row.jobs]
    return " ".join((*words, *_states(row)))
