"""The log view: a reader with search, filters, sources, kinds of errors, saving. Knows no agent, no fleet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from pathlib import Path
from typing import ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.clock import Clock
from tui.logs.archive import Archive, LogFile, log_files
from tui.logs.hub import LogHub
from tui.logs.log import Log
from tui.logs.search import Criteria
from tui.logs.source import LogSource, coverage
from tui.logs.spool import MIB, Spool
from tui.ui.logview.asking import Asking
from tui.ui.logview.below import NOTHING, Below
from tui.ui.logview.choosing import Choosing
from tui.ui.logview.layout import Form
from tui.ui.logview.lines import LogLines
from tui.ui.logview.picker import Picker
from tui.ui.logview.prompt import LogPrompt
from tui.ui.logview.seeker import Seeker

LOOK: Final = 10.0
"""Seconds between looks at streams that say nothing."""
REMEMBERED: Final = 64
"""Logs whose notes, bookmarks and filters are kept while others are looked at."""


@dataclass
class Kept:
    """What the operator has made of one log; it is there again on a return to it."""

    forms: dict[int, Form] = field(default_factory=dict)
    notes: dict[int, str] = field(default_factory=dict)
    bookmarks: set[int] = field(default_factory=set)
    criteria: Criteria = field(default_factory=Criteria)


class LogView(Seeker):
    """Give it sources with `attach`; its messages are `Copy`, `JumpToJob` and `Titled`."""

    DEFAULT_CSS = """
    LogView { height: 1fr; width: 1fr; layout: vertical; }
    LogView > #log-bar { height: 1; dock: bottom; }
    LogView > LogPrompt { dock: bottom; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search"),
        Binding("ampersand", "filter", "Filter"),
        Binding("T", "time", "Go to a time", show=False),
        Binding("i", "note", "Note", show=False),
        Binding("x", "fields", "Fields", show=False),
        Binding("v", "sources", "Sources"),
        Binding("V", "files", "Kept and saved logs", show=False),
        Binding("X", "kinds", "Kinds of errors"),
        Binding("ctrl+s", "save", "Save", show=False),
    ]

    class Opened(Message):
        """The operator chose a log that is not live."""

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
        super().__init__(Log(Spool(None)), clock=clock, zone=zone, ascii_only=ascii_only, id=id)
        self._hub = hub
        self._save_dir = save_dir
        self._kept: dict[Log, Kept] = {}
        self._archive: Archive | None = None
        self._title = ""
        self._prompt = LogPrompt(ascii_only=ascii_only)
        self._picker = Picker(ascii_only=ascii_only)
        self.choosing = Choosing(self, self._picker, self.searching)
        self._asking = Asking(self, self._prompt, self.searching, self.choosing)
        self.below = Below(self, self.searching)

    def compose(self) -> ComposeResult:
        """Lines and the words below them."""
        yield from super().compose()
        yield self.below

    def on_mount(self) -> None:
        """Begin."""
        super().on_mount()
        self.lines.empty = NOTHING
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

    def nudge(self, agent_id: str) -> None:
        """Something changed about an agent: try its streams that are closed now instead of later."""
        if self._hub is not None:
            self._hub.nudge(agent_id)

    def show_log(self, log: Log) -> None:
        """Show a log, with what the operator made of it before; what is asked or listed is about another."""
        before, lines = self.page.log, self.lines
        if self._archive and log is not self._archive.log:
            self._archive.close()
            self._archive = None
        if log is not before:
            self._asking.drop()
            self.choosing.drop()
            criteria = self.searching.finder.criteria
            self._kept[before] = Kept(lines.forms, lines.notes, lines.bookmarks, criteria)
            while len(self._kept) > REMEMBERED:
                del self._kept[next(iter(self._kept))]
            kept = self._kept.pop(log, Kept())
            lines.show_log(log, forms=kept.forms, notes=kept.notes, bookmarks=kept.bookmarks)
            self.seek_in(log, kept.criteria)
        self._look()

    def show_files(self, name: str, paths: Sequence[Path], *, kept: bool = False) -> None:
        """Show a log that was saved or kept, in one part or more. Raises NotOpened; all stays as it was."""
        archive = Archive(name, paths, kept=kept)
        if self._hub is not None:
            self._hub.leave()
        self.choosing.watch = None
        self.show_log(archive.log)
        self._archive = archive
        self.call_after_refresh(self._read_back, archive)  # its end is there: that is to be seen first
        self.post_message(self.Opened())
        self._look()

    @property
    def file(self) -> str:
        """The name of the log that is read back; empty while one is followed."""
        return self._archive.name if self._archive else ""

    def title(self) -> str:
        """What the log covers: `newest instance per region, 2 of 3 open`."""
        if archive := self._archive:
            written = datetime.fromtimestamp(archive.written, self.options.zone)
            part = f"the last {archive.read // MIB} of {archive.size // MIB} MiB, "
            whole = archive.read == archive.size
            return f"{'' if whole else part}written until {written:%d %b %Y %H:%M:%S}"
        watch = self.choosing.watch
        return coverage(self.page.log.streams.values(), watch.candidates if watch else ())

    def notes(self) -> list[tuple[float | None, str, str]]:
        """The operator's notes on this log, each as (Unix seconds, the line as shown, note)."""
        log = self.page.log
        held = sorted(row for row in self.lines.notes if log.first <= row < log.end)
        words = self.wording()
        return [(log.time(row), words(log.line(row)), self.lines.notes[row]) for row in held]

    def say(self, words: str, tone: str = "info") -> None:
        """Tell the operator something in the row below the lines, until the next key."""
        self.below.say(words, tone)

    def hint(self, words: str) -> None:
        """Say something about what is being typed."""
        self._prompt.hint(words)

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

    def action_fields(self) -> None:
        """Choose the fields that are shown."""
        self.choosing.fields()

    def action_sources(self) -> None:
        """Choose the sources that are open."""
        self.choosing.sources()

    def action_files(self) -> None:
        """Choose a log that was kept or saved."""
        folder = self._hub.folder if self._hub else None

        def show(log: LogFile) -> None:
            self.show_files(log.name, log.paths, kept=log.kept)

        self.choosing.files(log_files(folder, self._save_dir), show)

    def action_kinds(self) -> None:
        """List the kinds of errors."""
        self.choosing.kinds()

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

    def on_log_lines_slow(self, event: LogLines.Slow) -> None:
        """Search for it no more."""
        event.stop()
        self.searching.give_up()

    def on_key(self) -> None:
        """What was said has been read."""
        self.below.pressed()

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
