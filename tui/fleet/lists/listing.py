"""A list as data: its columns, each declared once, and which rows it shows in which order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from msgspec import structs

from tui.fleet.lists.cells import Cell, Cells, ColumnLayout
from tui.fleet.lists.query import Query, Subject, Value
from tui.fleet.view import View

R = TypeVar("R")
R_contra = TypeVar("R_contra", contravariant=True)

SortKey = tuple[object, ...]
Field = Callable[[R, View], Value]
"""What a row has in a field of the filter grammar."""


@dataclass(frozen=True)
class Filter(Generic[R_contra]):
    """A field of the filter grammar."""

    name: str
    """As it is typed, before a colon or a comparison."""
    value: Callable[[R_contra, View], Value] | None = None
    """What a row has in it; without, the text of the column's cell."""
    moves: bool = False
    """The value changes as time passes, not only with the row."""


@dataclass(frozen=True, kw_only=True)
class Column(ColumnLayout, Generic[R_contra]):
    """A column of a list, with all that is known of it: adding one is adding it to the list's table."""

    cell: Callable[[R_contra, View], Cell]
    """What it says of a row. Called for rows on the screen only."""
    sort: Callable[[R_contra, View], SortKey] | None = None
    """The key to sort rows by, equal ones in a fixed order; without, the list cannot be sorted by it."""
    filter: Filter[R_contra] | None = None
    """The field by which rows are filtered."""
    delta: Callable[[str, str], str] | None = None
    """The sign beside a cell whose text has changed, from the texts before and now; without, a change of it
    is not shown.
    """
    sorts_by_past: bool = False
    """Its sort key reads `View.past`, so the order may change when no row does."""


def sorts_by_past(columns: Iterable[Column[R]], sort: str) -> bool:
    """Whether the order by the column with the id `sort` depends on `View.past`."""
    return any(column.sorts_by_past for column in columns if column.id == sort)


def row_cells(columns: Iterable[Column[R]], row: R, view: View) -> Cells:
    """The cells of a row."""
    return tuple(column.cell(row, view) for column in columns)


def unlisted_cells(columns: Iterable[Column[R]], cells: Cells, marks: Mapping[str, Cell]) -> Cells:
    """The cells of a row that the newest list lacks: muted, but for those by column id that say so."""
    pairs = zip(columns, cells, strict=True)
    return tuple(marks.get(column.id) or structs.replace(cell, tone="muted") for column, cell in pairs)


def change_signs(columns: Iterable[Column[R]], before: R, now: R, view: View) -> tuple[str, ...]:
    """For each column the sign of its change, or a blank; empty if no column that shows changes differs."""
    signs = tuple(_sign(column, before, now, view) for column in columns)
    return signs if any(sign != " " for sign in signs) else ()


def _sign(column: Column[R], before: R, now: R, view: View) -> str:
    if column.delta is None:
        return " "
    old, new = column.cell(before, view).text, column.cell(now, view).text
    return " " if old == new else column.delta(old, new)


def arrange(
    rows: Iterable[R],
    columns: Sequence[Column[R]],
    view: View,
    *,
    query: Query,
    sort: str = "",
    reverse: bool = False,
    text: Callable[[R], str] | None = None,
) -> list[R]:
    """The rows that pass a filter, sorted by the column with the id `sort`, else in the order given.

    `text` is what a plain word is looked for in; without, the texts of all cells.
    """
    shown = rows
    if query:
        shown = matching(rows, _fields(columns), view, query, text or _all_texts(columns, view))
    key = next((column.sort for column in columns if column.id == sort), None)
    if key is None:
        return list(shown)
    by = key
    return sorted(shown, key=lambda row: by(row, view), reverse=reverse)


def matching(
    rows: Iterable[R],
    fields: Mapping[str, Field[R]],
    view: View,
    query: Query,
    text: Callable[[R], str],
) -> Iterator[R]:
    """The rows that pass a filter: `fields` by the name that is typed, `text` for plain words."""

    def value(row: R, name: str) -> Value:
        return fields[name](row, view)

    return (row for row in rows if query.matches(Subject(text(row), partial(value, row))))


def _fields(columns: Iterable[Column[R]]) -> dict[str, Field[R]]:
    return {
        column.filter.name: column.filter.value or partial(_cell_text, column)
        for column in columns
        if column.filter
    }


def _cell_text(column: Column[R], row: R, view: View) -> str:
    return column.cell(row, view).text


def _all_texts(columns: Sequence[Column[R]], view: View) -> Callable[[R], str]:
    return lambda row: " ".join(cell.text for cell in row_cells(columns, row, view))


def filters(columns: Iterable[ColumnLayout]) -> list[str]:
    """The fields that a filter of these columns may name."""
    return [column.filter.name for column in columns if isinstance(column, Column) and column.filter]


def sorts(columns: Iterable[ColumnLayout]) -> list[str]:
    """The ids of the columns that the list can be sorted by."""
    return [column.id for column in columns if isinstance(column, Column) and column.sort]


def moves(columns: Iterable[ColumnLayout], query: Query) -> bool:
    """Whether the rows that pass a filter may be others as time passes."""
    return any(
        column.filter.moves and column.filter.name in query.fields
        for column in columns
        if isinstance(column, Column) and column.filter
    )


def trend(before: str, after: str) -> str:
    """The sign of a change: up or down for numbers, else just changed."""
    old, new = _number(before), _number(after)
    if old is None or new is None or old == new:
        return "Δ"
    return "▲" if new > old else "▼"


def _number(text: str) -> float | None:
    head = text.strip().split("/", 1)[0].split(" ", 1)[0].rstrip("m%")
    try:
        return float(head)
    except ValueError:
        return None
