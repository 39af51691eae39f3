"""The status of an agent in a list, and the row of an agent that the newest list lacks. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from tui.fleet.facts import AgentFacts
from tui.fleet.lists.cells import UNKNOWN_GLYPH, Cell, Cells, status_glyph, status_tone
from tui.fleet.lists.listing import Column, row_cells, unlisted_cells
from tui.fleet.state import Fleet
from tui.fleet.status import Family, status, worst
from tui.fleet.view import View
from tui.formats import age

NOT_READ: Final = "not read"
"""In place of the status of an agent that the newest list lacks; no status is called so, so it is unknown."""


def status_counts(fleet: Fleet) -> dict[Cell, int]:
    """How many agents have which sign, the worst first as in the list.

    An agent that the newest list lacks counts as unknown: how it is now, nobody knows.
    """
    unlisted = [agent for id in fleet.unlisted.get("agents", ()) if (agent := fleet.agent(id)) is not None]
    counts = Counter(fleet.statuses)
    counts.subtract(worst(agent).name for agent in unlisted)
    counts[NOT_READ] += len(unlisted)
    signs: dict[Cell, int] = {}
    for state in sorted(map(status, filter(None, +counts)), key=lambda state: (state.severity, state.name)):
        sign = Cell(status_glyph(state), status_tone(state))
        signs[sign] = signs.get(sign, 0) + counts[state.name]
    return signs


def status_sign(row: AgentFacts, view: View) -> Cell:
    """The one-cell sign of the status."""
    if view.fleet.agent_read_at(row.agent.agent_id) is not None:
        return Cell(UNKNOWN_GLYPH[0], "warn")
    return Cell(status_glyph(row.status), status_tone(row.status))


def status_cell(row: AgentFacts, view: View) -> Cell:
    """The status; of an agent that the newest list lacks, the last that was read, and how old that is."""
    read_at = view.fleet.agent_read_at(row.agent.agent_id)
    if read_at is None:
        return Cell(row.status_text, status_tone(row.status))
    return Cell(f"{age(view.monotonic - read_at)} ago: {row.status_text}", "warn", f"{row.status_text}?")


def status_words(row: AgentFacts, view: View) -> str:
    """The word of the status, or its family: error, sleep, healthy, moving, unknown."""
    if view.fleet.agent_read_at(row.agent.agent_id) is not None:
        return f"{NOT_READ} {Family.UNKNOWN}"  # as the header counts it
    return f"{row.status_text} {row.status.family}"


def is_problem(row: AgentFacts, fleet: Fleet) -> bool:
    """Whether an operator should look at it: it is broken, or how it is, is not known."""
    return row.status.problem or fleet.agent_read_at(row.agent.agent_id) is not None


def agent_cells(columns: Sequence[Column[AgentFacts]], row: AgentFacts, view: View) -> Cells:
    """The cells of an agent; those of one that the newest list lacks are old, and look it."""
    cells = row_cells(columns, row, view)
    if view.fleet.agent_read_at(row.agent.agent_id) is None:
        return cells
    return unlisted_cells(columns, cells, {"status": status_sign(row, view), "state": status_cell(row, view)})
