"""The tree room → dispatch → job → participant as a flat list of keys, with the worst state below each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from math import inf
from typing import Final, NamedTuple

from msgspec import Struct

from tui.api.models import Dispatch, Participant, Room
from tui.fleet.conditions import Summary, Worst, dispatch_worst, job_condition, summary
from tui.fleet.evidence import CHECKED_FOR, RoomEvidence, agents_in, evidence
from tui.fleet.room_freshness import RoomFreshness
from tui.fleet.state import Fleet
from tui.fleet.view import View

OPENS_UP_TO: Final = 500
"""Dispatches of a room up to which it is opened because something is wrong in it, and so are they."""


class Node(NamedTuple):
    """One line of the tree. A tuple, made in a third of the time: there may be a hundred thousand."""

    key: str
    kind: str
    """`room`, `dispatch`, `job` or `participant`."""
    depth: int
    children: int
    open: bool
    worst: Worst


class Block(Struct, frozen=True):
    """The open lines of one room."""

    summary: Summary
    """The summary that the lines were made from; with another one they may differ."""
    nodes: dict[str, Node]
    """By key, in order."""


class Nodes(Mapping[str, Node]):
    """The lines of all rooms by key, room by room, so that a change of one room costs one room."""

    def __init__(self, blocks: Mapping[str, Block]) -> None:
        self._blocks = blocks

    def __getitem__(self, key: str) -> Node:
        block = self._blocks.get(split(key)[0])
        if block is None:
            raise KeyError(key)
        return block.nodes[key]

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(block.nodes for block in self._blocks.values())

    def __len__(self) -> int:
        return sum(len(block.nodes) for block in self._blocks.values())


class Known(Struct, frozen=True, gc=False):
    """The summary of a room, with all that it was made from."""

    dispatches: tuple[Dispatch, ...]
    people: tuple[Participant, ...] | None
    fresh: RoomFreshness
    listed: Room | None
    error: str
    types: int
    """How many types of jobs were known; they tell what a dispatch without a job waits for."""
    until: float
    """Unix seconds from which time alone makes it otherwise."""
    summary: Summary


class Tree:
    """The visible lines. Remembers what the operator opened and closed, and the lines of unchanged rooms."""

    def __init__(self) -> None:
        self._chosen: dict[str, bool] = {}
        self._rooms: dict[str, Known] = {}
        self._blocks: dict[str, Block] = {}
        self._listed: dict[str, Room] = {}
        self._listing: tuple[Room, ...] = ()
        self._job_types: dict[str, set[str]] = {}
        self._types = 0
        self.nodes: Mapping[str, Node] = {}
        self.summarised = 0
        """Rooms summarised so far; tests measure the cost of a poll by it."""

    def toggle(self, key: str, open: bool) -> None:
        """Open or close a node; it stays so until the next call."""
        self.toggle_all((key,), open)

    def toggle_all(self, keys: Iterable[str], open: bool) -> None:
        """Open or close many."""
        for key in keys:
            self._chosen[key] = open
            self._blocks.pop(split(key)[0], None)

    def of_room(self, view: View, room: str) -> Summary:
        """The summary of a room, computed again only if an answer came in or an answer got too old."""
        fleet, listed = view.fleet, self.listed(view.fleet, room)
        dispatches, people = fleet.dispatches.get(room, ()), fleet.participants.get(room)
        fresh = fleet.fresh_room(room)
        error = fleet.room_error(room) if fresh.failing_since is not None else ""
        known = self._rooms.get(room)
        if (
            known is not None
            and known.dispatches is dispatches
            and known.people is people
            and known.fresh is fresh
            and known.listed is listed
            and known.error == error
            and known.until > view.now
            and (known.types == self._types or not known.summary.waits)
        ):
            return known.summary
        self._learn(dispatches)
        found = summary(dispatches, evidence(view, room, listed, self._job_types))
        self.summarised += 1
        until = found.room.people_at + CHECKED_FOR if found.room.is_recent else inf
        self._rooms[room] = Known(dispatches, people, fresh, listed, error, self._types, until, found)
        return found

    def listed(self, fleet: Fleet, room: str) -> Room | None:
        """A room as it was listed; None if it was not."""
        if fleet.rooms is not self._listing:
            self._listing, self._listed = fleet.rooms, {item.name: item for item in fleet.rooms}
        return self._listed.get(room)

    def _learn(self, dispatches: Iterable[Dispatch]) -> None:
        """Note which types of jobs an agent gets."""
        for name, kind in {(item.agent_name, job.type) for item in dispatches for job in item.jobs}:
            types = self._job_types.setdefault(name, set())
            if str(kind) not in types:
                types.add(str(kind))
                self._types += 1

    def flatten(self, view: View, rooms: Iterable[str]) -> list[str]:
        """Keys of the lines to show for these rooms, in order; `nodes` describes them."""
        blocks = {room: self._block(view, room) for room in rooms}
        self._blocks |= blocks
        self.nodes = Nodes(blocks)
        if len(self._rooms) > 2 * len(view.fleet.rooms) + 64:  # rooms come and go all day
            alive = {room.name for room in view.fleet.rooms}
            self._rooms = {room: known for room, known in self._rooms.items() if room in alive}
            self._blocks = {room: block for room, block in self._blocks.items() if room in alive}
        return list(self.nodes)

    def _block(self, view: View, room: str) -> Block:
        total = self.of_room(view, room)
        known = self._blocks.get(room)
        if known is not None and known.summary is total:
            return known
        key = key_of(room)
        opened = self._chosen.get(key, _opens(total.worst, total.dispatches))
        nodes = {key: Node(key, "room", 0, total.dispatches, opened, total.worst)}
        if opened:
            self._dispatches(view.fleet, room, total.room, nodes)
        return Block(total, nodes)

    def _dispatches(self, fleet: Fleet, room: str, known: RoomEvidence, nodes: dict[str, Node]) -> None:
        agent_of, dispatches = agents_in(known.people or ()), fleet.dispatches.get(room, ())
        for dispatch in dispatches:
            room_then = known.of(dispatch.id)
            worst = dispatch_worst(dispatch, room_then)
            key = key_of(room, dispatch.id)
            opened = self._chosen.get(key, _opens(worst, len(dispatches)))
            nodes[key] = Node(key, "dispatch", 1, len(dispatch.jobs), opened, worst)
            if not opened:
                continue
            for job in dispatch.jobs:
                job_key = key_of(room, dispatch.id, job.id)
                agent = agent_of(job)
                shown = agent is not None and self._chosen.get(job_key, False)
                bad = job_condition(job, room_then).worst
                nodes[job_key] = Node(job_key, "job", 2, 0 if agent is None else 1, shown, bad)
                if shown:
                    person = f"person:{room}\0{dispatch.id}\0{job.id}"
                    nodes[person] = Node(person, "participant", 3, 0, False, Worst.IDLE)


def _opens(worst: Worst, dispatches: int) -> bool:
    return worst >= Worst.DOUBT and dispatches <= OPENS_UP_TO


def key_of(room: str, dispatch_id: str = "", job_id: str = "") -> str:
    """The key of a job; of a dispatch without `job_id`; of a room without both. `split` reverses it."""
    if job_id:
        return f"job:{room}\0{dispatch_id}\0{job_id}"
    return f"dispatch:{room}\0{dispatch_id}" if dispatch_id else f"room:{room}"


def every_key(fleet: Fleet) -> Iterator[str]:
    """The keys of every node that can be opened."""
    for room in fleet.rooms:
        yield key_of(room.name)
        for dispatch in fleet.dispatches.get(room.name, ()):
            yield key_of(room.name, dispatch.id)
            yield from (key_of(room.name, dispatch.id, job.id) for job in dispatch.jobs)


def split(key: str) -> tuple[str, str, str]:
    """Room, dispatch id and job id of a key; empty for the parts that it lacks."""
    _, _, rest = key.partition(":")
    room, dispatch, job, *_ = (*rest.split("\0"), "", "")
    return room, dispatch, job


def find_dispatch(fleet: Fleet, room: str, dispatch_id: str) -> Dispatch | None:
    """A dispatch by room and id."""
    return next((item for item in fleet.dispatches.get(room, ()) if item.id == dispatch_id), None)


def find_key(fleet: Fleet, identity: str) -> str:
    """The key of the dispatch or job with this id; empty if no polled room has it."""
    if not identity:
        return ""
    for room, dispatches in fleet.dispatches.items():
        for item in dispatches:
            if item.id == identity:
                return key_of(room, item.id)
            if any(job.id == identity for job in item.jobs):
                return key_of(room, item.id, identity)
    return ""


def owner_name(fleet: Fleet, room: str, dispatch_id: str) -> str:
    """The agent name of a dispatch; for a room, the one that its dispatches share. Empty if there is none."""
    found = find_dispatch(fleet, room, dispatch_id)
    items = (found,) if found else fleet.dispatches.get(room, ())
    names = {item.agent_name for item in items if item.agent_name}
    return names.pop() if len(names) == 1 else ""


def rooms_by_worst(fleet: Fleet, worst: Mapping[str, Worst]) -> list[str]:
    """Room names, worst first, then by name.

    Whether presence was checked decides nothing: rooms are checked in turn, and would move about.
    """

    def rank(room: str) -> int:
        found = worst.get(room, Worst.IDLE)
        return Worst.RUNNING if found is Worst.UNCHECKED else found

    return sorted((room.name for room in fleet.rooms), key=lambda name: (-rank(name), name))


ROOM_SORTS: Final = ("node", "state", "age")
"""The columns of the tree that rooms are sorted by."""


def sorted_rooms(fleet: Fleet, worst: Mapping[str, Worst], sort: str, *, reverse: bool) -> list[str]:
    """Room names by one of `ROOM_SORTS`, the newest first by age; worst first without one."""
    found = rooms_by_worst(fleet, worst)
    if sort == "node":
        found.sort()
    elif sort == "age":
        created = {room.name: room.creation_time for room in fleet.rooms}
        found.sort(key=lambda name: -created[name])
    return found[::-1] if reverse else found
