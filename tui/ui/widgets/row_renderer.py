"""Draws one line of a table, and finds which parts of it must be painted again.

Pure: it is given the styles, and knows neither the other rows nor the cursor nor the scroll position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from tui.fleet.lists.cells import Cell, Cells, ColumnLayout
from tui.ui.widgets.columns import GAP, Slot, slots
from tui.ui.widgets.text import fit, width

GUTTER = 2
"""Cells left of the first column: the bar of a changed row and the mark."""


class TableRow(Struct, frozen=True):
    """Everything that one line is drawn from: equal rows draw the same."""

    key: str = ""
    """Empty for a line that is no row: a line of the text in place of rows, or blank."""
    cells: Cells = ()
    """One a column, or a single one across all of them."""
    signs: tuple[str, ...] = ()
    """The sign of change of each cell; empty if no cell has one."""
    gutter: str = "  "
    highlight: str = ""
    """`cursor` under the cursor, `blurred` where the table has not the focus, else empty."""
    ghost: bool = False
    """The row vanished."""
    scrollbar: str = " "
    """The scroll bar's cell on this line."""

    def sign(self, index: int) -> str:
        """The sign of change of a cell, or a blank."""
        return self.signs[index] if self.signs else " "


def widest(rows: Iterable[TableRow], known: Sequence[int]) -> list[int]:
    """Cells that each column takes in these rows, in short where that is possible, or in those `known`."""
    found = list(known)
    for row in rows:
        if len(row.cells) == len(found) > 1:
            for index, cell in enumerate(row.cells):
                found[index] = max(found[index], width(cell.short or cell.text))
    return found


class RowRenderer:
    """Draws the lines of a table that is `size` cells wide, the last of which is the scroll bar's."""

    def __init__(
        self,
        columns: Sequence[ColumnLayout],
        size: int,
        style: Callable[[str, str], Style],
        *,
        wide: bool = False,
        keep: str = "",
        needs: Sequence[int] = (),
        encode: Callable[[str], str] = str,
    ) -> None:
        """`style` gives the style of a tone and a highlight, and `encode` the text to draw, as the methods
        of `ThemedWidget` do; `keep` is the id of a column that is always shown, `needs` as of `slots`.
        """
        self.slots = slots(columns, max(0, size - 1), wide=wide, left=GUTTER, keep=keep, needs=needs)
        """The columns that fit, with their places."""
        self._count = len(columns)
        self.size = size
        """Width of a line, in cells of the terminal."""
        self._style = style
        self._encode = encode

    def differences(self, y: int, old: TableRow, new: TableRow) -> Iterator[Region]:
        """The parts of line `y` to paint when `new` replaces `old`."""
        same_row = old.key == new.key and old.highlight == new.highlight and old.ghost == new.ghost
        whole = len(old.cells) == len(new.cells) == self._count
        if not same_row or not whole:
            yield Region(0, y, self.size, 1)
            return
        if old.gutter != new.gutter:
            yield Region(0, y, GUTTER, 1)
        for place, slot in enumerate(self.slots):
            i = slot.index
            before, taken = self._taken(old, place), self._taken(new, place)  # the next cell may change it
            if old.sign(i) != new.sign(i) or before != taken or old.cells[i] != new.cells[i]:
                is_marked = old.sign(i) != " " or new.sign(i) != " "  # a sign stands where the text ends
                yield Region(slot.x, y, slot.width + max(before, taken, GAP if is_marked else 0), 1)
        if old.scrollbar != new.scrollbar:
            yield Region(self.size - 1, y, 1, 1)

    def draw(self, row: TableRow, *, dim: bool) -> Strip:
        """A line below the titles; `dim` while the data is stale."""
        plain = self._style("muted" if row.key and (row.ghost or dim) else "text", row.highlight)
        if not row.key:
            text, tone = (row.cells[0].text, row.cells[0].tone) if row.cells else ("", "text")
            words = "  " + fit(text, max(0, self.size - 3))
            segments = [Segment(self._encode(words), self._style(tone, ""))]
        elif len(row.cells) == 1 < self._count:
            segments = _merge([self._gutter(row, plain), self._span(row, plain, dim=dim)])
        else:
            segments = _merge([self._gutter(row, plain), *self._in_columns(row, plain, dim=dim)])
        strip = Strip(segments).adjust_cell_length(self.size - 1, plain)
        return Strip([*strip, Segment(self._encode(row.scrollbar), self._style("muted", ""))], self.size)

    def titles(self, sort_column: str, picked_column: str, *, reverse: bool) -> Strip:
        """The line of column titles."""
        muted = self._style("muted", "") + Style(bold=True)
        picked = self._style("accent", "") + Style(bold=True)
        segments = [Segment(" " * GUTTER, muted)]
        for slot in self.slots:
            column = slot.column
            arrow = ("↓" if reverse != column.falls else "↑") if column.id == sort_column else ""
            style = picked if column.id == picked_column else muted
            is_short = len(column.title) + len(arrow) > slot.width and bool(column.short_title)
            words = column.short_title if is_short else column.title
            title = fit(words[: slot.width - len(arrow)] + arrow, slot.width, right=column.right)
            segments.append(Segment(self._encode(title) + " " * GAP, style))
        return Strip(segments).adjust_cell_length(self.size, muted)

    def _gutter(self, row: TableRow, plain: Style) -> tuple[str, Style]:
        return self._encode(row.gutter), self._style("accent", row.highlight) if row.gutter != "  " else plain

    def _span(self, row: TableRow, plain: Style, *, dim: bool) -> tuple[str, Style]:
        """A single cell across all columns."""
        cell = row.cells[0]
        style = plain if row.ghost or dim else self._style(cell.tone, row.highlight)
        return self._encode(fit(cell.text, max(0, self.size - 1 - GUTTER))), style

    def _taken(self, row: TableRow, place: int) -> int:
        """Cells that a text takes beyond its column: those that are blank in the next, right-aligned one.

        Zero if that is not enough for the whole text, or where a sign of change stands between the two.
        """
        if place + 1 >= len(self.slots):
            return 0
        slot, beside = self.slots[place], self.slots[place + 1]
        if slot.column.right or not beside.column.right or row.sign(slot.index) != " ":
            return 0
        lacking = width(_words(row, slot)) - slot.width
        free = beside.width - width(_words(row, beside)) - (row.sign(beside.index) != " ")
        return lacking if 0 < lacking <= free else 0  # the gap is taken too, so a blank is left

    def _in_columns(self, row: TableRow, plain: Style, *, dim: bool) -> Iterator[tuple[str, Style]]:
        accent = self._style("accent", row.highlight)
        struck = plain + Style(strike=True) if row.ghost else plain
        x = GUTTER
        for place, slot in enumerate(self.slots):
            if slot.x > x:
                yield " " * (slot.x - x), plain
            room = slot.width - max(0, x - slot.x)
            cell = row.cells[slot.index] if slot.index < len(row.cells) else Cell()
            style = struck if row.ghost or dim else self._style(cell.tone, row.highlight)
            sign = row.sign(slot.index)
            words = _words(row, slot)
            if taken := self._taken(row, place):
                yield self._encode(words), style
                x = slot.x + slot.width + taken
                continue
            # next to the text, or it would seem to belong to the next column
            if slot.column.right and sign != " " and width(words) < room:
                yield " " * (room - width(words) - 1), plain
                yield self._encode(sign), accent
                yield self._encode(words), style
                x = slot.x + slot.width
                continue
            right = slot.column.right or sign == " "
            size = room if right else min(room, width(words) + 1)
            text = self._encode(fit(words, size, right=slot.column.right))
            if style.reverse:  # only the text is reversed, not the whole width of the column
                bare = text.lstrip(" ")
                yield " " * (len(text) - len(bare)), plain
                text = bare.rstrip(" ")
                yield text, style
                yield " " * (len(bare) - len(text)), plain
            else:
                yield text, style
            yield self._encode(sign), accent if sign != " " else plain
            yield " " * (room - size), plain
            x = slot.x + slot.width + GAP


def _words(row: TableRow, slot: Slot) -> str:
    """The text of a cell, in short where the whole does not fit into its column."""
    cell = row.cells[slot.index] if slot.index < len(row.cells) else Cell()
    return cell.short if cell.short and width(cell.text) > slot.width else cell.text


def _merge(runs: list[tuple[str, Style]]) -> list[Segment]:
    """Join neighbours of one style: each segment costs some forty bytes of output."""
    merged: list[Segment] = []
    text, style = runs[0]
    for more, other in runs[1:]:
        if not more:
            continue
        if other == style or (more.isspace() and other.bgcolor == style.bgcolor and not style.reverse):
            text += more
        else:
            merged.append(Segment(text, style))
            text, style = more, other
    merged.append(Segment(text, style))
    return merged
