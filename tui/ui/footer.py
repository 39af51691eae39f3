"""The line at the bottom: the few keys that act on what is selected, from the live bindings. Pure."""

from __future__ import annotations

from textual.screen import Screen

from tui.ui.help import shown
from tui.ui.lines import Line
from tui.ui.rows import Cell
from tui.ui.text import width

MOST = 8
"""Keys shown; the rest are behind `?`."""


def footer(screen: Screen[None], size: int) -> Line:
    """Keys with their words, as many as fit into `size` cells."""
    entries: dict[str, tuple[str, str]] = {}
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if binding.show and active.enabled and binding.description and binding.action not in entries:
            entries[binding.action] = (shown(key), binding.description)
    cells: list[Cell] = []
    room = size - 1
    for key, words in list(entries.values())[:MOST]:
        need = width(key) + width(words) + 3
        if need > room:
            break
        cells += [Cell(f" {key}", "accent"), Cell(f" {words} ", "text")]
        room -= need
    return tuple(cells)
