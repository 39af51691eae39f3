"""The tree room → dispatch → job → participant as a flat list of keys, with the worst state below each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from itertools import chain
from typing import NamedTuple

from msgspec import Struct

from tui.api.models import Dispatch, Job, Participant, moment
from tui.fleet.state import Fleet

JOINS_WITHIN = 15.0
"""Seconds after its start within which a running job need not have its participant listed."""
SLOW_AFTER = 10.0
"""Seconds without a job after which a dispatch is a warning."""
STUCK_AFTER = 30.0
"""Seconds without a job after which it is a problem."""
ENDED = ("JS_SUCCESS", "JS_CANCELLED", 4)
"""Job states that ended without failure. Servers that do not know JS_CANCELLED yet send 4."""


class Worst(IntEnum):
    """How bad a node or anything below it is; higher is worse."""

    IDLE = 0
    DONE = 1
    RUNNING = 2
    WAITING = 3
    DOUBT = 4
    """Something may be wrong: a slow start, a state that may be outdated, an unknown status."""
    PROBLEM = 5


class Node(NamedTuple):
    """One line of the tree. A tuple, made in a third of the time: there may be a hundred thousand."""

    key: str
    kind: str
    """`room`, `dispatch`, `job` or `participant`."""
    depth: int
    children: int
    open: bool
    worst: Worst


class Summary(Struct, frozen=True):
    """What a room line shows of everything below it."""

    worst: Worst
    jobs: int
    running: int
    failed: int
    dispatches: int
    waits: bool = False
    """Something below it becomes worse with time alone."""


def job_worst(job: Job, people: Iterable[Participant] | None, now: float | None = None) -> Worst:
    """How bad a job is. A RUNNING job whose participant is not in the room is in doubt.

    Open-source servers never update the state of a job.
    """
    status = job.state.status if job.state else "JS_PENDING"
    if status == "JS_FAILED":
        return Worst.PROBLEM
    if status == "JS_RUNNING":
        return Worst.DOUBT if is_stale(job, people, now) else Worst.RUNNING
    if status == "JS_PENDING":
        return Worst.WAITING
    return Worst.DONE if status in ENDED else Worst.DOUBT


def is_stale(job: Job, people: Iterable[Participant] | None, now: float | None = None) -> bool:
    """Whether a job is RUNNING for the server although its participant is not in the room.

    False while the participants are unknown, and for a job that began just before `now`, in Unix seconds:
    participants are listed less often than jobs.
    """
    if job.state is None or not job.state.participant_identity or people is None:
        return False
    started = moment(job.state.started_at)
    if now is not None and started is not None and now - started < JOINS_WITHIN:
        return False
    return all(person.identity != job.state.participant_identity for person in people)


def waiting_for(dispatch: Dispatch, now: float) -> float | None:
    """Seconds that a dispatch has been without any job; None if it has one or its age is not known."""
    created = moment(dispatch.state.created_at) if dispatch.state else None
    return None if dispatch.jobs or created is None else max(0.0, now - created)


def pick_up(dispatch: Dispatch) -> float | None:
    """Seconds from a dispatch's creation to its first job's start; None while none started."""
    created = moment(dispatch.state.created_at) if dispatch.state else None
    starts = [at for job in dispatch.jobs if job.state and (at := moment(job.state.started_at))]
    return max(0.0, min(starts) - created) if created and starts else None


def dispatch_worst(dispatch: Dispatch, people: Iterable[Participant] | None, now: float) -> Worst:
    """How bad a dispatch with its jobs is. No job yet is normal at first, then a problem."""
    if dispatch.jobs:
        listed = tuple(people) if people is not None else None
        return max(job_worst(job, listed, now) for job in dispatch.jobs)
    if not dispatch.agent_name:
        return Worst.IDLE  # automatic dispatch: no worker has to take it
    waited = waiting_for(dispatch, now)
    if waited is None or waited < SLOW_AFTER:
        return Worst.WAITING
    return Worst.DOUBT if waited < STUCK_AFTER else Worst.PROBLEM


def summary(dispatches: Iterable[Dispatch], people: Iterable[Participant] | None, now: float) -> Summary:
    """The summary of a room's dispatches."""
    items = tuple(dispatches)
    listed = tuple(people) if people is not None else None
    states = [job.state.status if job.state else "" for item in items for job in item.jobs]
    worsts = {dispatch_worst(item, listed, now) for item in items}
    return Summary(
        max(worsts, default=Worst.IDLE),
        len(states),
        states.count("JS_RUNNING"),
        states.count("JS_FAILED"),
        len(items),
        waits=not worsts.isdisjoint((Worst.WAITING, Worst.DOUBT)),
    )


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


class Tree:
    """The visible lines. Remembers what the operator opened and closed, and the lines of unchanged rooms."""

    def __init__(self) -> None:
        self._chosen: dict[str, bool] = {}
        self._rooms: dict[str, tuple[object, object, float, Summary]] = {}
        self._blocks: dict[str, Block] = {}
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

    def of_room(self, fleet: Fleet, room: str, now: float) -> Summary:
        """The summary of a room, computed again only if it changed or if something in it waits."""
        dispatches = fleet.dispatches.get(room, ())
        people = fleet.participants.get(room)
        known = self._rooms.get(room)
        if known and known[0] is dispatches and known[1] is people and now < known[2]:
            return known[3]
        found = summary(dispatches, people, now)
        self.summarised += 1
        self._rooms[room] = (dispatches, people, now + (5.0 if found.waits else 3600.0), found)
        return found

    def flatten(self, fleet: Fleet, rooms: Iterable[str], now: float) -> list[str]:
        """Keys of the lines to show for these rooms, in order; `nodes` describes them."""
        blocks = {room: self._block(fleet, room, now) for room in rooms}
        self._blocks |= blocks
        self.nodes = Nodes(blocks)
        if len(self._rooms) > 2 * len(fleet.rooms) + 64:  # rooms come and go all day
            alive = {room.name for room in fleet.rooms}
            self._rooms = {room: known for room, known in self._rooms.items() if room in alive}
            self._blocks = {room: block for room, block in self._blocks.items() if room in alive}
        return list(self.nodes)

    def _block(self, fleet: Fleet, room: str, now: float) -> Block:
        total = self.of_room(fleet, room, now)
        known = self._blocks.get(room)
        if known is not None and known.summary is total:
            return known
        key = key_of(room)
        opened = self._chosen.get(key, total.worst >= Worst.DOUBT)
        nodes = {key: Node(key, "room", 0, total.dispatches, opened, total.worst)}
        if opened:
            self._dispatches(fleet, room, now, nodes)
        return Block(total, nodes)

    def _dispatches(self, fleet: Fleet, room: str, now: float, nodes: dict[str, Node]) -> None:
        people = fleet.participants.get(room)
        for dispatch in fleet.dispatches.get(room, ()):
            worst = dispatch_worst(dispatch, people, now)
            key = key_of(room, dispatch.id)
            opened = self._chosen.get(key, worst >= Worst.DOUBT)
            nodes[key] = Node(key, "dispatch", 1, len(dispatch.jobs), opened, worst)
            if not opened:
                continue
            for job in dispatch.jobs:
                job_key = key_of(room, dispatch.id, job.id)
                shown = self._chosen.get(job_key, False) and job.participant is not None
                bad = job_worst(job, people, now)
                nodes[job_key] = Node(job_key, "job", 2, 1 if job.participant else 0, shown, bad)
                if shown:
                    person = f"person:{room}\0{dispatch.id}\0{job.id}"
                    nodes[person] = Node(person, "participant", 3, 0, False, Worst.IDLE)


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
    """Room names, worst first, then by name."""
    return sorted((room.name for room in fleet.rooms), key=lambda name: (-worst.get(name, Worst.IDLE), name))
