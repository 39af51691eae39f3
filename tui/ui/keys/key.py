"""What a key of the table is: names, a meaning, and what it does in which context."""

from __future__ import annotations

from msgspec import Struct

from tui.operations.registry import BY_ID
from tui.ui.keys.contexts import Context


class Use(Struct, frozen=True):
    """What a key does in some contexts."""

    contexts: tuple[Context, ...]
    action: str
    """As Textual writes actions."""
    label: str = ""
    """What it does there, where that says more than the meaning of the key."""
    help: str = ""
    """A longer description, where there is one."""
    footer: bool = False
    """It is offered in the footer, where there is room."""
    priority: bool = False
    """It acts before the widget that has the keyboard, as in a field that takes most keys itself."""


class Key(Struct, frozen=True):
    """One key, or several that mean the same."""

    names: str
    """As Textual calls them, with commas: also the names that other terminals give to the same key."""
    meaning: str
    """The same wherever it does anything."""
    uses: tuple[Use, ...]
    on: bool = True
    """What it stands for is there. Until then it is not bound, not listed, and silent."""
    instead: tuple[tuple[Context, str], ...] = ()
    """What is said where it does nothing, in place of where it does something."""


class Section(Struct, frozen=True):
    """Keys under one heading."""

    title: str
    keys: tuple[Key, ...]


def use(
    action: str, *contexts: Context, label: str = "", footer: bool = False, priority: bool = False
) -> Use:
    """What a key does in these contexts."""
    return Use(contexts, action, label=label, footer=footer, priority=priority)


def operate(operation: str, *contexts: Context) -> Use:
    """The key begins an operation, by its id, which has words of its own."""
    known = BY_ID[operation]
    return Use(contexts, f"screen.operate('{operation}')", known.label, known.help, known.prominent)
