"""Which rooms the dispatch tree shows: what a filter looks at in a room and the dispatches in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from tui.api.models import Dispatch, Job
from tui.fleet.listing import Field, matching
from tui.fleet.query import Query
from tui.fleet.state import View


class RoomRow(NamedTuple):
    """A room with its dispatches, none if it was not polled yet."""

    name: str
    dispatches: tuple[Dispatch, ...]

    @property
    def jobs(self) -> Iterator[Job]:
        """The jobs of all dispatches."""
        return (job for dispatch in self.dispatches for job in dispatch.jobs)


ROOM_FIELDS: Final[Mapping[str, Field[RoomRow]]] = {
    "room": lambda row, view: row.name,
    "agent": lambda row, view: " ".join(item.agent_name for item in row.dispatches),
    "status": lambda row, view: " ".join(_states(row) or ["none"]).casefold(),
    "deployment": lambda row, view: " ".join(item.deployment for item in row.dispatches),
    "worker": lambda row, view: " ".join(job.state.worker_id for job in row.jobs if job.state),
}
"""Fields of the filter grammar. They are of rooms: a room that passes is shown with all that is in it."""


def matching_rooms(rooms: Iterable[str], view: View, *, query: Query, agent_name: str = "") -> list[str]:
    """The rooms that pass a filter, in the order given; with `agent_name`, only those with its dispatches."""
    rows: Iterable[RoomRow] = (RoomRow(name, view.fleet.dispatches.get(name, ())) for name in rooms)
    if agent_name:
        rows = (row for row in rows if any(item.agent_name == agent_name for item in row.dispatches))
    return [row.name for row in (matching(rows, ROOM_FIELDS, view, query, _text) if query else rows)]


def _states(row: RoomRow) -> list[str]:
    return [str(job.state.status) if job.state else "" for job in row.jobs]


def _text(row: RoomRow) -> str:
    words = [row.name, *(f"{item.id} {item.agent_name} {item.deployment}" for item in row.dispatches)]
    words += [f"{job.id} {job.state.error if job.state else ''}" for job in row.jobs]
    return " ".join((*words, *_states(row)))
