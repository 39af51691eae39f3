"""Finds what an operator names, and says why it is not found: what is not known is not absent. Pure."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Final, TypeVar

from tui.api.models import Agent, SecretInfo, Version
from tui.fleet.state import Fleet, Freshness

_ROOMS: Final = ("rooms", "dispatches")
T = TypeVar("T", Version, SecretInfo)
_OF_AGENT: Final = " of "
"""Stands in the name of an agent's listing, which is part of recordings and so remains a text."""


class AmbiguousName(ValueError):
    """Several agents have the name; its text says so and gives their ids."""


def agents_called(fleet: Fleet, word: str) -> tuple[Agent, ...]:
    """The agent with this id, or else every agent with this name."""
    agent = fleet.agent(word)
    return (agent,) if agent else tuple(agent for agent in fleet.agents if agent.name == word)


def find_agent(fleet: Fleet, word: str) -> Agent | None:
    """The agent with this id, or the only one with this name; None if there is none.

    Raises `AmbiguousName`.
    """
    found = agents_called(fleet, word)
    if len(found) > 1:
        ids = ", ".join(agent.agent_id for agent in found[:4])
        raise AmbiguousName(f"{len(found)} agents are called {word!r}: give an id, {ids}")
    return found[0] if found else None


def unknown_agents(fleet: Fleet) -> str:
    """Why it is not known which agents there are; empty where their list was received."""
    fresh = fleet.fresh("agents")
    if fresh.absent:
        return "this server lists no agents"
    return _never_received("agents", fresh)


def unknown_rooms(fleet: Fleet) -> str:
    """Why it is not known which rooms are open; empty where their list was received."""
    return _never_received("rooms", fleet.fresh("rooms"))


def listing_name(what: str, agent_id: str) -> str:
    """What the listing of an agent's versions or secrets is called in `Fleet.cut` and `unreadable_rows`."""
    return f"{what}{_OF_AGENT}{agent_id}"


def is_of_agent(listing: str) -> bool:
    """Whether the name of a listing is one of `listing_name`: all others are of the whole project."""
    return _OF_AGENT in listing


def are_rooms_whole(fleet: Fleet) -> bool:
    """Whether all rows of rooms and dispatches that came were read and kept."""
    return fleet.cut.keys().isdisjoint(_ROOMS) and fleet.unreadable_rows.keys().isdisjoint(_ROOMS)


def unlisted_details(fleet: Fleet, what: str, agent_id: str) -> str:
    """Why a version or secret of an agent that is not listed may be there; empty where all were read.

    `what` is "versions" or "secrets".
    """
    if agent_id not in (fleet.versions if what == "versions" else fleet.secrets):
        return f"its {what} were not read"
    return read_in_part(fleet, what, agent_id)


def read_versions(fleet: Fleet, agent_id: str) -> tuple[Version, ...]:
    """Versions of an agent that its newest list has; none where they were not asked for."""
    return _read(fleet, "versions", agent_id, fleet.versions.get(agent_id, ()), attrgetter("version"))


def read_secrets(fleet: Fleet, agent_id: str) -> tuple[SecretInfo, ...]:
    """Secrets of an agent that its newest list has; none where they were not asked for."""
    return _read(fleet, "secrets", agent_id, fleet.secrets.get(agent_id, ()), attrgetter("name"))


def _read(
    fleet: Fleet, what: str, agent_id: str, known: tuple[T, ...], identity: Callable[[T], str]
) -> tuple[T, ...]:
    unlisted = fleet.unlisted.get(listing_name(what, agent_id))
    return tuple(row for row in known if identity(row) not in unlisted) if unlisted else known


def read_in_part(fleet: Fleet, what: str, agent_id: str) -> str:
    """What the listing of an agent's versions or secrets does not show; empty if that is nothing."""
    name = listing_name(what, agent_id)
    count, most = fleet.unreadable_rows.get(name, 0), fleet.cut.get(name)
    if not count and most is None:
        return ""
    rows = f"{count} {'row' if count == 1 else 'rows'} could not be read" if count else ""
    return ", ".join(filter(None, (rows, "" if most is None else f"cut at {most:,}")))


def unlisted_agents(fleet: Fleet) -> str:
    """Why an agent that is not listed may be there all the same; empty where the whole list was received."""
    return unknown_agents(fleet) or _cut("agents", fleet) or _unreadable("agents", fleet.unreadable)


def unlisted_rooms(fleet: Fleet) -> str:
    """Why a room that is not listed may be open all the same; empty where the whole list was received."""
    unreadable = _unreadable("rooms", fleet.unreadable_rows.get("rooms", 0))
    return unknown_rooms(fleet) or _cut("rooms", fleet) or unreadable


def is_no_room(fleet: Fleet, name: str) -> bool:
    """Whether there is certainly no such room in the list: it was received, read and kept whole."""
    return not unlisted_rooms(fleet) and all(room.name != name for room in fleet.rooms)


NO_OPEN_ROOMS: Final = "No open rooms."
"""What an empty list of rooms says where nothing speaks against it."""


def no_rooms(fleet: Fleet) -> str:
    """What an empty list of rooms says."""
    if not fleet.rooms_lost:
        unreadable = _unreadable("rooms", fleet.unreadable_rows.get("rooms", 0))
        return f"No open rooms that could be read: {unreadable}." if unreadable else NO_OPEN_ROOMS
    before = f"Before the outage there {'were' if fleet.rooms_lost > 1 else 'was'} {fleet.rooms_lost}"
    return (
        f"No room is listed. {before}: a server whose store lost its data lists none, "
        "although nodes may still serve them."
    )


def _never_received(what: str, fresh: Freshness) -> str:
    if fresh.at is not None:
        return ""
    return f"the list of {what} was not received yet" + (f" ({fresh.error})" if fresh.error else "")


def _cut(what: str, fleet: Fleet) -> str:
    most = fleet.cut.get(what)
    return "" if most is None else f"the list of {what} was cut at {most:,}"


def _unreadable(what: str, count: int) -> str:
    return (
        f"{count} {'row' if count == 1 else 'rows'} of the list of {what} could not be read" if count else ""
    )


def no_such_version(fleet: Fleet, agent_id: str, tag: str) -> str:
    """Why an agent has no such version, as far as its versions were read."""
    why = unlisted_details(fleet, "versions", agent_id)
    return f"no version {tag} is listed: {why}" if why else f"this agent has no version {tag}"


def no_other_version(fleet: Fleet, agent_id: str) -> str:
    """Why an agent has no version to choose, as far as its versions were read."""
    why = unlisted_details(fleet, "versions", agent_id)
    return f"no other version is listed: {why}" if why else "there is no other version"


def no_such_agent(fleet: Fleet, word: str) -> str:
    """Why no agent has this id or name."""
    unknown = unlisted_agents(fleet)
    return f"{unknown}, so {word!r} cannot be found" if unknown else f"no agent {word!r} in this project"


def no_such_thing(fleet: Fleet, word: str) -> str:
    """Why no agent, room, dispatch or job has this id or name."""
    coverage = fleet.coverage
    partly = f"{coverage.polled} of {coverage.total} rooms loaded" if coverage.polled < coverage.total else ""
    rooms = unlisted_rooms(fleet) or partly
    dispatches = (
        _cut("dispatches", fleet),
        _unreadable("dispatches", fleet.unreadable_rows.get("dispatches", 0)),
    )
    notes = ", ".join(filter(None, (unlisted_agents(fleet), rooms, *dispatches)))
    return f"no match for {word!r}" + (f" ({notes})" if notes else "")
