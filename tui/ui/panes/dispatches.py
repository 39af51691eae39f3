"""The tree room → dispatch → job → participant; parents show the worst of their children.

Longer than 300 lines: rows, filter and keys act on the same lines of the tree and are read together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual.binding import BindingType

from tui.api.models import Agent
from tui.fleet.conditions import Worst
from tui.fleet.coverage import coverage_words
from tui.fleet.evidence import agent_of
from tui.fleet.find import (
    NO_OPEN_ROOMS,
    are_rooms_whole,
    no_rooms,
    unknown_rooms,
    unlisted_agents,
    unlisted_rooms,
)
from tui.fleet.lists.cells import Cell, Cells, ColumnLayout
from tui.fleet.lists.room_list import ROOM_FIELDS, matching_rooms
from tui.fleet.lists.tree import (
    ROOM_SORTS,
    Node,
    Tree,
    every_key,
    find_dispatch,
    key_of,
    owner_name,
    sorted_rooms,
    split,
)
from tui.fleet.past import Subject
from tui.fleet.state import Freshness
from tui.fleet.times import TimeStyle
from tui.fleet.view import Selection, View
from tui.formats import counted
from tui.operations.targets import NoTarget
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import DISPATCHES
from tui.ui.panes.base import LIVE, LogTarget, Place
from tui.ui.panes.branches import dispatch_cells, job_cells, participant_cells, room_cells
from tui.ui.panes.freshness import missing
from tui.ui.panes.problem_list import ProblemListPane
from tui.ui.widgets.lines import Line

ROOMS_FIRST = 12
"""Rooms in sight that are polled before the others."""


class DispatchesPane(ProblemListPane):
    """Pane 5."""

    NUMBER = "5"
    NAME = "Dispatches"
    HELP = "rooms, dispatches and jobs, open where one is wrong"
    SOURCE = "dispatches"
    PLACE = Place.BOTTOM_LEFT
    COLUMNS = (
        ColumnLayout("node", "ROOM / DISPATCH / JOB", 21, grow=2, short_title="ROOM"),
        ColumnLayout("state", "STATE", 12, grow=1),
        ColumnLayout("agent", "AGENT", 12, grow=1, rank=2),
        ColumnLayout("age", "AGE", 4, right=True, rank=1, clock=True),
        ColumnLayout("pickup", "PICK-UP", 7, right=True, rank=4),
        ColumnLayout("detail", "DETAIL", 12, want=24, grow=8, rank=3),
    )
    SORTS = (("n", "name", "node"), ("s", "severity", "state"), ("a", "age", "age"))
    BINDINGS: ClassVar[list[BindingType]] = bindings(DISPATCHES)

    def __init__(self) -> None:
        super().__init__()
        self.tree_model = Tree()
        self.revealed = False
        self.agent_name = ""
        """Only rooms that this agent was dispatched to; empty for all."""
        self._shown = self._hidden_problems = 0

    def on_mount(self) -> None:
        """Keep the worst rooms in sight while rooms are still being loaded."""
        self.table.follows_top = True
        super().on_mount()

    @property
    def filters(self) -> Sequence[str]:
        """The fields of rooms."""
        return list(ROOM_FIELDS)

    @property
    def sorts(self) -> Sequence[str]:
        """The columns that rooms are sorted by; what is in them stays in its order."""
        return ROOM_SORTS

    # ---- rows -----------------------------------------------------------------------------------------

    def columns(self) -> Sequence[ColumnLayout]:
        """Beside times of day, which need more room, names have less, so that the details stay."""
        is_relative = self.view is None or self.view.times is TimeStyle.RELATIVE
        return self.COLUMNS if is_relative else COLUMNS_BESIDE_CLOCKS

    def fresh(self, view: View) -> Freshness:
        """As current as the list of rooms, or as their contents once there are rooms."""
        rooms = view.fleet.fresh("rooms")
        return rooms if rooms.stale or not view.fleet.rooms else super().fresh(view)

    def freshness_words(self, view: View) -> Cell:
        """Live only where the whole tree is; the header says how many rooms are not."""
        words = super().freshness_words(view)
        partly = words == LIVE and coverage_words(view.fleet.coverage, view.monotonic)
        return Cell("partly live", "info") if partly else words

    def inputs(self, view: View) -> tuple[object, ...]:
        """Rooms and their contents; agents, for the likely cause of a dispatch that no worker takes."""
        fleet = view.fleet
        polled = (fleet.coverage.polled, fleet.coverage.total)
        return (
            fleet.rooms,
            fleet.dispatches,
            fleet.participants,
            *polled,
            bool(fleet.agents),
            fleet.unreadable_rows,
            fleet.cut,
        )

    def keys(self, view: View) -> Sequence[str]:
        """The open lines, worst rooms first until another order is chosen."""
        fleet = view.fleet
        worst = {room.name: self.tree_model.of_room(view, room.name).worst for room in fleet.rooms}
        every = sorted_rooms(fleet, worst, self.sort, reverse=self.reverse)
        rooms = [room for room in every if worst[room] is Worst.PROBLEM] if self.problems_only else every
        if self.active_filter or self.agent_name:
            rooms = matching_rooms(
                rooms,
                view,
                lambda name: self.tree_model.of_room(view, name).room,
                query=self.active_filter,
                agent_name=self.agent_name,
            )
        bad = (sum(worst[room] is Worst.PROBLEM for room in listed) for listed in (every, rooms))
        self._shown, self._hidden_problems = len(rooms), next(bad) - next(bad)
        return self.tree_model.flatten(view, rooms)

    def cells(self, view: View, key: str) -> Cells:
        """One line of the tree."""
        node = self.tree_model.nodes.get(key)
        if node is None:
            return ()
        name, dispatch_id, job_id = split(key)
        total = self.tree_model.of_room(view, name)
        if node.kind == "room":
            return room_cells(view, node, name, self.tree_model.listed(view.fleet, name), total)
        dispatch = find_dispatch(view.fleet, name, dispatch_id)
        if dispatch is None:
            return ()
        if node.kind == "dispatch":
            return dispatch_cells(view, node, dispatch, total.room, revealed=self.revealed)
        job = next((item for item in dispatch.jobs if item.id == job_id), None)
        if job is None:
            return ()
        if node.kind == "job":
            return job_cells(view, node, job, total.room.of(dispatch_id))
        person = agent_of(job, total.room.people)
        return participant_cells(view, person, total.room) if person is not None else ()

    def title(self, view: View) -> Line:
        """How many rooms are shown, and how many problems a filter hides."""
        narrowed = self.active_filter or self.agent_name or self.problems_only
        some = f"{self._shown:,}/" if narrowed else ""
        rooms = f" [{some}{counted(len(view.fleet.rooms), 'room')}]"
        words = [] if unknown_rooms(view.fleet) else [Cell(rooms)]
        if view.fleet.rooms_lost:
            words.append(Cell(f" {view.fleet.rooms_lost} before the outage", "warn"))
        if self._hidden_problems:
            words.append(Cell(f" !{self._hidden_problems:,} hidden", "error"))
        unreadable = (view.fleet.unreadable_rows.get(name, 0) for name in ("rooms", "dispatches"))
        if count := sum(unreadable):
            words.append(Cell(f" {count} unreadable", "warn"))
        for name in ("rooms", "dispatches"):
            if (most := view.fleet.cut.get(name)) is not None:
                words.append(Cell(f" {name} cut at {most:,}", "warn"))
        if self.problems_only:
            words.append(Cell(" problems only", "accent"))
        if self.agent_name:
            words.append(Cell(f" agent {self.agent_name}", "accent"))
        if self.active_filter:
            words.append(Cell(f" </{self.active_filter.source}>", "accent"))
        if self.revealed:
            words.append(Cell(" metadata shown", "warn"))
        return tuple(words)

    def left_out(self, view: View) -> str:
        """A list was cut, or a row of it could not be read."""
        in_part = "" if are_rooms_whole(view.fleet) else "not all dispatches of the rooms were read"
        return unlisted_rooms(view.fleet) or in_part

    def empty(self, view: View) -> str:
        """No rooms, or not received yet."""
        if self.problems_only and view.fleet.rooms:
            return "No problem in the rooms that are loaded. ! shows every room."
        if unknown_rooms(view.fleet):
            return missing(view, view.fleet.fresh("rooms"))
        if self.agent_name:
            coverage = view.fleet.coverage
            partly = coverage.polled < coverage.total or coverage.failing or not are_rooms_whole(view.fleet)
            known = " that is loaded" if partly else ""
            return f"No room{known} has a dispatch of {self.agent_name}. Esc shows every room."
        words = no_rooms(view.fleet)
        is_plain = words == NO_OPEN_ROOMS and not view.is_past
        return f"{words} ctrl+n dispatches an agent to a new one." if is_plain else words

    # ---- what cursor and keys act on ------------------------------------------------------------------

    def selected(self, key: str, selection: Selection) -> Selection:
        """Another room, dispatch or job."""
        room, dispatch_id, job_id = split(key)
        return replace(selection, room=room, dispatch_id=dispatch_id, job_id=job_id)

    def opened(self, key: str) -> str:
        """Expand or collapse the node."""
        node = self.tree_model.nodes.get(self.table.cursor)
        if node is not None and node.children:
            self._toggle(not node.open)
        return ""

    def visible_rooms(self) -> Sequence[str]:
        """The first rooms in sight."""
        return list(dict.fromkeys(split(key)[0] for key in self.table.visible_keys()))[:ROOMS_FIRST]

    def marked_targets(self) -> Sequence[str]:
        """The marked dispatches; rooms and jobs are no targets in bulk. Raises `NoTarget`."""
        found = [key for key in self.table.marked if key.startswith("dispatch:")]
        if not found:
            raise NoTarget("no marked row is a dispatch; \\ clears the marks")
        return found

    def agent(self, view: View) -> Agent:
        """The agent of the dispatch under the cursor; of a room, the only one that was dispatched to it."""
        fleet, selection = view.fleet, view.selection
        name = owner_name(fleet, selection.room, selection.dispatch_id)
        agent = next((item for item in fleet.agents if name and item.name == name), None)
        if agent is None:
            missing = unlisted_agents(fleet) or f"no agent {name} in this project"
            raise NoTarget(missing if name else "this row does not belong to exactly one agent")
        return agent

    def log_target(self, view: View, kind: str) -> LogTarget:
        """The job under the cursor in its agent's log."""
        return LogTarget([self.agent(view)], view.selection.job_id)

    def noted(self, view: View) -> Subject:
        """What a note is about: the line under the cursor."""
        room, dispatch_id, job_id = split(self.table.cursor)
        name = owner_name(view.fleet, room, dispatch_id)
        return Subject(agent_name=name, room=room, dispatch_id=dispatch_id, job_id=job_id)

    # ---- keys -----------------------------------------------------------------------------------------

    def _toggle(self, open: bool) -> None:
        key = self.table.cursor
        node = self.tree_model.nodes.get(key)
        if node is None:
            return
        if not open and (not node.open or not node.children):
            self._to_parent(node)
            return
        self.tree_model.toggle(key, open)
        self.update_rows()

    def _to_parent(self, node: Node) -> None:
        above = split(node.key)[: node.depth]
        if above:
            self.table.select(key_of(*above))

    def action_open(self) -> None:
        """Expand the node."""
        self._toggle(True)

    def action_close(self) -> None:
        """Collapse the node, or go to its parent."""
        self._toggle(False)

    def action_toggle_all(self) -> None:
        """Expand everything, or collapse everything if something is open."""
        opened = not any(node.open for node in self.tree_model.nodes.values())
        if not opened:
            self.table.select(key_of(split(self.table.cursor)[0]))
        if self.view is not None:
            self.tree_model.toggle_all(every_key(self.view.fleet), opened)
        self.update_rows()

    def go_to(self, key: str) -> None:
        """Open what leads to a node and put the cursor on it."""
        room, dispatch_id, job_id = split(key)
        if dispatch_id:
            self.tree_model.toggle(key_of(room), True)
        if job_id:
            self.tree_model.toggle(key_of(room, dispatch_id), True)
        self.agent_name = ""
        self.problems_only = False
        self.set_filter("")
        self.update_rows()
        self.table.select(key)

    def show_rooms_of(self, agent_name: str) -> None:
        """Show only rooms that this agent was dispatched to; an empty name shows all."""
        self.agent_name = agent_name
        self.update_rows()

    @property
    def is_narrowed(self) -> bool:
        """A filter is on, or only problems or one agent's rooms are shown."""
        return super().is_narrowed or bool(self.agent_name)

    def widen(self) -> None:
        """Clear the filter, then show every room."""
        if super().is_narrowed:
            super().widen()
        else:
            self.show_rooms_of("")

    def action_reveal(self) -> None:
        """Show metadata and attributes, which may hold personal data, or hide them again."""
        self.revealed = not self.revealed
        self.update_rows()

    def is_problem(self, view: View, key: str) -> bool:
        """A line with a problem, or with one below it that is not shown."""
        node = self.tree_model.nodes.get(key)
        return node is not None and node.worst is Worst.PROBLEM

    def raw_item(self) -> object | None:
        """The job, its dispatch, or the room."""
        if self.view is None:
            return None
        fleet = self.view.fleet
        room, dispatch_id, job_id = split(self.table.cursor)
        dispatch = find_dispatch(fleet, room, dispatch_id)
        if dispatch is None:
            return next((item for item in fleet.rooms if item.name == room), None)
        return next((job for job in dispatch.jobs if job.id == job_id), dispatch)

    def id_of(self, key: str) -> str:
        """Of a job, a dispatch, or the name of the room."""
        room, dispatch_id, job_id = split(key)
        return job_id or dispatch_id or room


COLUMNS_BESIDE_CLOCKS = (replace(DispatchesPane.COLUMNS[0], width=16), *DispatchesPane.COLUMNS[1:])
"""The columns of the tree while times are no ages."""
