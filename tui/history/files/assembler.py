"""Puts fleets together from their differences. Pure; knows no bytes and no file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from itertools import accumulate, islice
from types import GenericAlias
from typing import Final, Generic, TypeVar

import msgspec
from msgspec import UnsetType, structs

from tui.api.models import Agent, Deployment, Room, Wire
from tui.fleet.state import Fleet, differing, index_after
from tui.history.files.codec import (
    DEPLOYMENTS,
    NEW,
    ROWS,
    Columns,
    DamagedSample,
    Difference,
    Entries,
    Listing,
)

W = TypeVar("W", bound=Wire)
V = TypeVar("V")


class Assembler:
    """Puts a fleet together from differences, one after the other."""

    def __init__(self, fleet: Fleet) -> None:
        """`fleet` is the one that the first difference begins with."""
        self._fleet = fleet
        self._agents = _Rows(Agent, fleet.agents)
        self._rooms = _Rows(Room, fleet.rooms)

    def add(self, found: Difference, metrics: Columns) -> None:
        """Apply one. Raises `DamagedSample` if it does not fit."""
        held = self._fleet
        self._fleet = replace(
            held,
            statuses=_scalar(found.statuses, held.statuses),
            status_changed_at=_scalar(found.status_changed_at, held.status_changed_at),
            unreadable=_scalar(found.unreadable, held.unreadable),
            rooms_lost=_scalar(found.rooms_lost, held.rooms_lost),
            coverage=_scalar(found.coverage, held.coverage),
            cut=_merged(found.cut, held.cut),
            unreadable_rows=_merged(found.unreadable_rows, held.unreadable_rows),
            unlisted=_merged(found.unlisted, held.unlisted),
            versions=_merged(found.versions, held.versions),
            secrets=_merged(found.secrets, held.secrets),
            secrets_at=_merged(found.secrets_at, held.secrets_at),
            log_errors=_merged(found.log_errors, held.log_errors),
            dispatches=_merged(found.dispatches, held.dispatches),
            participants=_merged(found.participants, held.participants),
            agents_seen=_merged(found.agents_seen, held.agents_seen),
            room_freshness=_merged(found.room_freshness, held.room_freshness),
            freshness=_merged(found.freshness, held.freshness),
        )
        if found.agents is not None:
            self._agents.add(found.agents)
        if metrics:
            self._agents.add(Listing(rows=metrics))
        if found.rooms is not None:
            self._rooms.add(found.rooms)

    def fleet(self, near: Fleet | None = None) -> Fleet:
        """The fleet after all of them. `near` is one with an index, which mostly has the same agents."""
        found = self.point()
        if len(found.index) != len(found.agents):
            known = near or Fleet()
            index = index_after(known, found.agents, differing(known.agents, found.agents))
            self._fleet = found = replace(found, index=index)
        return found

    def point(self) -> Fleet:
        """The same to go on from later: where agents differ, it has no index of them."""
        agents, rooms = self._agents.rows(), self._rooms.rows()
        if agents is not self._fleet.agents:
            self._fleet = replace(self._fleet, agents=agents, index={})
        if rooms is not self._fleet.rooms:
            self._fleet = replace(self._fleet, rooms=rooms)
        return self._fleet


def _scalar(value: V | UnsetType, held: V) -> V:
    return held if isinstance(value, UnsetType) else value


def _merged(found: Entries[V] | None, held: Mapping[str, V]) -> Mapping[str, V]:
    if found is None:
        return held
    after = {**held, **found.set}
    for key in found.gone:
        after.pop(key, None)
    return after


class _Rows(Generic[W]):
    """A list that changes. Fields are set all at once when it is asked for."""

    def __init__(self, kind: type[W], rows: tuple[W, ...]) -> None:
        self._types = _types(kind)
        self._held = rows
        self._rows = list(rows)
        self._fields: dict[int, dict[str, object]] = {}
        self._deployments: dict[int, dict[str, object]] = {}
        self._is_changed = False

    def add(self, found: Listing[W]) -> None:
        """Apply a difference. Raises `DamagedSample` if it does not fit."""
        self._is_changed = True
        if found.order is not None:
            self._set()
            new = iter(found.new)
            rows: list[W] = []
            for start, length in found.order:
                rows += islice(new, length) if start == NEW else self._rows[start : start + length]
            self._rows = rows
        elif DEPLOYMENTS in found.fields:
            self._set()
        _collect(found.fields, self._types, self._fields)
        _collect(found.rows, _DEPLOYMENT_TYPES, self._deployments)

    def rows(self) -> tuple[W, ...]:
        """The list as it is now; the same object if it did not change."""
        if self._is_changed:
            self._set()
            self._held = tuple(self._rows)
            self._is_changed = False
        return self._held

    def _set(self) -> None:
        """Set the fields that were collected."""
        rows, changed = self._rows, structs.replace
        try:
            for position, values in self._fields.items():
                rows[position] = changed(rows[position], **values)
            for place, values in self._deployments.items():
                position, number = divmod(place, ROWS)
                agent = rows[position]
                if not isinstance(agent, Agent):
                    raise DamagedSample("a room has no deployments")
                held = agent.agent_deployments
                row = changed(held[number], **values)
                after = (row,) if len(held) == 1 else (*held[:number], row, *held[number + 1 :])
                rows[position] = changed(agent, agent_deployments=after)
        except (IndexError, TypeError) as error:
            raise DamagedSample(str(error)) from error
        self._fields, self._deployments = {}, {}


def _collect(columns: Columns, types: Mapping[str, GenericAlias], into: dict[int, dict[str, object]]) -> None:
    """Sort values in columns by row."""
    for field, (distances, values) in columns.items():
        try:
            typed = msgspec.convert(values, types[field])
        except (KeyError, msgspec.ValidationError) as error:
            raise DamagedSample(str(error)) from error
        for position, value in zip(accumulate(distances), typed, strict=False):
            if (row := into.get(position)) is None:
                into[position] = {field: value}
            else:
                row[field] = value


@cache
def _types(kind: type[Wire]) -> dict[str, GenericAlias]:
    """By field, the type of a list of its values."""
    return {field.name: GenericAlias(list, (field.type,)) for field in structs.fields(kind)}


_DEPLOYMENT_TYPES: Final = _types(Deployment)
