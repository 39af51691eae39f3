"""The log of one agent or several: decides whose, and whether it follows the cursor. `LogView` shows it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Self

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.worker import Worker

from tui.api.models import Agent
from tui.clock import Clock
from tui.fleet.find import unknown_agents, unlisted_agents
from tui.fleet.lists.cells import Cell
from tui.fleet.state import Fleet
from tui.fleet.times import when
from tui.fleet.view import View
from tui.logs.hub import LogHub
from tui.operations.targets import NoTarget
from tui.session.log_sources import sources_of
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import LOGS_PANE
from tui.ui.logview import LogView
from tui.ui.logview.lines import NO_LOG
from tui.ui.panes.base import Pane, PaneSetup, Place
from tui.ui.panes.freshness import NO_PROJECT

ABSENT = "This server has no Cloud Agents API:\nagent logs need LiveKit Cloud."
"""In place of lines on a server that has no agents."""
LOOK_EVERY = 0.25
"""Seconds between two looks whether a log that was opened has been read."""
LOOKS = 40
"""Looks after which it stays where it is."""
SETTLE = 0.4
"""Seconds that the cursor rests on an agent before its log is opened."""


class LogsPane(Pane):
    """Pane 6."""

    NUMBER = "6"
    NAME = "Logs"
    PLACE = Place.BOTTOM_RIGHT
    HELP = "of the selected agent, of those marked, or a pinned one"

    BINDINGS: ClassVar[list[BindingType]] = bindings(LOGS_PANE)

    def __init__(self, *, clock: Clock, save_dir: Path) -> None:
        super().__init__()
        self._clock = clock
        self.reader = LogView(None, clock=clock, save_dir=save_dir)
        self._agents: tuple[Agent, ...] = ()
        self._wanted: Agent | None = None
        self._kind = "deploy"
        self._deployment: str | None = None
        """Only the log of this deployment; None for all of them."""
        self.pinned = False
        self._is_connected = False
        self._moment: float | None = None
        """The moment of the past that is shown, Unix seconds; None for now."""
        self._missing = ""
        """That no line of then is held, in words."""
        self._followed = False
        """The log was followed before the past was shown."""

    @classmethod
    def create(cls, setup: PaneSetup) -> Self:
        """A pane that saves logs where the setup says."""
        return cls(clock=setup.clock, save_dir=setup.save_dir)

    def compose(self) -> ComposeResult:
        """The title and the log view."""
        yield from super().compose()
        yield self.reader

    def connect(self, hub: LogHub) -> None:
        """Read the logs of another project."""
        self._agents, self._wanted = (), None
        self.pinned = False
        self._is_connected = True
        self.reader.connect(hub)

    # ---- whose log ------------------------------------------------------------------------------------

    def follow(self, agents: Sequence[Agent], kind: str, deployment: str | None = None) -> None:
        """Follow a log of these agents, all in one, wherever the cursor goes; None for every deployment."""
        self._kind, self._deployment = kind, deployment
        self.pinned = True
        self._read(tuple(agents))

    def open_file(self, path: Path) -> None:
        """Read a log back from a file. Raises NotOpened."""
        self.reader.show_files(path.name, [path])

    def on_log_view_opened(self, event: LogView.Opened) -> None:
        """No agent's log is shown; `K` goes back to that of the cursor."""
        event.stop()
        self._agents, self._wanted = (), None
        self.pinned = True
        if self.view is not None:
            self._retitle(self.view)

    def agent(self, view: View) -> Agent:
        """The agent whose log is shown; of several, the one of the line at the cursor. Raises `NoTarget`."""
        agent_id = self.reader.agent_at_cursor() or (self._agents[0].agent_id if self._agents else "")
        found = view.fleet.agent(agent_id) if agent_id else view.agent
        if found is None:
            gone = unlisted_agents(view.fleet) or "the agent of this log is not in the list"
            raise NoTarget(gone if agent_id else "no agent is selected")
        return found

    def action_keep(self) -> None:
        """Stay with this agent, or follow the cursor again."""
        self.pinned = not self.pinned
        if self.view is not None:
            self.show(self.view)

    def show(self, view: View) -> None:
        """Follow the cursor unless pinned, and reopen streams when the shown agent was deployed."""
        self.reader.explain_empty(why_closed(view.fleet) if view.selection.project else NO_PROJECT)
        before = self._agents
        current = tuple(view.fleet.agent(agent.agent_id) or agent for agent in before)
        if any(now is not was for now, was in zip(current, before, strict=True)):
            self._read(current)
            for now, was in zip(current, before, strict=True):
                if _statuses(now) != _statuses(was):
                    self.reader.nudge(now.agent_id)  # it may have woken up
        wanted = view.agent
        if self.display and not self.pinned and wanted is not None and wanted is not self._wanted:
            moved = self._wanted is None or wanted.agent_id != self._wanted.agent_id
            self._wanted = wanted
            if moved:
                self._replace_work(partial(self._rest_on, wanted), "log")
        self._retitle(view)

    async def _rest_on(self, agent: Agent) -> None:
        """When the cursor has rested, open the log, unless it moved on or the pane was pinned meanwhile."""
        await self._clock.sleep(SETTLE)
        still = self._wanted is not None and self._wanted.agent_id == agent.agent_id
        if still and not self.pinned and [shown.agent_id for shown in self._agents] != [agent.agent_id]:
            self._kind, self._deployment = "deploy", None
            self._read((agent,))

    def _read(self, agents: tuple[Agent, ...]) -> None:
        self._agents = agents
        wanted = self._deployment
        found = [item for item in sources_of(agents) if wanted is None or item.deployment == wanted]
        self.reader.attach(found, self._kind)
        if self._moment is not None:
            self._stand(self._moment)
        if self.view is not None:
            self._retitle(self.view)

    def _replace_work(self, work: Callable[[], Coroutine[None, None, None]], group: str) -> None:
        # the function and not its coroutine, which would warn if it were replaced before it began
        self._working: Worker[None] = self.run_worker(work, exclusive=True, group=group)

    def _retitle(self, view: View) -> None:
        if self.reader.file:
            file = (Cell(" not live", "warn"), Cell(f" {self.reader.file}", "info"))
            self.set_title((*file, Cell(f" {self.reader.title()}", "muted")), ())
            return
        if not self._agents:
            self.set_title((), ())
            return
        first, *others = self._agents
        whose = f"{len(others) + 1} agents" if others else first.name or first.agent_id
        left = [Cell(f" {whose}", "info")]
        if self._kind == "build":
            left.append(Cell(" build", "accent"))
        if self._deployment is not None:
            left.append(Cell(f" {self._deployment or 'production'} only", "accent"))
        if self.pinned:
            left.append(Cell(" pinned", "accent"))
        covered = (
            Cell(f" {self._missing}", "warn") if self._missing else Cell(f" {self.reader.title()}", "muted")
        )
        self.set_title((*left, covered), ())

    def on_log_view_titled(self, event: LogView.Titled) -> None:
        """Streams opened or closed."""
        event.stop()
        if self.view is not None:
            self._retitle(self.view)

    def begin_at(self, at: float) -> None:
        """Go to this time, Unix seconds, once the log is read."""
        self._replace_work(partial(self._begin_at, at), "log-time")

    async def _begin_at(self, at: float) -> None:
        model = self.reader.model
        if await self._is_read():
            model.go_to_time(at)

    async def _is_read(self) -> bool:
        """Wait until no more lines come; whether there are any."""
        model, lines = self.reader.model, -1
        for _ in range(LOOKS):
            await self._clock.sleep(LOOK_EVERY)
            if model.log.end == lines and lines > model.log.first:
                return True
            lines = model.log.end
        return False

    # ---- in the past ----------------------------------------------------------------------------------

    def stand_at(self, at: float | None) -> None:
        """Show the lines as they were at this moment, Unix seconds; None: those of now again."""
        if self._moment is None and at is not None:
            self._followed = self.reader.model.page.follow
        self._moment = at
        if at is not None:
            self._stand(at)
        else:
            self._say_missing("")
            if self._followed:
                self.reader.model.follow()

    def _stand(self, at: float) -> None:
        if self._agents:
            self._replace_work(partial(self._stand_at, at), "log-time")

    async def _stand_at(self, at: float) -> None:
        model, view = self.reader.model, self.view
        if view is None:
            return
        words = f"no lines kept for {when(at, now=view.now, style=view.clock_style)}"
        if not self._is_connected:
            self._say_missing(f"{words}: logs are not part of a recording")
        elif model.log.end > model.log.first or await self._is_read():
            self._say_missing("" if model.go_to_moment(at) else f"{words}: these came later")
        else:
            self._say_missing(words)

    def _say_missing(self, words: str) -> None:
        if words != self._missing:
            self._missing = words
            if self.view is not None:
                self._retitle(self.view)

    def show_job(self, agent: Agent, job_id: str) -> None:
        """The lines of one job in its agent's log."""
        self.follow([agent], "deploy")
        self.reader.show_job(job_id)


def why_closed(fleet: Fleet) -> str:
    """Why no log is open, in place of its lines."""
    if fleet.fresh("agents").absent:
        return ABSENT
    unknown = unknown_agents(fleet)
    return f"No log is open:\n{unknown}." if unknown else NO_LOG


def _statuses(agent: Agent) -> list[str]:
    return [row.status for row in agent.agent_deployments]
