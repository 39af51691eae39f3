"""The line at the bottom: filters that work while they are typed, commands with completion and history."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from msgspec.structs import replace as with_fields
from textual.events import Paste
from textual.widgets import Input

from tests.fixtures.screen import drawn, playing, title
from tests.scenes import Scene, fleet, typed
from tui.fleet.state import Fleet
from tui.ui.app import Lktop
from tui.ui.commandline.command import BadCommand, Command
from tui.ui.commandline.commands import COMMANDS
from tui.ui.commandline.completers import rooms
from tui.ui.commandline.line import completions, hint, parse, run
from tui.ui.panes.versions import VersionsPane
from tui.ui.widgets.lines import Lines


def said(app: Lktop) -> str:
    """The newest message."""
    messages = app.said.newest_first
    return messages[0].text if messages else ""


def above(app: Lktop) -> str:
    """The words above what is typed."""
    return drawn(app.main.query_one("#hint", Lines))[0].strip()


async def test_a_filter_works_while_it_is_typed() -> None:
    async with playing(Scene("filter", keys=("down", "slash"))) as (app, pilot):
        pane = app.main.agents
        assert pane.table.cursor == pane.table.keys[1]
        assert above(app).startswith("/ Agents: text !not -f fuzzy status: name:")
        counts = []
        for key in "status:err":
            await typed(pilot, key)
            counts.append(len(pane.table.keys))
        assert counts[-1] == 4 and above(app) == "/ Agents: 4 rows"
        assert pane.table.cursor == pane.table.keys[1], "support-triage all along"
        await typed(pilot, "enter")
        assert not app.main.query_one("#prompt").display
        assert pane.table.has_focus
        assert "[4/49] </status:err>" in title(pane)


@pytest.mark.parametrize("pane", ["agents", "logs"])
async def test_keys_that_come_at_once_go_where_the_first_has_put_the_keyboard(pane: str) -> None:
    """Typed quickly, or held up on the way: the letters after `/` are no keys of what lies beneath."""
    async with playing(Scene("burst", keys=("6",) if pane == "logs" else ())) as (app, pilot):
        for key in ("slash", "t", "e", "l", "enter", "slash", "p", "escape"):
            app.simulate_key(key)

        def taken() -> str:
            pattern = app.main.logs.reader.model.finder.pattern
            return (
                (pattern.source if pattern else "")
                if pane == "logs"
                else app.main.agents.active_filter.source
            )

        async with asyncio.timeout(10):
            while taken() != "tel" or isinstance(app.focused, Input):
                await pilot.pause(0)
        assert app.main.current.id == pane
        assert said(app) == ""
        assert app.screen is app.main


async def test_a_key_whose_widget_goes_away_holds_up_no_other() -> None:
    async with playing(Scene("burst", keys=("slash",))) as (app, pilot):
        app.simulate_key("escape")
        app.simulate_key("slash")
        app.simulate_key("x")
        await app.main.query_one("#typed").remove()
        app.simulate_key("6")
        async with asyncio.timeout(10):
            while app.main.current.id != "logs":
                await pilot.pause(0)


async def test_a_bad_filter_is_told_and_the_last_good_one_kept() -> None:
    async with playing(Scene("filter", keys=("slash",))) as (app, pilot):
        await typed(pilot, *"kyc(")
        assert above(app).startswith("not a regular expression")
        assert app.main.query_one("#prompt").has_class("-bad")
        assert len(app.main.agents.table.keys) == 1
        await typed(pilot, "backspace")
        assert not app.main.query_one("#prompt").has_class("-bad")


async def test_a_word_that_is_no_field_is_told_where_nothing_has_it() -> None:
    async with playing(Scene("filter", keys=("slash", *"regoin:us"))) as (app, _):
        assert above(app).startswith(
            "/ Agents: 0 rows · regoin: is not a field; available: status: name: id:"
        )


async def test_versions_are_filtered_as_long_as_they_are_of_the_same_agent() -> None:
    async with playing(Scene("filter", keys=("3", "slash", *"role:current", "enter")), (80, 24)) as (
        app,
        pilot,
    ):
        pane = app.main.pane("versions")
        assert isinstance(pane, VersionsPane) and pane.table.has_focus
        assert len(pane.table.keys) == 1 and title(pane).startswith("─ 3 Versions kyc-verifier [1/")
        assert "</role:current>" in title(pane)
        await typed(pilot, "1", "down", "3")
        assert len(pane.table.keys) > 1 and "</" not in title(pane)


async def test_a_list_that_is_filtered_is_on_the_screen() -> None:
    """The agents, from a pane without a filter of its own, where there is room for one pane only."""
    async with playing(Scene("filter", keys=("2", "slash", *"triage")), (80, 24)) as (app, pilot):
        assert app.main.agents.display and "</triage>" in title(app.main.agents)
        await typed(pilot, "enter", "2")
        assert "support-triage" in title(app.main.current)


async def test_escape_goes_back_to_the_filter_that_was_there() -> None:
    async with playing(Scene("filter", keys=("slash", *"triage", "enter"))) as (app, pilot):
        await typed(pilot, "slash", "ctrl+u", *"desk")
        assert len(app.main.agents.table.keys) == 5
        await typed(pilot, "escape")
        assert app.main.agents.active_filter.source == "triage"
        await typed(pilot, "slash", "ctrl+u", "backspace")
        assert not app.main.query_one("#prompt").display, "backspace in an empty line leaves"


async def test_a_filter_is_of_the_pane_that_has_the_keyboard() -> None:
    async with playing(Scene("filter", keys=("5", "slash", *"agent:concierge", "enter"))) as (
        app,
        _,
    ):
        assert {key.split("\0")[0] for key in app.main.dispatches.table.keys if key.startswith("room")} == {
            "room:lobby-kiosk-3"
        }
        assert not app.main.agents.active_filter


async def test_history_and_completion() -> None:
    async with playing(Scene("command")) as (app, pilot):
        typed_in = app.main.query_one("#typed", Input)
        await typed(pilot, "colon", *"sta", "tab")
        assert typed_in.value == "status"
        await typed(pilot, " ")
        assert above(app).endswith("· 50+ matches"), "names and ids"
        await typed(pilot, *"kyc", "tab")
        assert typed_in.value == "status kyc-verifier"
        assert above(app) == ": status [AGENT] — deployments of an agent · 1 match"
        await typed(pilot, "enter", "colon", *"refresh", "enter", "colon", "up")
        assert typed_in.value == "refresh"
        await typed(pilot, "up", "up")
        assert typed_in.value == "status kyc-verifier", "the oldest"
        await typed(pilot, "down", "down")
        assert typed_in.value == ""
        await typed(pilot, *"dispa", "down")
        assert typed_in.value == "dispa", "no step loses what was typed"
        await typed(pilot, "up", "up", "down", "down", "down")
        assert typed_in.value == "dispa"


PLACES = {
    "agents /desk": ("agents", "clinic-frontdesk"),
    "status drive-thru": ("status", "drive-thru"),
    "versions drive-thru": ("versions", "drive-thru"),
    "secrets drive-thru": ("secrets", "drive-thru"),
    "logs drive-thru build": ("logs", "drive-thru"),
    "dispatches call-5122": ("dispatches", "kyc-verifier"),
    "find clinic-frontdesk": ("agents", "clinic-frontdesk"),
    "find call-5122": ("dispatches", "clinic-frontdesk"),
}
"""Command → the pane and the agent that it leads to. A room leaves the agent as it is."""


async def test_commands_lead_to_panes() -> None:
    async with playing(Scene("command"), (80, 24)) as (app, pilot):
        before = app.main.view.agent
        assert before is not None
        for command, (pane, agent) in PLACES.items():
            await typed(pilot, "colon", *command, "enter")
            assert app.main.current.id == pane, command
            selected = app.main.view.agent
            assert selected is not None
            assert selected.name == agent or command.startswith("dispatches"), command


async def test_find_goes_to_each_kind_of_id() -> None:
    async with playing(Scene("find")) as (app, pilot):
        known = app.main.view.fleet
        room = next(item for item in known.rooms if item.name == "standup-eng")
        dispatch = known.dispatches["standup-eng"][0]
        agent = next(item for item in known.agents if item.name == "drive-thru")
        targets = {
            agent.agent_id: agent.agent_id,
            "drive-thru": agent.agent_id,
            room.sid: "room:standup-eng",
            room.name: "room:standup-eng",
            dispatch.id: f"dispatch:standup-eng\0{dispatch.id}",
            dispatch.jobs[3].id: f"job:standup-eng\0{dispatch.id}\0{dispatch.jobs[3].id}",
        }
        for word, key in targets.items():
            await typed(pilot, "z", "colon", *f"find {word}", "enter")
            table = app.main.agents.table if key.startswith("CA_") else app.main.dispatches.table
            assert (table.cursor, table.has_focus) == (key, True)
        await typed(pilot, "colon", *"find nowhere", "enter")
        assert said(app).startswith(": no match for 'nowhere'")


async def test_going_to_an_agent_clears_a_filter_that_hides_it() -> None:
    keys = ("slash", *"desk", "enter", "colon", *"find drive-thru", "enter")
    async with playing(Scene("find", keys=keys)) as (app, _):
        assert not app.main.agents.active_filter
        assert app.main.view.agent is not None and app.main.view.agent.name == "drive-thru"


REFUSALS = {
    "nonsense": ": unknown command 'nonsense'; available: agents, ",
    "s": ": 's' is ambiguous: status, secrets",
    "status nobody": ": no agent 'nobody' in this project",
    "find": ": find what?",
    "theme": ": which theme? available: ansi16, dark, ",
    "theme blue": ": unknown theme 'blue'; available: ",
    "project nowhere": ": no project 'nowhere'",
    'status "open': ": a quote is not closed",
    "agents (": ": not a regular expression",
}


async def test_what_cannot_be_done_is_said() -> None:
    async with playing(Scene("command"), (80, 24)) as (app, pilot):
        for command, problem in REFUSALS.items():
            await typed(pilot, "colon")
            app.main.query_one("#typed", Input).value = command
            await typed(pilot, "enter")
            assert said(app).startswith(problem), command
            assert app.main.agents.table.has_focus, command


async def test_other_commands() -> None:
    async with playing(Scene("command")) as (app, pilot):
        await typed(pilot, "colon", *"theme light", "enter")
        assert app.theme == "light"
        for command in ("help", "messages"):
            await typed(pilot, "colon", *command, "enter")
            assert app.screen is not app.main
            await typed(pilot, "escape")
        await typed(pilot, "colon", "enter")
        assert app.screen is app.main
        await typed(pilot, "colon", *"logs drive-thru deployment=nope", "enter")
        assert said(app) == ": drive-thru has no deployment 'nope'; it has canary, production, staging"
        await typed(pilot, "colon")
        app.post_message(Paste("lk agent logs --id drive-thru \\\r\n  -d production\r"))
        line = app.main.query_one("#typed", Input)
        async with asyncio.timeout(10):
            while not line.value:
                await pilot.pause(0)
        assert line.value == "lk agent logs --id drive-thru -d production", "all lines of a paste"
        assert said(app) == "2 pasted lines are one line now: a space stands between them"
        await typed(pilot, "enter")
        assert "production only" in title(app.main.logs)
        await typed(pilot, "colon", *"q", "enter")
        assert not app.is_running
    app._tick()  # the timer may have been on its way: there is no screen any more


async def test_two_agents_of_one_name_are_told_apart_by_id() -> None:
    keys = ("colon", *"status twin", "enter")

    async with playing(Scene("twins", change=_twins), (80, 24)) as (app, pilot):
        await typed(pilot, *keys)
        assert said(app).startswith(": 2 agents are called 'twin': give an id, CA_")


def _twins(known: Fleet) -> Fleet:
    agents = tuple(
        with_fields(item, agent_name="twin") if at < 2 else item for at, item in enumerate(known.agents)
    )
    return replace(known, agents=agents, index={item.agent_id: item for item in agents})


def test_commands_are_read_as_a_shell_reads_them() -> None:
    assert parse("status 'a b'").arguments == ("a b",)
    assert parse("vers x").command.name == "versions"
    assert parse("q").command.name == "quit"
    for text in ("", "  ", "'", "nonsense"):
        with pytest.raises(BadCommand):
            parse(text)


def test_every_command_has_a_usage_and_help_that_can_be_read() -> None:
    names = [command.name for command in COMMANDS]
    assert len(set(names)) == len(names)
    for command in COMMANDS:
        assert command.usage.startswith(command.name) and command.help
        assert len(hint(command.name, fleet("incident"))) < 118


def test_a_command_is_one_entry() -> None:
    """Parsing, help, completion and running read the same entry; nothing else has to know of it."""
    heard: list[tuple[str, ...]] = []
    mine = Command("greet", "greet ROOM", "say hello", (rooms,), lambda console, words: heard.append(words))
    table, known = (*COMMANDS, mine), fleet("incident")
    app = Scene("command").app("dark")
    run("gree call-5122", app, table)
    assert heard == [("call-5122",)]
    assert completions("gr", known, table) == ["greet"]
    assert completions("greet call-5122", known, table) == ["greet call-5122"]
    assert hint("greet", known, table) == "greet ROOM — say hello"
    assert hint("greet ", Fleet(), table).endswith(" · the list of rooms was not received yet")
    with pytest.raises(BadCommand):
        run("greet call-5122", app)


@pytest.mark.parametrize(
    "line",
    [
        "lk agent private-link list",
        "lk agent private-link health-status --id PL_1",
        "lk agent logs -d x --id CA_1",
        "lk agent update-secrets --id CA_1 --secrets-file 'a b' --overwrite",
        "lk agent deploy --region us .",
        "lk agent dockerfile .",
        "lk room list lobby",
        "lk room participants list standup",
        "lk project list",
        "lk dispatch create --room a --agent-name b --metadata '{}'",
        "agent list --id CA_1",
    ],
)
def test_a_line_for_lk_is_typed_letter_by_letter(line: str) -> None:
    for end in range(len(line) + 1):
        for known in (Fleet(), fleet("incident")):
            assert hint(line[:end], known)
            completions(line[:end], known)
    assert "not received" not in hint("lk room list", Fleet()), "nothing is asked for yet"


def test_completions_come_from_what_is_known() -> None:
    known = fleet("incident")
    assert completions("sta", known) == ["status"]
    assert "status drive-thru" in completions("status dri", known)
    assert completions("dispatches call-51", known) == [f"dispatches call-51{n}" for n in (20, 21, 22, 23)]
    assert completions("nonsense x", known) == []
    assert completions("refresh x", known) == []
    assert len(completions("find ", known, most=7)) == 7
