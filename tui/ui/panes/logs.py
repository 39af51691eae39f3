"""The log of an agent: whose, and whether it follows the cursor. Reading it is `LogView`'s business."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.api.models import Agent, instant
from tui.clock import Clock
from tui.fleet.logs.hub import LogHub
from tui.fleet.logs.source import LogSource
from tui.fleet.state import View
from tui.fleet.status import status
from tui.ui.logview import LogView
from tui.ui.logview.below import NOTHING
from tui.ui.panes.base import Pane
from tui.ui.rows import Cell

ABSENT = "This server has no Cloud Agents API:\nnobody here keeps logs of agents."
"""In place of lines on a server that has no agents (contract.md §8.6)."""
SETTLE = 0.4
"""Seconds that the cursor rests on an agent before its log is opened."""


class LogsPane(Pane):
    """Pane 6."""

    NUMBER = "6"
    NAME = "Logs"
    HELP = "the runtime or build log of the selected agent, or of one that it was pinned to with l"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pin", "Pin to this agent"),
    ]

    def __init__(self, *, clock: Clock, save_dir: Path, ascii_only: bool = False) -> None:
        super().__init__(ascii_only=ascii_only)
        self._clock = clock
        self._save_dir = save_dir
        self._agent: Agent | None = None
        self._wanted: Agent | None = None
        self._kind = "deploy"
        self.pinned = False

    def compose(self) -> ComposeResult:
        """The title and the view, so far of nothing."""
        yield from super().compose()
        yield LogView(None, clock=self._clock, save_dir=self._save_dir, ascii_only=self.ascii_only)

    @property
    def reader(self) -> LogView:
        """The view."""
        return self.query_one(LogView)

    def connect(self, hub: LogHub) -> None:
        """Read the logs of another project."""
        self._agent = self._wanted = None
        self.pinned = False
        self.reader.connect(hub)

    # ---- whose log ------------------------------------------------------------------------------------

    def follow(self, agent: Agent, kind: str) -> None:
        """Follow a log of this agent, wherever the cursor goes."""
        self._kind = kind
        self.pinned = True
        self._read(agent)

    def action_pin(self) -> None:
        """Stay with this agent, or follow the cursor again."""
        self.pinned = not self.pinned
        if self.view is not None:
            self.show(self.view)

    def show(self, view: View) -> None:
        """Follow the cursor unless pinned; hear of new deployments of the agent shown."""
        nothing = ABSENT if view.fleet.fresh("agents").absent else NOTHING
        if nothing != self.reader.below.nothing:
            self.reader.below.nothing = nothing
            self.reader.below.update_now()
        if self._agent is not None:
            current = view.fleet.agent(self._agent.agent_id)
            if current is not None and current is not self._agent:
                before = [row.status for row in self._agent.agent_deployments]
                self._read(current)
                if before != [row.status for row in current.agent_deployments]:
                    self.reader.nudge(current.agent_id)  # it may have woken up
        wanted = view.agent
        if self.display and not self.pinned and wanted is not None and wanted is not self._wanted:
            moved = self._wanted is None or wanted.agent_id != self._wanted.agent_id
            self._wanted = wanted
            if moved:
                self.run_worker(self._rest_on(wanted), exclusive=True, group="log")
        self._retitle(view)

    async def _rest_on(self, agent: Agent) -> None:
        """When the cursor has rested, open the log, unless it moved on or the pane was pinned meanwhile."""
        await self._clock.sleep(SETTLE)
        still = self._wanted is not None and self._wanted.agent_id == agent.agent_id
        if still and not self.pinned and (self._agent is None or self._agent.agent_id != agent.agent_id):
            self._kind = "deploy"
            self._read(agent)

    def _read(self, agent: Agent) -> None:
        self._agent = agent
        self.reader.attach(sources(agent), self._kind)
        if self.view is not None:
            self._retitle(self.view)

    def _retitle(self, view: View) -> None:
        agent = self._agent
        if agent is None:
            self.set_title((), ())
            return
        left = [Cell(f" {agent.name or agent.agent_id}", "info")]
        if self._kind == "build":
            left.append(Cell(" build", "accent"))
        if self.pinned:
            left.append(Cell(" pinned", "accent"))
        self.set_title((*left, Cell(f" {self.reader.title()}", "muted")), ())

    def on_log_view_titled(self, event: LogView.Titled) -> None:
        """Streams opened or closed."""
        event.stop()
        if self.view is not None:
            self._retitle(self.view)

    def show_job(self, agent: Agent, job_id: str) -> None:
        """The lines of one job in its agent's log."""
        self.follow(agent, "deploy")
        self.reader.show_job(job_id)


def sources(agent: Agent) -> Sequence[LogSource]:
    """Every stream of an agent, worst deployment first; then its builds, which have no region."""
    rows = sorted(agent.agent_deployments, key=lambda row: (status(row.status).severity, row.region))
    found: dict[tuple[str, ...], LogSource] = {}
    for row in rows:
        source = LogSource(
            agent_id=agent.agent_id,
            agent=agent.name,
            region=row.region,
            server_region=row.server_region,
            deployment=row.deployment,
            version=row.version or agent.version,
            deployed_at=instant(agent.deployed_at),
        )
        found.setdefault(source.key, source)
    chosen = list(found.values()) or [LogSource(agent_id=agent.agent_id, agent=agent.name)]
    builds: dict[str, LogSource] = {}
    for source in chosen:
        builds.setdefault(source.deployment, replace(source, region="", log_type="build"))
    return [*chosen, *builds.values()]
