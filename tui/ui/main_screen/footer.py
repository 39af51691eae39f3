"""The line at the bottom: the few keys that act on what is selected, from the live bindings. Pure."""

from __future__ import annotations

from typing import Final

from textual.screen import Screen

from tui.fleet.lists.cells import Cell
from tui.fleet.view import View
from tui.operations.registry import OPERATIONS
from tui.operations.targets import NoTarget
from tui.ui.keys.bindings import operation_of
from tui.ui.keys.names import shown
from tui.ui.panes.base import Pane
from tui.ui.widgets.key_choice import KeyChoice
from tui.ui.widgets.lines import Line
from tui.ui.widgets.text import width

MOST = 8
"""Keys shown; the rest are behind `?`."""


LOG: Final = "log"
"""Stands among operations for the keys that open a log."""


def fitting(pane: Pane, view: View) -> frozenset[str]:
    """The ids of the operations that fit what is selected, and `LOG` if it has one."""
    found = {operation.id for operation in OPERATIONS if not operation.unfit(view)}
    try:
        pane.log_target(view, "deploy")
    except NoTarget:
        return frozenset(found)
    return frozenset((*found, LOG))


def footer(screen: Screen[None], size: int, fits: frozenset[str], *, locked: bool = False) -> Line:
    """Keys with their words, as many as fit into `size` cells; muted where `locked` refuses them.

    Without those of operations and logs that are not among what `fits`.
    """
    entries: dict[str, tuple[str, str, str]] = {}
    focused = screen.focused
    for key, active in screen.active_bindings.items():
        binding = active.binding
        # Textual does not know the character of every key, so that `/` is left among what can be typed
        sign = shown(key)
        if len(sign) == 1 and focused is not None and focused.check_consume_key(key, sign):
            continue
        needs = LOG if binding.action.startswith("logs(") else operation_of(binding.action)
        if needs and needs not in fits:
            continue
        if binding.show and active.enabled and binding.description and binding.action not in entries:
            dull = locked and bool(operation_of(binding.action))
            entries[binding.action] = (sign, binding.description, "muted" if dull else "")
    # what leads to all the others is always there, at the end
    last = [_shown(entries.pop("help"))] if "help" in entries else []
    kept: list[Line] = []
    for words in map(_shown, list(entries.values())[: MOST - len(last)]):
        if sum(map(_width, (*kept, words, *last))) > size - 1:
            break
        kept.append(words)
    return tuple(cell for words in (*kept, *last) for cell in words)


def choices(asked: KeyChoice, size: int) -> Line:
    """The choices of a question that the next key answers, as many as fit into `size` cells."""
    kept: list[Line] = [(Cell(f" {asked.title}:", "warn"),)]
    for words in (_shown((shown(option.key), option.words, "")) for option in asked.options):
        if sum(map(_width, (*kept, words))) <= size:
            kept.append(words)
    return tuple(cell for words in kept for cell in words)


def _shown(entry: tuple[str, str, str]) -> Line:
    key, words, tone = entry
    return (Cell(f" {key}", tone or "accent"), Cell(f" {words} ", tone or "text"))


def _width(words: Line) -> int:
    return sum(width(cell.text) for cell in words)
