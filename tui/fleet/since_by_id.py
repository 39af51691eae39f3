"""Since when agents and deployments have their status, by id, kept small. Must not know who finds that out.

Fifty thousand agents in three regions are two hundred thousand ids. What is the same of many is kept once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from tui.fleet.past import Since

MOST_SHARED: Final = 1_000
"""Lists of deployments that are shared by the agents that have the same."""


class OfAgent(Struct, frozen=True, gc=False):
    """Of one agent and its deployments."""

    rests: tuple[str, ...]
    """What follows the agent's id in each id: empty for the agent's own, else which deployment it is."""
    since: tuple[Since, ...]
    """Since when each has its status."""

    def by_rest(self) -> dict[str, Since]:
        """Since when each has its status, by what follows the agent's id."""
        return dict(zip(self.rests, self.since, strict=True))


_NOTHING: Final = OfAgent((), ())


class SinceById(Mapping[str, Since]):
    """By an agent's id, and by what `deployment_key` makes of a deployment."""

    __slots__ = ("_by_agent", "_count", "_rests")

    def __init__(self, items: Iterable[tuple[str, Since]] = ()) -> None:
        """Of these ids; the last word on one counts."""
        self._by_agent: dict[str, OfAgent] = {}
        """By what stands before the first slash: the agent's id, as no server gives one that has a slash."""
        self._count = 0
        self._rests: dict[tuple[str, ...], tuple[str, ...]] = {}
        for id, since in items:
            agent_id, rest = _parted(id)
            self.note(agent_id, {rest: since})

    def __getitem__(self, id: str) -> Since:
        agent_id, rest = _parted(id)
        held = self._by_agent.get(agent_id, _NOTHING)
        if rest not in held.rests:
            raise KeyError(id)
        return held.since[held.rests.index(rest)]

    def __iter__(self) -> Iterator[str]:
        return (agent_id + rest for agent_id, held in self._by_agent.items() for rest in held.rests)

    def __len__(self) -> int:
        return self._count

    def of(self, agent_id: str) -> OfAgent:
        """What is known of an agent."""
        first, rest = _parted(agent_id)
        found = self._by_agent.get(first, _NOTHING)
        if not rest:
            return found
        own = {name[len(rest) :]: since for name, since in found.by_rest().items() if name.startswith(rest)}
        return OfAgent(tuple(own), tuple(own.values()))

    def alike(self) -> Iterable[tuple[OfAgent, Sequence[str]]]:
        """What is known, each with the ids of the agents of which it is kept once."""
        found: dict[int, tuple[OfAgent, list[str]]] = {}
        for agent_id, held in self._by_agent.items():
            found.setdefault(id(held), (held, []))[1].append(agent_id)
        return found.values()

    def copy(self) -> SinceById:
        """Another one, to be changed."""
        found = SinceById()
        found._by_agent, found._count, found._rests = self._by_agent.copy(), self._count, self._rests
        return found

    def updated(self, later: SinceById) -> SinceById:
        """Another one, with these in place of those of the same ids."""
        found = self.copy()
        for agent_id, held in later._by_agent.items():
            found.note(agent_id, held.by_rest())
        return found

    def put(self, agent_id: str, held: OfAgent) -> None:
        """Keep of an agent these and no others. Its id has no slash."""
        self._count += len(held.rests) - len(self._by_agent.get(agent_id, _NOTHING).rests)
        self._by_agent[agent_id] = held

    def note(self, agent_id: str, news: Mapping[str, Since]) -> None:
        """Keep since when an agent and its deployments have their status, by what follows the agent's id."""
        if not news:
            return
        first, rest = _parted(agent_id)
        now = self._by_agent.get(first, _NOTHING).by_rest()
        now.update((rest + name, since) for name, since in news.items())
        self.put(first, OfAgent(self._shared(tuple(now)), tuple(now.values())))

    def _shared(self, rests: tuple[str, ...]) -> tuple[str, ...]:
        if len(self._rests) >= MOST_SHARED:
            self._rests.clear()
        return self._rests.setdefault(rests, rests)


def _parted(id: str) -> tuple[str, str]:
    """What stands before the first slash, and the rest with it."""
    first = id.partition("/")[0]
    return first, id[len(first) :]
