"""Cursor, ghosts, marks and scroll belong to keys, whatever a poll, a sort or a filter does to the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from tui.ui.widgets.row_model import GHOST_FOR, MOVING_FOR, RowModel


def row_model(keys: Sequence[str], height: int = 5) -> RowModel[str]:
    """A model that shows these keys."""
    made: RowModel[str] = RowModel()
    made.height = height
    poll(made, keys, now=0.0)
    return made


def poll(to: RowModel[str], keys: Iterable[str], *, now: float, follow_top: bool = False) -> bool:
    """The rows are others because the fleet is."""
    return to.replace(
        list(keys),
        last_cells=lambda key: f"cells of {key}",
        leave_ghosts=True,
        now=now,
        follow_top=follow_top,
    )


def ask(to: RowModel[str], keys: Iterable[str], *, now: float = 0.0) -> bool:
    """The rows are others because the operator asked for others."""
    return to.replace(list(keys), last_cells=lambda key: f"cells of {key}", leave_ghosts=False, now=now)


LETTERS = [chr(ord("a") + index) for index in range(20)]


def test_the_cursor_begins_on_the_first_row() -> None:
    assert row_model(LETTERS).cursor == "a"
    assert row_model([]).cursor == ""


def test_the_cursor_follows_its_row_through_a_sort() -> None:
    shown = row_model(LETTERS)
    shown.move(3, now=0.0)
    assert poll(shown, reversed(LETTERS), now=1.0) is False
    assert shown.cursor == "d"
    assert shown.cursor_line == 16
    assert "d" in shown.visible()


def test_a_row_that_vanishes_stays_in_its_place_for_ten_seconds() -> None:
    shown = row_model("abcdef")
    poll(shown, "abdef", now=1.0)
    assert shown.lines == list("abcdef")
    assert shown.ghosts["c"].cells == "cells of c"
    assert shown.drop_ghosts(1.0 + GHOST_FOR - 0.1) is False
    assert shown.drop_ghosts(1.0 + GHOST_FOR) is True
    assert shown.lines == list("abdef")


def test_a_ghost_under_the_cursor_goes_like_any_other_and_leaves_the_cursor_on_no_row() -> None:
    shown = row_model("abcd")
    shown.move(1, now=0.0)
    assert poll(shown, "acd", now=1.0) is False and shown.cursor == "b"
    assert shown.drop_ghosts(1.0 + GHOST_FOR - 0.1) is False
    assert shown.drop_ghosts(1.0 + GHOST_FOR) is True
    assert shown.lines == list("acd") and shown.cursor == ""
    assert poll(shown, "adc", now=20.0) is False and shown.cursor == "", "no key acts on a neighbour"
    assert shown.move(shown.cursor_line + 1, now=21.0) and shown.cursor == "d"
    for step, expected in ((-1, "a"), (1, "d")):
        shown = row_model("abcd")
        shown.move(1, now=0.0)
        poll(shown, "acd", now=1.0)
        assert poll(shown, "adc", now=30.0) is True and shown.cursor == ""
        shown.move(shown.cursor_line + step, now=31.0)
        assert shown.cursor == expected


def test_rows_that_the_operator_asks_for_have_a_cursor_again() -> None:
    shown = row_model("abc")
    shown.move(1, now=0.0)
    poll(shown, "ac", now=1.0)
    shown.drop_ghosts(20.0)
    assert ask(shown, "c") and shown.cursor == "c"


def test_the_cursor_never_slides_onto_a_neighbour() -> None:
    shown = row_model("abc")
    shown.move(2, now=0.0)
    assert poll(shown, [], now=1.0) is False
    assert shown.cursor == "c"
    assert shown.lines == ["a", "b", "c"]


def test_a_row_out_of_sight_keeps_the_cursor_even_if_it_was_never_drawn() -> None:
    shown = row_model(LETTERS, height=3)
    shown.scroll(10)
    assert shown.cursor not in shown.visible()
    shown.replace(LETTERS[1:], last_cells=lambda key: None, leave_ghosts=True, now=1.0)
    assert shown.cursor == "a"
    assert shown.ghosts["a"].cells is None


def test_rows_out_of_sight_leave_no_ghosts() -> None:
    shown = row_model(LETTERS, height=3)
    poll(shown, LETTERS[:10], now=1.0)
    assert shown.lines == LETTERS[:10]


def test_a_row_that_comes_back_is_no_ghost() -> None:
    shown = row_model("abc")
    poll(shown, "ac", now=1.0)
    poll(shown, "abc", now=2.0)
    assert shown.ghosts == {}
    assert shown.lines == ["a", "b", "c"]


def test_a_ghost_keeps_its_place_when_the_row_above_it_vanishes_too() -> None:
    shown = row_model("abcdef", height=6)
    poll(shown, "abcef", now=0.0)
    poll(shown, "abef", now=5.0)
    assert shown.lines == list("abcdef")
    shown.drop_ghosts(10.0)  # d's time is over, c's is not
    assert shown.lines == list("abcef")
    poll(shown, "aef", now=11.0)
    assert shown.lines == list("abcef")
    shown.drop_ghosts(15.0)
    assert shown.lines == list("abef")


def test_marks_survive_filters_and_are_told_apart() -> None:
    shown = row_model("abcd")
    for place in (3, 1):
        shown.move(place, now=0.0)
        shown.toggle_mark()
    ask(shown, "ab")
    assert shown.marked() == ("b", "d"), "shown ones first"
    ask(shown, "abcd")
    shown.move(1, now=0.0)
    shown.toggle_mark()
    assert shown.marked() == ("d",)


def test_a_ghost_cannot_be_marked() -> None:
    shown = row_model("abc")
    poll(shown, "bc", now=1.0)
    assert shown.cursor == "a"
    assert shown.toggle_mark() is False
    assert shown.marked() == ()


def test_a_range_is_marked_from_the_last_mark_to_the_cursor_without_ghosts() -> None:
    shown = row_model("abcdef", height=6)
    shown.move(4, now=0.0)
    shown.toggle_mark()
    poll(shown, "abdef", now=1.0)
    shown.move(1, now=1.0)
    shown.mark_range()
    assert shown.marked() == ("b", "d", "e")


def test_a_filter_that_hides_the_row_for_a_moment_loses_it_not() -> None:
    shown = row_model("abcd")
    shown.move(2, now=0.0)
    assert ask(shown, "bd") is True
    assert shown.cursor == "b", "the best match"
    assert ask(shown, []) is True
    assert shown.cursor == ""
    assert ask(shown, "cd") is True
    assert shown.cursor == "c", "back where the operator was"


def test_a_filter_that_was_entered_moves_the_cursor_for_good() -> None:
    shown = row_model("abcd")
    shown.move(2, now=0.0)
    ask(shown, "d")
    shown.keep_cursor()
    ask(shown, "abcd")
    assert shown.cursor == "d"


def test_a_poll_never_brings_the_cursor_back() -> None:
    shown = row_model("abcd")
    shown.move(2, now=0.0)
    ask(shown, "bd")
    poll(shown, "bcd", now=1.0)
    assert shown.cursor == "b"


def test_moving_stays_within_the_rows_and_in_sight() -> None:
    shown = row_model(LETTERS, height=5)
    shown.move(-3, now=0.0)
    assert (shown.cursor, shown.top) == ("a", 0)
    shown.move(99, now=0.0)
    assert (shown.cursor, shown.top) == ("t", 15)
    shown.move(14, now=0.0)
    assert (shown.cursor, shown.top) == ("o", 14)
    assert row_model([]).move(1, now=0.0) is False


def test_a_step_past_the_edge_scrolls_by_as_much() -> None:
    shown = row_model(LETTERS, height=5)
    for place, top in ((4, 0), (5, 1), (6, 2), (3, 2), (2, 2), (1, 1)):
        shown.move(place, now=0.0)
        assert (shown.top, shown.cursor) == (top, LETTERS[place])


def test_the_wheel_moves_the_rows_and_not_the_cursor() -> None:
    shown = row_model(LETTERS, height=5)
    assert shown.scroll(3) is True
    assert (shown.cursor, shown.top) == ("a", 3)
    shown.scroll(99)
    assert shown.top == 15
    assert shown.scroll(1) is False


def test_the_cursor_keeps_its_place_on_the_screen_when_rows_come_above() -> None:
    shown = row_model(LETTERS, height=5)
    shown.move(9, now=0.0)
    before = shown.cursor_line - shown.top
    poll(shown, ["0", "1", *LETTERS], now=1.0)
    assert shown.cursor == "j"
    assert shown.cursor_line - shown.top == before


def test_at_the_top_of_the_list_what_is_new_above_is_seen() -> None:
    shown = row_model(LETTERS, height=5)
    shown.move(1, now=0.0)
    poll(shown, ["0", "1", *LETTERS], now=1.0)
    assert shown.top == 0
    assert shown.visible() == ["0", "1", "a", "b", "c"]


def test_a_row_that_is_sorted_away_does_not_take_the_window_along() -> None:
    shown = row_model(LETTERS, height=5)
    shown.move(1, now=0.0)
    poll(shown, [*(key for key in LETTERS if key != "b"), "b"], now=MOVING_FOR)
    assert shown.visible() == ["a", "c", "d", "e", "f"], "a view at the top stays there"
    assert (shown.cursor, shown.cursor_line) == ("b", 19), "and the cursor stays on its row"
    shown.move(shown.cursor_line - 1, now=MOVING_FOR)
    assert "t" in shown.visible(), "the next move brings it into sight"


def test_a_row_is_followed_no_longer_once_the_operator_rests() -> None:
    shown = row_model(LETTERS, height=5)
    shown.move(1, now=0.0)
    shown.rest()
    poll(shown, [*(key for key in LETTERS if key != "b"), "b"], now=0.0)
    assert shown.visible() == ["a", "c", "d", "e", "f"], "whatever the coarse time of the view says"


def test_a_window_in_the_middle_stays_on_what_it_shows() -> None:
    shown = row_model(LETTERS, height=5)
    shown.move(9, now=0.0)
    assert shown.visible() == ["f", "g", "h", "i", "j"]
    poll(shown, ["0", "1", *(key for key in LETTERS if key != "j"), "j"], now=MOVING_FOR)
    assert shown.visible() == ["f", "g", "h", "i", "k"]
    assert shown.cursor == "j"


def test_a_row_that_is_sorted_away_is_followed_while_the_operator_moves() -> None:
    shown = row_model(LETTERS, height=5)
    shown.move(1, now=0.0)
    poll(shown, [*(key for key in LETTERS if key != "b"), "b"], now=MOVING_FOR - 0.1)
    assert "b" in shown.visible()


def test_a_cursor_that_follows_the_top_is_on_the_first_row_until_it_is_moved() -> None:
    shown = row_model("cde")
    assert poll(shown, "bcde", now=1.0, follow_top=True) is True
    assert shown.cursor == "b"
    shown.move(2, now=1.0)
    assert poll(shown, "abcde", now=2.0, follow_top=True) is False
    assert shown.cursor == "d"


rows = st.lists(st.sampled_from("abcdefghij"), unique=True)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("poll"), rows),
            st.tuples(st.just("ask"), rows),
            st.tuples(st.just("move"), st.integers(-2, 12)),
            st.tuples(st.just("scroll"), st.integers(-4, 4)),
            st.tuples(st.just("wait"), st.integers(0, 12)),
        ),
        max_size=25,
    ),
    st.integers(1, 6),
)
def test_whatever_happens(steps: list[tuple[str, object]], height: int) -> None:
    """Each row is shown once, in the order given; only the operator moves the cursor to another row.

    The cursor is on no row once the ghost under it is gone.
    """
    shown = row_model("abcde", height)
    now = 0.0
    for what, value in steps:
        before, held = shown.cursor, list(shown.lines)
        if what == "poll" and isinstance(value, list):
            poll(shown, value, now=now)
            assert shown.cursor in (before, "") or (not before and shown.cursor == value[0])
        elif what == "ask" and isinstance(value, list):
            ask(shown, value, now=now)
        elif what == "wait" and isinstance(value, int):
            now += value
            shown.drop_ghosts(now)
            assert shown.cursor in (before, "")
        elif isinstance(value, int):
            _ = shown.move(value, now) if what == "move" else shown.scroll(value)
        assert [key for key in shown.lines if key not in shown.ghosts] == list(shown.keys), held
        assert len(set(shown.lines)) == len(shown.lines)
        assert set(shown.ghosts) <= set(shown.lines)
        assert not shown.cursor or shown.cursor in shown.lines
        assert 0 <= shown.top <= max(0, len(shown.lines) - height)
