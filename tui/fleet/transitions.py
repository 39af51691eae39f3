"""Transitions, kept small: when a large fleet breaks there are two hundred thousand. Must not know why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from tui.fleet.past import Transition


class Alike(NamedTuple):
    """What transitions have in common. The fields are those of `Transition`."""

    rest: str
    """What follows the agent's id in each of their ids; empty for those of agents themselves."""
    before: str
    after: str
    not_before: float | None
    at: float
    is_clock_unknown: bool

    def of(self, agent_id: str) -> Transition:
        """The one of an agent."""
        rest, before, after, not_before, at, is_clock_unknown = self
        return Transition(agent_id + rest, before, after, not_before, at, is_clock_unknown)


@dataclass(frozen=True, slots=True)
class Transitions:
    """Transitions of one step, or of several in their order, which are made when they are looked at.

    Those of one step that differ in nothing but the agent are kept as the ids of the agents.
    """

    parts: tuple[tuple[Alike, tuple[str, ...]], ...] = ()

    def __iter__(self) -> Iterator[Transition]:
        return (alike.of(id) for alike, ids in self.parts for id in ids)

    def __len__(self) -> int:
        return sum(len(ids) for _, ids in self.parts)

    def __add__(self, later: Transitions) -> Transitions:
        return Transitions(self.parts + later.parts)

    def newest(self, most: int) -> Transitions:
        """No more than so many of them, the last."""
        parts: list[tuple[Alike, tuple[str, ...]]] = []
        for alike, ids in reversed(self.parts):
            if most <= 0:
                break
            parts.append((alike, ids[-most:]))
            most -= len(ids)
        return Transitions(tuple(reversed(parts)))


NONE: Final = Transitions()


def in_order(transitions: Iterable[Transition]) -> Transitions:
    """Such as were read."""
    return Transitions(
        tuple(
            (Alike("", item.before, item.after, item.not_before, item.at, item.is_clock_unknown), (item.id,))
            for item in transitions
        )
    )


@dataclass(frozen=True, slots=True)
class Gathered:
    """Transitions of one step while they are found, in any order: none is of the same subject as another."""

    at: float
    is_clock_unknown: bool
    ids: dict[Alike, list[str]] = field(default_factory=dict)
    """Of the agents, by what their transitions have in common."""

    def ids_of(self, rest: str, before: str, after: str, not_before: float | None) -> list[str]:
        """Where to add ids of agents; `rest` is what follows each in the id of its transition."""
        alike = Alike(rest, before, after, not_before, self.at, self.is_clock_unknown)
        return self.ids.setdefault(alike, [])

    def all(self) -> Transitions:
        """Those that were found."""
        return Transitions(tuple((alike, tuple(ids)) for alike, ids in self.ids.items()))
