"""The keys of operations as bindings of a pane, from the one table that declares them."""

from __future__ import annotations

from textual.binding import Binding

from tui.operations.registry import keys_of


def operation_keys(pane: str) -> list[Binding]:
    """Bindings for a pane, by its name in lower case."""
    return [
        Binding(
            keys,
            f"screen.operate('{operation.id}')",
            operation.label,
            show=operation.prominent,
            tooltip=operation.help,
        )
        for keys, operation in keys_of(pane)
    ]


def is_operation(binding: Binding) -> bool:
    """Whether a key begins an operation."""
    return binding.action.startswith("screen.operate(")
