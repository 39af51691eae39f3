"""The widgets that draw a log, no more often than useful: its lines, and the bar below them.

Only lines on the screen are decoded: a log of a million lines costs what one of fifty costs.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from tui.logs.expressions import TooSlow
from tui.logs.search import Pattern
from tui.ui.logview.bar import bar_cells, state_of, why_empty
from tui.ui.logview.layout import ScreenRow, Span
from tui.ui.logview.model import LogModel
from tui.ui.logview.page import Position
from tui.ui.logview.paint import MATCH, PaintedRow, pieces, program_style
from tui.ui.logview.sgr import PLAIN
from tui.ui.widgets.lines import Lines
from tui.ui.widgets.themed_widget import ThemedWidget

FRAME: Final = 0.1
"""Seconds between two paints of a log that streams; the first line after a pause is painted at once."""
BENEATH_DIALOG: Final = 1.0
"""The same beneath a dialog, where Textual composes the whole screen for each paint."""
BYTES: Final = 50_000
"""Bytes a second that a stream of lines may send to the terminal; large screens are painted less often."""
SEGMENT_COST: Final = 30
"""Bytes of escape sequences around a run of text."""
GUTTER: Final = 1
"""Width of the gutter in cells."""
MIN_WIDTH: Final = 10
"""Width in cells that lines are laid out for at least."""
COLORLESS: Final = "mono"
"""The theme without colours; colours that programs print are not shown in it."""
CUT: Final = "…"
"""The last cell of a row that goes on to the right."""
WHEEL: Final = 3
"""Rows that a turn of the mouse wheel scrolls."""
BAR_OFTEN: Final = 0.5
"""Seconds between two updates of the bar while a log streams."""
BAR_SELDOM: Final = 1.0
"""The same beneath a dialog, and while the log is not followed: only counts change then."""
NO_LOG: Final = "No log is open. Select an agent and press l."


class LogLines(ThemedWidget, can_focus=True):
    """Draws the page of a model, and only the rows that differ."""

    DEFAULT_CSS = "LogLines { height: 1fr; width: 1fr; }"

    class Moved(Message):
        """Other lines are on the screen, or the cursor is on another one."""

    class Slow(Message):
        """The search takes too long in a line on the screen; its matches are not marked any more."""

    def __init__(self, model: LogModel) -> None:
        super().__init__(id="log-lines")
        self.model = model
        self._painted: list[PaintedRow] = []
        self._fitted = Size(0, 0)
        """The size that lines are laid out for."""
        self._slow: Pattern | None = None
        """A search that took too long to mark."""
        self._cost = 0
        """Bytes that the last paint sent, roughly."""
        self._painted_at = 0.0
        self._timer: Timer | None = None

    @property
    def is_pending(self) -> bool:
        """A paint was put off."""
        return self._timer is not None

    def paint_soon(self) -> None:
        """The log has grown or a notice in it has changed: paint, but not too often."""
        if self._timer is None and self.is_mounted and self.is_attached:  # not while being taken down
            least = FRAME if self.screen.is_active else BENEATH_DIALOG
            wait = self._painted_at + max(least, self._cost / BYTES) - self.model.clock.monotonic()
            if wait <= 0:
                self.paint_now()
            else:
                self._timer = self.set_timer(wait, self.paint_now)

    def paint_now(self) -> None:
        """Paint now, including delayed updates."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._painted_at = self.model.clock.monotonic()
        self.draw()

    def draw(self) -> None:
        """Show the page as it is now; sends only rows that differ."""
        if not self.size.height:
            return
        before, self._painted = self._painted, self._rows_to_paint()
        after = self._painted
        count = max(len(before), len(after))
        size = self.size.width
        dirty = [y for y in range(min(count, self.size.height)) if before[y : y + 1] != after[y : y + 1]]
        if dirty:
            self._cost = sum(self._cost_of(y) for y in dirty)
            self.refresh(*(Region(0, y, size, 1) for y in dirty))
        self.post_message(self.Moved())

    def render_lines(self, crop: Region) -> list[Strip]:
        """Some rows, for the compositor. The first frame comes before any event and shows lines already."""
        if self._fitted != self.size:
            self._fit()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One row, for the compositor."""
        base = self.tone_style("text")
        if y >= len(self._painted):
            return Strip.blank(self.size.width, base)
        painted = self._painted[y]
        segments = [Segment(painted.gutter, self.tone_style(painted.gutter_tone, painted.band))]
        for span, text, is_match in self._pieces(painted):
            segments.append(Segment(self.encode(text), self._style(span, painted.band, is_match)))
        strip = Strip(segments)
        if strip.cell_length > self.size.width:  # more of the line is to the right
            cut = Segment(self.encode(CUT), self.tone_style("muted", painted.band))
            strip = Strip([*strip.crop(0, self.size.width - 1), cut])
        return strip.adjust_cell_length(self.size.width, self.tone_style("text", painted.band))

    # ---- drawing --------------------------------------------------------------------------------------

    def _pieces(self, painted: PaintedRow) -> list[tuple[Span, str, bool]]:
        """The pieces of a row. A search that is too slow in one row is not marked in later rows either."""
        width, skip = self.size.width, self.model.options.timed  # times are not searched
        pattern = self.model.finder.pattern
        if pattern is None or pattern is not self._slow:
            try:
                return list(pieces(painted, width, skip=skip))
            except TooSlow:
                self._slow = pattern
                self.post_message(self.Slow())
        return list(pieces(replace(painted, search=None), width, skip=skip))

    def _fit(self) -> None:
        """Lay out for the size that the widget has now."""
        self._fitted = self.size
        self.model.fit(max(MIN_WIDTH, self.size.width - GUTTER))
        self._painted = self._rows_to_paint()

    def _rows_to_paint(self) -> list[PaintedRow]:
        model, height = self.model, max(1, self.size.height)
        model.page.height = height
        positions = model.page.visible()
        painted = [self._paint(position) for position in positions]
        if model.empty and all(position.line in model.log.notices for position in positions):
            words = model.empty.split("\n")
            painted += [PaintedRow(ScreenRow((Span(text, "muted"),), 0)) for text in words]
        return painted[-height:]

    def _paint(self, position: Position) -> PaintedRow:
        model, line = self.model, position.line
        at_cursor = line == model.page.cursor and not model.page.follow
        band = ("cursor" if self.has_keyboard else "blurred") if at_cursor else ""
        gutter, tone = self._gutter(line, at_cursor)
        row = model.rows_of(line)[position.part]
        search = model.finder.pattern.regex if model.finder.pattern else None
        return PaintedRow(row, gutter, tone, band, search, 0 if model.options.wrap else model.shift)

    def _gutter(self, line: int, at_cursor: bool) -> tuple[str, str]:
        model = self.model
        if line in model.bookmarks:
            return "◆", "accent"
        if model.selected and model.selected[0] <= line <= model.selected[1]:
            return "┃", "accent"
        return ("▌", "accent") if at_cursor else (" ", "muted")

    def _cost_of(self, y: int) -> int:
        if y >= len(self._painted):
            return self.size.width
        return self.size.width + SEGMENT_COST * (2 + len(self._painted[y].row.spans))

    def _style(self, span: Span, band: str, is_match: bool) -> Style:
        style = self.tone_style(span.tone, band)
        if span.style is not PLAIN:
            # a theme whose cursor has a text colour of its own says that others cannot be read there
            plain = band == "cursor" and bool(self.app.theme_variables["cursor-text"])
            style += program_style(span.style, colored=self._colored and not plain)
        return style + MATCH if is_match else style

    @property
    def _colored(self) -> bool:
        """The operator wants colours at all."""
        return not self.app.no_color and self.app.theme != COLORLESS

    # ---- events ---------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Draw what is there."""
        super().on_mount()
        self.draw()

    def on_resize(self, event: events.Resize) -> None:
        """Lay out for the new size."""
        if self._fitted != self.size:
            self._fit()
            self.refresh()
        self.post_message(self.Moved())

    def watch_has_focus(self, has_focus: bool) -> None:
        """The band of the cursor changes."""
        super().watch_has_focus(has_focus)  # its event would come before `has_focus` changes
        self.draw()

    def keyboard_changed(self) -> None:
        """Another screen came on top, or went."""
        self.draw()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll back, which stops following."""
        event.stop()
        self.model.scroll(-WHEEL)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll on."""
        event.stop()
        self.model.scroll(WHEEL)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the line."""
        self.model.click(event.y)


class LogBar(Lines):
    """The bar below the lines, and the words in place of lines when there are none."""

    def __init__(self, model: LogModel) -> None:
        super().__init__(id="log-bar")
        self.model = model
        self.no_log = NO_LOG
        """What stands in place of lines while no log is open."""
        self._timer: Timer | None = None
        self._updated_at = 0.0
        self._said = ("", "info")

    @property
    def is_pending(self) -> bool:
        """An update was put off."""
        return self._timer is not None

    def say(self, words: str, tone: str) -> None:
        """Say this instead of everything else, until the next key."""
        self._said = (words, tone)
        self.update_now()

    def key_pressed(self) -> None:
        """Forget what was said, and show what the key does without delay."""
        self._said = ("", "info")
        self._updated_at = 0.0
        self._stop_timer()

    def update_soon(self) -> None:
        """Something has changed: update, but not too often."""
        if self._timer is None and self.is_attached:
            often = BAR_OFTEN if self.model.page.follow and self.screen.is_active else BAR_SELDOM
            wait = self._updated_at + often - self.model.clock.monotonic()
            if wait <= 0 or not self._updated_at:
                self.update_now()
            else:
                self._timer = self.set_timer(wait, self.update_now)

    def update_now(self) -> None:
        """Show the current state, including delayed updates."""
        self._stop_timer()
        if not self.is_mounted:
            return
        self._updated_at = self.model.clock.monotonic()
        self.model.update_labels()
        self.model.explain(why_empty(self.model, self.no_log))
        self.set_lines([bar_cells(state_of(self.model, *self._said), self.size.width)])

    def on_resize(self) -> None:
        """Fit the width."""
        self.update_now()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
