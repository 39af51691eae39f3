"""The list of agents: worst first, filtered live, the cursor on an identity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import attrgetter
from typing import ClassVar

from textual.binding import BindingType

from tui.api.models import Agent
from tui.fleet.facts import AgentFacts
from tui.fleet.facts_cache import FactsCache
from tui.fleet.find import unknown_agents, unlisted_agents
from tui.fleet.lists.agent_columns import AGENT_COLUMNS
from tui.fleet.lists.agent_status import agent_cells, is_problem
from tui.fleet.lists.cells import Cell, Cells
from tui.fleet.lists.listing import arrange, change_signs, moves, sorts_by_past
from tui.fleet.view import Selection, View
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import AGENTS
from tui.ui.panes.base import LogTarget, Place
from tui.ui.panes.freshness import as_of, missing
from tui.ui.panes.problem_list import ProblemListPane
from tui.ui.widgets.lines import Line
from tui.ui.widgets.table import RowChange


class AgentsPane(ProblemListPane):
    """Pane 1."""

    NUMBER = "1"
    NAME = "Agents"
    HELP = "every agent of the project, problems first"
    SOURCE = "agents"
    PLACE = Place.TOP_LEFT
    COLUMNS = AGENT_COLUMNS
    SORTS = (
        ("n", "name", "name"),
        ("s", "severity", "state"),
        ("a", "age", "deployed"),
        ("c", "CPU", "cpu"),
        ("m", "memory", "mem"),
    )
    BINDINGS: ClassVar[list[BindingType]] = bindings(AGENTS)

    def __init__(self) -> None:
        super().__init__()
        self.sort = "state"
        self.facts = FactsCache()
        self._arranged_for: tuple[object, ...] = ()
        self._keys: list[str] = []
        self._hidden_problems = 0

    def inputs(self, view: View) -> tuple[object, ...]:
        """The listing and what is derived from it."""
        fleet = view.fleet
        step = view.monotonic if view.past.has_changes else 0.0  # signs of change expire
        partly = (fleet.unreadable, fleet.cut.get("agents"), fleet.unlisted.get("agents"))
        return (fleet.agents, view.past, view.reasons, fleet.versions, *partly, step)

    def show(self, view: View) -> None:
        """Remove marks of deleted agents, so that a later agent of the same id is not marked."""
        if self.table.marked and view.fleet.agents:
            self.table.unmark_gone(lambda key: key in view.fleet.index)
        super().show(view)

    # ---- what cursor and keys act on ------------------------------------------------------------------

    def selected(self, key: str, selection: Selection) -> Selection:
        """Another agent."""
        return replace(selection, agent_id=key)

    def opened(self, key: str) -> str:
        """To the agent's deployments."""
        return "status"

    def log_target(self, view: View, kind: str) -> LogTarget:
        """The marked agents; of builds only the selected one's, because two would interleave."""
        marked = self._marked(view) if kind == "deploy" else []
        return LogTarget(marked) if marked else super().log_target(view, kind)

    def _marked(self, view: View) -> list[Agent]:
        found = (view.fleet.agent(key) for key in self.table.marked)
        return [agent for agent in found if agent is not None]

    # ---- which rows -----------------------------------------------------------------------------------

    def keys(self, view: View) -> Sequence[str]:
        """Ids after filter and sort; computed again only when agents, filter or order changed."""
        arranged_for = (
            *(view.fleet.agents, view.fleet.unlisted.get("agents"), self.COLUMNS),
            view.past if sorts_by_past(self.COLUMNS, self.sort) else None,
            *(self.active_filter.source, self.sort, self.reverse, self.problems_only),
            view.now if moves(self.COLUMNS, self.active_filter) else None,
        )
        if arranged_for != self._arranged_for or not self._keys:
            self._arranged_for = arranged_for
            self._keys = self._arrange(view)
        return self._keys

    def _arrange(self, view: View) -> list[str]:
        self._hidden_problems = 0
        if self.sort == "state" and not (self.active_filter or self.problems_only):
            keys = self.facts.worst_first(view.fleet.agents)
            return keys[::-1] if self.reverse else keys
        everything = self.facts.of_all(view.fleet.agents)
        problems = [facts for facts in everything if is_problem(facts, view.fleet)]
        shown = arrange(
            problems if self.problems_only else everything,
            self.COLUMNS,
            view,
            query=self.active_filter,
            sort=self.sort,
            reverse=self.reverse,
            text=attrgetter("text"),
        )
        if len(shown) < len(everything):
            self._hidden_problems = len(problems) - sum(is_problem(facts, view.fleet) for facts in shown)
        return [facts.agent.agent_id for facts in shown]

    # ---- what a row shows -----------------------------------------------------------------------------

    def cells(self, view: View, key: str) -> Cells:
        """One agent in a line."""
        agent = view.fleet.agent(key)
        return () if agent is None else agent_cells(self.COLUMNS, self.facts.of(agent), view)

    def changed(self, view: View, key: str) -> RowChange | None:
        """What changed within the last minute, in columns that show changes."""
        change, agent = view.past.changed(key), view.fleet.agent(key)
        if change is None or agent is None:
            return None
        signs = change_signs(self.COLUMNS, AgentFacts(change.before), self.facts.of(agent), view)
        return RowChange(signs, view.monotonic - change.at) if signs else None

    def title(self, view: View) -> Line:
        """`[12/48] !3 </status:error>`: a filter can never hide a problem silently."""
        total, shown = len(view.fleet.agents), len(self._keys)
        count = Cell(f" [{shown:,}/{total:,}]" if shown != total else f" [{total:,}]", "text")
        words = [] if unknown_agents(view.fleet) else [count]
        if self._hidden_problems:
            words.append(Cell(f" !{self._hidden_problems:,} hidden", "error"))
        if view.fleet.unreadable:
            words.append(Cell(f" {view.fleet.unreadable} unreadable", "warn"))
        if (cut := view.fleet.cut.get("agents")) is not None:
            words.append(Cell(f" cut at {cut:,}", "warn"))
        if self.problems_only:
            words.append(Cell(" problems only", "accent"))
        if self.active_filter:
            words.append(Cell(f" </{self.active_filter.source}>", "accent"))
        return tuple(words)

    def left_out(self, view: View) -> str:
        """The list was cut, or a row of it could not be read."""
        return unlisted_agents(view.fleet)

    def empty(self, view: View) -> str:
        """Not received yet, no agents at all, or no problems."""
        fresh = view.fleet.fresh("agents")
        old, partly = as_of(view, fresh), unlisted_agents(view.fleet)
        if self.problems_only and view.fleet.agents:
            read = " among the agents that were read" if partly else ""
            return f"No problems{read}{old}. ! shows every agent."
        none = f"No agents that could be read: {partly}" if partly else "No agents in this project"
        next_step = "" if partly or old or view.is_past else " ctrl+o deploys one from the working directory."
        return missing(view, fresh) if fresh.at is None else f"{none}{old}.{next_step}"

    def raw_item(self) -> object | None:
        """The agent."""
        return self.view.fleet.agent(self.table.cursor) if self.view else None

    @property
    def sorts(self) -> Sequence[str]:
        """The glyph of a status stands for its word."""
        return (*super().sorts, "status")

    def sort_by(self, column: str) -> None:
        """Sort by a column; the glyph of a status sorts as its word."""
        super().sort_by("state" if column == "status" else column)

    def is_problem(self, view: View, key: str) -> bool:
        """An agent with a problem, or whose status is not known."""
        agent = view.fleet.agent(key)
        return agent is not None and is_problem(self.facts.of(agent), view.fleet)

    def go_to(self, agent_id: str) -> None:
        """Put the cursor on an agent, showing all of them if it is hidden."""
        if self.table.select(agent_id):
            return
        self.set_filter("")
        self.problems_only = False
        self.update_rows()
        self.table.select(agent_id)
