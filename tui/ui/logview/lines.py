"""The lines of a log on the screen: draws what a `Page` says, where it differs and no more often than useful.

It decodes the lines in sight and no others; a log of a million lines costs what one of fifty costs.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from tui.clock import Clock
from tui.logs.expressions import TooSlow, time_limit
from tui.logs.log import Log
from tui.logs.rows import AllRows, Rows
from tui.ui.logview.layout import Form, Options, Row, Span, rows_of
from tui.ui.logview.page import Page, Place
from tui.ui.logview.paint import HIT, Drawn, look_style, pieces
from tui.ui.logview.sgr import PLAIN
from tui.ui.widgets.text import to_ascii
from tui.ui.widgets.themed_widget import ThemedWidget

FRAME: Final = 0.1
"""Seconds between two paints of a log that streams; the first line after a pause is painted at once."""
COVERED: Final = 1.0
"""The same beneath a dialog, where each paint has Textual compose the whole screen."""
BYTES: Final = 50_000
"""Bytes a second that a stream of lines may cost the terminal; large screens are painted less often."""
SEGMENT_COST: Final = 30
"""Bytes of escape sequences around a run of text."""
REMEMBERED: Final = 1024
"""Lines whose rows are kept."""
GUTTER: Final = 1
COLORLESS: Final = "mono"
"""The theme without colours: programs do not get to print any there."""
WHEEL: Final = 3
"""Rows that a turn of the mouse wheel moves."""


class LogLines(ThemedWidget, can_focus=True):
    """A window on a log."""

    DEFAULT_CSS = "LogLines { height: 1fr; width: 1fr; }"

    class Moved(Message):
        """Other lines are on the screen, or the cursor is on another one."""

    class Slow(Message):
        """What is searched for takes too long in a line on the screen; it is not marked any more."""

    def __init__(self, log: Log, *, clock: Clock, options: Options, ascii_only: bool = False) -> None:
        super().__init__(id="log-lines")
        self.ascii_only = ascii_only
        self.options = options
        self.forms: dict[int, Form] = {}
        """Lines that are shown in another form than the rest."""
        self.notes: dict[int, str] = {}
        self.bookmarks: set[int] = set()
        self.selected: tuple[int, int] | None = None
        """First and last line of a range picked for copying."""
        self.search: re.Pattern[str] | None = None
        self.shift = 0
        """Cells by which the text is moved to the left."""
        self.empty = ""
        """What to say when there are no lines, but perhaps notices."""
        self.painted = 0
        """Frames drawn, for measuring."""
        self._clock = clock
        self._log = log
        self._laid: dict[int, list[Row]] = {}
        self._drawn: list[Drawn] = []
        self._fitted = Size(0, 0)
        """The size that lines are laid out for."""
        self._cost = 0
        self._painted_at = 0.0
        self._timer: Timer | None = None
        self.page = Page(log, AllRows(log), self._height_of)
        log.listeners.append(self.log_changed)

    def show_log(
        self, log: Log, *, forms: dict[int, Form], notes: dict[int, str], bookmarks: set[int]
    ) -> None:
        """Show another log, from its newest line, with what the operator made of it."""
        self.detach()
        self._log = log
        log.listeners.append(self.log_changed)
        self.forms, self.notes, self.bookmarks, self.selected = forms, notes, bookmarks, None
        self.page = Page(log, AllRows(log), self._height_of)
        self.shift = 0
        self.relay(self.options)

    def detach(self) -> None:
        """Hear nothing of the log any more."""
        if self.log_changed in self._log.listeners:
            self._log.listeners.remove(self.log_changed)

    def show_rows(self, rows: Rows) -> None:
        """Show these lines of it only."""
        self.page.rows = rows
        self.page.changed()
        self.draw()

    def relay(self, options: Options) -> None:
        """Lay everything out again, with other options."""
        self.options = options
        self._laid.clear()
        self.page.changed()
        self.draw()

    def set_form(self, line: int, form: Form) -> None:
        """Show one line in a form of its own; the same form again puts it back."""
        if self.forms.get(line) is form:
            del self.forms[line]
        else:
            self.forms[line] = form
        self.forget(line)

    def forget(self, line: int) -> None:
        """Lay one line out again."""
        self._laid.pop(line, None)
        self.page.changed()
        if line == self.page.cursor:
            self.page.reveal()
        self.draw()

    def shows(self, line: int, pattern: re.Pattern[str]) -> bool:
        """Whether a line's rows, as they are laid out, hold a match."""
        try:
            with time_limit():
                return any(pattern.search(row.text) for row in self._rows_of(line))
        except TooSlow:
            return True

    def log_changed(self) -> None:
        """The log has grown or a notice in it has changed: paint soon, but not too often."""
        if self._timer is None and self.is_mounted and self.is_attached:  # not while being taken down
            least = FRAME if self.screen.is_active else COVERED
            wait = self._painted_at + max(least, self._cost / BYTES) - self._clock.monotonic()
            if wait <= 0:
                self._paint()
            else:
                self._timer = self.set_timer(wait, self._paint)

    def draw(self) -> None:
        """Show the page as it is now; sends only rows that differ."""
        if not self.size.height:
            return
        before, self._drawn = self._drawn, self._pick_rows()
        drawn = self._drawn
        count = max(len(before), len(drawn))
        size = self.size.width
        dirty = [y for y in range(min(count, self.size.height)) if before[y : y + 1] != drawn[y : y + 1]]
        if dirty:
            self._cost = sum(self._cost_of(y) for y in dirty)
            self.refresh(*(Region(0, y, size, 1) for y in dirty))
        self.post_message(self.Moved())

    def render_lines(self, crop: Region) -> list[Strip]:
        """Some rows, for the compositor. The first frame comes before any event: it has the lines already."""
        if self._fitted != self.size:
            self._fit()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One row, for the compositor."""
        base = self.tone_style("text")
        if y >= len(self._drawn):
            return Strip.blank(self.size.width, base)
        drawn = self._drawn[y]
        segments = [Segment(drawn.gutter, self.tone_style(drawn.gutter_tone, drawn.band))]
        skip = self.options.timed  # times are not searched
        for span, text, hit in self._pieces(drawn, skip=skip):
            shown = to_ascii(text) if self.ascii_only and not text.isascii() else text
            segments.append(Segment(shown, self._style(span, drawn.band, hit)))
        return Strip(segments).adjust_cell_length(self.size.width, self.tone_style("text", drawn.band))

    def _pieces(self, drawn: Drawn, *, skip: bool) -> list[tuple[Span, str, bool]]:
        """What to paint of a row; the search is left out from the first row on that takes it too long."""
        try:
            shown = drawn if self.search else replace(drawn, search=None)
            return list(pieces(shown, self.size.width, skip=skip))
        except TooSlow:
            self.search = None
            self.post_message(self.Slow())
            return self._pieces(drawn, skip=skip)

    # ---- drawing --------------------------------------------------------------------------------------

    def _paint(self) -> None:
        self._timer = None
        self._painted_at = self._clock.monotonic()
        self.painted += 1
        self.draw()

    def _fit(self) -> None:
        """Lay out for the size that the widget has now."""
        self._fitted = self.size
        self.options = replace(self.options, width=max(10, self.size.width - GUTTER))
        self._laid.clear()
        self.page.changed()
        self._drawn = self._pick_rows()

    def _pick_rows(self) -> list[Drawn]:
        """What the page shows."""
        self.page.height = max(1, self.size.height)
        places = self.page.places()
        drawn = [self._drawn_at(place) for place in places]
        if self.empty and all(place.line in self._log.notices for place in places):
            drawn += [Drawn(Row((Span(text, "muted"),), 0)) for text in self.empty.split("\n")]
        return drawn[-self.page.height :]

    def _height_of(self, line: int) -> int:
        return len(self._rows_of(line))

    def _rows_of(self, line: int) -> list[Row]:
        found = self._laid.get(line)
        if found is None:
            held = self._log.line(line)
            form = self.forms.get(line, Form.FOLDED)
            found = rows_of(held, self._log.came(line), self.options, form, self.notes.get(line, ""))
            if not held.notice:  # a notice may change while it is on the screen
                if len(self._laid) >= REMEMBERED:
                    self._laid.clear()
                self._laid[line] = found
        return found

    def _drawn_at(self, place: Place) -> Drawn:
        line = place.line
        at_cursor = line == self.page.cursor and not self.page.follow
        band = ("cursor" if self.has_focus else "blurred") if at_cursor else ""
        gutter, tone = self._gutter(line, at_cursor)
        row = self._rows_of(line)[place.part]
        return Drawn(row, gutter, tone, band, self.search, 0 if self.options.wrap else self.shift)

    def _gutter(self, line: int, at_cursor: bool) -> tuple[str, str]:
        if line in self.bookmarks:
            return "◆", "accent"
        if self.selected and self.selected[0] <= line <= self.selected[1]:
            return "┃", "accent"
        return ("▌", "accent") if at_cursor else (" ", "muted")

    def _cost_of(self, y: int) -> int:
        if y >= len(self._drawn):
            return self.size.width
        return self.size.width + SEGMENT_COST * (2 + len(self._drawn[y].row.spans))

    def _style(self, span: Span, band: str, hit: bool) -> Style:
        style = self.tone_style(span.tone, band)
        if span.look is not PLAIN:
            style += look_style(span.look, colored=self._colored)
        return style + HIT if hit else style

    @property
    def _colored(self) -> bool:
        """The operator wants colours at all."""
        return not self.app.no_color and self.app.theme != COLORLESS

    # ---- events ---------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Draw what is there."""
        super().on_mount()
        self.draw()

    def on_unmount(self) -> None:
        """Hear nothing of the log any more."""
        self.detach()

    def on_resize(self, event: events.Resize) -> None:
        """Lay out for the new size."""
        if self._fitted != self.size:
            self._fit()
            self.refresh()
        self.post_message(self.Moved())

    def watch_has_focus(self, has_focus: bool) -> None:
        """The band changes."""
        super().watch_has_focus(has_focus)  # its event would come before `has_focus` says so
        self.draw()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll back, which stops following."""
        event.stop()
        self.page.scroll(-WHEEL)
        self.draw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll on."""
        event.stop()
        self.page.scroll(WHEEL)
        self.draw()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the line."""
        line = self.page.line_at(event.y)
        if line is not None:
            self.page.stand()
            self.page.cursor = line
            self.draw()
