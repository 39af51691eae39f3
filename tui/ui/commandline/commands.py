"""Every command: its name, usage, help, completion and what it does, in one entry each. No widgets.

Adding a command is adding an entry to `COMMANDS`. Operations bring their own: each one has a command.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from tui.api.models import Agent
from tui.fleet.find import AmbiguousName, find_agent, no_such_agent, no_such_thing
from tui.fleet.lists.tree import find_key, key_of
from tui.fleet.state import Fleet
from tui.logs.archive import NotOpened
from tui.operations.arguments import split_options
from tui.operations.registry import OPERATIONS
from tui.operations.verbs.dispatch_checks import deployment_of
from tui.ui.commandline.command import Arguments, BadCommand, Command, Completer
from tui.ui.commandline.completers import (
    agent_names,
    agents,
    deployments,
    dispatches,
    ids,
    log_kinds,
    nothing,
    paths,
    rooms,
    secrets,
    versions,
)
from tui.ui.commandline.console import Console
from tui.ui.commandline.past import export, show_changes, show_failed

_COMPLETERS: Mapping[str, Completer] = {
    "agent": agents,
    "agent_name": agent_names,
    "version": versions,
    "deployment": deployments,
    "room": rooms,
    "dispatch": dispatches,
    "secret": secrets,
}
"""Kind of an operation's argument → what it may be completed to."""


def _operate(operation_id: str, console: Console, words: Arguments) -> None:
    console.launcher.by_command(operation_id, words, console.main.view.selection)


def _deploy(verb: str, console: Console, words: Arguments) -> None:
    console.begin_deploy(verb, words, console.main.view.selection)


def _agents(console: Console, words: Arguments) -> None:
    _filter(console, "agents", " ".join(words))


def _filter(console: Console, pane: str, text: str) -> None:
    if problem := console.main.filter_pane(pane, text.removeprefix("/")):
        raise BadCommand(problem)
    console.main.action_pane(pane)


def _detail(pane: str, console: Console, words: Arguments) -> None:
    _go_to_agent(console, words)
    console.main.action_pane(pane)


def _go_to_agent(console: Console, words: Arguments) -> None:
    if words and not console.main.go_to_agent(_agent_id(console.main.view.fleet, words[0])):
        raise BadCommand(no_such_agent(console.main.view.fleet, words[0]))


def _agent_id(fleet: Fleet, word: str) -> str:
    try:
        found = find_agent(fleet, word)
    except AmbiguousName as error:
        raise BadCommand(str(error)) from None
    return found.agent_id if found else word


def _dispatches(console: Console, words: Arguments) -> None:
    _filter(console, "dispatches", " ".join(f"room:{word}" if ":" not in word else word for word in words))


def _events(console: Console, words: Arguments) -> None:
    _filter(console, "timeline", " ".join(words))


def _logs(console: Console, words: Arguments) -> None:
    options, words_left = split_options(words, ("deployment",))
    kind = next((word for word in words_left if word in ("build", "deploy")), "deploy")
    named = tuple(word for word in words_left if word != kind)
    _go_to_agent(console, named)
    agent = console.main.view.agent
    deployment = options.get("deployment")
    if deployment is not None and agent is not None:
        _need_deployment(agent, deployment)
    if agent is not None and (named or deployment is not None):  # the one named, even if others are marked
        console.main.read_logs([agent], kind, deployment_of(deployment) if deployment is not None else None)
    else:
        console.main.action_logs(kind)


def _need_deployment(agent: Agent, name: str) -> None:
    known = {row.name for row in agent.agent_deployments}
    if (name or "production") not in known:
        names = ", ".join(sorted(known)) or "none"
        raise BadCommand(f"{agent.name or agent.agent_id} has no deployment {name!r}; it has {names}")


def _open(console: Console, words: Arguments) -> None:
    if not words:
        console.main.choose_log()
        return
    try:
        console.main.open_log(Path(os.path.expanduser(words[0])))
    except NotOpened as problem:
        raise BadCommand(str(problem)) from None


def _find(console: Console, words: Arguments) -> None:
    if not words:
        raise BadCommand("find what? An agent, room, dispatch or job")
    word, main = words[0], console.main
    fleet = main.view.fleet
    if main.go_to_agent(_agent_id(fleet, word)):
        main.action_pane("agents")
        return
    room = next((room.name for room in fleet.rooms if word in (room.name, room.sid)), "")
    key = key_of(room) if room else find_key(fleet, word)
    if not key:
        raise BadCommand(no_such_thing(fleet, word))
    main.go_to_node(key)


def _forget(console: Console, words: Arguments) -> None:
    if problem := console.forget(" ".join(words)):
        raise BadCommand(problem)


def _theme(console: Console, words: Arguments) -> None:
    if problem := console.choose_theme(words[0] if words else ""):
        raise BadCommand(problem)


def _save(console: Console, words: Arguments) -> None:
    if words:
        raise BadCommand("save takes no name: a list goes to a new file, and a log asks for one")
    console.action_save()


def _project(console: Console, words: Arguments) -> None:
    if not words:
        console.action_choose_project()
    elif not console.choose_project(words[0]):
        raise BadCommand(f"no project {words[0]!r}; @ lists the projects")


def _audit(console: Console, words: Arguments) -> None:
    console.open_later(console.launcher.audit(console.main.view.selection))


def _unresolved(console: Console, words: Arguments) -> None:
    console.open_later(console.launcher.unresolved(console.main.view.selection, asked=True))


def _links(console: Console, words: Arguments) -> None:
    console.launcher.links(console.main.view.selection, words[0] if words else "")


COMMANDS: tuple[Command, ...] = (
    Command("agents", "agents [FILTER]", "the list of agents, filtered", (), _agents),
    Command("status", "status [AGENT]", "deployments of an agent", (agents,), partial(_detail, "status")),
    Command(
        "versions",
        "versions [AGENT]",
        "what was built for an agent",
        (agents,),
        partial(_detail, "versions"),
    ),
    Command(
        "secrets",
        "secrets [AGENT]",
        "names of an agent's secrets",
        (agents,),
        partial(_detail, "secrets"),
    ),
    Command("dispatches", "dispatches [ROOM]", "rooms, dispatches and jobs", (rooms,), _dispatches),
    Command(
        "logs",
        "logs [AGENT] [deploy|build] [deployment=NAME]",
        "follow an agent's log",
        (agents, log_kinds),
        _logs,
    ),
    Command("events", "events [FILTER]", "what happened, newest first", (), _events),
    Command("timeline", "timeline [FILTER]", "the same as events", (), _events),
    Command("since", "since TIME [UNTIL]", "what changed since then, per agent", (), show_changes),
    Command("failed", "failed [10m]", "jobs that failed, also of rooms that are gone", (), show_failed),
    Command("export", "export 14:00-14:30 FILE", "what was recorded, for lktop replay", (), export),
    Command("open", "open [FILE]", "read a saved log, or choose among those kept", (paths,), _open),
    *(
        Command(
            operation.usage.name,
            str(operation.usage),
            operation.help,
            tuple(_COMPLETERS.get(kind, nothing) for kind in operation.usage.arguments),
            partial(_operate, operation.id),
        )
        for operation in OPERATIONS
    ),
    Command(
        "create",
        "create [DIR] [NAME=VALUE …]",
        "create an agent from a directory and build it",
        (paths,),
        partial(_deploy, "create"),
    ),
    Command(
        "deploy",
        "deploy [AGENT] [DIR] [NAME=VALUE …]",
        "build a directory as an agent's new version",
        (agents, paths),
        partial(_deploy, "deploy"),
    ),
    Command(
        "config",
        "config [AGENT] [DIR]",
        "write livekit.toml for a known agent",
        (agents, paths),
        partial(_deploy, "config"),
    ),
    Command(
        "dockerfile",
        "dockerfile [DIR]",
        "write a Dockerfile and a .dockerignore",
        (paths,),
        partial(_deploy, "dockerfile"),
    ),
    Command(
        "links",
        "links [LINK]",
        "private links and their health",
        (),
        _links,
    ),
    Command(
        "undo",
        "undo",
        "undo the last operation, within 30 s",
        (),
        lambda console, words: console.launcher.undo(console.main.view.selection),
    ),
    Command(
        "unlock",
        "unlock [15m]",
        "allow changes in a read-only session for a while",
        (),
        lambda console, words: console.launcher.unlock(words, console.main.view.selection),
    ),
    Command(
        "lock",
        "lock",
        "make the session read-only again",
        (),
        lambda console, words: console.launcher.lock(console.main.view.selection),
    ),
    Command(
        "dry-run",
        "dry-run",
        "send nothing and show requests, or send again",
        (),
        lambda console, words: console.launcher.toggle_dry_run(),
    ),
    Command("audit", "audit", "what was done from here, by whom, why, and with which outcome", (), _audit),
    Command("unresolved", "unresolved", "operations with unknown outcome", (), _unresolved),
    Command("find", "find ID", "go to an agent, room, dispatch or job", (ids,), _find),
    Command("theme", "theme NAME", "change the theme", (), _theme),
    Command(
        "refresh",
        "refresh",
        "reload everything now",
        (),
        lambda console, words: console.action_refresh_now(),
    ),
    Command("save", "save", "save this list or log to a file", (), _save),
    Command(
        "picture",
        "picture",
        "save a picture of the screen",
        (),
        lambda console, words: console.action_picture(),
    ),
    Command("forget", "forget PROJECT", "remove the recorded history of the project shown", (), _forget),
    Command("project", "project [NAME]", "watch another project", (), _project),
    Command(
        "messages",
        "messages",
        "every message of this session",
        (),
        lambda console, words: console.action_messages(),
    ),
    Command("help", "help", "keys and commands", (), lambda console, words: console.action_help()),
    Command("quit", "quit", "leave", (), lambda console, words: console.quit_by_command()),
)
"""Every command. `q`, unique beginnings and command lines for `lk` are accepted too."""
