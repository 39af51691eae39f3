"""What is told of agents that differ between two listings, in words. Must not know how that was found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from tui.api.models import Agent, Deployment, Event, instant
from tui.fleet.past import Kind, Severity, Subject
from tui.fleet.status import Family, Status, replicas, status, worst
from tui.formats import version_tag
from tui.history.events.drafts import Draft, counted, told

Pair = tuple[Agent, Agent]
"""An agent as it is and as it was."""

Increase = tuple[Agent, int, int]
"""An agent, how many more events of a type were counted of it, and how many in all."""

UNSEEN: Final = "not observed"
"""The word for a status that is empty on the wire."""

_COUNTED: Final[Mapping[str, tuple[Kind, Severity, str]]] = {
    "AGENT_EVENT_TYPE_APPLICATION_CRASHED": (Kind.CRASH, Severity.ERROR, "crashed"),
    "AGENT_EVENT_TYPE_RESTARTED_HIGH_MEMORY_USAGE": (Kind.MEMORY, Severity.WARNING, "restarted: memory high"),
    "AGENT_EVENT_TYPE_RESTARTED_HIGH_DISK_USAGE": (Kind.DISK, Severity.WARNING, "restarted: disk full"),
}
"""Event type → what it is told as."""


class ReplicaMove(Struct, frozen=True, gc=False):
    """Replicas of an agent that have changed within the last minute. Times in Unix seconds."""

    begun: float
    before: int


class Told(Struct, frozen=True, gc=False):
    """Crashes or restarts of an agent that were told within the last minute."""

    at: float
    """Unix seconds."""
    count: int
    """How many had been counted in all."""


def states(rows: Iterable[Deployment]) -> dict[tuple[str, str], str]:
    """Names of the statuses of deployments, by region and deployment name."""
    return {(row.region, row.deployment): status(row.status).name for row in rows}


def of_agent(agent: Agent) -> Subject:
    """An agent as the subject of an event."""
    return Subject(agent_id=agent.agent_id, agent_name=agent.name)


def _severity(now: Status, before: Status) -> Severity:
    if now.family is Family.ERROR:
        return Severity.ERROR
    if now.family is Family.UNKNOWN:
        return Severity.WARNING if now.name else Severity.INFO
    if now.family is Family.HEALTHY and before.family is not Family.SLEEP:
        return Severity.GOOD
    return Severity.INFO


def restatements(pairs: Sequence[Pair]) -> list[Draft]:
    """Other statuses, of agents or some of their deployments."""
    return told(pairs, _restated, _restatements)


def _restated(pair: Pair) -> Draft:
    agent, old = pair
    rows, was = agent.agent_deployments, states(old.agent_deployments)
    steps = [(row, status(row.status), status(was.get((row.region, row.deployment), ""))) for row in rows]
    steps = [step for step in steps if step[1].name != step[2].name]
    if not steps:
        lost = sorted(was.keys() - states(rows).keys())
        words = ", ".join("/".join(filter(None, key)) for key in lost)
        return Draft(Kind.STATUS, Severity.INFO, f"no deployment in {words} any more", of_agent(agent))
    steps.sort(key=lambda step: step[1].severity)
    groups: dict[tuple[str, str], list[Deployment]] = {}
    for row, now, before in steps:
        groups.setdefault((now.name, before.name), []).append(row)
    lines = [_step(name, before, where, len(rows)) for (name, before), where in groups.items()]
    _, now, before = steps[0]
    return Draft(
        Kind.STATUS,
        _severity(now, before),
        lines[0],
        of_agent(agent),
        detail=" · ".join(lines[1:]),
        before=before.name,
        after=now.name,
    )


def _step(name: str, before: str, where: Sequence[Deployment], total: int) -> str:
    places = ", ".join("/".join(filter(None, (row.region, row.deployment))) for row in where)
    place = f" in {places}" if total > 1 and places else ""
    return f"{name or UNSEEN}{place} (was {before or UNSEEN})"


def _restatements(pairs: Sequence[Pair]) -> list[Draft]:
    def draft(name: str, ids: tuple[str, ...]) -> Draft:
        state = status(name)
        severity = _severity(state, state) if name else Severity.WARNING
        words = f"{len(ids):,} agents: {name or 'other statuses'}"
        return Draft(Kind.STATUS, severity, words, after=name, ids=ids)

    names: dict[str, str] = {}  # by status as it came: it may be all agents

    def name_of(pair: Pair) -> str:
        rows = pair[0].agent_deployments
        if len(rows) != 1:
            return worst(pair[0]).name or UNSEEN
        text = rows[0].status
        return names.get(text) or names.setdefault(text, status(text).name or UNSEEN)

    return counted(pairs, group=name_of, identity=_id, draft=draft)


def _id(pair: Pair) -> str:
    return pair[0].agent_id


def counts(found: Mapping[str, Sequence[Increase]]) -> list[Draft]:
    """Crashes and restarts that were counted, by the type of their event."""
    return [
        draft
        for kind, several in found.items()
        for draft in told(several, _happened(kind), _happenings(kind))
    ]


def increases(pairs: Iterable[Pair]) -> dict[str, list[Increase]]:
    """By type of event, agents of which more were counted."""
    found: dict[str, list[Increase]] = {}
    for agent, old in pairs:
        for kind, (more, total) in _increases(agent, old).items():
            found.setdefault(kind, []).append((agent, more, total))
    return found


def count_of(agent: Agent, kind: str) -> int:
    """How many events of a type were counted of an agent."""
    return sum(event.count for row in agent.agent_deployments for event in row.events if event.type == kind)


def _increases(agent: Agent, old: Agent) -> dict[str, tuple[int, int]]:
    """By type of event: how many more there are, and how many in all."""
    before = {(row.region, row.deployment): row.events for row in old.agent_deployments}
    found: dict[str, tuple[int, int]] = {}
    for row in agent.agent_deployments:
        known = before.get((row.region, row.deployment))
        if known is None or known == row.events:
            continue  # a deployment that is new brings its count along
        counts = {str(event.type): event.count for event in known}
        for event in row.events:
            kind = str(event.type)
            if (more := event.count - counts.get(kind, 0)) > 0:
                so_far = found.get(kind, (0, 0))
                found[kind] = (so_far[0] + more, so_far[1] + event.count)
    return found


def _told_as(kind: str) -> tuple[Kind, Severity, str]:
    words = kind.removeprefix("AGENT_EVENT_TYPE_").replace("_", " ").lower()
    return _COUNTED.get(kind, (Kind.RESTART, Severity.WARNING, words))


def _happened(kind: str) -> Callable[[Increase], Draft]:
    known, severity, words = _told_as(kind)

    def one(item: Increase) -> Draft:
        agent, more, total = item
        times = f" ×{more}" if more > 1 else ""
        so_far = f", ×{total} so far" if total > more else ""
        at = _newest(agent, kind)
        return Draft(
            known,
            severity,
            f"{words}{times}{so_far}",
            of_agent(agent),
            before=str(total - more),
            after=str(total),
            at=at,
        )

    return one


def _newest(agent: Agent, kind: str) -> float | None:
    """When that happened last by the server's word."""
    events: Iterable[Event] = (event for row in agent.agent_deployments for event in row.events)
    return max(
        (at for item in events if str(item.type) == kind and (at := instant(item.timestamp))), default=None
    )


def _happenings(kind: str) -> Callable[[Sequence[Increase]], list[Draft]]:
    known, severity, words = _told_as(kind)

    def many(items: Sequence[Increase]) -> list[Draft]:
        times = sum(more for _, more, _ in items)
        ids = tuple(agent.agent_id for agent, _, _ in items)
        return [Draft(known, severity, f"{len(ids):,} agents {words}, ×{times}", ids=ids)]

    return many


def deploys(pairs: Sequence[Pair]) -> list[Draft]:
    """Another version, or the same one deployed again."""
    return told(pairs, _deploy, _deploys)


def _deploy(pair: Pair) -> Draft:
    agent, old = pair
    at = instant(agent.deployed_at)
    if agent.version == old.version:
        words = f"version {version_tag(agent.version)} deployed again"
    elif old.never_deployed:
        words = f"version {version_tag(agent.version)}, its first"
    else:
        words = f"version {version_tag(agent.version)} (was {version_tag(old.version)})"
    return Draft(
        Kind.VERSION, Severity.INFO, words, of_agent(agent), before=old.version, after=agent.version, at=at
    )


def _deploys(pairs: Sequence[Pair]) -> list[Draft]:
    ids = tuple(map(_id, pairs))
    return [Draft(Kind.VERSION, Severity.INFO, f"{len(ids):,} agents have another version", ids=ids)]


def appearances(agents: Sequence[Agent]) -> list[Draft]:
    """Agents that are new."""
    return told(agents, _appeared, lambda many: _several(many, "new", Severity.INFO))


def disappearances(agents: Sequence[Agent]) -> list[Draft]:
    """Agents that are listed no more."""
    return told(agents, _vanished, lambda many: _several(many, "gone", Severity.WARNING))


def _appeared(agent: Agent) -> Draft:
    name = worst(agent).name
    return Draft(Kind.AGENT, Severity.INFO, f"new agent: {name or UNSEEN}", of_agent(agent), after=name)


def _vanished(agent: Agent) -> Draft:
    name = worst(agent).name
    words = f"gone from the list (was {name or UNSEEN})"
    return Draft(Kind.AGENT, Severity.WARNING, words, of_agent(agent), before=name)


def _several(agents: Sequence[Agent], word: str, severity: Severity) -> list[Draft]:
    ids = tuple(agent.agent_id for agent in agents)
    return [Draft(Kind.AGENT, severity, f"{len(ids):,} agents {word}", ids=ids)]


def movements(items: Sequence[tuple[Agent, ReplicaMove]]) -> list[Draft]:
    """Replicas that have come to more or fewer."""
    return told(items, _moved, _movements)


def _moved(item: tuple[Agent, ReplicaMove]) -> Draft:
    agent, move = item
    now, least, _ = replicas(agent)
    state = worst(agent)
    severity = Severity.WARNING if now < least and state.family is not Family.SLEEP else Severity.INFO
    return Draft(
        Kind.REPLICAS,
        severity,
        f"replicas {move.before} → {now}",
        of_agent(agent),
        before=str(move.before),
        after=str(now),
        not_before=move.begun,
    )


def _movements(items: Sequence[tuple[Agent, ReplicaMove]]) -> list[Draft]:
    before = sum(move.before for _, move in items)
    now = sum(row.replicas for agent, _ in items for row in agent.agent_deployments)
    ids = tuple(agent.agent_id for agent, _ in items)
    words = f"{len(ids):,} agents: replicas {before} → {now}"
    return [Draft(Kind.REPLICAS, Severity.INFO, words, ids=ids)]
