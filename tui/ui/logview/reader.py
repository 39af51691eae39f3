"""Reading a log: moving, following, folding, marking, copying. Knows nothing of filters, sources or files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from typing import ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from tui.clock import Clock
from tui.logs.log import Line, Log
from tui.logs.records import parse, plain
from tui.logs.rows import Rows, in_slices
from tui.ui.logview.layout import Form, Options, clock_word, rows_of
from tui.ui.logview.lines import LogLines
from tui.ui.logview.page import Page

UNBOUND = 1 << 20
"""A width that no line reaches."""
SIDEWAYS = 8
"""Cells that a key moves long lines."""


class Reader(Widget):
    """A log on the screen and the keys to read it by."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Down", show=False),
        Binding("k,up", "move(-1)", "Up", show=False),
        Binding("g,home", "home", "Top", show=False),
        Binding("G,end", "bottom", "Follow", show=False),
        Binding("space,pagedown", "page(1.0)", "Page down", show=False),
        Binding("b,pageup", "page(-1.0)", "Page up", show=False),
        Binding("ctrl+d", "page(0.5)", "Half page down", show=False),
        Binding("ctrl+u", "page(-0.5)", "Half page up", show=False),
        Binding("h,left", "sideways(-1)", "Left", show=False),
        Binding("l,right", "sideways(1)", "Right", show=False),
        Binding("s", "follow", "Follow on / off"),
        Binding("w,ctrl+w", "wrap", "Wrap"),
        Binding("t", "times", "Times", show=False),
        Binding("P", "pretty", "Pretty JSON", show=False),
        Binding("enter", "open", "Expand"),
        Binding("y", "raw", "Raw line", show=False),
        Binding("m", "bookmark", "Bookmark", show=False),
        Binding("M", "range", "Pick a range", show=False),
        Binding("u", "to_bookmark(1)", "Next bookmark", show=False),
        Binding("U", "to_bookmark(-1)", "Previous bookmark", show=False),
        Binding("c", "copy", "Copy", show=False),
        Binding("Y", "copy_raw", "Copy as received", show=False),
    ]

    class Copy(Message):
        """The operator wants this text on the clipboard."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Told(Message):
        """The end of something that took its time: the operator may be looking at another log by now."""

        def __init__(self, words: str, tone: str) -> None:
            super().__init__()
            self.words = words
            self.tone = tone

    def __init__(
        self,
        log: Log,
        *,
        clock: Clock,
        zone: tzinfo | None = None,
        ascii_only: bool = False,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.clock = clock
        self.ascii_only = ascii_only
        options = Options(zone=zone, now=clock.now())
        self.lines = LogLines(log, clock=clock, options=options, ascii_only=ascii_only)
        """The part of the screen with the lines."""
        self._anchor: int | None = None

    def compose(self) -> ComposeResult:
        """The lines."""
        yield self.lines

    @property
    def page(self) -> Page:
        """What of the log is on the screen."""
        return self.lines.page

    @property
    def options(self) -> Options:
        """How lines are shown."""
        return self.lines.options

    def focus(self, scroll_visible: bool = True) -> Reader:
        """Give the keys to the lines."""
        self.lines.focus(scroll_visible)
        return self

    def say(self, words: str, tone: str = "info") -> None:
        """Tell the operator something about the last key."""

    # ---- moving ---------------------------------------------------------------------------------------

    def go(self, line: int) -> None:
        """Put the cursor on a line."""
        self._moving(lambda: self.page.go(line))

    def action_move(self, lines: int) -> None:
        """Down or up by lines."""
        self._moving(lambda: self.page.move(lines))

    def action_home(self) -> None:
        """To the oldest line."""
        self._moving(self.page.home)

    def action_bottom(self) -> None:
        """To the newest line, and follow."""
        self._moving(self.page.resume)

    def action_page(self, pages: float) -> None:
        """Down or up by screenfuls."""
        rows = max(1, int(abs(pages) * self.page.height) - (abs(pages) == 1))
        self._moving(lambda: self.page.page(rows if pages > 0 else -rows))

    def action_sideways(self, steps: int) -> None:
        """Move long lines to the left or right."""
        self.lines.shift = max(0, self.lines.shift + steps * SIDEWAYS)
        self.lines.draw()

    def action_follow(self) -> None:
        """Follow or stand still."""
        self._moving(self.page.stand if self.page.follow else self.page.resume)

    def action_to_bookmark(self, step: int) -> None:
        """To the next or previous bookmark."""
        marked = sorted(row for row in self.lines.bookmarks if row >= self.page.log.first)
        later = [row for row in marked if (row > self.page.cursor if step > 0 else row < self.page.cursor)]
        if later:
            self.go(later[0] if step > 0 else later[-1])
        else:
            self.say("no bookmark that way" if marked else "no bookmarks; m sets one", "warn")

    # ---- looks ----------------------------------------------------------------------------------------

    def action_wrap(self) -> None:
        """Wrap long lines or not."""
        self.lines.shift = 0
        self.lines.relay(replace(self.options, wrap=not self.options.wrap))

    def action_times(self) -> None:
        """Word times in another way."""
        self.lines.relay(replace(self.options, times=self.options.times.next, now=self.clock.now()))

    def action_pretty(self) -> None:
        """Show JSON indented or not."""
        self.lines.relay(replace(self.options, pretty=not self.options.pretty))

    def action_open(self) -> None:
        """Unfold or fold the line: all fields, the whole traceback."""
        self._reform(Form.OPEN)

    def action_raw(self) -> None:
        """Show the line as received, or as before."""
        self._reform(Form.RAW)

    def action_bookmark(self) -> None:
        """Set or remove a bookmark."""
        if self._stop_on_line():
            self.lines.bookmarks ^= {self.page.cursor}
            self.lines.draw()

    def action_range(self) -> None:
        """Begin to pick a range at the cursor, or end it."""
        if self._stop_on_line():
            self._anchor = self.page.cursor if self._anchor is None else None
            self._pick()
            self.lines.draw()

    def unpick(self) -> bool:
        """Forget the picked range; False when there was none."""
        had = self.lines.selected is not None
        self._anchor = self.lines.selected = None
        self.lines.draw()
        return had

    # ---- copying --------------------------------------------------------------------------------------

    def action_copy(self) -> None:
        """Copy the picked lines, else the one at the cursor, as they are shown."""
        self._copy(self.wording())

    def action_copy_raw(self) -> None:
        """Copy them exactly as received."""
        self._copy(lambda line: line.raw.decode("utf-8", "surrogateescape"))

    def wording(self) -> Callable[[Line], str]:
        """How lines of this log are shown now, each in one line of any length, its traceback below it.

        It stays so while another log is shown: a long one is still being written out then.
        """
        log, notes = self.page.log, self.lines.notes
        options = replace(self.options, width=UNBOUND, wrap=False, pretty=False, hidden=frozenset())

        def words(line: Line) -> str:
            if line.notice:
                return f"── {line.notice.words(lambda moment: clock_word(moment, options))} ──"
            first = rows_of(line, log.came(line.row), options, Form.FOLDED)[0].text.rstrip()
            note = notes.get(line.row)
            below = [*map(plain, parse(line.raw).body), *([f"✎ {note}"] if note else [])]
            return "\n    ".join((first, *below))

        return words

    def _copy(self, text_of: Callable[[Line], str]) -> None:
        """Copy the rows that are shown of the picked range, else the one at the cursor."""
        if len(self.page.rows):
            low, high = self.lines.selected or (self.page.cursor, self.page.cursor)
            work = self._gather(self.page.log, self.page.rows, low, high, text_of)
            self.run_worker(work, group="log-copy", exclusive=True)
            self.unpick()

    async def _gather(
        self, log: Log, rows: Rows, low: int, high: int, text_of: Callable[[Line], str]
    ) -> None:
        texts: list[str] = []
        async for chosen in in_slices(log, rows, low, high + 1):
            texts += (text_of(log.line(row)) for row in chosen)
        if texts:
            self.post_message(self.Copy("\n".join(texts)))

    # ---- helpers --------------------------------------------------------------------------------------

    def _moving(self, move: Callable[[], None]) -> None:
        move()
        self._pick()
        self.lines.draw()

    def _pick(self) -> None:
        if self._anchor is not None:
            cursor = self.page.cursor
            self.lines.selected = (min(self._anchor, cursor), max(self._anchor, cursor))
        else:
            self.lines.selected = None

    def _stop_on_line(self) -> bool:
        """Keys about one line need one that stays put."""
        self.page.stand()
        return len(self.page.rows) > 0

    def _reform(self, form: Form) -> None:
        if self._stop_on_line():
            self.lines.set_form(self.page.cursor, form)
