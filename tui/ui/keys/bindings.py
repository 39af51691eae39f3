"""The table as bindings of Textual: `bindings(AGENTS)` is what a widget with the context AGENTS binds."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Final

from textual.binding import Binding, BindingType
from textual.dom import DOMNode

from tui.ui.keys.contexts import Context, Group
from tui.ui.keys.table import KEYS

_CONTEXTS: Final = {context.name: context for key in KEYS for use in key.uses for context in use.contexts}


def bindings(context: Context) -> list[BindingType]:
    """What is bound in a context, in the order of the table."""
    return [
        Binding(
            key.names,
            use.action,
            use.label or key.meaning,
            show=use.footer,
            priority=use.priority,
            tooltip=use.help,
            id=context.name,
        )
        for key in KEYS
        if key.on
        for use in key.uses
        if context in use.contexts
    ]


def is_operation(action: str) -> bool:
    """Whether the action of a key begins an operation."""
    return action.startswith("screen.operate(")


def operation_of(action: str) -> str:
    """The id of the operation that the action of a key begins; empty for another action."""
    return action.removeprefix("screen.operate('").removesuffix("')") if is_operation(action) else ""


def contexts_of(nodes: Iterable[DOMNode]) -> list[Context]:
    """The contexts in which a key is pressed, from the nodes that may bind it, nearest first.

    Those of one group only: what lies behind a dialog or a picker does not hear of its keys.
    """
    found = [context for node in nodes for context in _own(type(node))]
    is_dialog = any(context.group is Group.DIALOG for context in found)  # which may hold a list
    group = Group.DIALOG if is_dialog else found[0].group if found else Group.MAIN
    return [context for context in found if context.group is group]


@cache
def _own(kind: type[DOMNode]) -> tuple[Context, ...]:
    names = [
        binding.id
        for base in kind.__mro__
        for binding in base.__dict__.get("BINDINGS", ())
        if isinstance(binding, Binding) and binding.id
    ]
    return tuple(_CONTEXTS[name] for name in dict.fromkeys(names) if name in _CONTEXTS)
