"""Backing out step by step, leaving on the second ask, and what is told on the way."""

from __future__ import annotations

from dataclasses import replace

from tests.fixtures.clocks import StillClock
from tests.fixtures.screen import drawn, playing, title
from tests.scenes import Scene, looks, typed
from tui.ui.panes.lists import ListPane
from tui.ui.widgets.lines import Lines


async def test_escape_takes_back_one_thing_at_a_time() -> None:
    keys = ("exclamation_mark", "slash", *"triage", "enter", "f", "5", "slash", *"call", "enter")
    async with playing(Scene("ladder", keys=keys)) as (app, pilot):
        main = app.main
        assert main.dispatches.active_filter and not main.agents.display
        await typed(pilot, "escape")
        assert not main.dispatches.active_filter and main.current is main.dispatches
        await typed(pilot, "escape")
        assert main.agents.display and main.current is main.dispatches
        await typed(pilot, "escape")
        assert main.current is main.agents and main.agents.active_filter
        await typed(pilot, "escape")
        assert not main.agents.active_filter and main.agents.problems_only
        await typed(pilot, "escape")
        assert not main.agents.problems_only and main.current is main.agents
        await typed(pilot, "escape")
        assert app.is_running and main.current is main.agents, "Esc never leaves"


async def test_the_rooms_of_an_agent_and_back() -> None:
    async with playing(Scene("owner", keys=("j", "D"))) as (app, pilot):
        assert " agent support-triage" in title(app.main.dispatches)
        assert {key for key in app.main.dispatches.table.keys if key.startswith("room:")} >= {
            "room:call-7301"
        }
        await typed(pilot, "escape")
        assert " agent " not in title(app.main.dispatches)


async def test_q_backs_out_and_at_the_root_asks_once() -> None:
    async with playing(Scene("quit", keys=("5", "f"))) as (app, pilot):
        await typed(pilot, "slash", *"call", "enter", "q", "q")
        assert app.is_running and app.main.current is app.main.agents and app.main.agents.display
        assert app.main.dispatches.active_filter, "q is no rung of a filter"
        await typed(pilot, "q")
        assert app.is_running and app.said.newest_first[0].text == "q again quits"
        clock = app.clock
        assert isinstance(clock, StillClock)
        clock.at += 2.5
        await typed(pilot, "q")
        assert app.is_running, "too late for a second"
        await typed(pilot, "q")
        assert not app.is_running
        assert app.return_code in (0, None)


async def test_ctrl_c_twice_leaves_from_anywhere() -> None:
    for keys in ((), ("question_mark",), ("slash",), ("6",)):
        async with playing(Scene("quit", keys=keys), (80, 24)) as (app, pilot):
            await typed(pilot, "ctrl+c")
            assert app.is_running
            await typed(pilot, "ctrl+c")
            assert not app.is_running


async def test_problems_only_from_any_pane() -> None:
    async with playing(Scene("problems", keys=("2", "ctrl+z"))) as (app, pilot):
        assert app.main.current is app.main.agents
        assert len(app.main.agents.table.keys) == 4
        await typed(pilot, "!")
        assert len(app.main.agents.table.keys) == 49


async def test_times_go_round_and_the_zone_is_on_the_screen() -> None:
    async with playing(Scene("times"), (200, 50)) as (app, pilot):
        header = app.main.query_one("#header")
        seen = []
        for _ in range(3):
            await typed(pilot, "t")
            seen.append((str(app.main.view.times), header.render_line(1).text))
        assert [style for style, _ in seen] == ["local", "utc", "relative"]
        assert "times in UTC (+0000)" in seen[0][1] and "times in UTC" in seen[1][1]
        assert "times in" not in seen[2][1]


async def test_wide_columns_come_and_go_and_want_room() -> None:
    async with playing(Scene("wide", keys=("f", "ctrl+w")), (200, 50)) as (app, pilot):
        titles = app.main.agents.table.render_line(0).text
        assert "OWNER" in titles and "COMMIT" in titles
        await typed(pilot, "ctrl+w")
        assert "COMMIT" not in app.main.agents.table.render_line(0).text
        await pilot.resize_terminal(80, 24)
        await typed(pilot, "ctrl+w")
        assert app.said.newest_first[0].text == "no room for more columns here"
        await typed(pilot, "5", "ctrl+w")
        assert app.said.newest_first[0].text == "this list has no more columns"


async def test_sorting_by_keys_and_by_a_picked_column() -> None:
    async with playing(Scene("sort")) as (app, pilot):
        pane = app.main.agents
        for key, column in {"n": "name", "a": "deployed", "c": "cpu", "m": "mem", "s": "state"}.items():
            await typed(pilot, "S", key)
            assert (pane.sort, pane.reverse) == (column, False)
            title = next(item.title for item in pane.COLUMNS if item.id == column)
            arrow = "↓" if column in ("cpu", "mem") else "↑"
            shown = pane.table.render_line(0).text
            assert f"{title}{arrow}" in shown, "what it is sorted by is seen, however narrow the pane"
        await typed(pilot, "S")
        footer = app.main.query_one("#footer", Lines)
        assert drawn(footer)[0].startswith(" sort by: n name  s severity  a age  c CPU  m memory ")
        await typed(pilot, "r")
        assert app.screen is app.main and not pane.reverse, "another key ends it and does nothing else"
        assert "? Help" in drawn(footer)[0]
        await typed(pilot, "S", "s")
        assert pane.reverse and "STATUS↓" in pane.table.render_line(0).text
        await typed(pilot, "shift+left", "less_than_sign", "greater_than_sign", "S", "S")
        assert pane.sort == "name", "one to the left of the status"
        assert "NAME↑" in pane.table.render_line(0).text
        for key, orders in {
            "3": {"n": "VERSION↑", "s": "STATUS↑", "a": "CREATED↑"},
            "4": {"n": "NAME↑", "a": "UPDATED↑"},
            "5": {"n": "ROOM↑", "s": "STATE↑", "a": "AGE↑"},
        }.items():
            await typed(pilot, key)
            listed = app.main.current
            assert isinstance(listed, ListPane)
            before = list(listed.table.keys)
            for letter, title in orders.items():
                await typed(pilot, "S", letter)
                assert title in listed.table.render_line(0).text
            newest_first = list(listed.table.keys)
            await typed(pilot, "S", "a")
            assert title.replace("↑", "↓") in listed.table.render_line(0).text
            assert sorted(listed.table.keys) == sorted(before), "the same rows"
            assert len(before) < 2 or list(listed.table.keys) != newest_first, "in the other order"


async def test_every_pane_says_why_it_is_empty_where_there_are_no_agents() -> None:
    async with playing(Scene("selfhosted", scenario="selfhosted")) as (app, pilot):
        there = "\n".join(looks(app))
        assert there.count("This server has no Cloud Agents API") == 2
        assert app.main.dispatches.size.width == app.size.width, "the tree has the room of the logs"
        assert app.main.agents.size.height < 6, "and that of agents"
        assert app.focused in app.main.dispatches.walk_children(), "and the keyboard from the beginning"
        await typed(pilot, "2", "escape")
        assert app.main.current is app.main.dispatches, "and is what Escape leads back to"
        for key in "34":
            await typed(pilot, key)
            assert "\n".join(looks(app)).count("This server has no Cloud Agents API") == 2
        await typed(pilot, "6")
        there = "\n".join(looks(app))
        assert there.count("This server has no Cloud Agents API") == 3
        assert "agent logs need LiveKit Cloud" in there


async def test_a_key_that_can_do_nothing_says_why() -> None:
    async with playing(Scene("nothing", scenario="empty"), (80, 24)) as (app, pilot):
        for key, words in {"l": "no agent is selected", "D": "no agent is selected"}.items():
            await typed(pilot, key)
            assert app.said.newest_first[0].text == words
        await typed(pilot, "5", "l")
        assert app.said.newest_first[0].text == "this row does not belong to exactly one agent"


async def test_a_poll_that_ends_while_the_screen_is_taken_down_is_no_error() -> None:
    async with playing(Scene("ending")) as (app, _):
        view = app.main.view
        await app.main.children[0].remove()
        app.session_binding.draw()
        await app.main.logs.query("*").remove()
        app.main.logs.show(view)
        await app.main.query("*").remove()
        app.main.view = replace(view, now=view.now + 60)
        app.session_binding.draw()
