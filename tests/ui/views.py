"""Views of what a session knows of a scenario, for panes that are asked without a screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from msgspec.structs import replace as with_fields

from tests import scenes
from tests.scenes import LATER, START
from tui.api.models import Agent
from tui.fleet.cells import Cell
from tui.fleet.past import EMPTY_PAST
from tui.fleet.state import Fleet, Selection, View
from tui.ui.panes.lists import ListPane

NOW = START + LATER
MONOTONIC = 1000.0 + LATER


def view_of(known: str | Fleet, agent: str = "") -> View:
    """A view of a scenario or a fleet, with an agent selected by its name."""
    found, past, _ = scenes.known(known, None) if isinstance(known, str) else (known, EMPTY_PAST, None)
    selected = next((item.agent_id for item in found.agents if agent and item.name == agent), "")
    return View(found, Selection(agent_id=selected), NOW, MONOTONIC, past=past)


def with_agent(view: View, old: Agent, **changes: object) -> View:
    """The view in which one agent is otherwise."""
    new = with_fields(old, **changes)
    agents = tuple(new if item is old else item for item in view.fleet.agents)
    index = {item.agent_id: item for item in agents}
    return replace(view, fleet=replace(view.fleet, agents=agents, index=index))


def words(line: Sequence[Cell]) -> str:
    """A line as text."""
    return "".join(cell.text for cell in line)


def column(pane: ListPane, view: View, name: str) -> list[str]:
    """What a column says, row by row."""
    place = next(index for index, item in enumerate(pane.columns()) if item.id == name)
    return [pane.cells(view, key)[place].text for key in pane.keys(view)]
