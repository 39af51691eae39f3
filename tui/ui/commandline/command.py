"""What one command after the colon is: a single entry that completion, help, parsing and running read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from tui.fleet.state import Fleet
from tui.ui.commandline.console import Console

Arguments = tuple[str, ...]
Completer = Callable[[Fleet, Sequence[str]], Iterable[str]]
"""What one argument may be completed to, given the arguments before it."""
Run = Callable[[Console, Arguments], None]
"""Runs a command. Raises `BadCommand` or `InvalidAnswer` for what cannot be done, saying why."""


class BadCommand(ValueError):
    """A line that cannot be run; its text says why."""


class Command(Struct, frozen=True):
    """One word after the colon."""

    name: str
    usage: str
    help: str
    complete: tuple[Completer, ...]
    """One completer for each argument that can be completed."""
    run: Run
