"""The log view: a reader with search, filters, sources, kinds of errors, saving. Knows no agent, no fleet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import ClassVar, Final

from textual import work
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.clock import Clock
from tui.fleet.logs.archive import Archive
from tui.fleet.logs.hub import LogHub
from tui.fleet.logs.log import Log
from tui.fleet.logs.marks import Level
from tui.fleet.logs.search import Criteria, Filter, OfJob
from tui.fleet.logs.source import LogSource, coverage
from tui.fleet.logs.spool import Spool
from tui.ui.logview.asking import Asking
from tui.ui.logview.below import NOTHING, Below
from tui.ui.logview.choosing import Choosing
from tui.ui.logview.layout import Form
from tui.ui.logview.lines import LogLines
from tui.ui.logview.picker import Picker
from tui.ui.logview.prompt import LogPrompt
from tui.ui.logview.reader import Reader
from tui.ui.logview.searching import Searching

LEVELS: Final = (Level.NONE, Level.INFO, Level.WARN, Level.ERROR)
"""What `L` goes through."""
LOOK: Final = 10.0
"""Seconds between looks at streams that say nothing."""
REMEMBERED: Final = 16
"""Logs whose notes, bookmarks and filters are kept while others are looked at."""


@dataclass
class Kept:
    """What the operator has made of one log; it is there again on a return to it."""

    forms: dict[int, Form] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    bookmarks: set[int] = field(default_factory=set)
    criteria: Criteria = field(default_factory=Criteria)


class LogView(Reader):
    """Give it sources with `attach`; its messages are `Copy`, `JumpToJob` and `Titled`."""

    DEFAULT_CSS = """
    LogView { height: 1fr; width: 1fr; layout: vertical; }
    LogView > #log-bar { height: 1; dock: bottom; }
    LogView > LogPrompt { dock: bottom; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search"),
        Binding("n", "hit(1)", "Next match", show=False),
        Binding("N", "hit(-1)", "Previous match", show=False),
        Binding("ampersand", "filter", "Filter"),
        Binding("ctrl+f", "filters", "Filters on / off", show=False),
        Binding("L", "level", "Level"),
        Binding("e", "error(1)", "Next error"),
        Binding("E", "error(-1)", "Previous error", show=False),
        Binding("o", "job_line(1)", "Next line of the job", show=False),
        Binding("O", "job_line(-1)", "Previous line of the job", show=False),
        Binding("J", "job", "To the job"),
        Binding("T", "time", "Go to a time", show=False),
        Binding("comma", "minute(-1)", "A minute back", show=False),
        Binding("full_stop", "minute(1)", "A minute on", show=False),
        Binding("i", "note", "Note", show=False),
        Binding("x", "fields", "Fields", show=False),
        Binding("v", "sources", "Sources"),
        Binding("X", "kinds", "Kinds of errors"),
        Binding("C", "clear", "Clear", show=False),
        Binding("ctrl+s", "save", "Save", show=False),
        Binding("escape", "back", "Back", show=False),
    ]

    class JumpToJob(Message):
        """The operator wants to see the job of a line; ids are empty where the line does not name them."""

        def __init__(self, job_id: str, room: str, dispatch_id: str) -> None:
            super().__init__()
            self.job_id = job_id
            self.room = room
            self.dispatch_id = dispatch_id

    class Titled(Message):
        """`title` says something else now."""

        def __init__(self, title: str) -> None:
            super().__init__()
            self.title = title

    def __init__(
        self,
        hub: LogHub | None,
        *,
        clock: Clock,
        save_dir: Path,
        zone: tzinfo | None = None,
        ascii_only: bool = False,
        id: str | None = None,
    ) -> None:
        """`hub` None shows only what `show_log` is given; `zone` None is the machine's time zone."""
        log = Log(Spool(None))
        super().__init__(log, clock=clock, zone=zone, ascii_only=ascii_only, id=id)
        self._hub = hub
        self._save_dir = save_dir
        self._kept: dict[Log, Kept] = {}
        self._archive: Archive | None = None
        self._title = ""
        self._prompt = LogPrompt(ascii_only=ascii_only)
        self._picker = Picker(ascii_only=ascii_only)
        self.searching = Searching(self, log, self._prompt.hint)
        self.choosing = Choosing(self, self._picker, self.searching)
        self._asking = Asking(self, self._prompt, self.searching, self.choosing)
        self.below = Below(self, self.searching)
        log.listeners.append(self.searching.grown)

    def compose(self) -> ComposeResult:
        """Lines and the words below them."""
        yield from super().compose()
        yield self.below

    def on_mount(self) -> None:
        """Begin to look for what is asked for."""
        self.lines.empty = NOTHING
        self._find()
        # what can stand over the words below comes with the second frame: it takes as long as all the rest
        self.call_after_refresh(self.mount, self._prompt, self._picker)
        self.set_interval(LOOK, self._look)

    def on_unmount(self) -> None:
        """Let go of a file."""
        if self._archive:
            self._archive.close()

    # ---- what is shown --------------------------------------------------------------------------------

    def connect(self, hub: LogHub) -> None:
        """Read the logs of another project; nothing of the one before stays."""
        self._hub = hub
        self.choosing.watch = None
        self.show_log(Log(Spool(None)))
        self._kept.clear()

    def attach(self, sources: Sequence[LogSource], kind: str = "") -> None:
        """Follow these sources; the same agent's again goes on where it was, none follows nothing.

        Those whose `log_type` is `kind` are opened, the others are offered under `v`; empty is `deploy`
        unless there are only builds.
        """
        if self._hub is None:
            return
        if not sources:
            self._hub.leave()
            self.choosing.watch = None
            self.show_log(Log(Spool(None)))
            return
        self.choosing.watch = self._hub.watch(sources, kind)
        self.show_log(self.choosing.watch.log)

    def show_log(self, log: Log) -> None:
        """Show a log, with what the operator made of it before."""
        before, lines = self.page.log, self.lines
        if self._archive and log is not self._archive.log:
            self._archive.close()
            self._archive = None
        if log is not before:
            criteria = self.searching.finder.criteria
            self._kept[before] = Kept(lines.forms, lines.notes, lines.bookmarks, criteria)
            while len(self._kept) > REMEMBERED:
                del self._kept[next(iter(self._kept))]
            kept = self._kept.pop(log, Kept())
            if self.searching.grown in before.listeners:
                before.listeners.remove(self.searching.grown)
            log.listeners.append(self.searching.grown)
            lines.show_log(log, forms=kept.forms, notes=kept.notes, bookmarks=kept.bookmarks)
            self.searching.show_log(log, kept.criteria)
        self._look()

    def show_file(self, path: Path) -> None:
        """Show a log that was saved or kept. Raises OSError."""
        archive = Archive(path)
        if self._hub is not None:
            self._hub.leave()
        self.choosing.watch = None
        self.show_log(archive.log)
        self._archive = archive
        self._read_back(archive)

    def show_job(self, job_id: str) -> None:
        """Show the lines of one job, of every level."""
        finder = self.searching.finder
        finder.filtering = True
        finder.ask(Criteria(tags=finder.criteria.tags, filters=(Filter(OfJob(job_id)),)))
        self.searching.apply()

    def title(self) -> str:
        """What the log covers: `newest instance per region, 2 of 3 open`."""
        return coverage(self.page.log.streams.values())

    def notes(self) -> list[tuple[float | None, str, str]]:
        """The operator's notes on this log, each as (Unix seconds, the line as shown, note)."""
        log = self.page.log
        held = sorted(row for row in self.lines.notes if log.first <= row < log.end)
        return [(log.time(row), self.shown_text(row), self.lines.notes[row]) for row in held]

    def say(self, words: str, tone: str = "info") -> None:
        """Tell the operator something in the row below the lines, until the next key."""
        self.below.say(words, tone)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While something is typed or picked, keys are not about the lines."""
        return self._prompt.is_mounted and not (self._prompt.kind or self._picker.has_class("-open"))

    # ---- keys -----------------------------------------------------------------------------------------

    def action_search(self) -> None:
        """Search as it is typed."""
        self._asking.search()

    def action_filter(self) -> None:
        """Add a filter, or list them."""
        self._asking.filter()

    def action_time(self) -> None:
        """Go to a time."""
        self._asking.time()

    def action_note(self) -> None:
        """Write a note below the line."""
        self._asking.note()

    def action_save(self) -> None:
        """Save the log to a file."""
        self.choosing.ways(lambda way: self._asking.path(way, self._save_dir))

    def action_hit(self, step: int) -> None:
        """To the next or previous match."""
        self.searching.next_hit(step)

    def action_filters(self) -> None:
        """All filters off, or on again."""
        if not self.searching.finder.criteria.filters:
            self.say("no filters; & adds one", "warn")
            return
        self.searching.finder.switch()
        self.searching.apply()

    def action_level(self) -> None:
        """The next minimum level."""
        finder = self.searching.finder
        at = LEVELS.index(finder.criteria.level) if finder.criteria.level in LEVELS else 0
        finder.set_level(LEVELS[(at + 1) % len(LEVELS)])
        self.searching.apply()

    def action_error(self, step: int) -> None:
        """To the next or previous error."""
        self.searching.next_error(step)

    def action_job_line(self, step: int) -> None:
        """To the next or previous line of the same job."""
        self.searching.next_of_job(step)

    def action_job(self) -> None:
        """Show the job of this line."""
        here = self.searching.here
        found = here("job_id"), here("room", "room_name"), here("dispatch_id")
        if any(found):
            self.post_message(self.JumpToJob(*found))
        else:
            self.say("this line names no job, dispatch or room", "warn")

    def action_minute(self, step: int) -> None:
        """A minute back or on."""
        self.searching.minutes(step)

    def action_fields(self) -> None:
        """Choose the fields that are shown."""
        self.choosing.fields()

    def action_sources(self) -> None:
        """Choose the sources that are open."""
        self.choosing.sources()

    def action_kinds(self) -> None:
        """List the kinds of errors."""
        self.choosing.kinds()

    def action_clear(self) -> None:
        """Show only what comes from now on; again to show all that is held."""
        finder = self.searching.finder
        finder.clear(self.page.log.end if finder.criteria.since is None else None)
        self.page.resume()
        self.searching.apply()

    def action_back(self) -> None:
        """Take back the last of: picked range, search, filters. With none of them, Esc is the screen's."""
        finder = self.searching.finder
        if self.unpick():
            return
        if finder.pattern:
            finder.search(None)
        elif finder.criteria != Criteria():
            finder.ask(Criteria())
        else:
            raise SkipAction
        self.searching.apply()

    # ---- from the parts -------------------------------------------------------------------------------

    def on_log_prompt_typed(self, event: LogPrompt.Typed) -> None:
        """Try what is typed."""
        event.stop()
        self._asking.typed(event.text)

    def on_log_prompt_submitted(self, event: LogPrompt.Submitted) -> None:
        """Do what was typed."""
        event.stop()
        self._asking.submitted(event.text)

    def on_log_prompt_cancelled(self, event: LogPrompt.Cancelled) -> None:
        """Leave things as they were."""
        event.stop()
        self._asking.cancelled()

    def on_picker_done(self, event: Picker.Done) -> None:
        """Something was chosen."""
        event.stop()
        self.choosing.done(event)

    def on_log_lines_moved(self, event: LogLines.Moved) -> None:
        """Bring the words below up to date."""
        event.stop()
        self.below.update_soon()
        self._retitle()

    def on_key(self) -> None:
        """What was said has been read."""
        self.below.pressed()

    @work(exclusive=True, group="log-search")
    async def _find(self) -> None:
        await self.searching.run()

    @work(exclusive=True, group="log-file")
    async def _read_back(self, archive: Archive) -> None:
        while self.page.log is archive.log and archive.step():
            await self.clock.sleep(0)

    def _look(self) -> None:
        self.below.look()
        self._retitle()

    def _retitle(self) -> None:
        if (title := self.title()) != self._title:
            self._title = title
            self.post_message(self.Titled(title))
