"""What is polled: one entry per source, with its interval, when it is wanted, and what its answer changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from tui.api.errors import ApiError, NotFound, Unknown
from tui.api.hosts import Host
from tui.api.models import Agent
from tui.clock import Clock, Moment
from tui.fleet.polling.cut_listings import known_after, with_agent_listing
from tui.fleet.polling.details import secrets_of, versions_of
from tui.fleet.polling.listings import Listings
from tui.fleet.polling.room_answers import not_in, with_listing, with_round
from tui.fleet.polling.room_polling import RoomPolling
from tui.fleet.polling.suspect_polling import SuspectPolling
from tui.fleet.state import QUIET_FACTOR, Fleet, with_participants
from tui.fleet.status import Family, worst
from tui.fleet.store import Merge
from tui.fleet.view import Selection

SILENT_AFTER = 10.0
"""Seconds without any answer after which rooms that no node answers for are a failure of them all."""
MOVES_FOR = 60.0
"""Seconds after a change of some agent's status for which agents in transition are asked often."""
SOON = 0.5
"""Seconds after which it is looked again whether a request has come free, while something waits for it."""
FEW_ROOMS, MANY_ROOMS = 50, 200
"""Rooms up to which agents and versions are asked more often, and from which rooms are listed less often."""


@dataclass
class FetchContext:
    """What a source may use while it fetches."""

    client: Listings
    fleet: Fleet
    selection: Selection
    monotonic: float
    clock: Clock
    rooms: RoomPolling
    """What is remembered of the rooms from one fetch to the next."""
    suspects: SuspectPolling
    """The same of suspects."""
    spare: float | None
    """Requests a minute that no other source is expected to need; None when this is a single round."""
    asked: bool = True
    """False if nothing was due or nothing came back, so no data are newer than before."""
    wakes: tuple[str, ...] = ()
    """Sources that have something to ask at once after this answer, by name."""
    problem: ApiError | None = None
    """What went wrong with the requests, or with a part of them; what came back is merged all the same."""


Fetch = Callable[[FetchContext], Awaitable[Merge]]


@dataclass(frozen=True, slots=True)
class Source:
    """One thing that is polled."""

    name: str
    host: Host
    """Which host it asks: while that refuses our credentials, one of its sources tries for all."""
    every: Callable[[Fleet, Selection, float], float]
    """Seconds between polls, given the operator's `--refresh`."""
    subject: Callable[[Fleet, Selection], str | None]
    """What it asks about now; None if nobody wants it, and then nothing is asked."""
    fetch: Fetch
    follows_selection: bool = False
    """A change of subject asks at once, after the selection has settled."""
    pane: str = ""
    """The pane that shows it: while that is not on the screen, it is asked once for each subject."""
    share: float = 1.0
    """The largest part of the request budget that it may take."""
    takes_rest: bool = False
    """It takes what the others leave of the budget."""


async def _agents(context: FetchContext) -> Merge:
    batch = await context.client.list_agents()

    def merge(fleet: Fleet) -> Fleet:
        after = with_agent_listing(fleet, batch, context.monotonic)
        if VERSIONS.pane in context.selection.panes_in_view:
            now, known = (each.agent(context.selection.agent_id) for each in (after, fleet))
            if now is not None and known is not None and now.version != known.version:
                context.wakes = (VERSIONS.name,)
        return after

    return merge


async def _versions(context: FetchContext) -> Merge:
    try:
        return await versions_of(context.client, context.selection.agent_id)
    except ApiError as error:
        return _ignore_if_deleted(context, error)


async def _secrets(context: FetchContext) -> Merge:
    try:
        return await secrets_of(context.client, context.selection.agent_id, context.monotonic)
    except ApiError as error:
        return _ignore_if_deleted(context, error)


async def _suspects(context: FetchContext) -> Merge:
    """Ask for one detail of one suspect: a diagnosis needs it, whether anybody looks or not."""
    left = context.rooms.for_participants
    wanted = context.suspects.due(context.fleet, context.monotonic, context.spare, left)
    found = None if wanted is None else await context.suspects.ask(context.client, wanted, context.monotonic)
    context.asked = found is not None
    return found or _unchanged


def _ignore_if_deleted(context: FetchContext, error: ApiError) -> Merge:
    """An error about an agent that was deleted, or may have been, is no outage: its row was selected."""
    fleet, agent_id = context.fleet, context.selection.agent_id
    is_unlisted = fleet.agent_read_at(agent_id) is not None
    gone = is_unlisted or (fleet.agents and fleet.agent(agent_id) is None)
    if not gone or not isinstance(error, NotFound | Unknown) or not error.status:
        raise error
    return _unchanged


def _unchanged(fleet: Fleet) -> Fleet:
    return fleet


async def _rooms(context: FetchContext) -> Merge:
    batch = await context.client.list_rooms()
    rooms = known_after(batch, context.fleet.rooms)
    has_changed = context.rooms.listed(rooms, context.monotonic, not_in(batch, rooms))
    if has_changed or context.fleet.fresh("dispatches").failures:
        context.wakes = ("dispatches",)  # the host answers: what failed there may be over

    def merge(fleet: Fleet) -> Fleet:
        after = with_listing(fleet, rooms, batch)
        return replace(after, coverage=context.rooms.coverage(after))

    return merge


async def _participants(context: FetchContext) -> Merge:
    room = context.rooms.due_for_participants(context.selection, context.monotonic)
    people = (
        None
        if room is None
        else await context.rooms.ask_participants(context.client, room, context.monotonic)
    )
    if room is None or people is None:
        context.asked = False
        return _unchanged
    found = people

    def merge(fleet: Fleet) -> Fleet:
        if not found and all(item.name != room for item in fleet.rooms):
            return fleet  # the room is gone, and its participants with it
        fleet = with_participants(fleet, room, found, context.monotonic)
        context.rooms.present(room, fleet, Moment.read(context.clock))
        return fleet

    return merge


async def _dispatches(context: FetchContext) -> Merge:
    """Ask about the rooms that are due."""
    before = context.fleet.fresh("dispatches")
    rooms = context.rooms.due(context.client, context.selection, context.monotonic, context.spare)
    if not rooms:
        context.asked = False
        return _unchanged
    done = await context.rooms.ask(context.client, rooms, context.monotonic)
    now = Moment.read(context.clock)
    context.asked = bool(done.found)
    is_silent = before.at is None or now.monotonic - before.at > SILENT_AFTER
    context.problem = done.problem or (done.unanswered if is_silent and not done.found else None)
    is_outage = context.problem is not None and not done.found

    def merge(fleet: Fleet) -> Fleet:
        is_over = context.rooms.is_over(done)
        fleet = with_round(
            fleet, done, context.monotonic, now.monotonic, is_over=is_over, is_outage=is_outage
        )
        context.rooms.asked(done, fleet, context.monotonic, now, is_outage=is_outage)
        return replace(fleet, coverage=context.rooms.coverage(fleet))

    return merge


def _always(fleet: Fleet, selection: Selection) -> str:
    return ""


def _agent(fleet: Fleet, selection: Selection) -> str | None:
    return selection.agent_id or None


def _suspect(fleet: Fleet, selection: Selection) -> str | None:
    return "" if fleet.suspects else None


def _room(fleet: Fleet, selection: Selection) -> str | None:
    return selection.room or _any_room(fleet, selection)


def _any_room(fleet: Fleet, selection: Selection) -> str | None:
    return "" if fleet.rooms else None


def _agents_every(fleet: Fleet, selection: Selection, refresh: float) -> float:
    """The operator's interval while something moves, else a longer one, the longer the more rooms there are.

    A status that stays the same for minutes, such as that of an agent that finds no place, does not move.
    """
    at, moved_at = fleet.fresh("agents").at, fleet.status_changed_at
    is_recent = at is None or moved_at is None or at - moved_at < MOVES_FOR
    if is_recent and len(fleet.agents) < 500 and any(_moving(agent) for agent in fleet.agents):
        return refresh
    return (QUIET_FACTOR if len(fleet.rooms) > FEW_ROOMS else 3) * refresh


def _moving(agent: Agent) -> bool:
    state = worst(agent)
    return state.family is Family.MOVING or state.name == "Waking"


def _rooms_every(fleet: Fleet, selection: Selection, refresh: float) -> float:
    """Often: it shows what changes, and in which rooms."""
    return (2 if len(fleet.rooms) <= MANY_ROOMS else 3) * refresh


def _dispatches_every(fleet: Fleet, selection: Selection, refresh: float) -> float:
    """Sooner while a room that changed waits for a request."""
    return SOON if fleet.coverage.changed else max(1.0, 0.5 * refresh)


def _versions_every(fleet: Fleet, selection: Selection, refresh: float) -> float:
    """Less often with many rooms: one that becomes the current one is told by the list of agents."""
    return max(15.0, (30 if len(fleet.rooms) > FEW_ROOMS else 20) * refresh)


def _times(factor: float, least: float = 0.0) -> Callable[[Fleet, Selection, float], float]:
    return lambda fleet, selection, refresh: max(least, factor * refresh)


AGENTS: Final = Source("agents", Host.AGENTS, _agents_every, _always, _agents, share=1 / 3)
ROOMS: Final = Source("rooms", Host.PROJECT, _rooms_every, _always, _rooms, share=1 / 8)
DISPATCHES: Final = Source(
    "dispatches", Host.PROJECT, _dispatches_every, _any_room, _dispatches, takes_rest=True
)
VERSIONS: Final = Source(
    "versions", Host.AGENTS, _versions_every, _agent, _versions, True, pane="versions", share=1 / 40
)
SECRETS: Final = Source(
    "secrets", Host.AGENTS, _times(15, 15.0), _agent, _secrets, True, pane="secrets", share=1 / 60
)
PARTICIPANTS: Final = Source(
    "participants", Host.PROJECT, _times(1.5, 3.0), _room, _participants, True, takes_rest=True
)
SUSPECTS: Final = Source("suspects", Host.AGENTS, _times(0.0, 1.0), _suspect, _suspects, takes_rest=True)
SOURCES: Final = (AGENTS, ROOMS, DISPATCHES, VERSIONS, SECRETS, PARTICIPANTS, SUSPECTS)
"""Everything that is polled, in the order in which `Poller.once` asks.

With the default of two seconds, the lists of agents, rooms, versions and secrets take 27 requests a minute in
a quiet fleet, 22 with many rooms, 47 while agents are in transition. Of the default cap of 120 suspects get
ten at the most, four of them to ask again; dispatches and participants get the rest.
"""
