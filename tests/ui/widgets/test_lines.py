"""Lines of the screen are sent only where they differ; in pictures of it every word is in its place."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.geometry import Region

from tests.fixtures.screen import board, drawn, playing, title
from tests.scenes import Scene
from tui.api.text.clean import clean
from tui.fleet.lists.cells import Cell
from tui.ui.panes.base import LIVE
from tui.ui.terminal.screenshot import align
from tui.ui.widgets.lines import Line, Lines, TitleLine, spread
from tui.ui.widgets.text import width


class Watched(Lines):
    """Remembers what it asked to be painted."""

    def __init__(self) -> None:
        super().__init__()
        self.painted: list[Region] = []

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Watched:
        """Remember it."""
        self.painted += regions
        super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return self


async def test_equal_lines_are_not_painted_again_and_others_from_where_they_differ() -> None:
    async with board(Watched(), (30, 3)) as (lines, pilot):
        lines.set_lines([(Cell("agents 49 "), Cell("live", "ok"))])
        await pilot.pause()
        lines.painted.clear()
        lines.set_lines([(Cell("agents 49 "), Cell("live", "ok"))])
        assert lines.painted == []
        lines.set_lines([(Cell("agents 49 "), Cell("stale", "error"))])
        assert lines.painted == [Region(10, 0, 20, 1)]
        assert drawn(lines)[0] == "agents 49 stale" + " " * 15
        assert lines.text == "agents 49 stale"
        lines.set_lines([(Cell("Deploy to concierge"), Cell(" from /srv/agents"))])
        assert drawn(lines)[0] == "Deploy to concierge from /srv…"


async def test_the_hint_beside_a_title_is_the_longest_that_fits() -> None:
    async with board(TitleLine("A agent · Esc closes", "Esc closes"), (36, 3)) as (line, _):
        for words, shown in (
            ("Messages · 2", "Messages · 2 · A agent · Esc closes"),
            ("Changed 07:02–now", "Changed 07:02–now · Esc closes"),
            ("Changed 07:02–now · only since 07:06", "Changed 07:02–now · only since 07:06"),
        ):
            line.say(Cell(words))
            assert drawn(line)[0].rstrip() == shown


async def test_ascii() -> None:
    async with board(Watched(), (30, 3), ascii_only=True) as (lines, _):
        lines.set_lines([(Cell("─ 1 Agents · live ▸ … ─"),)])
        assert drawn(lines)[0].rstrip() == "- 1 Agents . live > ~ -"


cells = st.lists(st.builds(Cell, st.text(max_size=12).map(clean)), max_size=5).map(tuple)


@given(cells, cells, st.integers(0, 60))
def test_the_right_side_wins_the_room(left: Line, right: Line, size: int) -> None:
    made = spread(left, right, size)
    taken = sum(width(cell.text) for cell in right)
    total = sum(cell_len(cell.text) for cell in made)
    assert total == max(size, taken)
    assert made[len(made) - len(right) :] == right


def test_a_cell_that_does_not_fit_is_cut_and_those_after_it_go() -> None:
    made = spread((Cell("support-triage"), Cell(" more")), (Cell("live"),), 15)
    assert "".join(cell.text for cell in made) == "support-t… live"


def test_words_of_a_picture_stand_where_the_columns_are() -> None:
    """Whatever the renderer makes of blanks and of `textLength`."""
    blank = "&#160;"
    text = f"{blank * 2}NAME{blank * 4}STATE{blank}two"
    cells = 2 + 4 + 4 + 5 + 1 + 3
    svg = f'<text class="r1" x="100" y="20" textLength="{cells * 10}" clip-path="url(#l)">{text}</text>'
    found = re.findall(
        r'x="([\d.]+)" y="20" textLength="([\d.]+)" clip-path="url\(#l\)">([^<]*)<', align(svg)
    )
    assert found == [("120", "40", "NAME"), ("200", "90", f"STATE{blank}two")]


def test_a_picture_without_words_stays_as_it_is() -> None:
    svg = '<text class="r1" x="1" y="2" textLength="0" fill="x"></text><rect/>'
    assert align(svg) == svg


async def test_the_middle_of_a_title_is_a_rule_however_short() -> None:
    async with playing(Scene("title"), (80, 24)) as (app, _):
        pane = app.main.agents
        for gap in (1, 2, 40):
            words = "x" * (80 - len("─ 1 Agents" + " " + " live ─") - gap)
            pane.set_title((Cell(words),), (LIVE,))
            assert title(pane).endswith("x " + "─" * gap + " live ─"), gap


async def test_how_old_the_data_is_gives_way_only_to_names_of_neighbours_and_to_no_warning() -> None:
    async with playing(Scene("title"), (80, 24)) as (app, _):
        pane = app.main.agents
        pane.tabs = (" neighbours", " others", " o")
        for room, tone, shown in (
            (20, "text", "neighbours ─ live ─"),
            (5, "text", "x o ──"),
            (5, "warn", " live ─"),
            (4, "text", " live ─"),
        ):
            pane.set_title((Cell("x" * (80 - len("─ 1 Agents") - room), tone),), (LIVE,))
            assert title(pane).endswith(shown), (room, tone, title(pane))
