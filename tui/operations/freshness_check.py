"""Detects data changed since the dialog opened. Pure except `reread`, which sends only reads."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar

from tui.api.errors import ApiError, NotFound
from tui.api.models import Agent, Dispatch
from tui.fleet.polling.cut_listings import dispatches_after
from tui.fleet.polling.details import with_secrets, with_versions
from tui.fleet.polling.sources import AGENTS, DISPATCHES, SECRETS, VERSIONS
from tui.fleet.state import QUIET_FACTOR, Fleet
from tui.fleet.view import View
from tui.operations.fields import Answers
from tui.operations.looks import find_agent, is_closed
from tui.operations.operation import Operation, Preview
from tui.operations.remote import Remote

V = TypeVar("V")

POLLS: Final = 3
"""Missed polls after which operations are refused."""
LEAST: Final = 10.0
"""Seconds that data may always be old: a slow server is no reason to refuse."""


def data_age(view: View, operation: Operation, read_at: float = 0.0) -> float | None:
    """Seconds since what the operation rests on was received; None if never or if it rests on nothing.

    `read_at` is the monotonic time of a look of the dialog's own. Rooms are asked one by one: what rests on
    the dispatches of a room is as old as that room's, and an agent that the newest list lacks as its row.
    """
    at = view.fleet.fresh(operation.source.name).at if operation.source else None
    if operation.source is AGENTS and (then := view.fleet.agent_read_at(view.selection.agent_id)) is not None:
        at = then
    if operation.source is DISPATCHES:
        at = view.fleet.fresh_room(view.selection.room).dispatches_at
    newest = max(at or 0.0, read_at)
    return view.monotonic - newest if newest else None


def too_old(view: View, operation: Operation, refresh: float, read_at: float = 0.0) -> str:
    """Why nothing may be done with data this old, in words; empty if it may. `refresh` in seconds."""
    if not operation.source:
        return ""
    old = data_age(view, operation, read_at)
    if old is None:
        return "nothing was received yet"
    limit = max(LEAST, POLLS * QUIET_FACTOR * refresh)
    if old > limit:
        return f"data is {old:.0f} s old"
    if operation.source is DISPATCHES and read_at <= (
        view.fleet.fresh_room(view.selection.room).failing_since or 0.0
    ):
        return view.fleet.room_error(view.selection.room)
    fresh = view.fleet.fresh(operation.source.name)
    is_failing = fresh.failures >= POLLS and read_at <= (fresh.at or 0.0)
    return f"{fresh.failures} polls failed" if is_failing else ""


def moved(before: Preview, after: Preview) -> tuple[str, ...]:
    """What must not change and did: the target's name or id, and labels of facts.

    What was not known before has not changed.
    """
    old, new = _watched(before), _watched(after)
    target = ("the target's name",) if before.what != after.what else ()
    known = (label for label in {**old, **new} if label not in before.unknown)
    return (*target, *(label for label in known if old.get(label, "") != new.get(label, "")))


def _watched(preview: Preview) -> Mapping[str, str]:
    return {fact.label: fact.watch for fact in preview.state}


async def reread(remote: Remote, operation: Operation, view: View, answers: Answers) -> View:
    """The view with the data of the operation requested again. Raises the tree of `tui.api.errors`."""
    fleet, agent_id = view.fleet, view.selection.agent_id
    if AGENTS in operation.reads:
        fleet = with_agent(fleet, agent_id, await find_agent(remote, agent_id))
    if VERSIONS in operation.reads:
        fleet = with_versions(fleet, agent_id, await remote.list_versions(agent_id))
    if SECRETS in operation.reads:
        fleet = with_secrets(fleet, agent_id, await remote.list_secrets(agent_id), view.monotonic)
    if DISPATCHES in operation.reads:
        room = answers.text("room") or view.selection.room
        here = await _here(remote, fleet, room)
        if here is not None:
            fleet = replace(fleet, dispatches={**fleet.dispatches, room: here})
    return replace(view, fleet=fleet)


def with_learnt(before: Fleet, after: Fleet, now: Fleet) -> Fleet:
    """The fleet `now` with what `reread` found between `before` and `after`, beyond the list of agents."""
    return replace(
        now,
        versions=_with_news(before.versions, after.versions, now.versions),
        secrets=_with_news(before.secrets, after.secrets, now.secrets),
        secrets_at=_with_news(before.secrets_at, after.secrets_at, now.secrets_at),
        dispatches=_with_news(before.dispatches, after.dispatches, now.dispatches),
        cut=_with_news(before.cut, after.cut, now.cut),
        unlisted=_with_news(before.unlisted, after.unlisted, now.unlisted),
        unreadable_rows=_with_news(before.unreadable_rows, after.unreadable_rows, now.unreadable_rows),
    )


def _with_news(before: Mapping[str, V], after: Mapping[str, V], now: Mapping[str, V]) -> Mapping[str, V]:
    if after is before:
        return now
    gone = before.keys() - after.keys()
    news = {key: item for key, item in after.items() if before.get(key) is not item}
    return {key: item for key, item in {**now, **news}.items() if key not in gone}


def with_agent(fleet: Fleet, agent_id: str, agent: Agent | None) -> Fleet:
    """The fleet with the newest data of one agent; None for one that is gone."""
    others = (found for found in fleet.agents if found.agent_id != agent_id)
    agents = tuple(others) + ((agent,) if agent is not None else ())
    return replace(fleet, agents=agents, index={found.agent_id: found for found in agents})


async def _here(remote: Remote, fleet: Fleet, room: str) -> tuple[Dispatch, ...] | None:
    """The dispatches of a room; None where it is open and nobody tells, so that what was known stays.

    A room that is not listed is not asked about: a self-hosted server takes three seconds to find nobody.
    """
    if all(item.name != room for item in fleet.rooms):
        with contextlib.suppress(ApiError):
            if await is_closed(remote, room):
                return ()
    try:
        batch = await remote.list_dispatches(room)
        return dispatches_after(batch, fleet.dispatches.get(room))
    except NotFound:
        return () if await is_closed(remote, room) else None
