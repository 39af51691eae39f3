"""The main screen: where panes are, which one has the keyboard, what is selected. Panes do the rest.

It is long because panes meet here: every way from one to another leads through it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.reactive import Reactive, var
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from tui.api.models import Agent
from tui.clock import Clock
from tui.fleet.lists.cells import Cell
from tui.fleet.lists.tree import find_key, key_of
from tui.fleet.past import Subject
from tui.fleet.state import Fleet
from tui.fleet.times import TimeStyle
from tui.fleet.typed_time import TIME_HINT
from tui.fleet.view import Selection, View
from tui.operations.registry import BY_ID
from tui.operations.targets import NoTarget
from tui.project import Project
from tui.session.watched import Link
from tui.ui.commandline.command_mode import CommandMode
from tui.ui.commandline.note_mode import NoteMode
from tui.ui.commandline.prompt import Prompt
from tui.ui.commandline.time_mode import TimeMode
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import SCREEN
from tui.ui.logview import LogView
from tui.ui.logview.picker import Picker
from tui.ui.main_screen import requests
from tui.ui.main_screen.footer import choices, fitting, footer
from tui.ui.main_screen.header import header
from tui.ui.main_screen.pane_area import PaneArea
from tui.ui.main_screen.time_bar import TimeBar
from tui.ui.panes.agents import AgentsPane
from tui.ui.panes.base import Pane, PaneSetup
from tui.ui.panes.dispatches import DispatchesPane
from tui.ui.panes.lists import ListPane
from tui.ui.panes.logs import LogsPane
from tui.ui.panes.subjects import agent_of, node_of
from tui.ui.panes.timeline import TimelinePane
from tui.ui.widgets.key_choice import KeyChoice
from tui.ui.widgets.lines import Lines
from tui.ui.widgets.themed_widget import ThemedWidget


class MainScreen(Screen[None]):
    """Every pane, two lines above, one below."""

    AUTO_FOCUS = "#agents LineTable"

    BINDINGS: ClassVar[list[BindingType]] = bindings(SCREEN)

    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    """As Textual's, which repaints the whole screen when the keyboard goes to another widget."""
    view: var[View] = var(View(Fleet(), Selection(), 0.0, 0.0), init=False)

    def __init__(
        self,
        *,
        project: Project | None,
        clock: Clock,
        save_dir: Path,
        agent_id: str = "",
    ) -> None:
        super().__init__(id="main")
        self.project = project
        self.choice: KeyChoice | None = None
        """The question that the next key answers."""
        self.link = Link()
        key = project.key if project is not None else ""  # it is about to be watched
        self.set_reactive(MainScreen.view, View(Fleet(), Selection(project=key), 0.0, 0.0))
        self._start_at = agent_id
        # Held, not looked up: a poll may still be drawn while the screen is half taken down.
        self._header = Lines(id="header")
        self._area = PaneArea(PaneSetup(clock, save_dir))
        self.agents = self._area.of(AgentsPane)
        self.dispatches = self._area.of(DispatchesPane)
        self.logs = self._area.of(LogsPane)
        self._prompt = Prompt()
        self.time_bar = TimeBar()
        self._footer = Lines(id="footer")
        self._fits: frozenset[str] = frozenset()
        """The operations of the footer that fit what is selected."""
        self._too_small = Lines(id="small")

    def compose(self) -> ComposeResult:
        """Every pane, whatever the size: panes without room are hidden."""
        for pane in self._area.panes.values():
            pane.data_bind(MainScreen.view)
        yield from (self._header, self._area, self._prompt, self.time_bar, self._footer, self._too_small)

    def on_mount(self) -> None:
        """Show what there is room for."""
        self.place()

    # ---- what is shown --------------------------------------------------------------------------------

    def watch_view(self, view: View) -> None:
        """Header and footer follow every view; panes are bound to it."""
        if self._start_at and view.fleet.agent(self._start_at):
            self.go_to_agent(self._start_at)
            self._start_at = ""
        self.draw_header()
        if fitting(self.current, view) != self._fits:
            self.draw_footer()

    def reset(self, project: Project) -> None:
        """Show another project: nothing of the one before may stay on the screen."""
        self.project = project
        for pane in self._area.panes.values():
            pane.forget()
        self.view = View(
            Fleet(),
            Selection(
                project=project.key, pane=self._area.arranged.current, panes_in_view=self._area.arranged.shown
            ),
            self.view.now,
            self.view.monotonic,
            self.view.times,
        )

    def show_no_project(self) -> None:
        """The project that was to be watched is not."""
        self.project = None
        self.view = replace(self.view, selection=replace(self.view.selection, project=""))

    def show(self, link: Link, view: View) -> None:
        """Show what is known now, and how the connection is."""
        before, self.link = self.link, link
        self.view = view
        rooms_only = view.fleet.fresh("agents").absent
        if rooms_only != self._area.arranged.rooms_only:
            at_first = self._area.arranged.current == self._area.arranged.first
            self._area.set_rooms_only(rooms_only)
            if at_first and self.focused in self.current.walk_children():  # nobody went elsewhere
                self.action_pane(self._area.arranged.first)
            else:
                self.place()
        if (link.unlocked, link.dry_run, link.past) != (before.unlocked, before.dry_run, before.past):
            self.draw_header()
        if (link.unlocked, bool(link.past)) != (before.unlocked, bool(before.past)):
            self.draw_footer()

    def show_past(self, is_past: bool, *, leads_to_now: bool = True) -> None:
        """Another frame and the bar of time, which has the keyboard at first; or neither."""
        had_keyboard = self.time_bar.has_focus
        self.time_bar.leads_to_now = leads_to_now
        self.set_class(is_past, "-past")
        self.time_bar.display = is_past
        if is_past:
            self.time_bar.focus()
        elif had_keyboard:
            self.current.take_focus()

    async def on_key(self, event: events.Key) -> None:
        """A key that means nothing to the bar of time is for the pane behind."""
        if self.time_bar.has_focus and not self.time_bar.takes(event.key):
            for node in self.current.keyboard_chain():
                for binding in node._bindings.key_to_bindings.get(event.key, ()):
                    if await self.app.run_action(binding.action, node):
                        event.stop()
                        return

    def ask_past(self, now: float, go: Callable[[float], None]) -> None:
        """Ask for a time, relative to `now` in Unix seconds, at which everything is to be shown."""
        then = self.time_bar.focus if self.time_bar.has_focus else self.current.take_focus
        self._ask_time(now, go, then, f"everything as it was at {TIME_HINT}")

    def _ask_time(
        self, now: float, go: Callable[[float], None], then: Callable[[], object], words: str
    ) -> None:
        """Ask for a time and go there; `then` takes the keyboard."""
        zone = UTC if self.view.clock_style is TimeStyle.UTC else None
        self._prompt.open(TimeMode(now, zone, go, then, ask=self.on_key_choice, words=words))

    def draw_header(self) -> None:
        """The two lines on top."""
        self._header.set_lines(header(self.view, self.project, self.link, self._header.size.width))

    def draw_footer(self) -> None:
        """The line at the bottom; empty behind another screen, where none of these keys act."""
        if not self.is_active:
            self._footer.set_lines([])
            return
        is_read_only = self.project is not None and self.project.read_only and not self.link.unlocked
        locked = is_read_only or bool(self.link.past)
        size = self._footer.size.width
        fits = self._fits = fitting(self.current, self.view)
        words = choices(self.choice, size) if self.choice else footer(self, size, fits, locked=locked)
        self._footer.set_lines([words])

    def pane(self, name: str) -> Pane:
        """A pane by its name in lower case."""
        return self._area.panes[name]

    @property
    def current(self) -> Pane:
        """The pane that has the keyboard, or had it last."""
        return self._area.current

    # ---- arranging ------------------------------------------------------------------------------------

    def place(self) -> None:
        """Show the panes that have room."""
        here = self._area.place(self.size.width, self.size.height)
        self.set_class(here.too_small, "-small")
        if here.too_small:
            self._too_small.set_lines([(Cell(line, "warn"),) for line in here.complaint()])
        self._select(replace(self.view.selection, panes_in_view=here.shown))
        self._area.draw_titles(self.view)

    def on_resize(self, event: events.Resize) -> None:
        """Another size, another arrangement."""
        self.place()
        self.call_after_refresh(self._redraw_lines)
        if self.focused is None:  # it was too small for anything to have the keyboard
            self.call_after_refresh(self.current.take_focus)

    def _redraw_lines(self) -> None:
        self.draw_header()
        self.draw_footer()
        self._area.draw_titles(self.view)

    def on_screen_suspend(self) -> None:
        """Another screen lies over this one: a toast on both would be there twice, and no key comes here."""
        self.app.clear_notifications()
        self.end_choice()
        self.draw_footer()
        self._keyboard_changed()

    def on_screen_resume(self) -> None:
        """This screen is on top again."""
        self.draw_footer()
        self._keyboard_changed()

    def _keyboard_changed(self) -> None:
        if isinstance(self.focused, ThemedWidget):
            self.focused.keyboard_changed()

    def on_key_choice(self, event: KeyChoice) -> None:
        """Ask in the footer; the next key is the answer."""
        self.choice = event
        self.draw_footer()

    def end_choice(self, key: str = "") -> None:
        """End the question of the footer, with the key that was pressed."""
        asked, self.choice = self.choice, None
        if asked is not None:
            self.draw_footer()
            asked.answer(key)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Another widget has the keyboard: a pane, or a prompt or picker, which no toast may cover."""
        if event.widget is not self.focused:
            return  # the keyboard has gone on since, which is told too
        self.draw_footer()
        self.set_class(isinstance(event.widget, Input | Picker), "-asking")
        for ancestor in event.widget.ancestors_with_self:
            if isinstance(ancestor, Pane) and ancestor.id:
                self._area.keyboard_at(ancestor.id)
                self._select(replace(self.view.selection, pane=ancestor.id))
                self._area.draw_titles(self.view)
                break

    # ---- selection ------------------------------------------------------------------------------------

    def _select(self, after: Selection) -> None:
        if after != self.view.selection:
            self.view = replace(self.view, selection=after)
            self.post_message(requests.SelectionChanged(after))

    def on_list_pane_selected(self, event: ListPane.Selected) -> None:
        """A cursor moved: the selection follows."""
        self._select(event.pane.selected(event.key, self.view.selection))

    def on_list_pane_scrolled(self, event: ListPane.Scrolled) -> None:
        """Rooms in sight are polled first."""
        rooms = event.pane.visible_rooms()
        if rooms is not None:
            self._select(replace(self.view.selection, rooms_in_view=tuple(rooms)))

    def on_list_pane_opened(self, event: ListPane.Opened) -> None:
        """Enter: the pane says where that leads."""
        if name := event.pane.opened(event.key):
            self.action_pane(name)

    def on_timeline_pane_event_opened(self, event: TimelinePane.EventOpened) -> None:
        """Enter on an event: the fleet as it was then."""
        self.post_message(requests.PastWanted(event.at))

    def go_to_agent(self, agent_id: str) -> bool:
        """Put the cursor on an agent, clearing a filter that hides it; False if there is none."""
        if self.view.fleet.agent(agent_id) is None:
            return False
        self.agents.go_to(agent_id)
        self._select(replace(self.view.selection, agent_id=agent_id))
        return True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A prompt and a picker have the keyboard alone."""
        return not isinstance(self.focused, Input | Picker)

    # ---- actions --------------------------------------------------------------------------------------

    def action_pane(self, name: str) -> None:
        """Give the keyboard to a pane, showing it first."""
        self._area.keyboard_at(name)
        self.place()
        self.current.take_focus()  # not with the next frame: the next key may be here before

    def action_next_pane(self, step: int) -> None:
        """The next pane on the screen, of all in single mode; behind the last one, the bar of the past."""
        stops = self._area.stops
        bar = len(stops)
        here = bar if self.time_bar.has_focus else stops.index(self._area.arranged.current)
        there = (here + step) % (bar + 1 if self.time_bar.display else bar)
        if there == bar:
            self.time_bar.focus()
        else:
            self.action_pane(stops[there])

    def action_past(self) -> None:
        """Into the past, or back from it."""
        self.post_message(requests.PastWanted())

    def action_maximise(self) -> None:
        """The current pane alone, or all again."""
        self._area.toggle_maximised()
        self.place()
        self.current.take_focus()

    def action_back(self) -> None:
        """One step back: undo what narrows the pane, leave full screen, go to the first pane."""
        if self.current.is_narrowed:
            self.current.widen()
        else:
            self.leave_pane()

    def leave_pane(self) -> bool:
        """Leave full screen, else go to the first pane; False at the root. Filters stay."""
        if self._area.is_maximised:
            self.action_maximise()
        elif self._area.arranged.current != self._area.arranged.first:
            self.action_pane(self._area.arranged.first)
        else:
            return False
        return True

    def action_detail(self, name: str) -> None:
        """What a pane shows of the agent that the cursor is on, or that what it is on belongs to."""
        try:
            agent = self.current.agent(self.view)
        except NoTarget as problem:
            self._refuse(str(problem))
            return
        if agent.agent_id != self.view.selection.agent_id:
            self.go_to_agent(agent.agent_id)
        self.action_pane(name)

    def action_problem(self, step: int) -> None:
        """To the next or previous problem of the list."""
        if problem := self.current.next_problem(step):
            self._refuse(problem)

    def action_to_mark(self, step: int) -> None:
        """To the next or previous marked row of the list."""
        if problem := self.current.to_mark(step):
            self._refuse(problem)

    def action_filters(self) -> None:
        """The filter of the list off, or on again."""
        if problem := self.current.toggle_filter():
            self._refuse(problem)

    def action_problems(self) -> None:
        """Only the problems of the current list, or all; in other panes, those of the agents."""
        if not self.current.toggle_problems():
            self.agents.toggle_problems()
            self.action_pane("agents")

    def action_wide(self) -> None:
        """Wide columns in the current list."""
        if problem := self.current.toggle_wide():
            self._refuse(problem)

    def action_owner(self) -> None:
        """Go from a dispatch or job to the agent that it names."""
        try:
            agent = self.current.agent(self.view)
        except NoTarget as problem:
            self._refuse(str(problem))
            return
        self.go_to_agent(agent.agent_id)
        self.action_pane("agents")

    def action_event_job(self) -> None:
        """Go to the job, dispatch or room that an event is about."""
        try:
            self.go_to_node(self.current.node(self.view))
        except NoTarget as problem:
            self._refuse(str(problem))

    def action_time(self) -> None:
        """Go to a time that is typed: in the pane, or with all of them."""
        if self.current.has_times:
            self._ask_time(self.view.now, self._go_to_time, self.current.take_focus, f"go to {TIME_HINT}")
        else:
            self.post_message(TimeBar.TimeWanted())

    def _go_to_time(self, at: float) -> None:
        if problem := self.current.go_to_time(at):
            self._refuse(problem)

    def action_note(self) -> None:
        """Note something on what is under the cursor."""
        subject = self.current.noted(self.view)
        self._prompt.open(NoteMode(subject, lambda text: self._note(text, subject), self.current.take_focus))

    def _note(self, text: str, subject: Subject) -> None:
        self.post_message(requests.Noted(text, subject))

    def _refuse(self, words: str) -> None:
        self.post_message(requests.KeyRefused(words))

    def action_agent_dispatches(self) -> None:
        """The rooms that the agent was dispatched to that the cursor is on, or its dispatch or log."""
        try:
            name = self.current.agent(self.view).name
        except NoTarget as problem:
            self._refuse(str(problem))
            return
        if name:
            self.dispatches.show_rooms_of(name)
            self.action_pane("dispatches")
        else:
            self._refuse("this agent has no name that rooms could be found by")

    def action_deploy(self) -> None:
        """Build the working directory for the agent that its livekit.toml names, or for a new one."""
        self._command("deploy")

    def action_logs(self, kind: str) -> None:
        """Follow the log of what the current pane says, in full width: of an agent, marked ones, a job."""
        try:
            agents, job_id, at = self.current.log_target(self.view, kind)
        except NoTarget as problem:
            self._refuse(str(problem))
            return
        if job_id:
            self.logs.show_job(agents[0], job_id)
            self.action_pane("logs")
        else:
            self.read_logs(agents, kind)
        if not self._area.is_maximised:
            self.action_maximise()
        if at is not None:
            self.logs.begin_at(at)

    def read_logs(self, agents: Sequence[Agent], kind: str, deployment: str | None = None) -> None:
        """Follow the logs of these agents in one, or of one deployment, and go there."""
        self.logs.follow(agents, kind, deployment)
        self.action_pane("logs")

    def show_changes(self, since: float, until: float) -> None:
        """Show what changed between two times, Unix seconds by the server's clock."""
        self.post_message(requests.ChangesWanted(since, until))

    def show_failed(self, seconds: float) -> None:
        """Show the jobs that failed within so many seconds."""
        self.post_message(requests.FailedWanted(seconds))

    def go_to_subject(self, subject: Subject, *, to_job: bool) -> None:
        """Go to the agent of something that happened, or to its job, dispatch or room in the tree."""
        try:
            if to_job:
                self.go_to_node(node_of(self.view, subject))
            else:
                self.go_to_agent(agent_of(self.view, subject).agent_id)
                self.action_pane("agents")
        except NoTarget as problem:
            self._refuse(str(problem))

    def open_log(self, path: Path) -> None:
        """Read a log back from a file, and go there. Raises NotOpened."""
        self.logs.open_file(path)
        self.action_pane("logs")

    def choose_log(self) -> None:
        """Offer the logs that were kept or saved."""
        self.action_pane("logs")
        self.logs.reader.action_files()

    def on_log_view_jump_to_job(self, event: LogView.JumpToJob) -> None:
        """From a log line to its job in the tree, else to its room."""
        fleet = self.view.fleet
        key = find_key(fleet, event.job_id or event.dispatch_id)
        if key or fleet.dispatches.get(event.room) is not None:
            self.go_to_node(key or key_of(event.room))
        else:
            self.logs.reader.say("its job is not in the tree (any more)", "warn")

    def go_to_node(self, key: str) -> None:
        """Put the cursor on a line of the tree."""
        self.action_pane("dispatches")
        self.dispatches.go_to(key)

    def action_operate(self, operation: str) -> None:
        """Begin an operation on what the current pane says it acts on, frozen as it is now."""
        known = BY_ID[operation]
        try:
            targets = self.current.targets(known, self.view.selection)
        except NoTarget as problem:
            self._refuse(f"{known.label}: {problem}")
        else:
            self.post_message(requests.Operate(known, targets))

    def action_undo(self) -> None:
        """Undo the last operation, while that is possible."""
        self.post_message(requests.Undo(self.view.selection))

    # ---- prompt ---------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        """Filter the current list."""
        mode = self.current.filter_mode()
        if mode is None:
            mode = self.agents.filter_mode()
            if not self.agents.display:  # the list that is filtered has to be seen
                self.action_pane("agents")
        if mode is not None:
            self._prompt.open(mode)

    def filter_pane(self, name: str, text: str) -> str:
        """Filter the list of a pane; returns what is wrong with the filter."""
        return self.pane(name).set_filter(text)

    def action_command(self, text: str = "") -> None:
        """Type a command; `text` is in the prompt already."""
        mode = CommandMode(lambda: self.view.fleet, self._command, self.current.take_focus, text)
        self._prompt.open(mode)

    def _command(self, text: str) -> None:
        self.post_message(requests.CommandGiven(text))
