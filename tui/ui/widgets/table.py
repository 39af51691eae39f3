"""The table of lists and trees: formats visible rows only and repaints changed cells only.

It knows nothing of LiveKit: it is given keys in order and a function from key to cells. `RowModel` holds the
rows and the cursor, `RowRenderer` draws a line; this is the widget between the two. It is long because
Textual wants an action for every key.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import ClassVar

from msgspec import Struct
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from tui.fleet.lists.cells import Cell, Cells, ColumnLayout
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import TABLE
from tui.ui.widgets.columns import Slot
from tui.ui.widgets.row_model import MOVING_FOR, RowModel
from tui.ui.widgets.row_renderer import RowRenderer, TableRow, widest
from tui.ui.widgets.themed_widget import ThemedWidget

DELTA_FOR = 15.0
"""Seconds for which a changed cell has its sign; the row's bar stays as long as the row counts as changed."""

MARKS = frozenset(("mark", "mark_range", "mark_all", "unmark"))
"""Actions that mark rows."""


class RowChange(Struct, frozen=True):
    """A row that changed a moment ago."""

    signs: tuple[str, ...]
    """One a cell: the sign of its change, or a blank."""
    age: float
    """Seconds since."""


_GONE: Cells = (Cell("(gone)"),)


def _no_cells(key: str) -> Cells:
    return ()


def _unchanged(key: str) -> RowChange | None:
    return None


class LineTable(ThemedWidget, can_focus=True):
    """A table on Textual's Line API: its cost follows the screen, not the number of rows."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(TABLE)

    DEFAULT_CSS = "LineTable { height: 1fr; width: 1fr; }"

    class Moved(Message):
        """The cursor is on another key."""

        def __init__(self, table: LineTable, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> LineTable:
            """The table."""
            return self.table

    class Opened(Moved):
        """Enter, or a second click, on a key."""

    class Scrolled(Moved):
        """Other rows are on the screen."""

    class Resized(Moved):
        """There is room for other columns or rows."""

    class Marked(Moved):
        """Rows were marked or unmarked."""

    def __init__(self, columns: Sequence[ColumnLayout], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.wide = False
        self.follows_top = False
        """Until it is moved, the cursor stays on the first row, whichever that is."""
        self.empty: tuple[Cell, ...] = ()
        """The text in place of rows, one cell a line."""
        self.dim = False
        """The data is stale: rows are shown muted."""
        self.sortable: Collection[str] = ()
        """The ids of the columns that can be picked to sort by."""
        self.markable = True
        """There is something that acts on marked rows."""
        self.sort_column = ""
        self.sort_reverse = False
        self.picked_column = ""
        """The column chosen with shift+arrows, for sorting."""
        self.formatted = 0
        """Rows formatted so far: what tests measure the cost by."""
        self._columns = tuple(columns)
        self._needs: Sequence[int] = (0,) * len(self._columns)
        """Cells that each column took in the rows drawn so far: columns do not move while rows scroll by."""
        self._cached_renderer: RowRenderer | None = None
        self._cells_of: Callable[[str], Cells] = _no_cells
        self._change_of: Callable[[str], RowChange | None] = _unchanged
        self._row_model: RowModel[Cells] = RowModel()
        self._drawn: dict[int, tuple[TableRow, Strip]] = {}
        self._drawn_style = Style()
        self._now = 0.0
        self._moved_at = 0.0
        """Monotonic seconds of this machine: `now` of a view is coarse."""

    # ---- what is shown ----------------------------------------------------------------------------------

    def show(
        self,
        keys: Sequence[str],
        cells: Callable[[str], Cells],
        *,
        changed: Callable[[str], RowChange | None] = _unchanged,
        now: float = 0.0,
        ghosts: bool = True,
    ) -> None:
        """Show these keys, in this order. With `ghosts`, vanished rows stay for a while; pass False when the
        operator asked for other rows. `now` is monotonic seconds, for the ghosts.
        """
        known = self._row_model.keys
        if not ghosts:
            self._needs = (0,) * len(self._columns)
        if time.monotonic() - self._moved_at >= MOVING_FOR:
            self._row_model.rest()
        self._cells_of, self._change_of, self._now = cells, changed, now
        if keys is not known and (len(keys) != len(known) or list(keys) != list(known)):
            if self._row_model.replace(
                keys,
                last_cells=self._last_cells,
                leave_ghosts=ghosts,
                now=now,
                follow_top=self.follows_top and not self.has_focus,
            ):
                self.post_message(self.Moved(self, self.cursor))
        else:
            before = self.cursor
            self._row_model.drop_ghosts(now)
            if self.cursor != before:
                self.post_message(self.Moved(self, self.cursor))
        self._paint()

    def forget(self) -> None:
        """Drop cursor, marks and ghosts: the next `show` is of other things altogether."""
        height = self._row_model.height
        self._row_model = RowModel()
        self._row_model.height = height
        self._cells_of, self._change_of = _no_cells, _unchanged

    def unmark_gone(self, exists: Callable[[str], bool]) -> None:
        """Remove the marks of rows that no longer exist."""
        self._row_model.marks = {key for key in self._row_model.marks if exists(key)}

    def keep_cursor(self) -> None:
        """Accept the row under the cursor: it does not go back to one that a filter hides."""
        self._row_model.keep_cursor()

    @property
    def cursor(self) -> str:
        """The key under the cursor, which may be a ghost's; empty without rows."""
        return self._row_model.cursor

    @property
    def cursor_is_ghost(self) -> bool:
        """The row under the cursor has vanished: no operation may use it."""
        return self._row_model.cursor in self._row_model.ghosts

    @property
    def keys(self) -> Sequence[str]:
        """The keys shown, without ghosts."""
        return self._row_model.keys

    @property
    def marked(self) -> tuple[str, ...]:
        """Marked keys in the order shown, then marked keys that are not shown."""
        return self._row_model.marked()

    @property
    def shows_wide(self) -> bool:
        """There is room for at least one of the wide columns."""
        return any(slot.column.wide for slot in self.slots)

    @property
    def slots(self) -> Sequence[Slot]:
        """The columns on the screen, with their positions."""
        return self._renderer.slots

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Columns are picked only to sort by them, and rows marked only where something acts on them."""
        if action in MARKS:
            return self.markable
        return bool(self.sortable) or action != "column"

    def visible_keys(self) -> list[str]:
        """The keys on the screen."""
        return self._row_model.visible()

    def select(self, key: str) -> bool:
        """Put the cursor on a key; False if it is not shown."""
        line = self._row_model.line_of(key)
        if line is None:
            return False
        self._move_to(line)
        return True

    def to_nearest(self, wanted: Callable[[str], bool], step: int) -> bool:
        """Put the cursor on the next (`step` 1) or previous (-1) row that is wanted; False without any."""
        lines = self._row_model.lines
        at = self._row_model.cursor_line
        rows = range(at + 1, len(lines)) if step > 0 else range(at - 1, -1, -1)
        found = next((line for line in rows if wanted(lines[line])), None)
        if found is not None:
            self._move_to(found)
        return found is not None

    def set_columns(self, columns: Sequence[ColumnLayout]) -> None:
        """Use other columns from the next `show` on."""
        if tuple(columns) != self._columns:
            self._columns = tuple(columns)
            self._needs = (0,) * len(self._columns)
            self._drawn.clear()
            self._cached_renderer = None
            self.refresh()

    def set_wide(self, wide: bool) -> None:
        """Show the wide columns too, or not."""
        self.wide = wide
        self._layout()

    def redraw(self) -> None:
        """Format and draw every visible row again."""
        self._drawn.clear()
        self._paint()
        self.refresh()

    # ---- drawing ----------------------------------------------------------------------------------------

    def _last_cells(self, key: str) -> Cells | None:
        return next((row.cells for row, _ in self._drawn.values() if row.key == key), None)

    @property
    def _renderer(self) -> RowRenderer:
        """For the present width: Textual asks for lines before it sends the resize event."""
        if self._cached_renderer is None or self._cached_renderer.size != self.size.width:
            self._cached_renderer = RowRenderer(
                self._columns,
                self.size.width,
                self.tone_style,
                wide=self.wide,
                keep=self.sort_column,
                needs=self._needs if any(self._needs) else (),
                encode=self.encode,
            )
        return self._cached_renderer

    def _layout(self) -> None:
        self._cached_renderer = None
        self.redraw()

    def on_resize(self, event: events.Resize) -> None:
        """Choose columns for the new width; the cursor stays in sight."""
        self._row_model.height = max(1, self.size.height - 1)
        self._row_model.reveal()
        self._needs = (0,) * len(self._columns)
        self._layout()
        self.post_message(self.Resized(self, self.cursor))

    def restyle(self) -> None:
        """Another theme."""
        self._drawn.clear()
        super().restyle()

    def _check_style(self) -> None:
        """Drop lines drawn in another style. Textual announces changes on every focus, mostly without one."""
        if self.rich_style != self._drawn_style:
            self._drawn_style = self.rich_style
            self._drawn.clear()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines for the compositor."""
        self._check_style()
        return super().render_lines(crop)

    def _paint(self) -> None:
        """Compare every visible line with what was drawn, and refresh the cells that differ."""
        if not self._renderer.slots or not self.is_mounted:
            return
        self._check_style()
        rows = [self._row_at(y) for y in range(self._row_model.height)]
        self._fit_columns(rows)
        renderer = self._renderer
        dirty: list[Region] = []
        for y, row in enumerate(rows):
            drawn = self._drawn.get(y)
            if drawn is not None and drawn[0] == row:
                continue
            if drawn is None:
                dirty.append(Region(0, y + 1, renderer.size, 1))
            else:
                dirty.extend(renderer.differences(y + 1, drawn[0], row))
            self._drawn[y] = (row, renderer.draw(row, dim=self.dim))
        if dirty:
            self.refresh(*dirty)

    def _fit_columns(self, rows: Sequence[TableRow]) -> None:
        """Share the width anew where these rows need more of it than those before."""
        needs = widest(rows, self._needs)
        if needs == list(self._needs):
            return
        before, self._needs, self._cached_renderer = self._renderer.slots, needs, None
        if self._renderer.slots != before:
            self._drawn.clear()
            self.refresh()

    def _row_at(self, y: int) -> TableRow:
        row_model = self._row_model
        index = row_model.top + y
        scrollbar = self._scrollbar(y)
        if not row_model.lines:
            return TableRow(cells=self.empty[y : y + 1], scrollbar=scrollbar)
        if index >= len(row_model.lines):
            return TableRow(scrollbar=scrollbar)
        key = row_model.lines[index]
        highlight = ("cursor" if self.has_keyboard else "blurred") if key == row_model.cursor else ""
        mark = "*" if key in row_model.marks else " "
        ghost = row_model.ghosts.get(key)
        if ghost is not None:
            return TableRow(key, ghost.cells or _GONE, (), " " + mark, highlight, True, scrollbar)
        cells = self._cells_of(key)
        self.formatted += 1
        change = self._change_of(key)
        signs = change.signs if change and change.age < DELTA_FOR and len(change.signs) == len(cells) else ()
        bar = "▎" if change else " "
        return TableRow(key, cells, signs, bar + mark, highlight, False, scrollbar)

    def _scrollbar(self, y: int) -> str:
        total, height = len(self._row_model.lines), self._row_model.height
        if total <= height:
            return " "
        size = max(1, height * height // total)
        start = (height - size) * self._row_model.top // max(1, total - height)
        return "┃" if start <= y < start + size else "│"

    def render_line(self, y: int) -> Strip:
        """One line, for the compositor."""
        if y == 0:
            return self._renderer.titles(self.sort_column, self.picked_column, reverse=self.sort_reverse)
        known = self._drawn.get(y - 1)
        if known is None:
            row = self._row_at(y - 1)
            known = self._drawn[y - 1] = (row, self._renderer.draw(row, dim=self.dim))
        return known[1]

    # ---- keys and mouse ---------------------------------------------------------------------------------

    def _move_to(self, line: int) -> None:
        top = self._row_model.top
        self._moved_at = time.monotonic()
        moved = self._row_model.move(line, self._now)
        if self._row_model.top != top:
            self.post_message(self.Scrolled(self, self.cursor))
        self._paint()
        if moved:
            self.post_message(self.Moved(self, self.cursor))

    def action_move(self, step: int) -> None:
        """Cursor by rows."""
        self._move_to(self._row_model.cursor_line + step)

    def action_page(self, step: int) -> None:
        """Cursor by screens."""
        self._move_to(self._row_model.cursor_line + step * self._row_model.height)

    def action_top(self) -> None:
        """Cursor to the first row."""
        self._move_to(0)

    def action_bottom(self) -> None:
        """Cursor to the last row."""
        self._move_to(len(self._row_model.lines) - 1)

    def action_mark(self) -> None:
        """Mark or unmark the row and go on to the next."""
        if self._row_model.toggle_mark():
            self.action_move(1)
            self._marked()

    def action_mark_range(self) -> None:
        """Mark from the last marked row to the cursor."""
        self._row_model.mark_range()
        self._marked()

    def action_mark_all(self) -> None:
        """Mark every row that passes the filter."""
        self._row_model.marks.update(self._row_model.keys)
        self._marked()

    def action_unmark(self) -> None:
        """Clear every mark."""
        self._row_model.marks.clear()
        self._marked()

    def _marked(self) -> None:
        self._paint()
        self.post_message(self.Marked(self, self.cursor))

    def action_open(self) -> None:
        """Open the row."""
        if self.cursor:
            self.post_message(self.Opened(self, self.cursor))

    def action_column(self, step: int) -> None:
        """Pick a column for sorting."""
        ids = [slot.column.id for slot in self.slots if slot.column.id in self.sortable]
        if ids:
            current = self.picked_column or self.sort_column
            place = ids.index(current) if current in ids else (-1 if step > 0 else 0)
            self.picked_column = ids[(place + step) % len(ids)]
            self.refresh(Region(0, 0, self.size.width, 1))

    def set_sort(self, column: str, reverse: bool) -> None:
        """Say by which column the rows are sorted; that column is always shown."""
        if (column, reverse) == (self.sort_column, self.sort_reverse):
            return
        before = self.slots
        self.sort_column, self.sort_reverse, self._cached_renderer = column, reverse, None
        if self.slots != before:
            self._layout()
        else:
            self.refresh(Region(0, 0, self.size.width, 1))

    def watch_has_focus(self, has_focus: bool) -> None:
        """The cursor row is bright while the table has the keyboard, else dull."""
        super().watch_has_focus(has_focus)  # its event comes before `has_focus` is set
        self._paint()

    def keyboard_changed(self) -> None:
        """Another screen came on top, or went."""
        self._paint()

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a second one opens."""
        line = self._row_model.top + event.y - 1
        if event.y > 0 and line < len(self._row_model.lines):
            if self._row_model.lines[line] == self.cursor and event.chain > 1:
                self.action_open()
            self._move_to(line)

    def scroll_rows(self, step: int) -> None:
        """Move the rows, not the cursor."""
        if self._row_model.scroll(step):
            self._paint()
            self.post_message(self.Scrolled(self, self.cursor))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves the rows, not the cursor."""
        event.stop()
        self.scroll_rows(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves the rows, not the cursor."""
        event.stop()
        self.scroll_rows(-3)
