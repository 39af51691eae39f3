"""What the arguments of commands are completed to, from live data. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tui.api.models import Agent
from tui.fleet.find import (
    agents_called,
    read_secrets,
    read_versions,
    unlisted_agents,
    unlisted_details,
    unlisted_rooms,
)
from tui.fleet.state import Fleet
from tui.operations.verbs.dispatch_checks import known_agent_names
from tui.ui.commandline.command import Completer

NONE: Sequence[str] = ()


def agents(fleet: Fleet, words: Sequence[str] = NONE) -> Iterable[str]:
    """Names and ids of agents."""
    for agent in fleet.agents:
        if agent.name and " " not in agent.name:
            yield agent.name
        yield agent.agent_id


def rooms(fleet: Fleet, words: Sequence[str] = NONE) -> Iterable[str]:
    """Room names."""
    return (room.name for room in fleet.rooms)


def ids(fleet: Fleet, words: Sequence[str] = NONE) -> Iterable[str]:
    """Everything that `:find` finds."""
    yield from agents(fleet)
    yield from rooms(fleet)
    for found in fleet.dispatches.values():
        for dispatch in found:
            yield dispatch.id
            yield from (job.id for job in dispatch.jobs)


def log_kinds(fleet: Fleet, words: Sequence[str] = NONE) -> Iterable[str]:
    """Kinds of log."""
    return ("deploy", "build")


def agent_names(fleet: Fleet, words: Sequence[str] = NONE) -> Iterable[str]:
    """Names that a dispatch may go to."""
    return known_agent_names(fleet)


def versions(fleet: Fleet, words: Sequence[str] = NONE) -> Iterable[str]:
    """Versions of the agent named before, except the current one."""
    found = _agent_named(fleet, words)
    known = read_versions(fleet, found.agent_id) if found is not None else ()
    return (version.version for version in known if not version.current)


def deployments(fleet: Fleet, words: Sequence[str] = NONE) -> Iterable[str]:
    """Named deployments of the agent named before."""
    found = _agent_named(fleet, words)
    rows = found.agent_deployments if found is not None else ()
    return dict.fromkeys(row.deployment for row in rows if row.deployment)


def secrets(fleet: Fleet, words: Sequence[str] = NONE) -> Iterable[str]:
    """Secrets of the agent named before."""
    found = _agent_named(fleet, words)
    known = read_secrets(fleet, found.agent_id) if found is not None else ()
    return (secret.name for secret in known)


def dispatches(fleet: Fleet, words: Sequence[str] = NONE) -> Iterable[str]:
    """Ids of dispatches, as far as the rooms were polled."""
    return (item.id for found in fleet.dispatches.values() for item in found)


def nothing(fleet: Fleet, words: Sequence[str] = NONE) -> Iterable[str]:
    """For an argument that cannot be completed."""
    return ()


def paths(fleet: Fleet, words: Sequence[str] = NONE) -> Iterable[str]:
    """For a path on this machine, which the prompt completes from the disk (`line.path_typed`)."""
    return ()


def unlisted(completer: Completer, fleet: Fleet, words: Sequence[str]) -> str:
    """Why a completer may not know what there is; empty where it does, and where it knows nothing."""
    if completer in (agents, agent_names, ids):
        return unlisted_agents(fleet)
    if completer is rooms:
        return unlisted_rooms(fleet)
    if completer not in (versions, secrets, deployments):
        return ""
    if (found := _agent_named(fleet, words)) is None:
        return unlisted_agents(fleet)
    if completer is deployments:
        return ""
    return unlisted_details(fleet, "versions" if completer is versions else "secrets", found.agent_id)


def _agent_named(fleet: Fleet, words: Sequence[str]) -> Agent | None:
    word = words[0] if words else ""
    return next(iter(agents_called(fleet, word)), None)
