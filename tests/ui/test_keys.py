"""Every key that is bound works wherever it is bound: nothing breaks, and help lists what there is."""

from __future__ import annotations

import re

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from tests.fixtures.screen import drawn, playing
from tests.scenes import Scene, settled, typed
from tui.ui.app import Lktop
from tui.ui.commandline.commands import COMMANDS
from tui.ui.keys.names import shown
from tui.ui.keys.table import KEYS
from tui.ui.logview.picker import Picker
from tui.ui.overlays.help import Help, rows
from tui.ui.overlays.messages import Messages
from tui.ui.panes import PANES
from tui.ui.widgets.lines import Lines, TitleLine
from tui.ui.widgets.table import LineTable

FIRST_NAMES = {key.names.split(",")[0] for key in KEYS}
"""Another name of a key is bound to the same."""
LEAVING = {"q", "ctrl+q", "ctrl+c"}


async def _press_all(app: Lktop, pilot: Pilot[None], pane: str, among: set[str]) -> set[str]:
    """Press every key that is active in a pane, out of `among` if that is not empty; returns them."""
    await typed(pilot, pane)
    name = app.main.current.id
    pressed = set(app.screen.active_bindings) - LEAVING
    pressed = {key for key in pressed if key in FIRST_NAMES and (not among or key in among)}
    for key in sorted(pressed):
        await typed(pilot, key)
        for _ in range(6):  # out of prompts, dialogs and other panes again
            asked = app.main.choice is not None or isinstance(app.focused, Input | Picker)
            if app.screen is app.main and app.main.current.id == name and not asked:
                break
            if app.screen is app.main and not asked and app.main.current.id != name:
                app.main.action_pane(str(name))
                await settled(pilot)
            else:
                await typed(pilot, "escape")
        assert (app.screen, app.main.current.id) == (app.main, name), key
    return pressed


@pytest.mark.parametrize("size", [(120, 40), pytest.param((80, 24), marks=pytest.mark.campaign)], ids=str)
async def test_every_key_of_every_pane(size: tuple[int, int]) -> None:
    """Those of lists and of the whole screen in the first pane of a large screen, else the panes' own."""
    async with playing(Scene("keys"), size) as (app, pilot):
        everywhere = set(app.screen.active_bindings) - LEAVING
        if size == (120, 40):
            everywhere = await _press_all(app, pilot, "1", set())
        assert len(everywhere) > 60
        for pane in "23456":
            await typed(pilot, pane)
            own = {
                key
                for key, active in app.screen.active_bindings.items()
                if app.main.current in active.node.ancestors_with_self
                and (key not in everywhere or not isinstance(active.node, LineTable))
            }
            if own:
                await _press_all(app, pilot, pane, own)


@pytest.mark.parametrize("pane", list("156"))
async def test_help_lists_what_works_here(pane: str) -> None:
    async with playing(Scene("help"), (120, 60)) as (app, pilot):
        await typed(pilot, pane)
        live = {
            shown(key)
            for key, active in app.screen.active_bindings.items()
            if active.binding.description and active.enabled and not key.startswith("super+")
        }
        listed = {key for row in rows(app.screen) for key in row.keys.split()}
        assert listed == live
        await typed(pilot, "question_mark")
        assert isinstance(app.screen, Help)
        table = app.screen.query_one(LineTable)
        assert len(table.keys) == len(rows(app.main)) + len(COMMANDS)
        for row in rows(app.main):
            assert row.label and row.group in ("this pane", "list", "everywhere")


async def test_help_says_where_one_is_and_filters_and_runs() -> None:
    async with playing(Scene("help", keys=("5", "question_mark"))) as (app, pilot):
        words = drawn(app.screen.query_one("#help-title", Lines))[0]
        assert words.strip().startswith("Keys · 5 Dispatches: rooms, dispatches and jobs")
        more = app.screen.query_one("#help-more", Lines)
        assert drawn(more)[0].strip() == "send an agent to a room and watch it join"
        await typed(pilot, *"close all")
        assert not drawn(more)[0].strip()
        table = app.screen.query_one(LineTable)
        assert [line.split()[2:] for line in drawn(table)[1:2]] == [["z", "Open", "or", "close", "all"]]
        await typed(pilot, "enter")
        assert app.screen is app.main
        assert len(app.main.dispatches.table.keys) == 31, "all closed"


async def test_help_lists_commands_and_begins_the_one_that_is_run() -> None:
    async with playing(Scene("help", keys=("question_mark", *":unlock"))) as (app, pilot):
        (line,) = (line for line in drawn(app.screen.query_one(LineTable)) if ":unlock" in line)
        assert line.split()[:4] == ["command", ":unlock", "allow", "changes"]
        assert drawn(app.screen.query_one("#help-more", Lines))[0].strip().startswith(":unlock [15m] — allow")
        await typed(pilot, "enter")
        assert app.main.query_one("#prompt").display
        assert app.main.query_one("#typed", Input).value == "unlock "
        assert ": unlock [15m] — allow changes" in drawn(app.main.query_one("#hint", Lines))[0]


def test_what_a_pane_says_of_itself_fits_into_the_overlay() -> None:
    """Its frame is 76 cells wide, also on the smallest of screens that people use."""
    for pane in PANES:
        assert len(f" Keys · {pane.NUMBER} {pane.NAME}: {pane.HELP}") <= 74


async def test_help_is_left_without_running_anything() -> None:
    async with playing(Scene("help", keys=("question_mark", "down", "down"))) as (app, pilot):
        assert app.screen.query_one(LineTable).cursor == "2"
        app.post_message(Paste("zz\nzz"))
        await typed(pilot, "z")
        assert app.screen.query_one(Input).value == "zz zzz"
        assert app.said.newest_first[0].text == "2 pasted lines are one line now: a space stands between them"
        app.screen.query_one(Input).value = ""
        await typed(pilot, "?")
        assert app.screen is app.main
        assert app.main.agents.sort == "state"


async def test_the_footer_shows_keys_of_what_has_the_keyboard_and_none_behind_another_screen() -> None:
    async with playing(Scene("footer"), (80, 24)) as (app, pilot):
        footers: dict[str, str] = {}
        for pane in "156":
            await typed(pilot, pane)
            footers[pane] = drawn(app.main.query_one("#footer", Lines))[0]
            assert footers[pane].rstrip().endswith("? Help")
        assert len(set(footers.values())) == 3
        assert "Follow" in footers["6"] and "Follow" not in footers["1"]
        await typed(pilot, "colon", *"messages", "enter")
        assert isinstance(app.screen, Messages)
        assert not drawn(app.main.query_one("#footer", Lines))[0].strip()
        assert drawn(app.screen.query_one(TitleLine))[0].rstrip().endswith("c copies · Esc closes")
        await typed(pilot, "escape")
        assert drawn(app.main.query_one("#footer", Lines))[0] == footers["6"]


@pytest.mark.parametrize(
    ("scenario", "absent"),
    [
        ("empty", ("Restart", "Roll back", "Log", "Build log")),
        ("selfhosted", ("Restart", "Re-dispatch", "Delete dispatch", "Log", "Build log")),
    ],
)
async def test_the_footer_shows_no_key_that_has_nothing_to_act_on(
    scenario: str, absent: tuple[str, ...]
) -> None:
    async with playing(Scene("footer", scenario=scenario), (120, 24)) as (app, pilot):
        footer = app.main.query_one("#footer", Lines)
        words = re.split(r" {2,}", drawn(footer)[0])
        assert "ctrl+n Dispatch" in words[0]
        assert not any(word.endswith(gone) for word in words for gone in absent), words
        if scenario == "selfhosted":  # from a room to its dispatch
            await typed(pilot, "j", "j")
            assert "r Re-dispatch  ctrl+d Delete dispatch" in drawn(footer)[0]


def test_keys_are_written_as_on_keyboards() -> None:
    written = {
        "question_mark": "?",
        "ctrl+@": "ctrl+Space",
        "ctrl+backslash": "ctrl+\\",
        "shift+left": "shift+←",
        "pagedown": "PgDn",
        "f1": "F1",
        "f": "f",
        "G": "G",
        "at": "@",
    }
    assert {key: shown(key) for key in written} == written
