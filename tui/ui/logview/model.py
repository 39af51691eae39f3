"""One log as the operator reads it: page, finder, bookmarks, notes, folds. Pure; must not import Textual.

A view keeps one model for each log, so that what the operator made of a log is there on the return to it.
It is longer than other modules because what a key does is found here, whichever part of the model it moves.
"""

from __future__ import annotations

import re
from typing import Final, Protocol

from msgspec.structs import replace

from tui.clock import Clock
from tui.logs.expressions import TOO_LONG, TooSlow, time_limit
from tui.logs.lines.levels import Level
from tui.logs.lines.records import SHOWN, parse
from tui.logs.log import Log
from tui.logs.search import Criteria, LogFilter, OfJob, Pattern
from tui.ui.logview.finder import Finder, nearest, neighbor, nothing_further
from tui.ui.logview.layout import LineMode, Options, ScreenRow, TimeFormat, lay_out, mark_rows
from tui.ui.logview.page import Page

CACHED_LINES: Final = 1024
"""Lines whose rows are kept."""
SIDEWAYS: Final = 8
"""Cells by which one key scrolls long lines."""
LEVELS: Final = (Level.NONE, Level.INFO, Level.WARN, Level.ERROR)
"""The minimum levels to choose from, in turn."""
SOURCE_TONES: Final = ("info", "accent", "busy", "sleep", "ok", "warn")
BEYOND: Final = "the match is beyond what is shown of this line; Y and r copies all of it"
NO_TIME: Final = "this line does not say when it was written"


class Observer(Protocol):
    """Hears of changes to a model: the view."""

    def model_changed(self) -> None:
        """What is on the screen may differ, or there is something to search: `step` does it."""

    def say(self, words: str, tone: str = "info") -> None:
        """Tell the operator about the last key."""

    def hint(self, words: str) -> None:
        """Tell the operator about what is being typed."""


class LogModel:
    """Everything the keys of the log view act on. Every change is told to the observer."""

    def __init__(self, log: Log, options: Options, clock: Clock, observer: Observer) -> None:
        self.log = log
        self.options = options
        """How lines are shown."""
        self.clock = clock
        self.bookmarks: set[int] = set()
        self.notes: dict[int, str] = {}
        self.modes: dict[int, LineMode] = {}
        """Lines that are shown in another way than the rest."""
        self.shift = 0
        """Cells by which long lines are scrolled to the left."""
        self.empty = ""
        """What to show when there are no lines, but perhaps notices."""
        self.finder = Finder(log)
        self.page = Page(log, self.finder.rows, self._height_of)
        self._observer = observer
        self._anchor: int | None = None
        """The line where the selected range began."""
        self._last_mark: int | None = None
        """The line marked last, where a range begins."""
        self._laid_out: dict[int, list[ScreenRow]] = {}

    def open(self, before: LogModel) -> None:
        """Begin to read at the newest line, with the options that another log was read with."""
        self.options, self.empty = before.options, before.empty
        self.shift, self._anchor = 0, None
        self._laid_out.clear()
        self.finder = Finder(self.log, self.finder.criteria)
        self.page = Page(self.log, self.finder.rows, self._height_of)
        self._observer.model_changed()

    def close(self) -> None:
        """Free what `open` makes again: another log is shown."""
        self._laid_out.clear()
        self.finder = Finder(self.log, self.finder.criteria)

    @property
    def is_file(self) -> bool:
        """The log is read back from a file: no line comes any more."""
        return any(stream.source.log_type == "file" for stream in self.log.streams.values())

    # ---- how lines are shown --------------------------------------------------------------------------

    def rows_of(self, line: int) -> list[ScreenRow]:
        """The rows that show a line."""
        rows = self._rows_of(line)
        if not self.log.marks:
            return rows
        # also what stands above lines before it that are not shown, and below the last one
        shown = self.page.rows
        place = shown.rank(line)
        above = self.log.marks.above(line, shown[place - 1] if place else self.log.first - 1)
        below = self.log.marks.waiting if place == len(shown) - 1 else ()
        return [*mark_rows(above, self.options), *rows, *mark_rows(below, self.options)]

    def _rows_of(self, line: int) -> list[ScreenRow]:
        rows = self._laid_out.get(line)
        if rows is None:
            held = self.log.line(line)
            mode = self.modes.get(line, LineMode.FOLDED)
            rows = lay_out(held, self.log.latest_time(line), self.options, mode, self.notes.get(line, ""))
            if not held.notice:  # a notice may change while it is on the screen
                if len(self._laid_out) >= CACHED_LINES:
                    self._laid_out.clear()
                self._laid_out[line] = rows
        return rows

    def set_options(self, options: Options) -> None:
        """Show lines in another way."""
        self.options = options
        self._laid_out.clear()
        self.page.refit()
        self._observer.model_changed()

    def fit(self, width: int) -> None:
        """Lay lines out for a width in cells. The observer asks for it while it paints and is not told."""
        self.options = replace(self.options, width=width)
        self._laid_out.clear()
        self.page.refit()

    def toggle_wrap(self) -> None:
        """Wrap long lines, or not."""
        self.shift = 0
        self.set_options(replace(self.options, wrap=not self.options.wrap))

    def next_time_format(self) -> None:
        """Show times in the next format."""
        self.set_options(replace(self.options, times=self.options.times.next, now=self.clock.now()))

    def toggle_pretty(self) -> None:
        """Show JSON indented, or not."""
        self.set_options(replace(self.options, pretty=not self.options.pretty))

    def toggle_field(self, name: str) -> None:
        """Hide a field of all lines, or show it again."""
        self.set_options(replace(self.options, hidden=self.options.hidden ^ {name}))

    def update_labels(self) -> None:
        """Give lines the letters of their source if there are several, and times unless it is a build."""
        streams = self.log.streams
        tags = {tag: (s.tag, SOURCE_TONES[tag % len(SOURCE_TONES)]) for tag, s in streams.items()}
        shown = tags if len(tags) > 1 else {}
        timeless = bool(streams) and all(s.source.log_type == "build" for s in streams.values())
        if (shown, timeless) != (self.options.tags, self.options.timeless):
            self.set_options(replace(self.options, tags=shown, timeless=timeless))

    def update_ages(self) -> None:
        """Bring relative times up to date."""
        if self.options.times is TimeFormat.RELATIVE:
            self.set_options(replace(self.options, now=self.clock.now()))

    def explain(self, empty: str) -> None:
        """Show these words in place of lines."""
        if empty != self.empty:
            self.empty = empty
            self._observer.model_changed()

    def toggle_mode(self, mode: LineMode) -> None:
        """Show the line at the cursor in another way; the same way again puts it back."""
        if self.pause():
            self._set_mode(self.page.cursor, None if self.modes.get(self.page.cursor) is mode else mode)

    def set_note(self, line: int, note: str) -> None:
        """Write a note below a line; an empty one removes it."""
        if note:
            self.notes[line] = note
        else:
            self.notes.pop(line, None)
        self._lay_out_again(line)

    def _height_of(self, line: int) -> int:
        return len(self.rows_of(line))

    def _set_mode(self, line: int, mode: LineMode | None) -> None:
        if mode is None:
            del self.modes[line]
        else:
            self.modes[line] = mode
        self._lay_out_again(line)

    def _lay_out_again(self, line: int) -> None:
        self._laid_out.pop(line, None)
        self.page.refit()
        if line == self.page.cursor:
            self.page.reveal_cursor()
        self._observer.model_changed()

    # ---- moving ---------------------------------------------------------------------------------------

    def move(self, lines: int) -> None:
        """Move the cursor by lines."""
        self.page.move(lines)
        self._observer.model_changed()

    def move_pages(self, pages: float) -> None:
        """Move by screens; a whole one leaves one row of the last in sight."""
        rows = max(1, int(abs(pages) * self.page.height) - (abs(pages) == 1))
        self.page.page_by(rows if pages > 0 else -rows)
        self._observer.model_changed()

    def scroll(self, rows: int) -> None:
        """Move the screen by rows; upwards stops following."""
        self.page.scroll(rows)
        self._observer.model_changed()

    def scroll_sideways(self, steps: int) -> None:
        """Scroll long lines to the left or right."""
        self.shift = max(0, self.shift + steps * SIDEWAYS)
        self._observer.model_changed()

    def go_to(self, line: int) -> None:
        """Put the cursor on a line."""
        self.page.go_to(line)
        self._observer.model_changed()

    def home(self) -> None:
        """Go to the oldest line."""
        self.page.home()
        self._observer.model_changed()

    def follow(self) -> None:
        """Go to the newest line and follow."""
        self.page.resume()
        self._observer.model_changed()

    def toggle_follow(self) -> None:
        """Stop following, or follow again."""
        if self.page.follow:
            self.page.pause()
        else:
            self.page.resume()
        self._observer.model_changed()

    def pause(self) -> bool:
        """Stop following, as keys for one line need; False if no line is shown."""
        self.page.pause()
        return len(self.page.rows) > 0

    def click(self, y: int) -> None:
        """Put the cursor on the line in a row of the screen."""
        line = self.page.line_at(y)
        if line is not None:
            self.page.pause()
            self.page.cursor = line
            self._observer.model_changed()

    # ---- bookmarks and the selected range -------------------------------------------------------------

    @property
    def selected(self) -> tuple[int, int] | None:
        """First and last line of the selected range."""
        if self._anchor is None:
            return None
        cursor = self.page.cursor
        return min(self._anchor, cursor), max(self._anchor, cursor)

    def toggle_bookmark(self) -> None:
        """Set or remove a bookmark."""
        if self.pause():
            self.bookmarks ^= {self.page.cursor}
            self._last_mark = self.page.cursor
            self._observer.model_changed()

    @property
    def marked(self) -> list[int]:
        """The marked lines that are still held, in order."""
        return sorted(row for row in self.bookmarks if row >= self.log.first)

    def toggle_range(self) -> None:
        """Select from the last mark to the cursor, or from there on without one; or end that."""
        if self.pause():
            held = self._last_mark in self.marked
            start = self._last_mark if held and self._last_mark is not None else self.page.cursor
            self._anchor = start if self._anchor is None else None
            self._observer.model_changed()

    def select_all(self) -> None:
        """Select every line that is shown, with the cursor on the last."""
        if self.pause():
            rows = self.page.rows
            self._anchor = rows[0]
            self.go_to(rows[len(rows) - 1])

    def unmark(self) -> None:
        """Forget all marks and the selected range."""
        self.bookmarks.clear()
        self.unselect()

    def unselect(self) -> bool:
        """Forget the selected range; False if there was none."""
        had = self._anchor is not None
        self._anchor = None
        self._observer.model_changed()
        return had

    def go_to_bookmark(self, step: int) -> None:
        """Go to the next or previous bookmark."""
        held = self.marked
        found = neighbor(held, self.page.cursor, step)
        if found is not None:
            self.go_to(found)
        else:
            self._observer.say("no mark that way" if held else "no marks; m sets one", "warn")

    def go_to_notice(self, step: int) -> None:
        """Go to the next or previous notice, or to the line below a mark."""
        shown = [row for row in self.log.notices if row >= self.log.first and self.finder.shows(row)]
        rows = self.page.rows
        places = map(rows.rank, self.log.marks.rows)
        marked = {rows[place] for place in places if place < len(rows)}
        found = neighbor(sorted(marked.union(shown)), self.page.cursor, step)
        if found is not None:
            self.go_to(found)
        else:
            self._observer.say(nothing_further("notice", step, "[" if step > 0 else "]"), "warn")

    # ---- search and filters ---------------------------------------------------------------------------

    def step(self) -> bool:
        """Do one slice of the search; True when there is more."""
        more = True
        try:
            more = self.finder.step(self.clock.monotonic)
        except TooSlow as error:
            self._gave_up(str(error))
        self._land()
        if words := self.finder.hint():
            self._observer.hint(words)
        return more

    def search(self, pattern: Pattern | None) -> None:
        """Search for a pattern; None ends the search."""
        if pattern != self.finder.pattern:
            self.finder.search(pattern)
        self._apply()

    def go_to_match_above(self) -> None:
        """Go to the nearest match at the cursor or above: a log is read from its end."""
        if pattern := self.finder.pattern:
            self.page.pause()
            self.finder.seek_match(self.page.cursor + 1, -1, f"nothing above matches /{pattern.source}")
            self._seek()

    def next_match(self, step: int) -> None:
        """Go to the next or previous match."""
        if self.finder.pattern is None:
            self._observer.say("no search yet; / searches", "warn")
            return
        self.page.pause()
        self.finder.seek_match(self.page.cursor, step)
        self._seek()

    def give_up_search(self) -> None:
        """End a search that is too slow to mark on the screen."""
        if pattern := self.finder.pattern:
            self.finder.search(None)
            self._gave_up(f"search for /{pattern.source} cancelled: {TOO_LONG}")

    def preview_filter(self, extra: LogFilter | None) -> None:
        """Count what a filter would leave, while it is typed; None ends that."""
        self.finder.preview_filter(extra)
        self._observer.model_changed()

    def add_filter(self, extra: LogFilter) -> None:
        """Add a filter."""
        self.finder.preview_filter(None)
        self.finder.add_filter(extra)
        self._apply()

    def set_filters(self, filters: tuple[LogFilter, ...]) -> None:
        """Replace the filters."""
        self.finder.set_filters(filters)
        self._apply()

    def toggle_filters(self) -> None:
        """Switch all filters off, or on again."""
        if not self.finder.criteria.filters:
            self._observer.say("no filters; & adds one", "warn")
            return
        self.finder.toggle_filters()
        self._apply()

    def next_level(self) -> None:
        """Show the next minimum level and above."""
        level = self.finder.criteria.level
        at = LEVELS.index(level) if level in LEVELS else 0
        self.finder.set_level(LEVELS[(at + 1) % len(LEVELS)])
        self._apply()

    def toggle_errors_only(self) -> None:
        """Show errors only, or every level again."""
        self.finder.set_level(Level.NONE if self.finder.criteria.level is Level.ERROR else Level.ERROR)
        self._apply()

    def show_job(self, job_id: str) -> None:
        """Show the lines of one job, of every level."""
        self.finder.filters_on = True
        self.finder.set_criteria(Criteria(filters=(LogFilter(OfJob(job_id)),)))
        self._apply()

    def toggle_clear(self) -> None:
        """Show only what comes from now on; a second time shows all again."""
        self.finder.show_since(self.log.end if self.finder.criteria.since is None else None)
        self.page.resume()
        self._apply()

    def back(self) -> bool:
        """Undo the first there is of: selected range, search, filters. False if there is none of them."""
        if self.unselect():
            return True
        if self.finder.pattern:
            self.finder.search(None)
        elif self.finder.criteria != Criteria():
            self.finder.set_criteria(Criteria())
        else:
            return False
        self._apply()
        return True

    def _apply(self) -> None:
        """Show what the filters let through by now."""
        self.page.rows = self.finder.rows
        self.page.refit()
        self._observer.model_changed()

    def _gave_up(self, words: str) -> None:
        self.finder.jump = None
        self._observer.hint(words)
        self._observer.say(words, "error")
        self._apply()

    def _seek(self) -> None:
        """Jump now if the target is known, else when it is found."""
        self._land()
        self._observer.model_changed()

    def _land(self) -> None:
        jump = self.finder.landed()
        if jump is None:
            return
        row = nearest(jump.among, jump.start, jump.step)
        if row is None and jump.fallback is not None:
            self._arrive(jump.fallback, jump.otherwise)
        elif row is None:
            self._observer.say(jump.otherwise, "warn")
        else:
            self.go_to(row)
            self._unfold_match(row)

    def _unfold_match(self, row: int) -> None:
        """Unfold a line whose match is folded away."""
        pattern = self.finder.pattern
        if pattern is None or row in self.modes or self._shows(row, pattern.regex):
            return
        self._set_mode(row, LineMode.OPEN)
        if len(self.log.line(row).raw) > SHOWN and not self._shows(row, pattern.regex):
            self._set_mode(row, None)
            self._observer.say(BEYOND, "warn")

    def _shows(self, line: int, regex: re.Pattern[str]) -> bool:
        """Whether the rows of a line hold a match; taken as true where that takes too long."""
        try:
            with time_limit():
                return any(regex.search(row.text) for row in self.rows_of(line))
        except TooSlow:
            return True

    # ---- errors, jobs, times --------------------------------------------------------------------------

    def next_error(self, step: int) -> None:
        """Go to the next or previous line of level error or above that is shown."""
        row = self.finder.error_from(self.page.cursor, step)
        if row is not None:
            self.go_to(row)
        else:
            self._observer.say(nothing_further("error", step, "E" if step > 0 else "e"), "warn")

    def next_of_job(self, step: int) -> None:
        """Go to the next or previous line of the job that the line at the cursor names."""
        if job_id := self._field("job_id"):
            self.page.pause()
            self.finder.seek_job(job_id, self.page.cursor, step)
            self._seek()
        else:
            self._observer.say("this line names no job", "warn")

    def agent_at_cursor(self) -> str:
        """The id of the agent that printed the line at the cursor; empty without a line of a stream."""
        cursor = self.page.cursor
        if not len(self.page.rows) or not self.log.first <= cursor < self.log.end:
            return ""
        stream = self.log.streams.get(self.log.spool.tag(cursor))
        return stream.source.agent_id if stream is not None else ""

    def job_at_cursor(self) -> tuple[str, str, str] | None:
        """Job id, room and dispatch id that the line at the cursor names, empty where it does not."""
        found = self._field("job_id"), self._field("room", "room_name"), self._field("dispatch_id")
        if any(found):
            return found
        self._observer.say("this line names no job, dispatch or room", "warn")
        return None

    def go_to_time(self, at: float, within: float = 1.0) -> None:
        """Go to the first line written `within` so many seconds from `at`, Unix seconds, or else after that.

        Where times go back, only a look at every line finds it.
        """
        self.page.pause()
        log = self.log
        row = log.at(at)
        target, words = min(row, max(log.end - 1, log.first)), ""
        if log.first == log.end:
            words = "no line is held, of whatever time"
        elif row >= log.end:
            words = "the log ends before that time"
        elif row == log.first:
            words = "the oldest line that is held is not older than that"
        written = log.line(row).written if log.first <= row < log.end else None
        if written is not None and at <= written < at + within and self.finder.shows(row):
            self._arrive(target, words)
        else:
            self.finder.seek_time(at, at + within, target, words)
            self.step()

    def go_to_moment(self, at: float) -> bool:
        """Go to the line that was the newest at a time, Unix seconds; False if none of then is held."""
        log = self.log
        row = log.at(at)
        if row < log.end and log.time(row) == at:
            row += 1  # written at that very time
        self.page.pause()
        if row > log.first:
            self.go_to(row - 1)
        return row > log.first

    def _arrive(self, row: int, words: str) -> None:
        self.go_to(row)
        if words:
            self._observer.say(words, "warn")

    def move_time(self, seconds: float) -> None:
        """Go to a time before or after that of the line at the cursor."""
        at = self.log.time(self.page.cursor)
        if at is None:
            self._observer.say(NO_TIME, "warn")
        else:
            self.go_to_time(at + seconds, abs(seconds))

    def _field(self, *names: str) -> str:
        """A field of the line at the cursor; empty if it has none."""
        cursor = self.page.cursor
        if not len(self.page.rows) or not self.log.first <= cursor < self.log.end:
            return ""
        return parse(self.log.line(cursor).raw).field(*names)
