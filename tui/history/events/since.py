"""Since when a status holds: the narrowest bounds that the evidence allows. Must not know the screen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import structs

from tui.api.models import Agent, Deployment, instant
from tui.fleet.past import Since, Transition
from tui.fleet.status import Family, status

DEPLOY = "deploy"
"""The evidence of a status that came with the deploy of the version that has it."""


def first_seen(name: str, agent: Agent, rows: Iterable[Deployment], at: float) -> Since:
    """Of a status that was there when it was first looked at, at this time."""
    deployed = instant(agent.deployed_at)
    if deployed is not None and deployed > at:
        deployed = None  # the clocks differ by more than that
    last = _last_crash(name, rows)
    # an event's time is its last occurrence; one from before the deploy is of another version
    broken = last is not None and (deployed or 0.0) <= last <= at
    not_after = last if broken else at
    return Since(name, not_before=deployed, not_after=not_after, evidence=DEPLOY if deployed else "")


def changed(name: str, agent: Agent, rows: Iterable[Deployment], at: float, gap: float | None) -> Since:
    """Of a status that is there at this time and was not before; `gap` is the last answer before a gap."""
    if gap is None:
        return Since(name, at)
    found = first_seen(name, agent, rows, at)
    not_after = at if found.not_after is None or found.not_after < gap else found.not_after
    if found.not_before is None or found.not_before <= gap:
        return Since(name, not_before=gap, not_after=not_after)
    return Since(name, not_before=found.not_before, not_after=not_after, evidence=DEPLOY)


def across_gap(known: Since, agent: Agent, rows: Iterable[Deployment], at: float, gap: float) -> Since:
    """Of a status that is the same on both sides of a gap in which the agent was deployed or restarted.

    It may have been another one meanwhile, or not: it cannot be said to hold for longer than before, nor to
    have begun earlier than the first answer after the gap.
    """
    earliest = known.at if known.at is not None else known.not_before
    deployed = instant(agent.deployed_at)
    if deployed is not None and gap < deployed <= at:
        return changed(known.status, agent, rows, at, gap)
    is_by_ours = known.is_clock_unknown and earliest is not None
    return Since(known.status, None, earliest, at, known.evidence, is_by_ours)


def by_our_clock(since: Since, at: float) -> Since:
    """The same where the listing that told it was at this time by this machine's clock."""
    return structs.replace(since, is_clock_unknown=True) if at in (since.at, since.not_after) else since


def of_transitions(
    steps: Sequence[Transition], name: str, agent: Agent, rows: Sequence[Deployment]
) -> Since | None:
    """As it was known when the newest of these had happened; None if there is none, or another status.

    They are the oldest first; `agent` and `rows` are as they were later, before the next transition, with
    the status `name`.
    """
    if steps and not steps[-1].after and name:  # it was gone for a while, and had the same one after
        steps = steps[:-1]
    if not steps or steps[-1].after != name:
        return None
    last = steps[-1]
    found = _of_last(last, steps, agent, rows)
    return by_our_clock(found, last.at) if last.is_clock_unknown else found


def _of_last(
    last: Transition, steps: Sequence[Transition], agent: Agent, rows: Sequence[Deployment]
) -> Since:
    name = last.after
    if last.not_before is not None and last.not_before >= last.at:
        return Since(last.after, last.at)
    if last.before == last.after != "" and last.not_before is not None:  # the same on both sides of a gap
        begun = of_transitions(steps[:-1], name, agent, rows) or Since(last.after, not_after=last.at)
        return across_gap(begun, agent, rows, last.at, last.not_before)
    if not last.before and last.not_before is None:
        return first_seen(last.after, agent, rows, last.at)
    return changed(last.after, agent, rows, last.at, last.not_before)


def is_continuous(agent: Agent, old: Agent) -> bool:
    """Whether nothing shows that an agent with the same status had another one between two answers."""
    return (
        agent.deployed_at == old.deployed_at
        and agent.version == old.version
        and [row.events for row in agent.agent_deployments] == [row.events for row in old.agent_deployments]
    )


def _last_crash(name: str, rows: Iterable[Deployment]) -> float | None:
    """The newest crash of the deployments that are in this error state; None for no error or no crash."""
    state = status(name)
    if state.family is not Family.ERROR:
        return None
    times = (
        instant(event.timestamp)
        for row in rows
        if status(row.status).name == state.name
        for event in row.events
        if event.count and "CRASHED" in str(event.type)
    )
    return max((at for at in times if at is not None), default=None)
