"""What changed while the operator was away, in a few lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from tui.fleet.lists.cells import Cell, Cells
from tui.fleet.lists.changes_since import CHANGE_COLUMNS, Changes, changes_since
from tui.fleet.lists.listing import row_cells
from tui.fleet.view import View

LINES: Final = 5
"""Lines of what changed; the rest is counted."""
_NAMED: Final = {
    "replicas": "replicas",
    "crashes": "crashes",
    "failed": "jobs failed",
    "succeeded": "jobs succeeded",
}
"""Columns whose cells need a word before them where no title stands above."""


class Absence(Struct, frozen=True):
    """A time without a key, in Unix seconds by the server's clock."""

    since: float
    """The last key before it."""
    until: float
    """The first key after it, or any later time while it lasts."""


class AwaySummary(Struct, frozen=True):
    """What changed in an absence."""

    lines: Sequence[Cells]
    """One for each agent, or for what belongs to none, the worst first: its sign, its name, then words."""
    more: int = 0
    """How many have no line."""


def summarize(view: View, absence: Absence) -> AwaySummary:
    """Sum up what the past of a view says of an absence; no lines if nothing changed."""
    events = view.past.events
    if not any(absence.since < event.at <= absence.until for event in reversed(events)):
        return AwaySummary(())
    names = {agent.agent_id: agent.name for agent in view.fleet.agents}
    newer = (event for event in events if event.at > absence.since)
    found = changes_since(newer, names, absence.since, absence.until, view.past.job_counts)
    lines = tuple(_line(change, view) for change in found[:LINES])
    return AwaySummary(lines, len(found) - len(lines))


def _line(change: Changes, view: View) -> Cells:
    cells = {
        column.id: cell
        for column, cell in zip(CHANGE_COLUMNS, row_cells(CHANGE_COLUMNS, change, view), strict=True)
    }
    sign, name = cells.pop("severity"), cells.pop("subject")
    words = [
        Cell(f"{_NAMED[id]} {cell.text}" if id in _NAMED else cell.text, cell.tone)
        for id, cell in cells.items()
        if cell.text not in ("", "–")
    ]
    return (sign, name, *words)
