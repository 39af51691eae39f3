"""What goes on happening to agents is told once a minute: replicas that move, crashes after a first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tui.api.models import Agent, Deployment
from tui.fleet.state import Fleet
from tui.history.events import agent_words as words
from tui.history.events.agent_words import Increase, Pair, ReplicaMove, Told

MOVES_FOR: Final = 60.0
"""Seconds for which replicas that move, and crashes after a first one, are gathered into one event."""
WORTH_TELLING: Final = 0.5
"""Share by which replicas have to change to be an event."""

CountKey = tuple[str, str]
"""An agent's id and a type of event that is counted of it."""


def running(rows: Sequence[Deployment]) -> int:
    """Replicas of some deployments."""
    return rows[0].replicas if len(rows) == 1 else sum(row.replicas for row in rows)


def moving(known: Mapping[str, ReplicaMove], moved: Iterable[Pair], at: float) -> Mapping[str, ReplicaMove]:
    """Replicas that move after some more began to, by agent id, oldest first."""
    news = {
        agent.agent_id: ReplicaMove(at, running(old.agent_deployments))
        for agent, old in moved
        if agent.agent_id not in known
    }
    return {**known, **news} if news else known


def first_of_minute(
    known: Mapping[CountKey, Told], found: Mapping[str, Sequence[Increase]]
) -> dict[str, list[Increase]]:
    """What is told at once: crashes and restarts of agents of which none were told a moment ago."""

    def is_first(agent: Agent, kind: str) -> bool:
        before = known.get((agent.agent_id, kind))
        return before is None or words.count_of(agent, kind) < before.count  # a deploy counts anew

    return {kind: [item for item in items if is_first(item[0], kind)] for kind, items in found.items()}


def told(
    known: Mapping[CountKey, Told], found: Mapping[str, Sequence[Increase]], at: float
) -> Mapping[CountKey, Told]:
    """What was told within the last minute, after more is, oldest first."""
    news = {
        (agent.agent_id, kind): Told(at, words.count_of(agent, kind))
        for kind, items in found.items()
        for agent, _, _ in items
    }
    return {**{key: value for key, value in known.items() if key not in news}, **news} if news else known


def due_moves(
    moves: Mapping[str, ReplicaMove], fleet: Fleet, at: float
) -> tuple[Mapping[str, ReplicaMove], list[tuple[Agent, ReplicaMove]]]:
    """What goes on moving, and what moved for a minute."""
    oldest = next(iter(moves.values()), None)
    if oldest is None or at - oldest.begun < MOVES_FOR:
        return moves, []
    due = {key: move for key, move in moves.items() if at - move.begun >= MOVES_FOR}
    found = [
        (agent, move)
        for key, move in due.items()
        if (agent := fleet.index.get(key)) is not None
        and _is_worth_telling(move.before, running(agent.agent_deployments))
    ]
    return {key: move for key, move in moves.items() if key not in due}, found


def due_counts(
    known: Mapping[CountKey, Told], fleet: Fleet, at: float
) -> tuple[Mapping[CountKey, Told], Mapping[str, Sequence[Increase]]]:
    """What stays told, and by type of event what was counted in the minute since something was."""
    oldest = next(iter(known.values()), None)
    if oldest is None or at - oldest.at < MOVES_FOR:
        return known, {}
    rest = {key: before for key, before in known.items() if at - before.at < MOVES_FOR}
    found: dict[str, list[Increase]] = {}
    for key, before in known.items():
        agent_id, kind = key
        agent = None if at - before.at < MOVES_FOR else fleet.index.get(agent_id)
        if agent is not None and (count := words.count_of(agent, kind)) > before.count:
            found.setdefault(kind, []).append((agent, count - before.count, count))
            rest[key] = Told(at, count)
    return rest, found


def _is_worth_telling(before: int, now: int) -> bool:
    return now != before and abs(now - before) >= WORTH_TELLING * before
