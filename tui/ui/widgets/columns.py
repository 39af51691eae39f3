"""How columns share the width of a table. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from msgspec import Struct

from tui.fleet.lists.cells import ColumnLayout

CLOCK_WIDTH = 11
"""Cells of a time of day, with its date if that is another day."""


def for_times(columns: Sequence[ColumnLayout], *, relative: bool) -> tuple[ColumnLayout, ...]:
    """The columns, wide enough for times of day unless times are relative."""
    if relative:
        return tuple(columns)
    return tuple(
        replace(column, width=max(column.width, CLOCK_WIDTH)) if column.clock else column
        for column in columns
    )


class Slot(Struct, frozen=True):
    """A column with its position on the line."""

    column: ColumnLayout
    index: int
    """The index of its cell in a row."""
    x: int
    width: int


GAP = 1
"""Cells between columns; a change sign stands there."""


def slots(
    columns: Sequence[ColumnLayout],
    width: int,
    *,
    wide: bool,
    left: int = 0,
    keep: str = "",
    needs: Sequence[int] = (),
) -> list[Slot]:
    """Positions of as many columns as fit into `width` cells; the rest of the width goes to those that grow.

    The column named by `keep` stays as if its rank were 0, also if it is a wide one, and its title has room
    for an arrow. `needs` are the widths of the texts in each column, if known: free cells of one go to others
    whose texts would be cut. Which columns there are does not depend on them.
    """
    room = width - left
    columns = [_with_arrow(column) if column.id == keep else column for column in columns]
    chosen = _chosen(columns, room, wide=wide, keep=keep)
    widths = _widths(chosen, room)
    if needs and sum(widths.values()) + GAP * (len(chosen) - 1) <= room:  # else no cell is free
        _share(chosen, widths, needs, keep)
    placed: list[Slot] = []
    x = left
    for index, column in chosen:
        placed.append(Slot(column, index, x, min(widths[index], max(0, width - x))))
        x += widths[index] + GAP
    return [slot for slot in placed if slot.width > 0]


def _with_arrow(column: ColumnLayout) -> ColumnLayout:
    least = len(column.short_title or column.title) + len("↑")
    return column if column.width >= least else replace(column, width=least)


def _chosen(
    columns: Sequence[ColumnLayout], room: int, *, wide: bool, keep: str
) -> list[tuple[int, ColumnLayout]]:
    """The columns that fit into so many cells, with their places among all."""
    chosen = [item for item in enumerate(columns) if wide or not item[1].wide or item[1].id == keep]
    while len(chosen) > 1:
        ranks = [0 if column.id == keep else column.rank for _, column in chosen]
        worst = max(ranks)
        least = (
            max(column.width, column.want) if rank < worst else column.width
            for rank, (_, column) in zip(ranks, chosen, strict=True)
        )
        if worst == 0 or sum(least) + GAP * len(chosen) <= room:
            break
        last = max(place for place, rank in enumerate(ranks) if rank == worst)
        del chosen[last]
    return chosen


def _widths(chosen: Sequence[tuple[int, ColumnLayout]], room: int) -> dict[int, int]:
    """The width of each column, by its place among all."""
    spare = max(0, room - sum(column.width + GAP for _, column in chosen))
    widths = {index: column.width for index, column in chosen}
    for index, column in sorted(chosen, key=lambda item: item[1].rank):
        more = min(spare, max(0, column.want - column.width))
        widths[index] += more
        spare -= more
    growing = sorted((item for item in chosen if item[1].grow), key=lambda item: item[1].grow)
    shares = sum(column.grow for _, column in growing)
    for index, column in growing:  # the one that grows most gets what is left of the division, too
        more = spare * column.grow // shares
        widths[index] += more
        spare, shares = spare - more, shares - column.grow
    return widths


def _share(
    chosen: Sequence[tuple[int, ColumnLayout]], widths: dict[int, int], needs: Sequence[int], keep: str
) -> None:
    """Give free cells of columns to those that need more, the one that needs the fewest first."""
    free: dict[int, int] = {}
    for index, column in chosen:
        title = len(column.short_title or column.title) + (column.id == keep)
        least = max(needs[index] + 1, title)  # a blank: for a sign of change, and to tell columns apart
        free[index] = max(0, widths[index] - least)
    lacking = [(needs[index] - widths[index], index) for index, _ in chosen]
    for missing, taker in sorted(item for item in lacking if item[0] > 0):
        for giver in sorted(free, key=lambda index: -free[index]):
            more = min(missing, free[giver])
            widths[giver] -= more
            widths[taker] += more
            free[giver] -= more
            missing -= more
