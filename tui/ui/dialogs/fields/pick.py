"""A list in which the row under the cursor is the answer, such as a version to roll back to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from tui.fleet.lists.cells import Cell, ColumnLayout
from tui.operations.fields import Field, Option
from tui.ui.dialogs.fields.base import FieldAnswered, Next, Options
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import OPTIONS
from tui.ui.widgets.table import LineTable


class Pick(LineTable):
    """One row of a list: the row under the cursor is the answer."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(OPTIONS)

    def __init__(self, field: Field, options: Options) -> None:
        self._titles = field.columns or (field.label.upper(),)
        super().__init__(self._columns_for(()), id=f"field-{field.id}")
        self.field = field
        self._read = options
        self._found: dict[str, Option] = {}
        self.styles.height = field.lines + 1

    @property
    def answer(self) -> str:
        """The value under the cursor."""
        return self.cursor or (self.field.value if not self._found else "")

    def refill(self) -> None:
        """Show the options as they are now; the cursor stays on its value."""
        found = {option.value: option for option in self._read()}
        first = not self._found and bool(found)
        self._found = found
        self.empty = (Cell("nothing to choose from", "muted"),)
        self.styles.height = max(1, min(self.field.lines, len(found))) + 1
        self.set_columns(self._columns_for(tuple(found.values())))
        self.show(list(found), self._row, ghosts=False)
        if first and self.field.value in found:
            self.select(self.field.value)

    def _row(self, key: str) -> tuple[Cell, ...]:
        words = self._found[key].words
        return (Cell(words[0]), *(Cell(word, "muted") for word in words[1:]))

    def _columns_for(self, options: Sequence[Option]) -> tuple[ColumnLayout, ...]:
        """Columns as wide as their contents."""
        columns = []
        for place, title in enumerate(self._titles):
            longest = max((len(item.words[place]) for item in options if place < len(item.words)), default=0)
            size = min(24, max(len(title), longest))
            columns.append(ColumnLayout(title.lower(), title, size, grow=1 if place == 1 else 0, rank=place))
        return tuple(columns)

    def action_mark(self) -> None:
        """Ignored: one row is the answer."""

    def on_line_table_opened(self, event: LineTable.Opened) -> None:
        """Enter goes on."""
        event.stop()
        self.post_message(Next())

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        """Another row, another answer."""
        event.stop()
        self.post_message(FieldAnswered(self.field.id))

    def on_line_table_scrolled(self, event: LineTable.Scrolled) -> None:
        """Ignored: rows in sight need no data."""
        event.stop()
