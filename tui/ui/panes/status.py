"""The deployments of the selected agent: every field of `lk agent status`, events, and a diagnosis."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.binding import BindingType

from tui.api.models import Agent, Deployment, instant
from tui.fleet.lists.cells import Cell, Cells, ColumnLayout, status_glyph, status_tone
from tui.fleet.lists.detail_columns import DEPLOYMENT_COLUMNS, DeploymentRow
from tui.fleet.lists.listing import row_cells
from tui.fleet.status import event_words, reading, status, worst
from tui.fleet.times import seen, short_time, when
from tui.fleet.view import View
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import STATUS
from tui.ui.keys.next_key import diagnosis
from tui.ui.panes.detail import DetailPane
from tui.ui.panes.freshness import as_of, no_agent
from tui.ui.widgets.lines import Line

TABLE_FROM = 104
"""Cells of width from which deployments stand side by side as a table; below, each is a block of lines."""

_DIAGNOSIS = "diagnosis"
_NOT_READ = "not read"
_BLOCK = (ColumnLayout("field", "DEPLOYMENT", 14), ColumnLayout("value", "", 10, grow=1))
_BLOCK_FIELDS = ("since", "version", "cpu", "mem", "replicas", "name", "deployed", "observed", "server")
"""The columns of the table that a block shows below each other, by id."""


class StatusPane(DetailPane):
    """Pane 2."""

    NUMBER = "2"
    NAME = "Status"
    HELP = "the selected agent's deployments, as lk shows them"
    SOURCE = "agents"
    BINDINGS: ClassVar[list[BindingType]] = bindings(STATUS)
    COLUMNS = _BLOCK

    _tabular = False
    _room = 30
    """Both are set by each `show`, so that keys and cells agree."""

    def show(self, view: View) -> None:
        """Draw for the current width."""
        self.fit(self.table.size.width)
        super().show(view)

    def fit(self, width: int) -> None:
        """Choose blocks or a table for so many cells of width."""
        tabular = width >= TABLE_FROM
        if tabular != self._tabular:
            self._rows_asked_for = True  # other rows, although none vanished
        self._tabular = self.leaves_ghosts = tabular
        self._room = max(10, width - _BLOCK[0].width - 5)

    def columns(self) -> Sequence[ColumnLayout]:
        """For blocks, or for a table."""
        return DEPLOYMENT_COLUMNS if self._tabular else _BLOCK

    def inputs(self, view: View) -> tuple[object, ...]:
        """The selected agent, and since when it has its status."""
        read_at = view.fleet.agent_read_at(view.selection.agent_id)
        return (view.agent, view.selection.agent_id, view.past, view.reasons, view.is_past, read_at)

    def keys(self, view: View) -> Sequence[str]:
        """Deployments; in blocks, their fields too."""
        agent = view.agent
        if agent is None:
            return ()
        rows = [f"{row.region}/{row.deployment}" for row in _ordered(agent)]
        names = list(dict.fromkeys(rows))
        if not self._tabular:
            keys = [f"{name}\0{field}" for name in names for field in self._fields(view, agent, name)]
        else:
            keys = [key for name in names for key in (name, *self._notes(view, agent, name))]
        about = (f"\0{label}{line}" for label, lines in self._about(view) for line in range(len(lines)))
        return [*about, *keys]

    def _about(self, view: View) -> Iterator[tuple[str, list[str]]]:
        """What is said of the agent as a whole: how old it is, and why it is broken, in lines that fit."""
        agent_id = view.selection.agent_id
        read_at, reason = view.fleet.agent_read_at(agent_id), view.reasons.get(agent_id)
        if read_at is not None:
            since = short_time(view.unix(read_at), now=view.now, style=view.clock_style)
            yield _NOT_READ, self._fitting(f"since {since}: deleted, or its row could not be read")
        if reason is not None:
            yield _DIAGNOSIS, self._fitting(diagnosis(reason, view))

    def _fitting(self, text: str) -> list[str]:
        return textwrap.wrap(text, self._room, break_on_hyphens=False)

    def _notes(self, view: View, agent: Agent, name: str) -> list[str]:
        row = _find(agent, name)
        if row is None:
            return []
        notes = [f"{name}\0event{index}" for index, event in enumerate(row.events) if event.count]
        return [f"{name}\0reading", *notes] if _reading(view, row) else notes

    def _fields(self, view: View, agent: Agent, name: str) -> list[str]:
        row = _find(agent, name)
        if row is None:
            return []
        fields = ["head"]
        fields += [f"reading{line}" for line in range(len(self._wrapped(view, row)))]
        fields += _BLOCK_FIELDS
        return fields + [f"event{index}" for index, event in enumerate(row.events) if event.count]

    def _wrapped(self, view: View, row: Deployment) -> list[str]:
        """The remark on a deployment, in lines that fit beside the field names."""
        return self._fitting(_reading(view, row))

    def cells(self, view: View, key: str) -> Cells:
        """One deployment, or one field of it."""
        agent = view.agent
        name, _, field = key.partition("\0")
        for label, lines in self._about(view):
            if not name and field.startswith(label):
                return self._said(label, lines, int(field.removeprefix(label)))
        row = _find(agent, name) if agent else None
        if agent is None or row is None:
            return ()
        if self._tabular:
            if field:
                return self._note(view, row, field)
            return row_cells(DEPLOYMENT_COLUMNS, DeploymentRow(agent, row), view)
        return self._field(view, agent, row, field)

    def _said(self, label: str, lines: Sequence[str], line: int) -> Cells:
        tone, text = "warn" if label == _NOT_READ else "accent", "".join(lines[line : line + 1])
        first = label if line == 0 else ""
        if self._tabular:
            return (Cell(f"  {first:{_BLOCK[0].width - 1}}{text}", tone),)
        return (Cell(first, tone), Cell(text, tone))

    def _note(self, view: View, row: Deployment, field: str) -> Cells:
        """A line below a deployment, across all columns."""
        if field == "reading":
            return (Cell(f"    diagnosis: {_reading(view, row)}", "accent"),)
        return (Cell(f"    event: {_event(row, field, view)}", "warn"),)

    def _field(self, view: View, agent: Agent, row: Deployment, field: str) -> Cells:
        state = status(row.status)
        look = status_tone(state)
        if field == "head":
            words = f"{status_glyph(state)} {state.name or 'not observed'}"
            return (Cell(words, look), Cell(f"{row.region} · {row.name}", "info"))
        if field.startswith("reading"):
            line = int(field.removeprefix("reading"))
            label = f"  {_DIAGNOSIS}" if line == 0 else ""
            lines = self._wrapped(view, row)[line : line + 1]
            return (Cell(label, "accent"), Cell("".join(lines), "accent"))
        if field.startswith("event"):
            return (Cell("  event", "muted"), Cell(_event(row, field, view), "warn"))
        column = next(column for column in DEPLOYMENT_COLUMNS if column.id == field)
        value = column.cell(DeploymentRow(agent, row), view).text
        if field == "replicas":
            item = row
            value = f"{item.replicas} running · min {item.min_replicas}, max {item.max_replicas}"
        elif field == "observed" and (at := instant(row.last_scraped_at)) is not None:
            value += f" ({seen(view.now - at)})"
        elif field == "server":
            value = value or "–"
        return (Cell(f"  {field}", "muted"), Cell(value))

    def title(self, view: View) -> Line:
        """Whose status it is."""
        agent = view.agent
        return (Cell(f" {agent.name or agent.agent_id}", "info"),) if agent else ()

    def copy_text(self) -> str:
        """The value under the cursor; the agent's id where there is none."""
        view, key = self.view, self.table.cursor
        agent = view.agent if view else None
        if view is None or agent is None:
            return ""
        field = key.partition("\0")[2]
        if field.startswith(_DIAGNOSIS):
            reason = view.reasons.get(agent.agent_id)
            return reason.text if reason is not None else ""
        cells = self.cells(view, key)
        return cells[1].text if field not in ("", "head") and len(cells) == 2 else agent.agent_id

    def is_problem(self, view: View, key: str) -> bool:
        """The first row of a deployment with a problem."""
        name, _, field = key.partition("\0")
        row = _find(view.agent, name) if view.agent else None
        return row is not None and field in ("", "head") and status(row.status).problem

    def raw_item(self) -> object | None:
        """The agent, whose deployments these are."""
        return self.view.agent if self.view else None

    def empty(self, view: View) -> str:
        """No agent selected, or one without deployments."""
        if view.agent is None:
            return no_agent(view)
        return f"This agent has no deployment{as_of(view, view.fleet.fresh('agents'))}."


def _ordered(agent: Agent) -> list[Deployment]:
    return sorted(
        agent.agent_deployments, key=lambda row: (status(row.status).severity, row.region, row.deployment)
    )


def _find(agent: Agent, name: str) -> Deployment | None:
    return next((row for row in agent.agent_deployments if f"{row.region}/{row.deployment}" == name), None)


def _reading(view: View, row: Deployment) -> str:
    """The remark on a deployment; empty if the diagnosis of its agent says it."""
    agent = view.agent
    is_said = agent is not None and agent.agent_id in view.reasons and status(row.status) == worst(agent)
    return "" if is_said else reading(row)


def _event(row: Deployment, field: str, view: View) -> str:
    event = row.events[int(field.removeprefix("event"))]
    last = when(instant(event.timestamp), now=view.now, style=view.times)
    return f"{event_words(event.type)} ×{event.count}, last {last}"
