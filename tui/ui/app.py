"""The application: start and end, themes, and who does what for the keys and messages that reach it.

Longer than other modules, because Textual finds bindings, actions and message handlers by name on one class.
"""

from __future__ import annotations

import asyncio
import gc
import random
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from rich.console import RenderableType
from textual.binding import BindingType
from textual.events import Event, Key
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widgets import Input

from tui.api.errors import BadTarget
from tui.clock import Clock, SystemClock
from tui.fleet.times import TimeStyle
from tui.fleet.view import Selection
from tui.project import Project
from tui.record_options import RecordOptions
from tui.session.watched import Watched
from tui.ui import theme
from tui.ui.announcer import Announcer
from tui.ui.commandline.command import BadCommand
from tui.ui.commandline.line import run as run_command_line
from tui.ui.deploy import DeployHost
from tui.ui.dialogs.base import Dialog
from tui.ui.dialogs.launcher import OperationLauncher
from tui.ui.exporter import Exporter
from tui.ui.history_requests import HistoryRequests
from tui.ui.input_delivery import InputDelivery
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import APP
from tui.ui.launch import Launch
from tui.ui.logview import LogView
from tui.ui.logview.picker import Picker
from tui.ui.main_screen import requests
from tui.ui.main_screen.screen import MainScreen
from tui.ui.main_screen.time_bar import TimeBar
from tui.ui.overlays.away import AwayNotice
from tui.ui.overlays.chooser import Chooser
from tui.ui.overlays.help import Help, HelpRow, command_rows, rows
from tui.ui.overlays.messages import Messages
from tui.ui.quitting import AGAIN, Quitting
from tui.ui.row_output import RowOutput
from tui.ui.session_binding import SessionBinding
from tui.ui.terminal.safe_app import run_guarded
from tui.ui.terminal.screen_diff import DiffApp
from tui.ui.time_travel import TimeTravel
from tui.ui.widgets.exact_input import LinesJoined
from tui.ui.widgets.themed_widget import ASCII_CLASS

TICK = 1.0
"""Seconds between two looks at the clock. Most of them draw nothing."""
SETTLED = 0.5
"""Seconds after which a server nearby has usually given its first answers."""
WARM = 5.0
"""Seconds after which everything has usually been imported, built and fetched once."""


class Lktop(DiffApp):
    """The application."""

    CSS_PATH = "style.tcss"
    TITLE = "lktop"
    ENABLE_COMMAND_PALETTE = False
    CRASH_ADVICE = (
        "Whether an operation that was under way happened is unknown: lktop asks after it when started again."
    )

    BINDINGS: ClassVar[list[BindingType]] = bindings(APP)

    _event_loop: asyncio.AbstractEventLoop | None = None
    """Known once the screen is shown."""
    _deploys: DeployHost | None = None
    """Known once something is deployed."""

    def __init__(
        self,
        launch: Launch,
        *,
        clock: Clock | None = None,
        chance: random.Random | None = None,
        connect: Callable[[Project], Watched] | None = None,
        at: float | None = None,
    ) -> None:
        """`connect` makes the session of a project; `at` is a moment of its past to begin with, Unix seconds.

        Both are for recordings, and for tests.
        """
        super().__init__()
        self._begin_at = at
        self.launch = launch
        self.clock = clock or SystemClock()
        self.chance = chance or random.Random()
        self._announcer = Announcer(self.clock, notify=self.notify, ascii_only=launch.ascii_only)
        self.said = self._announcer.said
        logs = launch.state_dir / "logs"
        self.main = MainScreen(
            project=launch.project, clock=self.clock, save_dir=logs, agent_id=launch.agent_id
        )
        self._begun = False
        self._exporter = Exporter(self, launch, self.clock, self.say)
        self._problems = self._load_themes()
        self.set_class(launch.ascii_only, ASCII_CLASS)
        self.set_class(launch.low_bandwidth, "-low-bandwidth")
        self.animation_level = "none"
        self._warned_slow = launch.low_bandwidth
        self.session_binding = SessionBinding(
            self.main,
            self.clock,
            connect=connect or self._over_the_network,
            is_dry_run=lambda: self.launcher.session_options.dry_run,
            later=self.call_later,
            broken=self._handle_exception,
        )
        self.time_travel = self._time_travel()
        self._away = AwayNotice(self.session_binding.attention, self.clock, show=self.push_screen)
        self.launcher = OperationLauncher(self, self.session_binding.registry)
        self._input = InputDelivery(self, self.main, self._away, came=self._came, say=self.say)
        self._quitting = self._make_quitting()
        self._rows = RowOutput(
            self.main, self.session_binding.registry, self._exporter, show=self.push_screen, say=self.say
        )
        self._history = HistoryRequests(
            self.main,
            self.session_binding.registry,
            self._announcer,
            show=self.push_screen,
            copy=self.copy_out,
            later=self.later,
        )

    def _time_travel(self) -> TimeTravel:
        return TimeTravel(
            self.main,
            self.session_binding.registry,
            self.clock,
            say=lambda words: self.say(words, tone="warn"),
            later=self.later,
            open_later=self.open_later,
        )

    def _make_quitting(self) -> Quitting:
        return Quitting(
            self.clock,
            is_busy=lambda: self.launcher.busy,
            end=self.exit,
            say=self.say,
            notify=lambda words: self.notify(words, timeout=AGAIN),
        )

    # ---- life -----------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Show the empty screen first. The network is imported after its first frame."""
        self._event_loop = asyncio.get_running_loop()
        self._came()  # whoever starts it is here
        self.push_screen(self.main)
        self.set_interval(TICK, self._tick)
        self.set_timer(WARM, _collect_garbage)
        if self.launch.terminal.ssh and not self.launch.low_bandwidth:
            self.say("over SSH: on a slow line, lktop --low-bandwidth sends half as much", toast=False)
        for notice in (*self.launch.notices, *self._problems):
            self.say(notice, tone="warn", toast=False)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Start the network right after the first frame, while Textual waits to lay out the next one."""
        super()._display(screen, renderable)
        if screen is self.main and self.is_running and not (self._batch_count or self._begun):
            self._begun = True
            self.call_later(self._begin)

    def _begin(self) -> None:
        if self.launch.project is None:
            self.action_choose_project()
        else:
            self.watch_project(self.launch.project)
        self.set_timer(SETTLED, self._notify_of_notices)

    def _notify_of_notices(self) -> None:
        """Show notices as a toast, after the first data: drawing a toast takes as long as drawing them."""
        self._announcer.toast_notices((*self.launch.notices, *self._problems))

    def watch_project(self, project: Project) -> None:
        """Show another project. Does not wait for the one before to end."""
        self.time_travel.end()
        self.session_binding.attention.told()
        try:
            self.session_binding.watch(project)
        except BadTarget as error:
            self.say(f"project {project.name} not watched: {error}", tone="error")
            if self.session is None:
                self.main.show_no_project()
            return
        if self._begin_at is not None:
            self.time_travel.enter(self._begin_at)
            return
        selection = Selection(project=project.key)
        self.later(self.launcher.remember(selection))
        self.later(self.launcher.unresolved(selection, asked=False))

    def _over_the_network(self, project: Project) -> Watched:
        from tui.session.live import Session

        return Session(
            project,
            clock=self.clock,
            chance=self.chance,
            refresh=self.launch.refresh,
            spool_dir=self.launch.state_dir / "spool",
            log_bytes=int(self.launch.log_mib * 1024 * 1024),
            log_days=self.launch.log_days,
            log_suspects=self.launch.log_suspects,
            history_dir=self.launch.history_dir,
            record=self.launch.record,
            report=self._report_fault,
        )

    def _report_fault(self, text: str) -> None:
        self.say(text, tone="error")

    async def on_unmount(self) -> None:
        """End every session."""
        await self.session_binding.registry.aclose()

    @property
    def session(self) -> Watched | None:
        """The session of the selected project; None before one was selected."""
        return self.session_binding.registry.selected

    def _tick(self) -> None:
        if not self.screen_stack:
            return  # it is ending
        if self.is_slow and not self._warned_slow:
            self._warned_slow = True
            self.say("the line is slow: lktop --low-bandwidth sends half as much", tone="warn")
        self.session_binding.tick()
        is_picking = isinstance(self.focused, Picker) or self.main.choice is not None
        self._away.update(self.main.view, is_free=self.at_rest and not is_picking)

    def on_main_screen_selection_changed(self, event: requests.SelectionChanged) -> None:
        """Fetch the details of what is selected."""
        session = self.session_binding.registry.get(event.selection.project)
        if session is not None:
            session.select(event.selection)

    def on_lines_joined(self, event: LinesJoined) -> None:
        """Say that a paste of several lines stands in a field of one."""
        self.say(f"{event.count} pasted lines are one line now: a space stands between them")

    def on_log_view_copy(self, event: LogView.Copy) -> None:
        """Copy lines of a log."""
        self.copy_out(event.text)

    def on_log_view_save_ended(self, event: LogView.SaveEnded) -> None:
        """Report whether a log was saved."""
        self.say(event.words, tone=event.tone)

    # ---- telling --------------------------------------------------------------------------------------

    def say(self, text: str, *, tone: str = "text", toast: bool = True) -> None:
        """Tell the operator. The text is kept in `:messages` and never read as markup."""
        self._announcer.say(text, tone=tone, toast=toast)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show one line, in place of the one before. Never as markup."""
        self.clear_notifications()
        super().notify(message, title=title, severity=severity, timeout=timeout, markup=False)

    # ---- themes ---------------------------------------------------------------------------------------

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our theme variables, for themes that lack them."""
        return theme.defaults()

    def _load_themes(self) -> tuple[str, ...]:
        found = theme.load(self.launch.theme_dirs, self.launch.terminal.colors)
        for item in found.themes:
            self.register_theme(item)
        self._themes = found
        wanted = self.launch.theme or (self.launch.project.theme if self.launch.project else "")
        no_color, low_bandwidth = self.launch.terminal.no_color, self.launch.low_bandwidth
        self.theme = found.first(wanted, no_color=no_color, low_bandwidth=low_bandwidth)
        missing = found.missing(wanted) if wanted else ""
        return (*found.problems, missing) if missing else found.problems

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While a line is typed or something is picked, nothing happens behind it."""
        alone = self.screen is self.main and isinstance(self.focused, Input | Picker)
        return not alone or action in ("quit", "interrupt", "help", "redraw", "picture")

    # ---- keys that work everywhere --------------------------------------------------------------------

    def action_help(self) -> None:
        """Show every key that works here, and every command."""
        pane = self.main.current
        words = f"{pane.NUMBER} {pane.NAME}: {pane.HELP}"

        def run(row: HelpRow | None) -> None:
            if row is not None:
                self.call_later(self.run_action, row.action, row.node)

        entries = [*rows(self.screen), *command_rows(self.main)]
        self.push_screen(Help(entries, words, self.main.link.budget), run)

    def action_leave(self) -> None:
        """Go back, leaving searches and filters as they are; at the root, quit when pressed twice."""
        if self.screen is self.main and self.main.leave_pane():
            return
        self._quitting.leave()

    async def action_quit(self) -> None:
        """Quit. While an operation is under way, only when pressed twice: its outcome would stay unknown."""
        self._quitting.quit()

    def quit_by_command(self) -> None:
        """Quit, unless an operation is under way. A command is not typed twice as quickly as a key."""
        self._quitting.by_command()

    def action_interrupt(self) -> None:
        """Quit when pressed twice."""
        self._quitting.interrupt()

    def action_copy(self) -> None:
        """Copy the id under the cursor, or the ids of marked rows."""
        self._rows.copy()

    def copy_out(self, text: str) -> None:
        """Copy a text out of the terminal, and say by which means."""
        self._exporter.copy(text)

    def action_raw(self) -> None:
        """Show the JSON that LiveKit sent for the row under the cursor."""
        self._rows.show_raw()

    def action_copy_as(self) -> None:
        """Ask in which form to copy the marked rows, or the row under the cursor."""
        self._rows.ask_form()

    def action_save(self) -> None:
        """Save every row of the list to a file; of a log, ask how."""
        main = self.main
        if main.current is main.logs:
            main.logs.reader.action_save()
        else:
            self.later(self._rows.save(main.current))

    def action_times(self) -> None:
        """Switch the style of times: relative, local, UTC."""
        style = self.main.view.times.next
        self.main.view = replace(self.main.view, times=style)
        self.session_binding.draw()  # diagnoses name times, too
        self.say(f"times: {style}", toast=False)  # the header says it

    def action_refresh_now(self) -> None:
        """Poll every source now."""
        if self.session is not None and self.session.refusal:
            self.say(f"read again: {self.session.refusal}", tone="warn")
        elif self.session is not None:
            self.session.nudge()

    def action_redraw(self) -> None:
        """Draw the whole screen again, in case something garbled it."""
        self.redraw()

    def action_picture(self) -> None:
        """Save the screen as an SVG file that only this user may read."""
        self._exporter.save_picture()

    def action_choose_project(self) -> None:
        """Let the operator choose among the known projects."""

        def chosen(project: Project | None) -> None:
            if project is not None:
                self.watch_project(project)

        current = self.session.project if self.session else None
        screen = Chooser(self.launch.projects, current, self.launch.notices)
        self.push_screen(screen, chosen)

    def action_messages(self) -> None:
        """Show the messages of this run."""
        self.push_screen(Messages(self.said, copy=self.copy_out))

    def choose_project(self, name: str) -> bool:
        """Watch a project by name; False if there is none."""
        project = next((item for item in self.launch.projects if item.name == name), None)
        if project is not None:
            self.watch_project(project)
        return project is not None

    def forget(self, name: str) -> str:
        """Remove what was recorded of the project shown, if it has this name; what is wrong with the name."""
        return self._history.forget(name)

    def export(self, since: float, until: float, path: Path) -> None:
        """Write what was recorded from one time to another, Unix seconds, into a new file."""
        self._history.export(since, until, path, self.launch.record or RecordOptions())

    def choose_theme(self, name: str) -> str:
        """Use a theme by name; returns what is wrong with the name."""
        if name not in self.available_themes:
            return self._themes.missing(name)
        self.theme = name
        return ""

    # ---- operations -----------------------------------------------------------------------------------

    async def on_event(self, event: Event) -> None:
        """Deliver keys one after another, each to what it is meant for."""
        await self._input.deliver(event, super().on_event)

    def on_key(self, event: Key) -> None:
        """What nothing on its way has handled runs a binding of the screen on top, if it was sent there."""
        if self._input.is_for_another(event):
            event.prevent_default()

    def _came(self) -> None:
        """The operator did something."""
        self.session_binding.attention.pressed(self.clock.monotonic())

    async def on_dialog_ready(self, event: Dialog.Ready) -> None:
        """What was typed while a dialog put its first question goes there."""
        await self._input.dialog_ready(event.dialog)

    def confirms(self, key: Key) -> bool:
        """Only in a dialog, and not while text is typed there."""
        return self._input.confirms(key)

    @property
    def refresh_seconds(self) -> float:
        """Seconds between two polls of the agent list."""
        return self.launch.refresh

    @property
    def state_dir(self) -> Path:
        """The folder of the journal."""
        return self.launch.state_dir

    @property
    def times(self) -> TimeStyle:
        """The style of times."""
        return self.main.view.times

    def redraw_link(self) -> None:
        """Show at once that a lock or the dry run has changed."""
        self.session_binding.draw()

    @property
    def at_rest(self) -> bool:
        """No dialog is open, and nobody is typing."""
        return self.screen is self.main and not isinstance(self.focused, Input)

    def show(self, screen: Screen[None], closed: Callable[[], None]) -> None:
        """Put a screen over what is shown; `closed` is called when it has closed."""
        self.push_screen(screen, lambda _: closed())

    def soon(self, work: Callable[[], None]) -> None:
        """Do it on the event loop; may be called in any thread. At the very end it is not done."""
        if self._event_loop is not None and not self._event_loop.is_closed():
            self._event_loop.call_soon_threadsafe(work)

    def later(self, work: Coroutine[object, object, object]) -> None:
        """Run it to its end, also when its dialog is closed."""
        self.run_worker(work, exclusive=False)

    def open_later(self, opening: Coroutine[object, object, bool]) -> None:
        """Run what opens something, and returns whether it did: what is typed meanwhile goes there."""
        self._input.hold()
        self.later(self._open(opening))

    async def _open(self, opening: Coroutine[object, object, bool]) -> None:
        is_open = False
        try:
            is_open = await opening
        finally:
            # the screen that was opened gives its list the keyboard first
            self.screen.call_later(self.call_later, self._input.resume, deliver=is_open)

    def begin_deploy(self, verb: str, words: Sequence[str], selection: Selection) -> None:
        """Open the screen of create, deploy, config or dockerfile. Raises `InvalidAnswer`."""
        if self._deploys is None:
            from tui.ui.deploy.controller import DeployController

            here = self.launch.working_dir
            self._deploys = DeployController(here)
        context = self.launcher.to_change(verb, selection)
        self._deploys.begin(context, verb, words, selection.agent_id)

    def on_main_screen_past_wanted(self, event: requests.PastWanted) -> None:
        """Into the past, to a moment of it, or back."""
        if event.at is None:
            self.time_travel.toggle()
        else:
            self.time_travel.enter(event.at)

    def on_time_bar_moved(self, event: TimeBar.Moved) -> None:
        """To another moment."""
        self.time_travel.move(event.way, event.by)

    def on_time_bar_time_wanted(self, event: TimeBar.TimeWanted) -> None:
        """To a moment that is typed."""
        self.main.ask_past(self.time_travel.now, self.time_travel.enter)

    def on_time_bar_left(self, event: TimeBar.Left) -> None:
        """Back to now."""
        self.time_travel.leave()

    def on_main_screen_operate(self, event: requests.Operate) -> None:
        """Open the dialog of an operation."""
        self.launcher.by_key(event.operation, event.targets)

    def on_main_screen_key_refused(self, event: requests.KeyRefused) -> None:
        """Say why a key had no effect."""
        self.say(" · ".join(filter(None, (self._input.hinted, event.words))), tone="warn")

    def on_main_screen_changes_wanted(self, event: requests.ChangesWanted) -> None:
        """Show what changed between two times."""
        self._history.show_changes(event.since, event.until)

    def on_main_screen_failed_wanted(self, event: requests.FailedWanted) -> None:
        """Show the jobs that failed within some time."""
        self._history.show_failed(event.seconds)

    def on_main_screen_noted(self, event: requests.Noted) -> None:
        """Keep a note in the timeline."""
        self._history.note(event.text, event.subject, self.launcher.origin.user)

    def on_main_screen_undo(self, event: requests.Undo) -> None:
        """Undo the last operation."""
        self.launcher.undo(event.selection)

    def on_main_screen_command_given(self, event: requests.CommandGiven) -> None:
        """Run a command line."""
        try:
            run_command_line(event.text, self)
        except BadCommand as problem:
            self.say(f": {problem}", tone="warn")


def _collect_garbage() -> None:
    """Freeze the objects of the start, then enable the collector: it need not search them again."""
    gc.freeze()
    gc.enable()


def run(
    launch: Launch, *, connect: Callable[[Project], Watched] | None = None, at: float | None = None
) -> int:
    """Show the screen until the operator quits; returns the exit status. Arguments as those of `Lktop`."""
    return run_guarded(Lktop(launch, connect=connect, at=at), mouse=launch.mouse)
