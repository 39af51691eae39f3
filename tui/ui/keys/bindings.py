"""The table as bindings of Textual: `bindings(AGENTS)` is what a widget with the context AGENTS binds."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from tui.ui.keys.contexts import Context
from tui.ui.keys.table import KEYS


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
