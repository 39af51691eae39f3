"""What `:` understands, as data: names, arguments, help, completion from live data. No widgets."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tui.fleet.state import Fleet

Names = Callable[[Fleet], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Command:
    """One word after the colon."""

    name: str
    usage: str
    help: str
    arguments: tuple[Names, ...] = ()
    """What each argument may be completed to."""


def agents(fleet: Fleet) -> Iterable[str]:
    """Names and ids of agents."""
    for agent in fleet.agents:
        if agent.name and " " not in agent.name:
            yield agent.name
        yield agent.agent_id


def rooms(fleet: Fleet) -> Iterable[str]:
    """Room names."""
    return (room.name for room in fleet.rooms)


def ids(fleet: Fleet) -> Iterable[str]:
    """Everything that `:find` finds."""
    yield from agents(fleet)
    yield from rooms(fleet)
    for dispatches in fleet.dispatches.values():
        for dispatch in dispatches:
            yield dispatch.id
            yield from (job.id for job in dispatch.jobs)


def kinds(fleet: Fleet) -> Iterable[str]:
    """Kinds of log."""
    return ("deploy", "build")


COMMANDS: tuple[Command, ...] = (
    Command("agents", "agents [FILTER]", "the list of agents, filtered"),
    Command("status", "status [AGENT]", "deployments of an agent", (agents,)),
    Command("versions", "versions [AGENT]", "what was built for an agent", (agents,)),
    Command("secrets", "secrets [AGENT]", "names of an agent's secrets", (agents,)),
    Command("dispatches", "dispatches [ROOM]", "rooms, dispatches and jobs", (rooms,)),
    Command("logs", "logs [AGENT] [deploy|build]", "follow an agent's log", (agents, kinds)),
    Command("find", "find ID", "go to an agent, room, dispatch or job", (ids,)),
    Command("theme", "theme NAME", "another look"),
    Command("refresh", "refresh", "ask for everything now"),
    Command("project", "project [NAME]", "watch another project"),
    Command("messages", "messages", "every message of this session"),
    Command("help", "help", "keys and commands"),
    Command("quit", "quit", "leave"),
)
"""Every command; `q` and unique beginnings are accepted too."""


class BadCommand(ValueError):
    """What was typed is no command; its text says so."""


@dataclass(frozen=True, slots=True)
class Parsed:
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
    name, *rest = words
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
    return f"{parsed.command.usage} — {parsed.command.help}" + (f" · {found} match" if found else "")


def completions(text: str, fleet: Fleet, commands: Sequence[Command] = COMMANDS, most: int = 50) -> list[str]:
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
    for name in parsed.command.arguments[place](fleet):
        if name.casefold().startswith(folded):
            found[f"{head} {shlex.quote(name)}"] = None
            if len(found) >= most:
                break
    return list(found)
