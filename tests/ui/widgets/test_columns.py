"""How columns share a width."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from tui.fleet.lists.cells import ColumnLayout
from tui.ui.widgets.columns import CLOCK_WIDTH, GAP, for_times, slots

NAME = ColumnLayout("name", "NAME", 10, grow=2)
STATE = ColumnLayout("state", "STATE", 8, grow=1)
VERSION = ColumnLayout("version", "VERSION", 6, rank=2)
SEEN = ColumnLayout("seen", "SEEN", 4, rank=5, right=True)
OWNER = ColumnLayout("owner", "OWNER", 6, rank=9, wide=True)
TOLD = ColumnLayout("told", "TOLD", 5, want=30, rank=3)
ALL = (NAME, STATE, VERSION, SEEN, OWNER)


def shown(columns: Sequence[ColumnLayout], width: int, *, wide: bool = False) -> list[str]:
    return [slot.column.id for slot in slots(columns, width, wide=wide)]


def test_columns_go_by_rank_as_the_room_shrinks() -> None:
    assert shown(ALL, 40) == ["name", "state", "version", "seen"]
    assert shown(ALL, 31) == ["name", "state", "version"]
    assert shown(ALL, 24) == ["name", "state"]
    assert shown(ALL, 12) == ["name", "state"], "rank 0 never goes"


def test_wide_columns_are_shown_on_request_only() -> None:
    assert shown(ALL, 60, wide=True) == ["name", "state", "version", "seen", "owner"]
    assert shown(ALL, 36, wide=True) == ["name", "state", "version", "seen"]


def test_the_column_sorted_by_stays_and_others_go_for_it() -> None:
    def kept(width: int, keep: str) -> list[str]:
        return [slot.column.id for slot in slots(ALL, width, wide=False, keep=keep)]

    assert kept(31, "seen") == ["name", "state", "seen"]
    assert kept(31, "owner") == ["name", "state", "owner"], "also if it is for wide mode"
    assert kept(40, "state") == shown(ALL, 40)
    seen = next(slot for slot in slots(ALL, 60, wide=False, keep="seen") if slot.column.id == "seen")
    assert seen.width == len("SEEN↑"), "its arrow cuts no title"


def test_what_is_left_over_goes_to_the_columns_that_grow() -> None:
    placed = slots((NAME, STATE, VERSION), 37, wide=False, left=2)
    assert [(slot.column.id, slot.x, slot.width) for slot in placed] == [
        ("name", 2, 10 + 6),
        ("state", 19, 8 + 2),
        ("version", 30, 6),
    ], "all of it: the line ends with the gap before the scroll bar"


def test_a_column_that_wants_more_gets_it_before_those_that_are_worth_less() -> None:
    told = ColumnLayout("told", "TOLD", 8, want=20, grow=1, rank=3)
    columns = (NAME, told, SEEN)

    def widths(width: int) -> dict[str, int]:
        return {slot.column.id: slot.width for slot in slots(columns, width, wide=False)}

    assert widths(37) == {"name": 10, "told": 20, "seen": 4}
    assert widths(36) == {"name": 13, "told": 21}, "what is left then is for all that grow"
    assert widths(31) == {"name": 10, "told": 19}
    assert widths(20) == {"name": 10, "told": 8}
    assert widths(19) == {"name": 18}


def test_free_cells_of_columns_go_to_those_whose_texts_would_be_cut() -> None:
    room = ColumnLayout("room", "ROOM / DISPATCH / JOB", 21, grow=2, short_title="ROOM")
    columns = (room, NAME, TOLD)

    def widths(*needs: int) -> list[int]:
        return [slot.width for slot in slots(columns, 60, wide=False, needs=needs)]

    assert widths() == [21, 10, 26]
    assert widths(9, 10, 40) == [10, 10, 37], "but for a blank, which tells its words apart from the next"
    assert widths(9, 14, 40) == [10, 14, 33], "the one that lacks the fewest first"
    assert widths(2, 14, 5)[1] >= 14, "a column does not want more than it has to show"
    assert widths(99, 99, 99) == [21, 10, 26], "nobody has any to give"
    assert sum(widths(1, 1, 99)) == 21 + 10 + 26


needed = st.one_of(st.just([]), st.lists(st.integers(0, 300), min_size=6, max_size=6))


@example(11, False, 0, [0, 9, 0, 0, 0, 0])
@given(st.integers(0, 200), st.booleans(), st.integers(0, 4), needed)
def test_columns_never_overlap_nor_leave_the_line(
    width: int, wide: bool, left: int, needs: list[int]
) -> None:
    end = left
    found = slots((*ALL, TOLD), width, wide=wide, left=left, needs=needs)
    known = slots((*ALL, TOLD), width, wide=wide, left=left)
    assert [slot.column for slot in found] == [slot.column for slot in known]
    for slot in found:
        assert slot.x >= end
        assert slot.width > 0
        end = slot.x + slot.width
        assert end <= width
        end += GAP


def test_times_of_day_get_the_room_that_they_need() -> None:
    age = ColumnLayout("age", "AGE", 4, clock=True)
    assert for_times((NAME, age), relative=True) == (NAME, age)
    assert [column.width for column in for_times((NAME, age), relative=False)] == [10, CLOCK_WIDTH]
