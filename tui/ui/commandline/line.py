"""A line after the colon, read by the table of commands: parsed, explained, completed and run."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from msgspec import Struct

from tui.fleet.state import Fleet
from tui.operations.fields import InvalidAnswer
from tui.operations.shell_commands import words_of
from tui.ui.commandline.command import Arguments, BadCommand, Command
from tui.ui.commandline.commands import COMMANDS
from tui.ui.commandline.completers import paths, unlisted
from tui.ui.commandline.console import Console
from tui.ui.commandline.lk import NotTranslated, translated

MOST = 50
"""Completions that are looked for."""


class Parsed(Struct, frozen=True):
    """A command with its arguments."""

    command: Command
    arguments: Arguments


def parse(text: str, commands: Sequence[Command] = COMMANDS) -> Parsed:
    """Reads a line. Raises `BadCommand`."""
    try:
        words = words_of(text)
    except ValueError:
        raise BadCommand("a quote is not closed") from None
    if not words:
        raise BadCommand("no command")
    try:
        name, *rest = translated(text, words)
    except NotTranslated as problem:
        raise BadCommand(str(problem)) from None
    exact = [command for command in commands if command.name == name]
    close = exact or [command for command in commands if command.name.startswith(name)]
    if name == "q":
        close = [command for command in commands if command.name == "quit"]
    if len(close) != 1:
        names = ", ".join(command.name for command in (close or commands))
        raise BadCommand(
            f"{name!r} is ambiguous: {names}" if close else f"unknown command {name!r}; available: {names}"
        )
    return Parsed(close[0], tuple(rest))


def run(text: str, console: Console, commands: Sequence[Command] = COMMANDS) -> None:
    """Runs a line. Raises `BadCommand` for what cannot be done, saying why."""
    parsed = parse(text, commands)
    try:
        parsed.command.run(console, parsed.arguments)
    except InvalidAnswer as problem:
        raise BadCommand(str(problem)) from None


def hint(text: str, fleet: Fleet, commands: Sequence[Command] = COMMANDS) -> str:
    """The help for what is being typed, with the number of completions."""
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
    missing = "" if found or " " not in text else _unlisted(text, parsed, fleet)
    return f"{parsed.command.usage} — {parsed.command.help}" + (f" · {matches}" if found else missing)


def _unlisted(text: str, parsed: Parsed, fleet: Fleet) -> str:
    """Why nothing completes what is typed, where that does not mean that there is nothing."""
    place = len(parsed.arguments) - (not text.endswith(" "))
    if not 0 <= place < len(parsed.command.complete):  # the words of `lk` for a command are no arguments
        return ""
    why = unlisted(parsed.command.complete[place], fleet, parsed.arguments)
    return f" · {why}" if why else ""


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
    if place >= len(parsed.command.complete):
        return []
    folded = last.casefold()
    found: dict[str, None] = {}
    for name in parsed.command.complete[place](fleet, parsed.arguments):
        if name.casefold().startswith(folded):
            found[f"{head} {shlex.quote(name)}"] = None
            if len(found) >= most:
                break
    return list(found)


def path_typed(text: str, commands: Sequence[Command] = COMMANDS) -> tuple[str, str]:
    """The line before a path of this machine that is being typed, and that path; else two empty texts."""
    head, space, last = text.rpartition(" ")
    try:
        parsed = parse(head, commands) if space and last else None
    except BadCommand:
        return "", ""
    place = len(parsed.arguments) if parsed else 0
    if parsed and place < len(parsed.command.complete) and parsed.command.complete[place] is paths:
        return head + space, last
    return "", ""
