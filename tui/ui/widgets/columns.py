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
    columns: Sequence[ColumnLayout], width: int, *, wide: bool, left: int = 0, keep: str = ""
) -> list[Slot]:
    """Positions of as many columns as fit into `width` cells; the rest of the width goes to those that grow.

    The column named by `keep` stays as if its rank were 0, also if it is a wide one.
    """
    chosen = [item for item in enumerate(columns) if wide or not item[1].wide or item[1].id == keep]
    room = width - left
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
    placed: list[Slot] = []
    x = left
    for index, column in chosen:
        placed.append(Slot(column, index, x, min(widths[index], max(0, width - x))))
        x += widths[index] + GAP
    return [slot for slot in placed if slot.width > 0]
