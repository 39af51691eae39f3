"""Runs command lines: each does what some keys do too."""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from tui.fleet.state import Fleet
from tui.fleet.tree import find_key, key_of
from tui.logs.archive import NotOpened
from tui.operations.answers import BadAnswer
from tui.operations.registry import OPERATIONS
from tui.ui.commandline.commands import BadCommand, parse
from tui.ui.dialogs.launcher import OperationLauncher
from tui.ui.panes.lists import ListPane
from tui.ui.screen import MainScreen

Arguments = tuple[str, ...]


class Console(Protocol):
    """What commands may do."""

    main: MainScreen
    theme: str
    launcher: OperationLauncher

    def ship(self, verb: str, words: Sequence[str], agent_id: str) -> None:
        """Create, deploy, config or dockerfile. Raises `BadAnswer`."""

    def later(self, work: Coroutine[object, object, None]) -> None:
        """Do what needs the disk, without waiting for it."""

    def say(self, text: str, *, tone: str = "text", toast: bool = True) -> None:
        """Tell the operator."""

    def action_help(self) -> None:
        """Show the keys."""

    def action_messages(self) -> None:
        """Show what was said."""

    def action_refresh_now(self) -> None:
        """Ask for everything now."""

    def action_choose_project(self) -> None:
        """Let the operator choose a project."""

    def choose(self, name: str) -> bool:
        """Watch a project by name."""

    def wear(self, name: str) -> str:
        """Put on a theme by name; returns what is wrong if that cannot be."""

    def quit_by_command(self) -> None:
        """Leave, unless something is under way."""


class CommandDispatcher:
    """Runs one command line. Raises `BadCommand` for what cannot be done, saying why."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._main = console.main

    @property
    def _fleet(self) -> Fleet:
        return self._main.view.fleet

    def run(self, text: str) -> None:
        """Do what it says."""
        parsed = parse(text)
        doing: dict[str, Callable[[Arguments], None]] = {
            "agents": self._agents,
            "status": lambda words: self._detail("status", words),
            "versions": lambda words: self._detail("versions", words),
            "secrets": lambda words: self._detail("secrets", words),
            "dispatches": self._dispatches,
            "logs": self._logs,
            "open": self._open,
            **{item.usage.name: partial(self._operate, item.id) for item in OPERATIONS},
            **{verb: partial(self._ship, verb) for verb in ("create", "deploy", "config", "dockerfile")},
            "links": lambda words: self._console.launcher.links(),
            "undo": lambda words: self._console.launcher.undo(),
            "unlock": self._console.launcher.unlock,
            "lock": lambda words: self._console.launcher.lock(),
            "dry-run": lambda words: self._console.launcher.toggle_dry_run(),
            "audit": lambda words: self._console.later(self._console.launcher.audit()),
            "unresolved": lambda words: self._console.later(self._console.launcher.unresolved(asked=True)),
            "find": self._find,
            "theme": self._theme,
            "refresh": lambda words: self._console.action_refresh_now(),
            "project": self._project,
            "messages": lambda words: self._console.action_messages(),
            "help": lambda words: self._console.action_help(),
            "quit": lambda words: self._console.quit_by_command(),
        }
        try:
            doing[parsed.command.name](parsed.arguments)
        except BadAnswer as problem:
            raise BadCommand(str(problem)) from None

    def _operate(self, operation: str, words: Arguments) -> None:
        self._console.launcher.by_command(operation, words, self._main.view.selection)

    def _ship(self, verb: str, words: Arguments) -> None:
        self._console.ship(verb, words, self._main.view.selection.agent_id)

    def _agents(self, words: Arguments) -> None:
        self._filter(self._main.agents, " ".join(words))
        self._main.action_pane("agents")

    def _filter(self, pane: ListPane, text: str) -> None:
        if problem := pane.set_filter(text.removeprefix("/")):
            raise BadCommand(problem)

    def _detail(self, pane: str, words: Arguments) -> None:
        self._go_to_agent(words)
        self._main.action_pane(pane)

    def _go_to_agent(self, words: Arguments) -> None:
        if words and not self._main.go_to_agent(self._agent_id(words[0])):
            raise BadCommand(f"no agent {words[0]!r} in this project")

    def _agent_id(self, word: str) -> str:
        if self._fleet.agent(word) is not None:
            return word
        named = [agent.agent_id for agent in self._fleet.agents if agent.name == word]
        if len(named) > 1:
            raise BadCommand(f"{len(named)} agents are called {word!r}: give an id, {', '.join(named[:4])}")
        return named[0] if named else word

    def _dispatches(self, words: Arguments) -> None:
        pane = self._main.dispatches
        self._filter(pane, " ".join(f"room:{word}" if ":" not in word else word for word in words))
        self._main.action_pane("dispatches")

    def _logs(self, words: Arguments) -> None:
        kind = next((word for word in words if word in ("build", "deploy")), "deploy")
        whose = tuple(word for word in words if word != kind)
        self._go_to_agent(whose)
        agent = self._main.view.agent
        if whose and agent is not None:  # that one, whatever is marked and wherever the keyboard is
            self._main.read_logs([agent], kind)
        else:
            self._main.action_logs(kind)

    def _open(self, words: Arguments) -> None:
        if not words:
            self._main.choose_log()
            return
        try:
            self._main.open_log(Path(os.path.expanduser(words[0])))
        except NotOpened as problem:
            raise BadCommand(str(problem)) from None

    def _find(self, words: Arguments) -> None:
        if not words:
            raise BadCommand("find what? An agent, room, dispatch or job")
        word = words[0]
        if self._main.go_to_agent(self._agent_id(word)):
            self._main.action_pane("agents")
            return
        room = next((room.name for room in self._fleet.rooms if word in (room.name, room.sid)), "")
        key = key_of(room) if room else find_key(self._fleet, word)
        if not key:
            raise BadCommand(f"nothing here is called {word!r}; rooms are polled in turn, so it may come yet")
        self._main.go_to_node(key)

    def _theme(self, words: Arguments) -> None:
        if problem := self._console.wear(words[0] if words else ""):
            raise BadCommand(problem)

    def _project(self, words: Arguments) -> None:
        if not words:
            self._console.action_choose_project()
        elif not self._console.choose(words[0]):
            raise BadCommand(f"no project {words[0]!r}")
