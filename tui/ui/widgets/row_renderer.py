"""How one line of a table looks: what decides it, how it is drawn, what of it must be painted again.

Pure but for the styles it is given: it knows neither keys in order nor cursor nor scroll.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

from tui.fleet.cells import Cell, Cells, ColumnLayout
from tui.ui.widgets.columns import GAP, slots
from tui.ui.widgets.text import fit, to_ascii, width

GUTTER = 2
"""Cells left of the first column: the bar of a changed row, the mark."""


class RowLook(Struct, frozen=True):
    """Everything that decides how one line is drawn; equal looks draw the same."""

    key: str = ""
    """Empty for a line without a row: one of the words said instead of rows, or nothing."""
    cells: Cells = ()
    """One a column, or a single one across all of them."""
    signs: tuple[str, ...] = ()
    """Signs of change, one a cell; empty for none."""
    gutter: str = "  "
    row: str = ""
    """`cursor`, without the keyboard `blurred`, else empty."""
    ghost: bool = False
    thumb: str = " "
    """The scroll bar's cell."""

    def sign(self, index: int) -> str:
        """The sign of change of a cell."""
        return self.signs[index] if self.signs else " "


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
        ascii_only: bool = False,
    ) -> None:
        """`style` is that of a tone in a kind of row, as `Toned.tone_style`; `keep` a column that stays."""
        self.slots = slots(columns, max(0, size - 1), wide=wide, left=GUTTER, keep=keep)
        """The columns that there is room for."""
        self._count = len(columns)
        self.size = size
        """Cells of a line."""
        self._style = style
        self._ascii = ascii_only

    def differences(self, y: int, old: RowLook, new: RowLook) -> Iterator[Region]:
        """What to paint of line `y` after it looked otherwise."""
        same_row = old.key == new.key and old.row == new.row and old.ghost == new.ghost
        whole = len(old.cells) == len(new.cells) == self._count
        if not same_row or not whole:
            yield Region(0, y, self.size, 1)
            return
        if old.gutter != new.gutter:
            yield Region(0, y, GUTTER, 1)
        for slot in self.slots:
            i = slot.index
            sign = old.sign(i) != new.sign(i)
            if sign or old.cells[i] != new.cells[i]:
                yield Region(slot.x, y, slot.width + (GAP if sign else 0), 1)
        if old.thumb != new.thumb:
            yield Region(self.size - 1, y, 1, 1)

    def row(self, look: RowLook, *, dim: bool) -> Strip:
        """A line below the titles; `dim` where the data is stale."""
        plain = self._style("muted" if look.key and (look.ghost or dim) else "text", look.row)
        if not look.key:
            text, tone = (look.cells[0].text, look.cells[0].tone) if look.cells else ("", "text")
            words = "  " + fit(text, max(0, self.size - 3))
            segments = [Segment(self._signs(words), self._style(tone, ""))]
        elif len(look.cells) == 1 < self._count:
            segments = _merge([self._gutter(look, plain), self._span(look, plain, dim=dim)])
        else:
            segments = _merge([self._gutter(look, plain), *self._in_columns(look, plain, dim=dim)])
        strip = Strip(segments).adjust_cell_length(self.size - 1, plain)
        return Strip([*strip, Segment(self._signs(look.thumb), self._style("muted", ""))], self.size)

    def titles(self, sort_column: str, picked_column: str, *, reverse: bool) -> Strip:
        """The line on top."""
        muted = self._style("muted", "") + Style(bold=True)
        picked = self._style("accent", "") + Style(bold=True)
        segments = [Segment(" " * GUTTER, muted)]
        for slot in self.slots:
            column = slot.column
            arrow = ("↓" if reverse != column.falls else "↑") if column.id == sort_column else ""
            style = picked if column.id == picked_column else muted
            title = fit(column.title[: slot.width - len(arrow)] + arrow, slot.width, right=column.right)
            segments.append(Segment(self._signs(title) + " " * GAP, style))
        return Strip(segments).adjust_cell_length(self.size, muted)

    def _gutter(self, look: RowLook, plain: Style) -> tuple[str, Style]:
        return self._signs(look.gutter), self._style("accent", look.row) if look.gutter != "  " else plain

    def _span(self, look: RowLook, plain: Style, *, dim: bool) -> tuple[str, Style]:
        """A single cell goes across all columns."""
        cell = look.cells[0]
        style = plain if look.ghost or dim else self._style(cell.tone, look.row)
        return self._signs(fit(cell.text, max(0, self.size - 1 - GUTTER))), style

    def _in_columns(self, look: RowLook, plain: Style, *, dim: bool) -> Iterator[tuple[str, Style]]:
        accent = self._style("accent", look.row)
        struck = plain + Style(strike=True) if look.ghost else plain
        x = GUTTER
        for slot in self.slots:
            if slot.x > x:
                yield " " * (slot.x - x), plain
            cell = look.cells[slot.index] if slot.index < len(look.cells) else Cell()
            style = struck if look.ghost or dim else self._style(cell.tone, look.row)
            sign = look.sign(slot.index)
            words = cell.short if cell.short and width(cell.text) > slot.width else cell.text
            # right beside the words, or it would seem to belong to the next column
            if slot.column.right and sign != " " and width(words) < slot.width:
                yield " " * (slot.width - width(words) - 1), plain
                yield self._signs(sign), accent
                yield self._signs(words), style
                x = slot.x + slot.width
                continue
            right = slot.column.right or sign == " "
            place = slot.width if right else min(slot.width, width(words) + 1)
            text = self._signs(fit(words, place, right=slot.column.right))
            if style.reverse:  # the words, not a wall as wide as the column
                bare = text.lstrip(" ")
                yield " " * (len(text) - len(bare)), plain
                text = bare.rstrip(" ")
                yield text, style
                yield " " * (len(bare) - len(text)), plain
            else:
                yield text, style
            yield self._signs(sign), accent if sign != " " else plain
            yield " " * (slot.width - place), plain
            x = slot.x + slot.width + GAP

    def _signs(self, text: str) -> str:
        return to_ascii(text) if self._ascii and not text.isascii() else text


def _merge(runs: list[tuple[str, Style]]) -> list[Segment]:
    """Neighbours of one style as one segment: each segment costs some forty bytes on the line."""
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
