"""What panes with a list share: rows made of the view, filter, sort, marks and targets of operations.

Longer than 300 lines: cursor, filter and marks act on the same rows and are read together.
"""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message

from tui.fleet.lists.cells import Cell, Cells, ColumnLayout
from tui.fleet.lists.listing import filters, sorts
from tui.fleet.lists.query import BadQuery, Query, parse
from tui.fleet.state import Freshness
from tui.fleet.times import TimeStyle
from tui.fleet.view import Selection, View
from tui.operations.fields import Answers
from tui.operations.operation import Operation
from tui.operations.targets import NoTarget, Target
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import LIST
from tui.ui.panes.base import Pane
from tui.ui.panes.filter_mode import FilterMode
from tui.ui.panes.freshness import NO_PROJECT, freshness
from tui.ui.widgets.columns import for_times
from tui.ui.widgets.key_choice import KeyChoice, KeyOption
from tui.ui.widgets.lines import Line
from tui.ui.widgets.table import LineTable, RowChange

_SMALL = (str, int, float, Cell, Size)

AT_ONCE = 100
"""Rows that are written before others may work."""
ABSENT = (
    "This server has no Cloud Agents API: it is a self-hosted LiveKit. "
    "Rooms, dispatches and jobs are in pane 5."
)
"""What the agent panes say on a server that has no agents."""


class ListPane(Pane):
    """A pane whose rows are keys and pure functions of the view."""

    COLUMNS: ClassVar[Sequence[ColumnLayout]] = ()
    """Columns in their order. Those that are a `Column` also say what sorts and filters the rows."""

    SORTS: ClassVar[Sequence[tuple[str, str, str]]] = ()
    """Letter, words and column of the orders that are offered by a key."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(LIST)

    class Selected(Message):
        """Another row is under the cursor."""

        def __init__(self, pane: ListPane, key: str) -> None:
            super().__init__()
            self.pane = pane
            self.key = key

    class Opened(Selected):
        """A row was opened."""

    class Scrolled(Selected):
        """Other rows are in sight."""

    def __init__(self) -> None:
        super().__init__()
        self.active_filter = Query()
        self._filter_aside = ""
        """The filter that was switched off, to be switched on again."""
        self.sort = ""
        self.reverse = False
        self.leaves_ghosts = True
        """Rows that vanish stay for a while."""
        self._rows_asked_for = True
        """The operator asked for other rows: the next `show` draws them and leaves no ghosts."""
        self._subject = ""
        self._inputs: tuple[object, ...] = ()
        self.table = LineTable(self.COLUMNS)
        self.table.sortable = frozenset(self.sorts)

    def compose(self) -> ComposeResult:
        """Title and table."""
        yield from super().compose()
        yield self.table

    # ---- what a pane says of itself -------------------------------------------------------------------

    def columns(self) -> Sequence[ColumnLayout]:
        """The columns now."""
        return self.COLUMNS

    @property
    def filters(self) -> Sequence[str]:
        """The fields that a filter may name."""
        return filters(self.COLUMNS)

    @property
    def sorts(self) -> Sequence[str]:
        """The ids of the columns that rows can be sorted by."""
        return sorts(self.COLUMNS)

    def subject(self, view: View) -> str:
        """What the rows belong to. Those of another subject inherit no cursor, mark or ghost."""
        return ""

    def fresh(self, view: View) -> Freshness:
        """How current the rows are."""
        return view.fleet.fresh(self.SOURCE)

    def freshness_words(self, view: View) -> Cell:
        """How current the rows are, for the title."""
        return freshness(view, self.fresh(view))

    def keys(self, view: View) -> Sequence[str]:
        """The rows in order, after filter and sort."""
        return ()

    def cells(self, view: View, key: str) -> Cells:
        """The cells of a row."""
        return ()

    def changed(self, view: View, key: str) -> RowChange | None:
        """What changed in the row a moment ago."""
        return None

    def title(self, view: View) -> Line:
        """The title's words after number and name."""
        return ()

    def empty(self, view: View) -> str:
        """The text in place of rows, where nothing failed and no filter is on."""
        return ""

    def inputs(self, view: View) -> tuple[object, ...]:
        """Everything that the rows are made of. While these are the same, a new view costs nothing here.

        Fleets and listings are compared by identity, small values by value. The default is never the same.
        """
        return (object(),)

    # ---- showing --------------------------------------------------------------------------------------

    def show(self, view: View) -> None:
        """Give the table its keys, and the functions that format the rows on the screen."""
        table = self.table
        fresh = self.fresh(view)
        words = self.freshness_words(view)
        tabs = "".join(self.tabs)
        focused = self.has_class("-focused")
        inputs = (*self.inputs(view), words, view.times, view.now, fresh.error, tabs, focused, table.size)
        if not self._rows_asked_for and self._is_same(inputs):
            return
        self._inputs = inputs
        if self.subject(view) != self._subject:
            self._subject = self.subject(view)
            self.active_filter = Query()
            table.forget()
        table.set_columns(for_times(self.columns(), relative=view.times is TimeStyle.RELATIVE))
        keys = self.keys(view)
        other_look, table.dim = table.dim != fresh.stale, fresh.stale
        if not keys:
            lines = textwrap.wrap(self.placeholder(view, fresh), max(20, table.size.width - 4))
            table.empty = tuple(Cell(line, "muted") for line in lines)
        table.show(
            keys,
            lambda key: self.cells(view, key),
            changed=lambda key: self.changed(view, key),
            now=view.monotonic,
            ghosts=self.leaves_ghosts and not (self._rows_asked_for or view.is_past),
        )
        if other_look:  # not before: rows that have gone are shown as they were drawn last
            table.redraw()
        self._rows_asked_for = view.is_past  # rows of then are not those of now
        table.set_sort(self.sort, self.reverse)
        self._retitle(view, words)

    def _retitle(self, view: View, words: Cell) -> None:
        marked = self.table.marked
        said: Line = ()
        if marked:
            hidden = len(set(marked).difference(self.table.keys))
            said = (Cell(f" *{len(marked):,} marked" + (f", {hidden:,} hidden" if hidden else ""), "accent"),)
        self.set_title((*self.title(view), *said), (words,))

    def forget(self) -> None:
        """Another project: nothing of the one before may stay."""
        self._rows_asked_for = True
        self.table.forget()

    def _is_same(self, inputs: tuple[object, ...]) -> bool:
        return len(inputs) == len(self._inputs) and all(
            new is old or (isinstance(new, _SMALL) and new == old)
            for new, old in zip(inputs, self._inputs, strict=True)
        )

    def update_rows(self) -> None:
        """Show the rows that the operator asked for; those that go leave no ghosts."""
        self._rows_asked_for = True
        if self.view is not None:
            self.show(self.view)

    def placeholder(self, view: View, fresh: Freshness) -> str:
        """The text in place of rows: why there are none."""
        if not view.selection.project:
            return NO_PROJECT
        if fresh.absent:
            return ABSENT
        if fresh.failures and fresh.at is None:
            return f"Nothing received yet: {fresh.error}"
        if self.active_filter:
            return f"No row matches {self.active_filter.source!r}. Esc clears the filter."
        return self.empty(view)

    # ---- what operations act on -----------------------------------------------------------------------

    def targets(self, operation: Operation, selection: Selection) -> list[Target]:
        """The marked rows where the operation can be done in bulk, else the cursor's. Raises `NoTarget`."""
        table = self.table
        if operation.in_bulk and table.marked:
            shown = set(table.keys)
            return [self.target(key, selection, hidden=key not in shown) for key in self.marked_targets()]
        if table.cursor_is_ghost:
            raise NoTarget("the row under the cursor is no longer in this list")
        target = self.target(table.cursor, selection)
        return [Target(target.selection) if operation.asks_anew else target]

    def target(self, key: str, selection: Selection, *, hidden: bool = False) -> Target:
        """A row as a target: identities, never row numbers."""
        return Target(self.selected(key, selection), self.answers(key), hidden)

    def answers(self, key: str) -> Answers:
        """What a row answers of an operation's questions."""
        return Answers()

    def marked_targets(self) -> Sequence[str]:
        """The marked rows that operations in bulk act on, hidden ones too. Raises `NoTarget`."""
        return self.table.marked

    # ---- filter and sort ------------------------------------------------------------------------------

    def filter_mode(self) -> FilterMode | None:
        """Filters the list while a filter is typed."""
        return FilterMode(self) if self.filters else None

    def is_problem(self, view: View, key: str) -> bool:
        """Whether a row is a problem."""
        return False

    def next_problem(self, step: int) -> str:
        """Put the cursor on the next or previous row that is a problem; returns why that is not possible."""
        view, table = self.view, self.table
        if view is None or not any(self.is_problem(view, key) for key in table.keys):
            return "no problem in this list"
        found = table.to_nearest(lambda key: self.is_problem(view, key), step)
        return "" if found else nothing_there("problem", step, "E" if step > 0 else "e")

    def to_mark(self, step: int) -> str:
        """Put the cursor on the next or previous marked row; returns why that is not possible."""
        marked = set(self.table.marked)
        if not marked:
            return "no row is marked; m marks one"
        found = self.table.to_nearest(lambda key: key in marked, step)
        return "" if found else nothing_there("marked row", step, "(" if step > 0 else ")")

    def toggle_filter(self) -> str:
        """Switch the filter off, or on again; returns why that changes nothing."""
        if not (self.active_filter or self._filter_aside):
            return "no filter to switch on; / sets one"
        wanted, self._filter_aside = self._filter_aside, self.active_filter.source
        if self.active_filter:
            wanted = ""
        return self.set_filter(wanted)

    def toggle_wide(self) -> str:
        """Show the wide columns, or hide them; returns why that changes nothing."""
        table = self.table
        table.set_wide(not table.wide)
        if not table.wide or table.shows_wide:
            return ""
        more = any(column.wide for column in self.columns())
        return "no room for more columns here" if more else "this list has no more columns"

    def set_filter(self, text: str) -> str:
        """Filter by an expression; returns what is wrong with it, keeping the last good one."""
        try:
            query = parse(text, self.filters)
        except BadQuery as error:
            return str(error)
        if query:
            self._filter_aside = ""
        if query.source != self.active_filter.source:
            self.active_filter = query
            self.update_rows()
        return ""

    @property
    def is_narrowed(self) -> bool:
        """A filter is on."""
        return bool(self.active_filter)

    def widen(self) -> None:
        """Clear the filter."""
        self.set_filter("")

    def sort_by(self, column: str) -> None:
        """Sort by a column; again for the other direction."""
        if column not in self.sorts:
            return
        self.reverse = not self.reverse if self.sort == column else False
        self.sort = column
        self.update_rows()

    def action_choose_sort(self) -> None:
        """Ask for the letter of a column to sort by; the present one turns the order round."""
        titles = {column.id: column.title for column in self.columns()}
        picked = self.table.picked_column
        options = [KeyOption(key, words, partial(self.sort_by, column)) for key, words, column in self.SORTS]
        if picked in titles and picked in self.table.sortable:
            options.insert(0, KeyOption("S", titles[picked].lower(), partial(self.sort_by, picked)))
        self.post_message(KeyChoice("sort by", options))

    def copy_text(self) -> str:
        """The marked rows' ids, else the cursor's."""
        table = self.table
        keys = table.marked or ((table.cursor,) if table.cursor else ())
        return "\n".join(map(self.id_of, keys))

    def id_of(self, key: str) -> str:
        """The id that a row is copied by."""
        return key

    def copy_rows(self) -> Sequence[Sequence[str]]:
        """The marked rows, else the cursor's, below the titles."""
        view, table = self.view, self.table
        keys = table.marked or ((table.cursor,) if table.cursor else ())
        if view is None or not keys:
            return ()
        rows = [[cell.text for cell in self.cells(view, key)] for key in keys]
        return [[column.title for column in self.columns()], *rows]

    async def all_rows(self) -> Sequence[Sequence[str]]:
        """Every row shown, below the titles: those of one moment, whatever comes meanwhile."""
        view, keys = self.view, tuple(self.table.keys)
        if view is None or not keys:
            return ()
        rows = [[column.title for column in self.columns()]]
        for place, key in enumerate(keys, 1):
            rows.append([cell.text for cell in self.cells(view, key)])
            if place % AT_ONCE == 0:
                await asyncio.sleep(0)
        return rows

    # ---- from the table -------------------------------------------------------------------------------

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        """Pass on as a message of the pane."""
        event.stop()
        self.post_message(self.Selected(self, event.key))

    def on_line_table_marked(self, event: LineTable.Marked) -> None:
        """Say how many rows are marked."""
        event.stop()
        if self.view is not None:
            self._retitle(self.view, self.freshness_words(self.view))

    def on_line_table_opened(self, event: LineTable.Opened) -> None:
        """Pass on as a message of the pane."""
        event.stop()
        self.post_message(self.Opened(self, event.key))

    def on_line_table_resized(self, event: LineTable.Resized) -> None:
        """Show what there is room for now."""
        event.stop()
        if self.view is not None:
            self.show(self.view)
        self.post_message(self.Scrolled(self, event.key))

    def on_line_table_scrolled(self, event: LineTable.Scrolled) -> None:
        """Pass on as a message of the pane."""
        event.stop()
        self.post_message(self.Scrolled(self, event.key))


def nothing_there(what: str, step: int, other_key: str) -> str:
    """What to say where there is no further row of a kind in one direction."""
    here, there = ("below", "above") if step > 0 else ("above", "below")
    return f"no {what} {here}; {other_key} looks {there}"
