"""The log view: lines, bar, prompt and picker around one model. Must not know agents or the fleet.

It is longer than other modules because each of its keys has an action of its own, of one line.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import ClassVar, Final

from textual import work
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.widget import Widget

from tui.clock import Clock
from tui.logs.archive import Archive, LogFile, NotOpened, log_files
from tui.logs.hub import LogHub
from tui.logs.log import Log
from tui.logs.source import LogSource, coverage
from tui.logs.spool import MIB, Spool
from tui.logs.watch import Watch
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import LOGS
from tui.ui.logview import choices, prompt
from tui.ui.logview.export import (
    CSV_FORM,
    SaveMode,
    TextOf,
    as_received,
    as_shown,
    as_values,
    default_path,
    save_log,
    text_between,
)
from tui.ui.logview.layout import LineMode, Options
from tui.ui.logview.lines import NO_LOG, LogBar, LogLines
from tui.ui.logview.model import LogModel
from tui.ui.logview.picker import Picker
from tui.ui.logview.prompt import LogPrompt
from tui.ui.widgets.key_choice import KeyChoice, KeyOption

REFRESH: Final = 10.0
"""Seconds between updates of ages, and of what is said about quiet streams."""
KEPT_MODELS: Final = 64
"""Logs whose notes, bookmarks and filters are kept while others are shown."""
MINUTE: Final = 60.0


class LogView(Widget):
    """Shows the log of the sources given to `attach`."""

    DEFAULT_CSS = """
    LogView { height: 1fr; width: 1fr; layout: vertical; }
    LogView > #log-bar { height: 1; dock: bottom; }
    LogView > LogPrompt { dock: bottom; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings(LOGS)

    class Opened(Message):
        """The operator chose a log that is read back from files."""

    class Titled(Message):
        """`title` has changed."""

        def __init__(self, title: str) -> None:
            super().__init__()
            self.title = title

    class Copy(Message):
        """The operator wants this text on the clipboard."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class SaveEnded(Message):
        """A log was saved or could not be; the operator may be looking at another log by now."""

        def __init__(self, words: str, tone: str) -> None:
            super().__init__()
            self.words = words
            self.tone = tone

    class JumpToJob(Message):
        """The operator wants to see the job of a line; ids that the line does not name are empty."""

        def __init__(self, job_id: str, room: str, dispatch_id: str) -> None:
            super().__init__()
            self.job_id = job_id
            self.room = room
            self.dispatch_id = dispatch_id

    def __init__(
        self,
        hub: LogHub | None,
        *,
        clock: Clock,
        save_dir: Path,
        zone: tzinfo | None = None,
        id: str | None = None,
    ) -> None:
        """With `hub` None it shows only logs given to `show_log`; `zone` None is the machine's time zone."""
        super().__init__(id=id)
        self.clock = clock
        self.followed: Watch | None = None
        """The log that is followed, with its sources."""
        self.model = LogModel(Log(Spool(None)), Options(zone=zone, now=clock.now()), clock, self)
        self.lines = LogLines(self.model)
        self.bar = LogBar(self.model)
        self._prompt = LogPrompt(self.focus)
        self._picker = Picker(self.focus)
        self._hub = hub
        self._save_dir = save_dir
        self._models: dict[Log, LogModel] = {}
        """Models of other logs, for the return to them."""
        self._archive: Archive | None = None
        self._title = ""
        self._to_search = asyncio.Event()
        self.model.log.listeners.append(self._log_changed)

    def compose(self) -> ComposeResult:
        """Lines and the bar below them."""
        yield self.lines
        yield self.bar

    def on_mount(self) -> None:
        """Begin to search and to keep ages up to date."""
        self._search()
        self.model.explain(NO_LOG)
        # prompt and picker come with the second frame: mounting them takes as long as all the rest
        self.call_after_refresh(self.mount, self._prompt, self._picker)
        self.set_interval(REFRESH, self._refresh_ages)

    def on_unmount(self) -> None:
        """Let go of the log and of a file."""
        self._stop_listening()
        if self._archive:
            self._archive.close()

    def focus(self, scroll_visible: bool = True) -> LogView:
        """Give the keyboard to the lines."""
        self.lines.focus(scroll_visible)
        return self

    # ---- which log is shown ---------------------------------------------------------------------------

    def connect(self, hub: LogHub) -> None:
        """Read the logs of another project; forget all logs of the one before."""
        self._hub = hub
        self.followed = None
        self.show_log(Log(Spool(None)))
        self._models.clear()

    def attach(self, sources: Sequence[LogSource], kind: str = "") -> None:
        """Follow these sources; without any, show an empty log.

        Sources whose `log_type` is `kind` are opened, the others can be opened under `W`. An empty kind is
        `deploy`, unless there are only builds.
        """
        if self._hub is None:
            return
        if not sources:
            self._hub.leave()
            self.followed = None
            self.show_log(Log(Spool(None)))
            return
        self.followed = self._hub.watch(sources, kind)
        self.show_log(self.followed.log)

    def nudge(self, agent_id: str) -> None:
        """An agent has changed: try its closed streams now instead of later."""
        if self._hub is not None:
            self._hub.nudge(agent_id)

    def show_log(self, log: Log) -> None:
        """Show a log, with what the operator made of it before. Questions and lists close."""
        before = self.model
        if self._archive and log is not self._archive.log:
            self._archive.close()
            self._archive = None
        if log is not before.log:
            self._prompt.cancel()
            self._picker.close()
            before.close()
            self._models[before.log] = before
            while len(self._models) > KEPT_MODELS:
                del self._models[next(iter(self._models))]
            self._stop_listening()
            found = self._models.pop(log, None)
            self.model = found or LogModel(log, before.options, self.clock, self)
            self.lines.model = self.bar.model = self.model
            log.listeners.append(self._log_changed)
            self.model.open(before)
        self._refresh_ages()

    def show_files(self, name: str, paths: Sequence[Path], *, kept: bool = False) -> None:
        """Show a log that was saved or kept, in one part or more. Raises NotOpened without any change."""
        archive = Archive(name, paths, kept=kept)
        if self._hub is not None:
            self._hub.leave()
        self.followed = None
        self.show_log(archive.log)
        self._archive = archive
        self.call_after_refresh(self._read_back, archive)  # its end is there already and shown first
        self.post_message(self.Opened())
        self._refresh_ages()

    def show_job(self, job_id: str) -> None:
        """Show the lines of one job, of every level."""
        self.model.show_job(job_id)

    @property
    def file(self) -> str:
        """The name of the log that is read back from files; empty while one is followed."""
        return self._archive.name if self._archive else ""

    def title(self) -> str:
        """What the log covers: `latest instance per region, 2 of 3 open`."""
        if archive := self._archive:
            written = datetime.fromtimestamp(archive.written, self.model.options.zone)
            part = f"the last {archive.read // MIB} of {archive.size // MIB} MiB, "
            whole = archive.read == archive.size
            return f"{'' if whole else part}written until {written:%d %b %Y %H:%M:%S}"
        return coverage(self.model.log.streams.values(), self.followed.candidates if self.followed else ())

    def agent_at_cursor(self) -> str:
        """The id of the agent that the line at the cursor is of; empty where no line says so."""
        return self.model.agent_at_cursor()

    def explain_empty(self, words: str) -> None:
        """What to show in place of lines while no log is open."""
        if words != self.bar.no_log:
            self.bar.no_log = words
            self.bar.update_now()

    # ---- what the model tells -------------------------------------------------------------------------

    def model_changed(self) -> None:
        """Draw, and search if there is anything to search."""
        self.lines.draw()
        if self.model.finder.busy:
            self._to_search.set()

    def say(self, words: str, tone: str = "info") -> None:
        """Tell the operator something in the bar, until the next key."""
        self.bar.say(words, tone)

    def hint(self, words: str) -> None:
        """Tell the operator something about what is being typed."""
        self._prompt.hint(words)

    # ---- keys -----------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While something is typed or chosen, keys do not act on the lines."""
        return self._prompt.is_mounted and not (self._prompt.is_open or self._picker.is_open)

    def action_move(self, lines: int) -> None:
        """Down or up by lines."""
        self.model.move(lines)

    def action_top(self) -> None:
        """To the oldest line."""
        self.model.home()

    def action_bottom(self) -> None:
        """To the newest line, and follow."""
        self.model.follow()

    def action_page(self, pages: int) -> None:
        """Down or up by screens."""
        self.model.move_pages(pages)

    def action_sideways(self, steps: int) -> None:
        """Scroll long lines to the left or right."""
        self.model.scroll_sideways(steps)

    def action_follow(self) -> None:
        """Follow or stop following."""
        self.model.toggle_follow()

    def action_wrap(self) -> None:
        """Wrap long lines or not."""
        self.model.toggle_wrap()

    def action_times(self) -> None:
        """Show times in another format."""
        self.model.next_time_format()

    def action_pretty(self) -> None:
        """Show JSON indented or not."""
        self.model.toggle_pretty()

    def action_open(self) -> None:
        """Unfold or fold the line: all fields, the whole traceback."""
        self.model.toggle_mode(LineMode.OPEN)

    def action_raw(self) -> None:
        """Show the line as received, or as before."""
        self.model.toggle_mode(LineMode.RAW)

    def action_mark(self) -> None:
        """Mark the line, or unmark it."""
        self.model.toggle_bookmark()

    def action_mark_range(self) -> None:
        """Select from the last mark to the cursor, or end that."""
        self.model.toggle_range()

    def action_mark_all(self) -> None:
        """Select every line that is shown."""
        self.model.select_all()

    def action_unmark(self) -> None:
        """Forget marks and the selected range."""
        self.model.unmark()

    def action_to_mark(self, step: int) -> None:
        """To the next or previous marked line."""
        self.model.go_to_bookmark(step)

    def action_notice(self, step: int) -> None:
        """To the next or previous notice: a gap, another version, an end."""
        self.model.go_to_notice(step)

    def action_copy(self) -> None:
        """Copy the selected lines, else the marked ones, else the one at the cursor, as they are shown."""
        self._copy(as_shown(self.model))

    def action_copy_as(self) -> None:
        """Ask in which form to copy them."""
        shown = as_shown(self.model)
        options = (
            KeyOption("t", "text", lambda: self._copy(shown)),
            KeyOption("m", "Markdown", lambda: self._copy(shown, "```\n{}\n```")),
            KeyOption("c", "CSV", lambda: self._copy(as_values, CSV_FORM)),
            KeyOption("r", "as received", lambda: self._copy(as_received)),
        )
        self.post_message(KeyChoice("copy as", options))

    def action_match(self, step: int) -> None:
        """To the next or previous match."""
        self.model.next_match(step)

    def action_filters(self) -> None:
        """All filters off, or on again."""
        self.model.toggle_filters()

    def action_errors_only(self) -> None:
        """Only errors, or every level again."""
        self.model.toggle_errors_only()

    def action_level(self) -> None:
        """The next minimum level."""
        self.model.next_level()

    def action_error(self, step: int) -> None:
        """To the next or previous error."""
        self.model.next_error(step)

    def action_job_line(self, step: int) -> None:
        """To the next or previous line of the same job."""
        self.model.next_of_job(step)

    def action_job(self) -> None:
        """Show the job of this line."""
        if job := self.model.job_at_cursor():
            self.post_message(self.JumpToJob(*job))

    def action_minute(self, step: int) -> None:
        """A minute back or on."""
        self.model.move_time(step * MINUTE)

    def action_clear(self) -> None:
        """Show only what comes from now on; again to show all that is held."""
        self.model.toggle_clear()

    def action_back(self) -> None:
        """End the selected range, the search, the filters, in this order; else Esc acts on the screen."""
        if not self.model.back():
            raise SkipAction

    def action_search(self) -> None:
        """Search while typing."""
        self._prompt.ask(prompt.search_question(self.model))

    def action_filter(self) -> None:
        """Add a filter, or list them."""

        def list_filters() -> None:  # once the prompt has closed
            self.call_after_refresh(lambda: self._picker.ask(choices.filter_choices(self.model)))

        self._prompt.ask(prompt.filter_question(self.model, list_filters))

    def action_time(self) -> None:
        """Go to a time."""
        self._prompt.ask(prompt.time_question(self.model))

    def action_note(self) -> None:
        """Write a note below the line."""
        if self.model.pause():
            self._prompt.ask(prompt.note_question(self.model))

    def action_fields(self) -> None:
        """Choose the fields that are shown."""
        self._picker.ask(choices.field_choices(self.model))

    def action_sources(self) -> None:
        """Choose the sources that are open."""
        self._picker.ask(choices.source_choices(self.model.log, self.followed, self.say))

    def action_kinds(self) -> None:
        """List the kinds of errors."""
        self._picker.ask(choices.kind_choices(self.model))

    def action_files(self) -> None:
        """Choose a log that was kept or saved."""
        found, unread = log_files(self._hub.folder if self._hub else None, self._save_dir)
        self._picker.ask(choices.file_choices(found, unread, self.model, self._show_file))

    def action_save(self) -> None:
        """Save the log to a file."""
        self._picker.ask(choices.save_choices(self.model, self._ask_path))

    # ---- events ---------------------------------------------------------------------------------------

    def on_log_lines_moved(self, event: LogLines.Moved) -> None:
        """Bring the bar and the title up to date."""
        event.stop()
        self.bar.update_soon()
        self._retitle()

    def on_log_lines_slow(self, event: LogLines.Slow) -> None:
        """End the search."""
        event.stop()
        self.model.give_up_search()

    def on_key(self) -> None:
        """What was said has been read."""
        self.bar.key_pressed()

    # ---- work in the background -----------------------------------------------------------------------

    @work(exclusive=True, group="log-search")
    async def _search(self) -> None:
        """Search for what is asked for, a slice at a time."""
        while True:
            await self._to_search.wait()
            self._to_search.clear()
            more = True
            while more:
                more = self.model.step()
                self.lines.paint_soon()
                await self.clock.sleep(0)

    @work(exclusive=True, group="log-file")
    async def _read_back(self, archive: Archive) -> None:
        while self.model.log is archive.log and archive.step():
            await self.clock.sleep(0)

    def _copy(self, text_of: TextOf, form: str = "{}") -> None:
        """Copy the selected lines, else the marked ones, else the one at the cursor."""
        page = self.model.page
        if len(page.rows):
            selected, marked = self.model.selected, self.model.marked
            cursor = (page.cursor, page.cursor)
            spans = [selected] if selected else [(row, row) for row in marked] or [cursor]
            self._gather(self.model, spans, text_of, form)
            self.model.unselect()

    @work(exclusive=True, group="log-copy")
    async def _gather(
        self, model: LogModel, spans: Sequence[tuple[int, int]], text_of: TextOf, form: str
    ) -> None:
        rows = model.page.rows
        texts = [await text_between(model.log, rows, low, high, text_of) for low, high in spans]
        if text := "\n".join(filter(None, texts)):
            self.post_message(self.Copy(form.format(text)))

    def _ask_path(self, mode: SaveMode) -> None:
        model = self.model
        path = default_path(model, self._save_dir)
        self._prompt.ask(prompt.path_question(path, lambda chosen: self._save(model, mode, chosen)))

    @work(group="log-save")
    async def _save(self, model: LogModel, mode: SaveMode, path: Path) -> None:
        self.post_message(self.SaveEnded(*await save_log(model, mode, path, own=self._save_dir)))

    # ---- helpers --------------------------------------------------------------------------------------

    def _show_file(self, log: LogFile) -> None:
        try:
            self.show_files(log.name, log.paths, kept=log.kept)
        except NotOpened as problem:
            self.say(str(problem), "error")

    def _log_changed(self) -> None:
        """The log has grown or a notice in it has changed."""
        if self.model.finder.busy:
            self._to_search.set()
        self.lines.paint_soon()

    def _stop_listening(self) -> None:
        if self._log_changed in self.model.log.listeners:
            self.model.log.listeners.remove(self._log_changed)

    def _refresh_ages(self) -> None:
        """Time has passed: ages grow and streams fall silent without a line."""
        if self.bar.is_mounted:
            self.model.update_ages()
        self.bar.update_now()
        self._retitle()

    def _retitle(self) -> None:
        if (title := self.title()) != self._title:
            self._title = title
            self.post_message(self.Titled(title))
