"""The line table: what it draws, what it asks to be painted, and that its cost follows the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pytest
from rich.cells import cell_len
from rich.style import Style
from textual.geometry import Region

from tests.fixtures.screen import Board, Watched, board, drawn
from tui.api.text.clean import clean
from tui.fleet.lists.cells import Cell, ColumnLayout
from tui.sim.scenarios.hostile import STRINGS
from tui.ui.widgets.row_model import MOVING_FOR
from tui.ui.widgets.row_renderer import GUTTER, RowRenderer, TableRow
from tui.ui.widgets.table import DELTA_FOR, LineTable, RowChange

COLUMNS = (
    ColumnLayout("name", "NAME", 12, grow=1),
    ColumnLayout("state", "STATE", 12),
    ColumnLayout("count", "COUNT", 6, right=True, rank=1),
)
Table = dict[str, tuple[str, str]]


def names(count: int) -> list[str]:
    return [f"a{number:05d}" for number in range(count)]


def told(data: Mapping[str, tuple[str, str]]) -> Callable[[str], tuple[Cell, ...]]:
    """Cells of rows that are data."""

    def cells(key: str) -> tuple[Cell, ...]:
        if key not in data:
            return ()
        state, count = data[key]
        return (Cell(key), Cell(state, "ok" if state == "Running" else "error"), Cell(count))

    return cells


def calm(keys: Sequence[str]) -> Table:
    return dict.fromkeys(keys, ("Running", "1"))


async def test_rows_columns_and_the_place_of_everything() -> None:
    async with board(Watched(COLUMNS), (40, 6)) as (table, _):
        keys = names(3)
        table.show(keys, told(calm(keys)))
        assert drawn(table) == [
            "  NAME             STATE         COUNT  ",
            "  a00000           Running           1  ",
            "  a00001           Running           1  ",
            "  a00002           Running           1  ",
            " " * 40,
            " " * 40,
        ]


async def test_what_has_no_room_is_said_in_short() -> None:
    async with board(Watched(COLUMNS), (40, 4)) as (table, _):
        states = {
            "a": Cell("eu-central,us-east", short="2 regions"),
            "b": Cell("us-east,x", short="2 regions"),
        }
        table.show(list(states), lambda key: (Cell(key * 16), states[key], Cell("100000")))
        assert [line.split() for line in drawn(table)[1:3]] == [
            ["a" * 16, "2", "regions", "100000"],
            ["b" * 16, "us-east,x", "100000"],
        ]


async def test_columns_have_room_for_the_longest_text_that_was_on_the_screen() -> None:
    """Rows out of sight cost nothing; columns do not move back while rows scroll by."""
    data = {str(index): ("short", "up") for index in range(1000)} | {"5": ("a-name-of-23-characters", "up")}
    async with board(Watched(COLUMNS), (42, 6)) as (table, pilot):
        table.show(list(data), lambda key: (*map(Cell, data[key]), Cell("1")))
        await pilot.pause()
        assert [slot.width for slot in table.slots] == [18, 12, 6]
        formatted = table.formatted
        await pilot.press("pagedown")
        assert table.formatted - formatted <= 2 * table.size.height
        assert [slot.width for slot in table.slots] == [23, 7, 6]
        assert any("a-name-of-23-characters" in line for line in drawn(table))
        await pilot.press("pagedown", "pagedown")
        assert [slot.width for slot in table.slots] == [23, 7, 6]


@pytest.mark.parametrize("width", [20, 33, 40, 61])
async def test_every_row_is_exactly_as_wide_as_the_table(width: int) -> None:
    """CJK, emoji, zalgo, escapes: the last column stays in line."""
    texts = [clean(text) for text in (*STRINGS, "漢字" * 9, "☎️" * 20, "👩‍👩‍👧‍👦" * 9)]
    data = {str(index): (text, text) for index, text in enumerate(texts)}
    async with board(Watched(COLUMNS), (width, len(texts) + 2)) as (table, _):
        table.show(list(data), lambda key: tuple(Cell(text) for text in (*data[key], data[key][0])))
        for line in drawn(table):
            assert cell_len(line) == width


async def test_columns_go_when_there_is_no_room() -> None:
    async with board(Watched(COLUMNS), (40, 5)) as (table, pilot):
        table.show(names(1), told(calm(names(1))))
        await pilot.resize_terminal(32, 5)
        await pilot.pause()
        assert drawn(table)[0].split() == ["NAME", "STATE"]


async def test_showing_the_same_again_paints_nothing() -> None:
    async with board(Watched(COLUMNS)) as (table, pilot):
        keys = names(50)
        table.show(keys, told(calm(keys)))
        await pilot.pause()
        table.forget_paint()
        table.show(list(keys), told(calm(keys)), now=5.0)
        assert (table.painted, table.whole) == ([], 0)


async def test_only_the_cell_that_changed_is_painted() -> None:
    async with board(Watched(COLUMNS)) as (table, pilot):
        keys = names(50)
        data = calm(keys)
        table.show(keys, told(data))
        await pilot.pause()
        table.forget_paint()
        data[keys[3]] = ("CrashLoop", "1")
        data[keys[40]] = ("CrashLoop", "1")  # out of sight
        table.show(keys, told(data))
        state = next(slot for slot in table.slots if slot.column.id == "state")
        assert (table.painted, table.whole) == ([Region(state.x, 4, state.width, 1)], 0)


async def test_ten_thousand_rows_cost_what_the_screen_shows() -> None:
    """One poll in which one row of a hundred changes formats the visible rows once."""
    async with board(Watched(COLUMNS)) as (table, pilot):
        keys = names(10_000)
        data = calm(keys)
        table.show(keys, told(data))
        await pilot.pause()
        before = table.formatted
        for key in keys[::100]:
            data[key] = ("CrashLoop", "0")
        table.show(keys, told(data))
        assert table.formatted - before == table.size.height - 1
        table.action_bottom()
        table.action_page(-1)
        assert table.formatted - before == 3 * (table.size.height - 1)


def changed(*signs: str, age: float) -> Callable[[str], RowChange | None]:
    return lambda key: RowChange(signs, age)


async def test_a_change_carries_its_sign_right_beside_its_words_and_its_row_a_bar() -> None:
    async with board(Watched(COLUMNS), (44, 4)) as (table, _):
        data = {"a": ("Running", "7")}
        table.show(["a"], told(data), changed=changed(" ", "Δ", "▼", age=0.0))
        assert drawn(table)[1] == "▎ a                    Running Δ        ▼7  "
        table.show(["a"], told(data), changed=changed(" ", "Δ", "▼", age=DELTA_FOR))
        assert drawn(table)[1] == "▎ a                    Running           7  "
        table.show(["a"], told(data))
        assert drawn(table)[1] == "  a                    Running           7  "


def test_what_is_reversed_is_the_words_and_not_the_width_of_their_column() -> None:
    """A theme without colours would put walls around every problem."""

    def style(tone: str, row: str) -> Style:
        return Style(reverse=tone == "error")

    cells = (Cell("  ✗ a", "error"), Cell("Error", "error"), Cell("7", "error"))
    strip = RowRenderer(COLUMNS, 44, style).draw(TableRow("a", cells), dim=False)
    assert [segment.text for segment in strip if segment.style and segment.style.reverse] == [
        "✗ a",
        "Error",
        "7",
    ]
    assert strip.cell_length == 44


async def test_a_sign_that_goes_paints_its_cell_and_nothing_else() -> None:
    async with board(Watched(COLUMNS), (44, 4)) as (table, _):
        data = {"a": ("Running", "7")}
        table.show(["a"], told(data), changed=changed(" ", "Δ", " ", age=0.0))
        table.forget_paint()
        table.show(["a"], told(data), changed=changed(" ", "Δ", " ", age=DELTA_FOR))
        state = next(slot for slot in table.slots if slot.column.id == "state")
        assert table.painted == [Region(state.x, 1, state.width + 1, 1)]
        table.forget_paint()
        table.show(["a"], told(data))
        assert table.painted == [Region(0, 1, GUTTER, 1)]


async def test_ghosts_are_struck_through_and_muted() -> None:
    async with board(Watched(COLUMNS), (44, 5)) as (table, _):
        keys = ["a", "b"]
        table.show(keys, told(calm(keys)))
        table.action_bottom()
        table.show(["a"], told(calm(["a"])), now=1.0)
        assert table.cursor == "b" and table.cursor_is_ghost
        line = table.render_line(2)
        assert line.text.split() == ["b", "Running", "1"]
        words = [segment.style for segment in line if segment.text.strip()]
        assert words and all(style is not None and style.strike for style in words[:1])
        table.show(["a"], told(calm(["a"])), now=10.0)
        assert table.cursor == "b" and table.cursor_is_ghost
        table.show(["a"], told(calm(["a"])), now=11.0)
        assert table.cursor == "", "it goes as any other, and no key acts on its neighbour"
        table.action_top()
        assert [text.split() for text in drawn(table)[1:3]] == [["a", "Running", "1"], []]


async def test_a_row_that_was_never_drawn_is_gone_under_the_cursor() -> None:
    async with board(Watched(COLUMNS), (44, 5)) as (table, _):
        keys = names(30)
        data = calm(keys)
        table.show(keys, told(data))
        table.scroll_rows(20)
        del data[keys[0]]
        table.show(keys[1:], told(data), now=1.0)
        assert table.cursor == keys[0] and table.cursor_is_ghost


async def test_stale_rows_are_muted_and_stay_readable() -> None:
    async with board(Watched(COLUMNS), (44, 4)) as (table, _):
        table.show(["a"], lambda key: (Cell("a"), Cell("CrashLoop", "error"), Cell("1")))
        error, muted = table.tone_style("error", "cursor"), table.tone_style("muted", "cursor")
        styles = {segment.style for segment in table.render_line(1)}
        assert error in styles
        table.dim = True
        table.redraw()
        styles = {segment.style for segment in table.render_line(1)}
        assert error not in styles and muted in styles
        assert "CrashLoop" in drawn(table)[1]


async def test_what_is_said_when_there_are_no_rows() -> None:
    async with board(Watched(COLUMNS), (30, 5)) as (table, _):
        table.empty = (Cell("Nothing here.", "muted"), Cell("x" * 80, "muted"))
        table.show([], told({}))
        assert drawn(table)[1:3] == ["  Nothing here." + " " * 15, "  " + "x" * 26 + "…" + " "]


async def test_moving_marking_and_opening_with_keys() -> None:
    async with board(Watched(COLUMNS), (60, 11)) as (table, pilot):
        keys = names(30)
        table.show(keys, told(calm(keys)))
        where = []
        for key in ("j", "down", "k", "pagedown", "ctrl+f", "pageup", "ctrl+b", "G", "home", "end", "g"):
            await pilot.press(key)
            where.append(keys.index(table.cursor))
        assert where == [1, 2, 1, 11, 21, 11, 1, 29, 0, 29, 0]
        await pilot.press("space", "j", "j", "ctrl+@")
        assert table.marked == tuple(keys[:4]), "the mark, and the range from it to the cursor"
        await pilot.press("backslash", "asterisk")
        assert len(table.marked) == 30
        await pilot.press("ctrl+backslash", "end", "ctrl+space", "enter")
        assert table.marked == (keys[29],)
        assert isinstance(pilot.app, Board)
        heard = [type(message).__name__ for message in pilot.app.heard]
        assert heard[-1] == "Opened" and "Marked" in heard and "Scrolled" in heard


async def test_the_wheel_scrolls_and_clicks_move_and_open() -> None:
    async with board(Watched(COLUMNS), (60, 6)) as (table, pilot):
        keys = names(30)
        table.show(keys, told(calm(keys)))
        await pilot.click(table, offset=(5, 3))
        assert table.cursor == keys[2]
        await pilot.click(table, offset=(5, 3), times=2)
        assert isinstance(pilot.app, Board)
        assert any(isinstance(message, LineTable.Opened) for message in pilot.app.heard)
        table.scroll_rows(3)
        assert table.cursor == keys[2] and table.visible_keys()[0] == keys[3]
        await pilot.click(table, offset=(5, 0))
        assert table.cursor == keys[2], "the titles are no row"


async def test_titles_show_the_order_and_the_picked_column() -> None:
    async with board(Watched(COLUMNS), (60, 4)) as (table, pilot):
        table.show(names(2), told(calm(names(2))))
        assert table.check_action("column", (1,)) is False, "unless there is something to sort"
        table.sortable = ("name", "count")
        table.set_sort("count", False)
        assert drawn(table)[0].split() == ["NAME", "STATE", "COUNT↑"]
        table.set_sort("count", True)
        assert drawn(table)[0].split()[-1] == "COUNT↓"
        await pilot.press("shift+right")
        assert table.picked_column == "name"
        await pilot.press("shift+right")
        assert table.picked_column == "count", "the state is no order"


async def test_an_arrow_has_room_in_the_narrowest_title() -> None:
    async with board(Watched((ColumnLayout("s", "S", 1), ColumnLayout("n", "NAME", 4, grow=1))), (20, 4)) as (
        table,
        _,
    ):
        table.set_sort("s", False)
        assert drawn(table)[0].startswith("  S↑ NAME")


async def test_ascii_is_ascii_also_where_text_is_cut() -> None:
    async with board(Watched(COLUMNS), (44, 5), ascii_only=True) as (table, _):
        keys = names(30)
        table.set_sort("name", False)
        signs = changed("Δ", "Δ", "▼", age=0.0)
        table.show(keys, lambda key: (Cell("● long name " * 9), Cell("– ✗"), Cell("1")), changed=signs)
        for line in drawn(table):
            assert line.isascii(), line


async def test_the_cursor_is_dull_without_the_keyboard() -> None:
    async with board(Watched(COLUMNS), (44, 5)) as (table, pilot):
        table.show(["a"], told(calm(["a"])))
        bright = next(iter(table.render_line(1))).style
        table.blur()
        await pilot.pause()
        dull = next(iter(table.render_line(1))).style
        assert bright is not None and dull is not None and bright.bgcolor != dull.bgcolor


async def test_a_row_that_heals_under_a_resting_cursor_leaves_the_window_where_it_is() -> None:
    """Also when the view's time, which is coarse, is still that of the last move."""
    async with board(Watched(COLUMNS), (40, 6)) as (table, _):
        keys = names(20)
        table.show(keys, told(calm(keys)), now=15.0)
        table.action_move(1)
        table._moved_at -= MOVING_FOR
        healed = table.cursor
        table.show([*(key for key in keys if key != healed), healed], told(calm(keys)), now=15.0)
        assert table.visible_keys()[0] == keys[0] and table.cursor == healed


async def test_another_theme_is_another_look() -> None:
    async with board(Watched(COLUMNS), (44, 5)) as (table, pilot):
        table.show(["a"], told(calm(["a"])))
        before = table.render_line(1)
        pilot.app.theme = "light"
        await pilot.pause()
        assert table.render_line(1) != before


def plain(tone: str, row: str) -> Style:
    return Style()


def row_of(state: str, count: str, *signs: str) -> TableRow:
    return TableRow("a", (Cell("a"), Cell(state), Cell(count)), signs)


@pytest.mark.parametrize(
    ("row", "line"),
    [
        (row_of("Server Error", "2"), "  a                Server Error      2  "),
        (row_of("Server Error 1/2", "2"), "  a                Server Error 1/2  2  "),
        (row_of("Server Error 12/2", "2"), "  a                Server Error 12/2 2  "),
        (row_of("Server Error 12/23", "2"), "  a                Server Erro…      2  "),
        (row_of("Server Error 1/2", "2/2/6"), "  a                Server Erro…  2/2/6  "),
        (row_of("Server Error 1/2", "2", " ", "Δ", " "), "  a                Server Erro…Δ     2  "),
        (row_of("Server Error 1/2", "2", " ", " ", "▲"), "  a                Server Error 1/2 ▲2  "),
        (row_of("Server Error 12/2", "2", " ", " ", "▲"), "  a                Server Erro…     ▲2  "),
    ],
)
def test_a_text_is_not_cut_beside_cells_that_are_blank(row: TableRow, line: str) -> None:
    assert RowRenderer(COLUMNS, 40, plain).draw(row, dim=False).text == line


def test_what_is_painted_of_a_row_is_all_that_differs_in_it() -> None:
    """A text may lose or gain cells because of the next column alone."""
    states = ("Running", "Server Error 1/2", "Server Error 12/2")
    rows = [
        row_of(state, count, *signs)
        for state in states
        for count in ("2", "22", "2/2/6")
        for signs in ((), (" ", "Δ", " "), (" ", " ", "▲"))
    ]
    renderer = RowRenderer(COLUMNS, 40, plain)
    for old in rows:
        for new in rows:
            line, after = (list(renderer.draw(row, dim=False).text) for row in (old, new))
            for region in renderer.differences(0, old, new):
                line[region.x : region.right] = after[region.x : region.right]
            assert line == after
