"""A reader that finds: matches, errors, a job's lines, times, and only what filters let through."""

from __future__ import annotations

from datetime import tzinfo
from typing import ClassVar, Final

from textual import work
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.message import Message

from tui.clock import Clock
from tui.logs.classify import Level
from tui.logs.log import Log
from tui.logs.search import Criteria, Filter, OfJob
from tui.ui.logview.reader import Reader
from tui.ui.logview.searching import Searching

LEVELS: Final = (Level.NONE, Level.INFO, Level.WARN, Level.ERROR)
"""What `L` goes through."""


class Seeker(Reader):
    """The keys that find something, and the work behind them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "hit(1)", "Next match", show=False),
        Binding("N", "hit(-1)", "Previous match", show=False),
        Binding("ctrl+f", "filters", "Filters on / off", show=False),
        Binding("L", "level", "Level"),
        Binding("e", "error(1)", "Next error"),
        Binding("E", "error(-1)", "Previous error", show=False),
        Binding("o", "job_line(1)", "Next line of the job", show=False),
        Binding("O", "job_line(-1)", "Previous line of the job", show=False),
        Binding("J", "job", "To the job"),
        Binding("comma", "minute(-1)", "A minute back", show=False),
        Binding("full_stop", "minute(1)", "A minute on", show=False),
        Binding("C", "clear", "Clear", show=False),
        Binding("escape", "back", "Back", show=False),
    ]

    class JumpToJob(Message, namespace="log_view"):
        """The operator wants to see the job of a line; ids are empty where the line does not name them."""

        def __init__(self, job_id: str, room: str, dispatch_id: str) -> None:
            super().__init__()
            self.job_id = job_id
            self.room = room
            self.dispatch_id = dispatch_id

    def __init__(
        self,
        log: Log,
        *,
        clock: Clock,
        zone: tzinfo | None = None,
        ascii_only: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(log, clock=clock, zone=zone, ascii_only=ascii_only, id=id)
        self.searching = Searching(self, log, self.hint)

    def on_mount(self) -> None:
        """Begin to look for what is asked for."""
        self._find()

    def hint(self, words: str) -> None:
        """Say something about what is being typed."""

    def seek_in(self, log: Log, criteria: Criteria) -> None:
        """Find in another log."""
        self.searching.show_log(log, criteria)

    def show_job(self, job_id: str) -> None:
        """Show the lines of one job, of every level."""
        finder = self.searching.finder
        finder.filtering = True
        finder.ask(Criteria(filters=(Filter(OfJob(job_id)),)))
        self.searching.apply()

    # ---- keys -----------------------------------------------------------------------------------------

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

    @work(exclusive=True, group="log-search")
    async def _find(self) -> None:
        await self.searching.run()
