"""What is polled: one entry per source, with how often, when at all, and how its answer becomes state."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from tui.api.client import Client
from tui.api.errors import ApiError, NotFound, Throttled
from tui.api.models import Agent, Dispatch, SecretInfo, Version, instant, moment
from tui.fleet.state import Coverage, Fleet, Selection, with_agents
from tui.fleet.status import Family, worst

RESERVED: frozenset[str] = frozenset({"LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"})
"""Secrets that LiveKit injects itself; never listed (contract.md §3.7)."""
KEEP = 24
"""Agents and rooms whose details stay in memory after the selection moved on."""
AT_ONCE = 4
"""ListDispatch calls under way at the same time."""
RESERVE = 20
"""Requests of the budget that the room fan-out leaves to everything else."""
ROOM_EVERY = 4.0
"""Seconds after which a room on the screen is asked about again."""


@dataclass
class Asking:
    """What a source may use while it fetches."""

    client: Client
    fleet: Fleet
    selection: Selection
    now: float
    """Unix seconds."""
    monotonic: float
    polled: dict[str, float] = field(default_factory=dict)
    """Room → monotonic time of its newest ListDispatch; kept from one fetch to the next."""


Merge = Callable[[Fleet], dict[str, object]]
"""How an answer changes the fleet as it is when the answer arrives: other sources write meanwhile."""
Fetch = Callable[[Asking], Awaitable[Merge]]


@dataclass(frozen=True, slots=True)
class Source:
    """One thing that is polled."""

    name: str
    every: Callable[[Fleet, Selection, float], float]
    """Seconds between polls, given the operator's `--refresh`."""
    subject: Callable[[Fleet, Selection], str | None]
    """What it is about now; None means it is not wanted and costs nothing."""
    fetch: Fetch
    follows_selection: bool = False
    """A change of subject asks at once, after the selection has settled."""


async def _agents(asking: Asking) -> Merge:
    batch = await asking.client.list_agents()

    def merge(fleet: Fleet) -> dict[str, object]:
        changes = with_agents(fleet, batch.items, now=asking.now, monotonic=asking.monotonic)
        return {**changes, "unreadable": batch.unreadable}

    return merge


async def _versions(asking: Asking) -> Merge:
    agent_id = asking.selection.agent_id
    batch = await asking.client.list_versions(agent_id)
    newest = tuple(sorted(batch.items, key=_created, reverse=True))
    return lambda fleet: {"versions": _keep(fleet.versions, agent_id, newest)}


def _created(version: Version) -> tuple[float, str]:
    return (instant(version.created_at) or 0.0, version.version)


async def _secrets(asking: Asking) -> Merge:
    agent_id = asking.selection.agent_id
    batch = await asking.client.list_secrets(agent_id)
    listed = (item for item in batch.items if item.name not in RESERVED)
    shown: tuple[SecretInfo, ...] = tuple(sorted(listed, key=lambda item: item.name))
    return lambda fleet: {"secrets": _keep(fleet.secrets, agent_id, shown)}


async def _rooms(asking: Asking) -> Merge:
    batch = await asking.client.list_rooms()
    names = {room.name for room in batch.items}
    for gone in asking.polled.keys() - names:
        del asking.polled[gone]
    return lambda fleet: {
        "rooms": batch.items,
        "dispatches": {name: value for name, value in fleet.dispatches.items() if name in names},
        "participants": {name: value for name, value in fleet.participants.items() if name in names},
        "coverage": _coverage(asking.polled, len(names)),
    }


async def _participants(asking: Asking) -> Merge:
    room = asking.selection.room
    try:
        people = (await asking.client.list_participants(room)).items
    except NotFound:
        people = ()
    return lambda fleet: {"participants": _keep(fleet.participants, room, people)}


async def _dispatches(asking: Asking) -> Merge:
    """Ask about a few rooms: those on the screen first, the rest in turn, as far as the budget goes."""
    rooms = _next_rooms(asking)
    found: dict[str, tuple[Dispatch, ...]] = {}
    problems: list[ApiError] = []
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(room: str) -> None:
        async with gate:
            if problems:
                return
            try:
                found[room] = (await asking.client.list_dispatches(room)).items
            except NotFound:
                found[room] = ()
            except ApiError as error:
                problems.append(error)
                return
            asking.polled[room] = asking.monotonic

    await asyncio.gather(*(ask(room) for room in rooms))
    if problems and not found and not isinstance(problems[0], Throttled):
        raise problems[0]

    def merge(fleet: Fleet) -> dict[str, object]:
        standing = {room: _standing(items, fleet.dispatches.get(room)) for room, items in found.items()}
        return {
            "dispatches": {**fleet.dispatches, **standing},
            "coverage": _coverage(asking.polled, len(fleet.rooms)),
        }

    return merge


def _standing(items: tuple[Dispatch, ...], before: tuple[Dispatch, ...] | None) -> tuple[Dispatch, ...]:
    """Dispatches that were not deleted, oldest first; the very same tuple if nothing changed."""
    standing = [item for item in items if not (item.state and item.state.deleted_at)]
    standing.sort(key=lambda item: (item.state.created_at if item.state else 0, item.id))
    ordered = tuple(standing)
    return before if before is not None and ordered == before else ordered


def _next_rooms(asking: Asking) -> list[str]:
    names = {room.name for room in asking.fleet.rooms}
    last = asking.polled
    allowance = max(1, min(2 * AT_ONCE, asking.client.budget.left() - RESERVE))
    due = asking.monotonic - ROOM_EVERY
    wanted = (asking.selection.room, *asking.selection.rooms_in_view)
    first = [name for name in dict.fromkeys(wanted) if name in names and last.get(name, -1e9) <= due]
    first.sort(key=lambda name: last.get(name, -1e9))
    if len(first) < allowance:
        rest = sorted(names.difference(first), key=lambda name: (last.get(name, -1e9), name))
        first += [name for name in rest if last.get(name, -1e9) <= due]
    return first[:allowance]


def _coverage(polled: Mapping[str, float], total: int) -> Coverage:
    return Coverage(polled=len(polled), total=total, oldest=min(polled.values(), default=None))


def _keep(before: Mapping[str, object], key: str, value: object) -> dict[str, object]:
    """`before` with one entry newest, holding no more than `KEEP`."""
    if before.get(key) == value and key in before:
        return dict(before)
    kept = {name: old for name, old in before.items() if name != key}
    for name in list(kept)[: max(0, len(kept) + 1 - KEEP)]:
        del kept[name]
    return {**kept, key: value}


def _always(fleet: Fleet, selection: Selection) -> str:
    return ""


def _agent(fleet: Fleet, selection: Selection) -> str | None:
    return selection.agent_id or None


def _room(fleet: Fleet, selection: Selection) -> str | None:
    return selection.room or None


def _any_room(fleet: Fleet, selection: Selection) -> str | None:
    return "" if fleet.rooms else None


def _agents_every(fleet: Fleet, selection: Selection, refresh: float) -> float:
    """The operator's interval while something moves, else a longer one: a quiet fleet is asked less often."""
    moving = len(fleet.agents) < 500 and any(_moving(agent) for agent in fleet.agents)
    return refresh if moving or len(fleet.agents) < 1 else 1.5 * refresh


def _moving(agent: Agent) -> bool:
    state = worst(agent)
    return state.family is Family.MOVING or state.name == "Waking"


def _times(factor: float, least: float = 0.0) -> Callable[[Fleet, Selection, float], float]:
    return lambda fleet, selection, refresh: max(least, factor * refresh)


SOURCES: tuple[Source, ...] = (
    Source("agents", _agents_every, _always, _agents),
    Source("rooms", _times(2.5), _always, _rooms),
    Source("dispatches", _times(0.5, 1.0), _any_room, _dispatches),
    Source("versions", _times(5, 5.0), _agent, _versions, follows_selection=True),
    Source("secrets", _times(10, 15.0), _agent, _secrets, follows_selection=True),
    Source("participants", _times(2, 4.0), _room, _participants, follows_selection=True),
)
"""Everything that is polled, in the order in which `Poller.once` asks."""


def pick_up(dispatch: Dispatch) -> float | None:
    """Seconds from a dispatch's creation to its first job's start; None while none started."""
    created = moment(dispatch.state.created_at) if dispatch.state else None
    starts = [at for job in dispatch.jobs if job.state and (at := moment(job.state.started_at))]
    return max(0.0, min(starts) - created) if created and starts else None
