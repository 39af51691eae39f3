"""What a look proves: only a whole listing shows that something is not there. Sends only reads."""

from __future__ import annotations

from typing import TypeVar

from tui.api.decoding.batch import Batch
from tui.api.decoding.exact_dispatches import ExactDispatch
from tui.api.errors import ApiError, NotFound, Unknown
from tui.api.models import Agent, Dispatch, Wire
from tui.api.text.clean import clean
from tui.operations.remote import Remote

T = TypeVar("T", bound=Wire)


def inconclusive(why: str) -> Unknown:
    """The error of a look that was answered and proves nothing: like one that failed, it settles nothing."""
    return Unknown(f"the answer proves nothing: {why}")


def whole(batch: Batch[T], what: str) -> tuple[T, ...]:
    """The items of a listing that is whole. Raises `Unknown` for one that may lack some."""
    if not batch.listed:
        raise inconclusive(f"no list of {what} is in it")
    if batch.cut is not None:
        raise inconclusive(f"there are more than the {batch.cut} {what} that were read")
    if broken := batch.unreadable + batch.mended:
        raise inconclusive(f"{broken} of the {what} cannot be read")
    return batch.items


def if_whole(batch: Batch[T]) -> tuple[T, ...] | None:
    """The items of a listing; None where a row could not be read or kept, so that it proves no absence."""
    return batch.items if batch.has_all_rows else None


async def find_agent(remote: Remote, agent_id: str, *, in_full: bool = False) -> Agent | None:
    """An agent by id, asked anew; None only where it is certainly gone. Raises the tree of `tui.api.errors`.

    An unknown one is an empty list or an `internal` error in words (PROTOCOL.md, Errors), hence a second look
    at the whole list, which is what can be believed. `in_full` where what is missing from it matters too.
    """
    try:
        batch = await remote.list_agents(agent_id)
    except ApiError as error:
        if not isinstance(error, NotFound) and error.code != "internal":
            raise
        batch = Batch()
    if (found := _of(batch, agent_id)) is None:
        batch = await remote.list_agents()
        found = _of(batch, agent_id)
    if found is None or in_full:
        whole(batch, "agents")
    return found


def _of(batch: Batch[Agent], agent_id: str) -> Agent | None:
    return next((agent for agent in batch.items if agent.agent_id == agent_id), None)


async def dispatches_of(remote: Remote, room: str) -> tuple[ExactDispatch, ...] | None:
    """The dispatches of a room; None where the room is certainly closed. Raises the tree of `tui.api.errors`.

    "Not found" is also what is said of a room whose node is gone (PROTOCOL.md, Dispatches and jobs), so it is
    believed only where the list of rooms does not have it either.
    """
    try:
        found = await remote.exact_dispatches(room)
    except NotFound as error:
        await _require_closed(remote, room, error)
        return None
    if any(clean(item.room) not in ("", room) for item in found):
        raise inconclusive(f"it lists dispatches of another room than {room}")
    return found


async def listed_dispatches(remote: Remote, room: str) -> Batch[Dispatch] | None:
    """The same as they are shown: None where the room is certainly closed."""
    try:
        return await remote.list_dispatches(room)
    except NotFound as error:
        await _require_closed(remote, room, error)
        return None


async def _require_closed(remote: Remote, room: str, error: NotFound) -> None:
    if not await is_closed(remote, room):
        raise inconclusive(f"{error}, and {room} is listed") from None


async def is_closed(remote: Remote, room: str) -> bool:
    """Whether a room is certainly not open. Raises the tree of `tui.api.errors`."""
    return all(item.name != room for item in whole(await remote.list_rooms(room), "rooms"))
