"""What `:` understands, as data: names, arguments, help, completion from live data. No widgets."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from tui.api.models import Agent
from tui.fleet.state import Fleet
from tui.operations.registry import OPERATIONS
from tui.ui.commandline.lk import NotOurs, ours

Names = Callable[[Fleet, Sequence[str]], Iterable[str]]
"""Completions of one argument, given the ones before it."""
NOTHING: Sequence[str] = ()
MOST = 50
"""Completions that are looked for."""


class Command(Struct, frozen=True):
    """One word after the colon."""

    name: str
    usage: str
    help: str
    arguments: tuple[Names, ...] = ()
    """What each argument may be completed to."""


def agents(fleet: Fleet, words: Sequence[str] = NOTHING) -> Iterable[str]:
    """Names and ids of agents."""
    for agent in fleet.agents:
        if agent.name and " " not in agent.name:
            yield agent.name
        yield agent.agent_id


def rooms(fleet: Fleet, words: Sequence[str] = NOTHING) -> Iterable[str]:
    """Room names."""
    return (room.name for room in fleet.rooms)


def ids(fleet: Fleet, words: Sequence[str] = NOTHING) -> Iterable[str]:
    """Everything that `:find` finds."""
    yield from agents(fleet)
    yield from rooms(fleet)
    for dispatches in fleet.dispatches.values():
        for dispatch in dispatches:
            yield dispatch.id
            yield from (job.id for job in dispatch.jobs)


def kinds(fleet: Fleet, words: Sequence[str] = NOTHING) -> Iterable[str]:
    """Kinds of log."""
    return ("deploy", "build")


def names(fleet: Fleet, words: Sequence[str] = NOTHING) -> Iterable[str]:
    """Names of agents, to dispatch to."""
    return dict.fromkeys(agent.name for agent in fleet.agents if agent.name)


def versions(fleet: Fleet, words: Sequence[str] = NOTHING) -> Iterable[str]:
    """Versions of the agent named before, but for the current one."""
    found = _agent_named(fleet, words)
    known = fleet.versions.get(found.agent_id, ()) if found is not None else ()
    return (version.version for version in known if not version.current)


def deployments(fleet: Fleet, words: Sequence[str] = NOTHING) -> Iterable[str]:
    """Named deployments of the agent named before."""
    found = _agent_named(fleet, words)
    rows = found.agent_deployments if found is not None else ()
    return dict.fromkeys(row.deployment for row in rows if row.deployment)


def secrets(fleet: Fleet, words: Sequence[str] = NOTHING) -> Iterable[str]:
    """Secrets of the agent named before."""
    found = _agent_named(fleet, words)
    known = fleet.secrets.get(found.agent_id, ()) if found is not None else ()
    return (secret.name for secret in known)


def dispatches(fleet: Fleet, words: Sequence[str] = NOTHING) -> Iterable[str]:
    """Ids of dispatches, as far as the rooms were polled."""
    return (item.id for found in fleet.dispatches.values() for item in found)


def nothing(fleet: Fleet, words: Sequence[str] = NOTHING) -> Iterable[str]:
    """What cannot be completed."""
    return ()


def paths(fleet: Fleet, words: Sequence[str] = NOTHING) -> Iterable[str]:
    """A path on this machine: no name of the fleet. The disk completes it (`path_typed`)."""
    return ()


def _agent_named(fleet: Fleet, words: Sequence[str]) -> Agent | None:
    word = words[0] if words else ""
    return fleet.agent(word) or next((agent for agent in fleet.agents if agent.name == word), None)


_COMPLETED: Mapping[str, Names] = {
    "agent": agents,
    "agent_name": names,
    "version": versions,
    "deployment": deployments,
    "room": rooms,
    "dispatch": dispatches,
    "secret": secrets,
}
"""Kind of an operation's argument → what it may be completed to."""


COMMANDS: tuple[Command, ...] = (
    Command("agents", "agents [FILTER]", "the list of agents, filtered"),
    Command("status", "status [AGENT]", "deployments of an agent", (agents,)),
    Command("versions", "versions [AGENT]", "what was built for an agent", (agents,)),
    Command("secrets", "secrets [AGENT]", "names of an agent's secrets", (agents,)),
    Command("dispatches", "dispatches [ROOM]", "rooms, dispatches and jobs", (rooms,)),
    Command("logs", "logs [AGENT] [deploy|build]", "follow an agent's log", (agents, kinds)),
    Command("open", "open [FILE]", "read a saved log, or choose among those kept", (paths,)),
    *(
        Command(
            item.usage.name,
            str(item.usage),
            item.help,
            tuple(_COMPLETED.get(kind, nothing) for kind in item.usage.arguments),
        )
        for item in OPERATIONS
    ),
    Command("create", "create [DIR]", "make a new agent of a directory and build it", (paths,)),
    Command("deploy", "deploy [AGENT] [DIR]", "build a directory as an agent's new version", (agents, paths)),
    Command("config", "config [AGENT] [DIR]", "write livekit.toml for a known agent", (agents, paths)),
    Command("dockerfile", "dockerfile [DIR]", "write a Dockerfile and a .dockerignore", (paths,)),
    Command("links", "links", "private links and their health"),
    Command("undo", "undo", "take the last operation back, for 30 s"),
    Command("unlock", "unlock [15m]", "let a read-only session change things for a while"),
    Command("lock", "lock", "end that while"),
    Command("dry-run", "dry-run", "send nothing and show requests, or send again"),
    Command("audit", "audit", "what was done from here, by whom, why, and what became of it"),
    Command("unresolved", "unresolved", "operations whose outcome nobody knows"),
    Command("find", "find ID", "go to an agent, room, dispatch or job", (ids,)),
    Command("theme", "theme NAME", "another look"),
    Command("refresh", "refresh", "ask for everything now"),
    Command("project", "project [NAME]", "watch another project"),
    Command("messages", "messages", "every message of this session"),
    Command("help", "help", "keys and commands"),
    Command("quit", "quit", "leave"),
)
"""Every command; `q`, unique beginnings and command lines for `lk` are accepted too."""


class BadCommand(ValueError):
    """What was typed is no command; its text says so."""


class Parsed(Struct, frozen=True):
    """A command with its arguments."""

    command: Command
    arguments: tuple[str, ...]


def parse(text: str, commands: Sequence[Command] = COMMANDS) -> Parsed:
    """A command line. Raises `BadCommand`."""
    try:
        words = shlex.split(text.strip())
    except ValueError:
        raise BadCommand("a quote is not closed") from None
    if not words:
        raise BadCommand("no command")
    try:
        name, *rest = ours(words)
    except NotOurs as problem:
        raise BadCommand(str(problem)) from None
    exact = [command for command in commands if command.name == name]
    close = exact or [command for command in commands if command.name.startswith(name)]
    if name == "q":
        close = [command for command in commands if command.name == "quit"]
    if len(close) != 1:
        told = ", ".join(command.name for command in (close or commands))
        raise BadCommand(f"{name!r} could be {told}" if close else f"no command {name!r}; there are {told}")
    return Parsed(close[0], tuple(rest))


def hint(text: str, fleet: Fleet, commands: Sequence[Command] = COMMANDS) -> str:
    """The help line for what is being typed, with how many completions there are."""
    try:
        parsed = parse(text, commands)
    except BadCommand as problem:
        return (
            str(problem)
            if text.strip()
            else "agents status versions secrets dispatches logs find help quit …"
        )
    found = len(completions(text, fleet, commands)) if " " in text else 0
    matches = "1 match" if found == 1 else f"{found}{'+' if found == MOST else ''} matches"
    return f"{parsed.command.usage} — {parsed.command.help}" + (f" · {matches}" if found else "")


def completions(
    text: str, fleet: Fleet, commands: Sequence[Command] = COMMANDS, most: int = MOST
) -> list[str]:
    """Whole lines that begin with what was typed."""
    head, space, last = text.rpartition(" ")
    if not space:
        return [command.name for command in commands if command.name.startswith(last)][:most]
    try:
        parsed = parse(head, commands)
    except BadCommand:
        return []
    place = len(parsed.arguments)
    if place >= len(parsed.command.arguments):
        return []
    folded = last.casefold()
    found: dict[str, None] = {}
    for name in parsed.command.arguments[place](fleet, parsed.arguments):
        if name.casefold().startswith(folded):
            found[f"{head} {shlex.quote(name)}"] = None
            if len(found) >= most:
                break
    return list(found)


def path_typed(text: str, commands: Sequence[Command] = COMMANDS) -> tuple[str, str]:
    """The line as far as a path of this machine that is being typed, and that path; empty if none is."""
    head, space, last = text.rpartition(" ")
    try:
        parsed = parse(head, commands) if space and last else None
    except BadCommand:
        return "", ""
    place = len(parsed.arguments) if parsed else 0
    if parsed and place < len(parsed.command.arguments) and parsed.command.arguments[place] is paths:
        return head + space, last
    return "", ""
