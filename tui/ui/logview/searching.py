"""Finding things in the log that a reader shows: matches, errors, a job's lines, a time. In slices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from tui.logs.expressions import TOO_LONG, TooSlow
from tui.logs.log import Log
from tui.logs.records import SHOWN, parse
from tui.logs.rows import FoundRows
from tui.logs.search import Criteria, Filter, Pattern
from tui.ui.logview.bar import number
from tui.ui.logview.find import Finder, decided, neighbour
from tui.ui.logview.layout import Form
from tui.ui.logview.moments import FORMS, moment
from tui.ui.logview.reader import Reader

MINUTE: Final = 60.0
NEWEST: Final = 100
"""Lines at the end of a file that are looked at for a time."""


BEYOND: Final = "the match is beyond what is shown of this line; Y copies all of it"


class Quest(msgspec.Struct, frozen=True):
    """Where to go as soon as it is known."""

    among: FoundRows
    start: int
    """The row to go on from."""
    step: int
    nowhere: str
    """What to say if there is nothing that way."""


class Searching:
    """The search and the filters of one reader."""

    def __init__(self, reader: Reader, log: Log, hint: Callable[[str], None]) -> None:
        """`hint` says something about what is being typed."""
        self.finder = Finder(log)
        self._reader = reader
        self._log = log
        self._hint = hint
        self._wake = asyncio.Event()
        self._wanted: Quest | None = None
        log.listeners.append(self.grown)

    def show_log(self, log: Log, criteria: Criteria) -> None:
        """Look in another log."""
        if self.grown in self._log.listeners:
            self._log.listeners.remove(self.grown)
        log.listeners.append(self.grown)
        self._log, self._wanted = log, None
        self.finder = Finder(log)
        self.finder.ask(criteria)
        self.apply()

    # ---- the work -------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Find what is asked for, a slice at a time, for ever."""
        clock = self._reader.clock
        while True:
            await self._wake.wait()
            self._wake.clear()
            more = True
            while more:
                try:
                    more = self.finder.step(clock.monotonic)
                except TooSlow as error:
                    self._gave_up(str(error))
                self._tell()
                await clock.sleep(0)

    def grown(self) -> None:
        """The log has more lines."""
        if self.finder.busy:
            self._wake.set()

    def apply(self) -> None:
        """Show what the filters let through by now."""
        finder, lines = self.finder, self._reader.lines
        lines.search = finder.pattern.regex if finder.pattern else None
        lines.show_rows(finder.rows)
        self._wake.set()

    def give_up(self) -> None:
        """The search takes too long on a line that is on the screen."""
        if pattern := self.finder.pattern:
            self.finder.search(None)
            self._gave_up(f"/{pattern.source} is given up: {TOO_LONG}")

    def _gave_up(self, words: str) -> None:
        self._wanted = None
        self._hint(words)
        self._reader.say(words, "error")
        self.apply()

    def _tell(self) -> None:
        self._arrive()
        preview, hits = self.finder.preview, self.finder.hits
        if preview is not None:
            notices = sum(row in preview for row in self._log.notices)  # they pass, but are no lines
            passing = f"{number(len(preview) - notices)} of {number(self._held)}"
            tried = preview.criteria.filters[-1].test
            self._hint(f"{passing} lines pass{_percent(preview)}{_as_text(tried)}")
        elif hits is not None:
            self._hint(f"{_matching(len(hits))}{_percent(hits)}{_as_text(self.finder.pattern)}")
        self._reader.lines.log_changed()

    @property
    def _held(self) -> int:
        """Lines there are, without notices of ours among them."""
        log = self._log
        return log.end - log.first - sum(row >= log.first for row in log.notices)

    # ---- search and filters ---------------------------------------------------------------------------

    def type_search(self, text: str) -> str:
        """Look for what is being typed; returns what is wrong with it."""
        try:
            pattern = Pattern.of(text) if text else None
        except TooSlow as error:
            return str(error)
        if pattern != self.finder.pattern:
            self.finder.search(pattern)
        self.apply()
        return ""

    def enter_search(self, text: str) -> str:
        """Look for it and go to the nearest match upwards: a log is read from its end."""
        if trouble := self.type_search(text):
            return trouble
        if self.finder.hits is not None:
            self._reader.page.stand()
            self._go_in(self.finder.hits, -1, f"nothing above matches /{text}", self._reader.page.cursor + 1)
        return ""

    def type_filter(self, text: str) -> str:
        """Count what a filter would leave; returns what is wrong with it."""
        try:
            self.finder.try_filter(_filter(text) if text.strip("!") else None)
        except TooSlow as error:
            return str(error)
        self._wake.set()
        return ""

    def enter_filter(self, text: str) -> str:
        """Put a filter on the stack; returns what is wrong with it."""
        try:
            extra = _filter(text)
        except TooSlow as error:
            return str(error)
        self.finder.try_filter(None)
        self.finder.add(extra)
        self.apply()
        return ""

    def drop_preview(self) -> None:
        """The filter that was being typed is given up."""
        self.finder.try_filter(None)

    def next_hit(self, step: int) -> None:
        """To the next or previous match."""
        if self.finder.hits is None:
            self._reader.say("nothing is searched for; / searches", "warn")
            return
        self._go_in(self.finder.hits, step, _no_more("match", step, "N" if step > 0 else "n"))

    # ---- errors, jobs, times --------------------------------------------------------------------------

    def next_error(self, step: int) -> None:
        """To the next or previous line of level error or above that is shown."""
        rows, cursor = self._reader.page.rows, self._reader.page.cursor
        found = self._log.errors(cursor + 1) if step > 0 else self._log.errors_before(cursor)
        for row in found:
            if rows.rank(row + 1) > rows.rank(row):
                self._reader.go(row)
                return
        self._reader.say(_no_more("error", step, "E" if step > 0 else "e"), "warn")

    def next_of_job(self, step: int) -> None:
        """To the next or previous line of the job of this line."""
        if job := self.here("job_id"):
            self._go_in(
                self.finder.follow_job(job), step, _no_more(f"line of {job}", step, "O" if step > 0 else "o")
            )
        else:
            self._reader.say("this line names no job", "warn")

    def here(self, *names: str) -> str:
        """A field of the line at the cursor; empty if it has none."""
        page = self._reader.page
        if not len(page.rows) or not self._log.first <= page.cursor < self._log.end:
            return ""
        return parse(self._log.line(page.cursor).raw).field(*names)

    def go_to_time(self, text: str) -> str:
        """To the first line at a time, or after it; returns what is wrong with what was typed."""
        at = moment(text, now=self._latest(), zone=self._reader.options.clock_zone)
        if at is None:
            return f"no time; type {FORMS}"
        if self._reader.options.timeless:
            return "no line of a build says when it was written"
        self._go_to_moment(at)
        return ""

    def minutes(self, step: int) -> None:
        """A minute back or forward from the line at the cursor."""
        at = self._log.time(self._reader.page.cursor)
        if at is None:
            self._reader.say("this line does not say when it was written", "warn")
        else:
            self._go_to_moment(at + step * MINUTE)

    def _latest(self) -> float:
        """What times are typed in relation to: now, or the end of a log that is over."""
        log = self._log
        if any(stream.source.log_type == "file" for stream in log.streams.values()):
            # the newest line that says when it was written; should there be none, the file does, in our words
            rows = reversed(range(max(log.first, log.end - NEWEST), log.end - 1))
            found = next((at for row in rows if (at := log.time(row)) is not None), log.time(log.end - 1))
            if found is not None:
                return found
        return self._reader.clock.now()

    def _go_to_moment(self, at: float) -> None:
        row = self._log.at(at)
        self._reader.go(min(row, max(self._log.end - 1, self._log.first)))
        if row >= self._log.end:
            self._reader.say("the log ends before that time", "warn")
        elif row == self._log.first:
            self._reader.say("the oldest line that is held is not older than that", "warn")

    # ---- going there ----------------------------------------------------------------------------------

    def _go_in(self, among: FoundRows, step: int, nowhere: str, start: int | None = None) -> None:
        self._reader.page.stand()
        self._wanted = Quest(among, self._reader.page.cursor if start is None else start, step, nowhere)
        self._arrive()
        self._wake.set()

    def _arrive(self) -> None:
        """Go where it was wanted, once that is known."""
        quest = self._wanted
        if quest is None or not decided(quest.among, quest.start, quest.step):
            return
        self._wanted = None
        row = neighbour(quest.among, quest.start, quest.step)
        if row is None:
            self._reader.say(quest.nowhere, "warn")
        else:
            self._reader.go(row)
            self._unfold(row)

    def _unfold(self, row: int) -> None:
        """Open a line whose match lies in what is folded away."""
        lines, pattern = self._reader.lines, self.finder.pattern
        if pattern and row not in lines.forms and not lines.shows(row, pattern.regex):
            lines.set_form(row, Form.OPEN)
            if len(self._log.line(row).raw) > SHOWN and not lines.shows(row, pattern.regex):
                lines.set_form(row, Form.OPEN)
                self._reader.say(BEYOND, "warn")


def _filter(text: str) -> Filter:
    """What was typed after `&`. Raises TooSlow."""
    return Filter(Pattern.of(text.removeprefix("!")), out=text.startswith("!"))


def _no_more(what: str, step: int, other: str) -> str:
    below, above = ("below", "above") if step > 0 else ("above", "below")
    return f"no further {what} {below}; {other} looks {above}"


def _matching(count: int) -> str:
    return "1 line matches" if count == 1 else f"{number(count)} lines match"


def _as_text(test: object) -> str:
    return " · no expression: taken as text" if isinstance(test, Pattern) and test.literal else ""


def _percent(found: FoundRows) -> str:
    return "" if found.complete else f" · {found.progress:.0%} looked at"
