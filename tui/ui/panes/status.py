"""The deployments of the selected agent: every field of `lk agent status`, events, and our reading of it."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from tui.api.models import Agent, Deployment, instant
from tui.fleet.cells import Cell, Cells, ColumnLayout, status_glyph, status_tone
from tui.fleet.facts import cpu_text, mem_text
from tui.fleet.state import View
from tui.fleet.status import event_words, reading, status
from tui.fleet.times import TimeStyle, clock_time, rfc3339, seen, when
from tui.ui.operation_keys import operation_keys
from tui.ui.panes.detail import DetailPane
from tui.ui.widgets.lines import Line

TABLE_FROM = 104
"""Cells of width from which deployments stand side by side as a table; below, each is a block of lines."""

_BLOCK = (ColumnLayout("field", "DEPLOYMENT", 14), ColumnLayout("value", "", 10, grow=1))
_TABLE = (
    ColumnLayout("status", "S", 1),
    ColumnLayout("region", "REGION", 9, grow=1),
    ColumnLayout("deployment", "DEPLOYMENT", 11, grow=1),
    ColumnLayout("state", "STATUS", 12),
    ColumnLayout("name", "NAME", 10, grow=1, rank=4),
    ColumnLayout("version", "VERSION", 14),
    ColumnLayout("cpu", "CPU", 15, right=True, rank=2),
    ColumnLayout("mem", "MEM", 12, right=True, rank=2),
    ColumnLayout("replicas", "REPLICAS", 11, right=True),
    ColumnLayout("deployed", "DEPLOYED AT", 20, rank=3),
    ColumnLayout("observed", "LAST OBSERVED", 20, rank=1),
    ColumnLayout("events", "EVENTS", 12, grow=2, rank=5),
    ColumnLayout("server", "SERVER REGION", 13, rank=6),
)


class StatusPane(DetailPane):
    """Pane 2."""

    NUMBER = "2"
    NAME = "Status"
    HELP = "the selected agent's deployments, as lk shows them"
    SOURCE = "agents"
    BINDINGS: ClassVar[list[BindingType]] = [*operation_keys("status")]
    COLUMNS = _BLOCK

    _tabular = False
    _room = 30
    """Both are decided by each `show`, so that keys and cells agree."""

    def show(self, view: View) -> None:
        """Blocks or a table, as the width allows."""
        width = self.table.size.width
        tabular = width >= TABLE_FROM
        if tabular != self._tabular:
            self._asked = True  # the rows are others without any having gone
        self._tabular = self.leaves_ghosts = tabular
        self._room = max(10, width - _BLOCK[0].width - 5)
        super().show(view)

    def columns(self) -> Sequence[ColumnLayout]:
        """For blocks, or for a table."""
        return _TABLE if self._tabular else _BLOCK

    def inputs(self, view: View) -> tuple[object, ...]:
        """The selected agent."""
        return (view.agent, view.selection.agent_id)

    def keys(self, view: View) -> Sequence[str]:
        """Deployments; in blocks, their fields too."""
        agent = view.agent
        if agent is None:
            return ()
        rows = [f"{row.region}/{row.deployment}" for row in _ordered(agent)]
        names = list(dict.fromkeys(rows))
        if not self._tabular:
            keys = [f"{name}\0{field}" for name in names for field in self._fields(view, agent, name)]
            return keys
        return [key for name in names for key in (name, *self._notes(view, agent, name))]

    def _notes(self, view: View, agent: Agent, name: str) -> list[str]:
        row = _find(agent, name)
        if row is None:
            return []
        notes = [f"{name}\0event{index}" for index, event in enumerate(row.events) if event.count]
        return [f"{name}\0reading", *notes] if reading(row, now=view.now) else notes

    def _fields(self, view: View, agent: Agent, name: str) -> list[str]:
        row = _find(agent, name)
        if row is None:
            return []
        fields = ["head"]
        fields += [f"reading{line}" for line in range(len(self._reading(view, row)))]
        fields += ["version", "cpu", "mem", "replicas", "name", "deployed", "observed", "server"]
        return fields + [f"event{index}" for index, event in enumerate(row.events) if event.count]

    def _reading(self, view: View, row: Deployment) -> list[str]:
        """Our reading, broken into lines that fit beside the field names."""
        return textwrap.wrap(reading(row, now=view.now), self._room)

    def cells(self, view: View, key: str) -> Cells:
        """One deployment, or one field of it."""
        agent = view.agent
        name, _, field = key.partition("\0")
        row = _find(agent, name) if agent else None
        if agent is None or row is None:
            return ()
        if self._tabular:
            return self._note(view, row, field) if field else self._row(view, agent, row)
        return self._field(view, agent, row, field)

    def _row(self, view: View, agent: Agent, row: Deployment) -> Cells:
        state = status(row.status)
        look = status_tone(state)
        events = " ".join(f"{event_words(e.type)} ×{e.count}" for e in row.events if e.count)
        return (
            Cell(status_glyph(state), look),
            Cell(row.region),
            Cell(_deployment(row)),
            Cell(state.name or "not observed", look),
            Cell(_name(row)),
            Cell(row.version or agent.version),
            Cell(cpu_text(row)),
            Cell(mem_text(row)),
            Cell(_replicas(row)),
            Cell(_at(instant(agent.deployed_at), view), "muted"),
            Cell(_at(instant(row.last_scraped_at), view), "muted"),
            Cell(events or "–", "warn" if events else "muted"),
            Cell(row.server_region, "muted"),
        )

    def _note(self, view: View, row: Deployment, field: str) -> Cells:
        """A line below a deployment, across all columns."""
        if field == "reading":
            return (Cell(f"    our reading: {reading(row, now=view.now)}", "accent"),)
        return (Cell(f"    event: {_event(row, field, view)}", "warn"),)

    def _field(self, view: View, agent: Agent, row: Deployment, field: str) -> Cells:
        state = status(row.status)
        look = status_tone(state)
        if field == "head":
            words = f"{status_glyph(state)} {state.name or 'not observed'}"
            return (Cell(words, look), Cell(f"{row.region} · {row.name}", "info"))
        if field.startswith("reading"):
            line = int(field.removeprefix("reading"))
            label = "  our reading" if line == 0 else ""
            lines = self._reading(view, row)[line : line + 1]
            return (Cell(label, "accent"), Cell("".join(lines), "accent"))
        if field.startswith("event"):
            return (Cell("  event", "muted"), Cell(_event(row, field, view), "warn"))
        values = {
            "name": ("name", _name(row)),
            "version": ("version", row.version or agent.version),
            "cpu": ("cpu", cpu_text(row)),
            "mem": ("mem", mem_text(row)),
            "replicas": ("replicas", f"{_replicas(row)}  (now/min/max)"),
            "deployed": ("deployed", _at(instant(agent.deployed_at), view)),
            "observed": ("observed", _observed(row, view)),
            "server": ("server", row.server_region or "–"),
        }
        label, value = values[field]
        return (Cell(f"  {label}", "muted"), Cell(value))

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
        cells = self.cells(view, key)
        return cells[1].text if field not in ("", "head") and len(cells) == 2 else agent.agent_id

    def raw_item(self) -> object | None:
        """The agent, whose deployments these are."""
        return self.view.agent if self.view else None

    def empty(self, view: View) -> str:
        """No agent selected, or one without deployments."""
        return "No agent selected." if view.agent is None else "This agent has no deployment."


def _ordered(agent: Agent) -> list[Deployment]:
    return sorted(
        agent.agent_deployments, key=lambda row: (status(row.status).severity, row.region, row.deployment)
    )


def _find(agent: Agent, name: str) -> Deployment | None:
    return next((row for row in agent.agent_deployments if f"{row.region}/{row.deployment}" == name), None)


def _event(row: Deployment, field: str, view: View) -> str:
    event = row.events[int(field.removeprefix("event"))]
    last = when(instant(event.timestamp), now=view.now, style=view.times)
    return f"{event_words(event.type)} ×{event.count}, last {last}"


def _name(row: Deployment) -> str:
    return row.agent_name if instant(row.last_scraped_at) is not None else "--"


def _deployment(row: Deployment) -> str:
    return row.name if row.deployment_enabled else "--"


def _replicas(row: Deployment) -> str:
    return f"{row.replicas} / {row.min_replicas} / {row.max_replicas}"


def _at(at: float | None, view: View) -> str:
    """As `lk` prints it, unless the operator asked for another zone."""
    if view.times is TimeStyle.LOCAL and at is not None:
        return clock_time(at, view.times)
    return rfc3339(at)


def _observed(row: Deployment, view: View) -> str:
    at = instant(row.last_scraped_at)
    return _at(at, view) + (f" ({seen(view.now - at)})" if at is not None else "")
