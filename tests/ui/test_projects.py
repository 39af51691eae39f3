"""Several projects: nothing is chosen silently, nothing of one is ever on the screen of another."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fixtures.clocks import StillClock
from tests.fixtures.screen import drawn, playing
from tests.scenes import (
    LATER,
    PRODUCTION,
    PROJECT,
    STAGING,
    START,
    TERMINAL,
    Scene,
    known,
    looks,
    settled,
    still,
    typed,
)
from tui.api.errors import BadTarget
from tui.fleet.state import Fleet
from tui.project import Project
from tui.session.replayed import REFUSAL, Replay
from tui.session.watched import Watched
from tui.ui.app import Lktop
from tui.ui.launch import Launch
from tui.ui.overlays.chooser import Chooser
from tui.ui.panes.freshness import NO_PROJECT
from tui.ui.widgets.table import LineTable

SCENARIOS = {"demo": "incident", "staging": "statuses", "prod-eu": "empty"}
PROJECTS = (PROJECT, STAGING, PRODUCTION)


def several(chosen: Project | None, *, session: Callable[..., Watched] = still, **changes: object) -> Lktop:
    """The program with three projects, each with its own fleet."""
    launch = Launch(
        project=chosen,
        projects=PROJECTS,
        terminal=TERMINAL,
        state_dir=Path("/dev/null/nowhere"),
        working_dir=Path("/dev/null/nowhere"),
        theme="dark",
    )

    def connect(project: Project) -> Watched:
        if project.name == "prod-eu":
            raise BadTarget("http is not for tokens")
        return session(*known(SCENARIOS[project.name], None), project)

    return Lktop(
        replace(launch, **changes), clock=StillClock(START + LATER), chance=random.Random(1), connect=connect
    )


@pytest.fixture(autouse=True)
def fleets() -> None:
    """Fetched on an event loop of their own."""
    for scenario in SCENARIOS.values():
        known(scenario, None)


async def test_without_a_choice_the_operator_is_asked() -> None:
    async with playing(Scene("choose", choose=True, projects=PROJECTS)) as (app, pilot):
        assert isinstance(app.screen, Chooser)
        rows = drawn(app.screen.query_one(LineTable))
        assert rows[3].split()[:3] == ["prod-eu", "PRODUCTION", "read-only"]
        assert "no project chosen" in looks(app)[0] and "connecting" not in looks(app)[1]
        before = len(app.said.newest_first)
        await typed(pilot, "space", "m", "asterisk")
        assert app.screen.query_one(LineTable).marked == (), "nothing acts on several projects"
        assert len(app.said.newest_first) == before and rows == drawn(app.screen.query_one(LineTable))
        await typed(pilot, "down", "enter")
        assert app.screen is app.main
        assert app.session is not None and app.session.project is STAGING


async def test_until_a_project_is_chosen_nothing_is_called_loading() -> None:
    async with playing(Scene("choose", choose=True, projects=PROJECTS, keys=("escape",))) as (app, pilot):
        for number, name in enumerate(("agents", "status", "versions", "secrets", "dispatches", "logs"), 1):
            await typed(pilot, str(number), "f")
            shown = looks(app)[2:-1]
            assert NO_PROJECT.rstrip(".") in "".join(shown), name
            assert "loading" not in "".join(shown) and "No agent" not in "".join(shown), name
            await typed(pilot, "f")
        await typed(pilot, "7", "f")
        assert NO_PROJECT in "".join(looks(app)) and "live" not in looks(app)[2]
        await typed(pilot, "@", "down", "enter")
        assert NO_PROJECT not in "".join(looks(app))


async def test_leaving_the_choice_leaves_things_as_they_are() -> None:
    async with playing(Scene("choose", projects=PROJECTS, keys=("at",))) as (app, pilot):
        assert isinstance(app.screen, Chooser)
        session = app.session
        assert app.screen.query_one(LineTable).render_line(1).text.startswith("  ● demo")
        await typed(pilot, "escape")
        assert app.session is session
        await typed(pilot, "@", "down", "q")
        assert app.session is session


async def test_another_project_leaves_nothing_of_the_one_before() -> None:
    async with several(PROJECT).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        app = pilot.app
        assert isinstance(app, Lktop)
        await typed(pilot, "j", "space", "l", "5", "down", "down", "1", "slash", *"e", "enter")
        names = {agent.name for agent in app.main.view.fleet.agents}
        await typed(pilot, "colon", *"project staging", "enter")
        after = "\n".join(looks(app))
        assert not [name for name in names if name and name in after]
        assert "call-" not in after and "kyc" not in after
        assert app.main.agents.table.marked == ()
        assert app.main.view.agent is not None and app.main.view.agent.name == "crashloop"
        assert app.main.view.selection.room == ""


async def test_where_the_first_project_cannot_be_watched_none_is_chosen() -> None:
    async with several(PRODUCTION).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert "no project chosen" in looks(pilot.app)[0] and "connecting" not in looks(pilot.app)[1]
        assert NO_PROJECT in looks(pilot.app)[4]


async def test_a_project_that_cannot_be_watched_is_told_and_the_old_one_stays() -> None:
    async with several(PROJECT).run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        app = pilot.app
        assert isinstance(app, Lktop)
        assert app.choose_project("prod-eu") is True
        await settled(pilot)
        assert app.said.newest_first[0].text == "project prod-eu not watched: http is not for tokens"
        assert app.session is not None and app.session.project is PROJECT
        assert app.main.view.fleet.agents
        await typed(pilot, "colon", *"forget", "enter")
        name = PROJECT.name
        assert f"to confirm, type: forget {name}" in app.said.newest_first[0].text
        await typed(pilot, "colon", *f"forget {name}", "enter")
        await settled(pilot)
        assert app.said.newest_first[0].text == f"recorded history of {name} not removed: {REFUSAL}"


async def test_what_the_header_says_of_a_project() -> None:
    async with playing(Scene("production", projects=(PRODUCTION,))) as (app, _):
        first, second = looks(app)[:2]
        assert " prod-eu  PRODUCTION  read-only " in first
        assert second.strip().startswith("prod-eu.livekit.cloud · config.toml")


async def test_an_unknown_theme_and_other_notices_are_told_once_and_kept() -> None:
    app = several(PROJECT, theme="nightly", notices=("config.toml:3: unknown key 'colour'",), ascii_only=True)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settled(pilot)
        assert app.theme == "dark"
        told = [item.text for item in app.said.newest_first]
        assert told[0].startswith("unknown theme 'nightly'; available: ansi16, dark, ")
        assert told[1] == "config.toml:3: unknown key 'colour'"
        while not app.screen.query("Toast"):
            await pilot.pause(0.01)
        await settled(pilot)
        (toast,) = app.screen.query("Toast")
        assert (toast.region.bottom, toast.region.height) == (39, 1), "one line above the footer"
        line = looks(app)[38]
        assert line.strip().endswith("2 notices, all in :messages . config.toml:3: unknown key 'colour'")
        assert line.isascii()
        app.notify("another")
        await typed(pilot, "slash")
        (toast,) = app.screen.query("Toast")
        assert app.focused is not None and toast.region.y > app.focused.region.y, "a prompt is not covered"
        await typed(pilot, "escape", "question_mark")
        app.notify("over a dialog")
        await settled(pilot)
        (toast,) = app.screen.query("Toast")
        assert toast.region.y == 39


async def test_a_theme_of_ones_own_that_is_bad_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[colors]\nbackground = 'mauve-ish'\n")
    app = several(PROJECT, theme_dirs=(tmp_path,))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert app.said.newest_first[0].text.startswith("theme mine.toml not used: ")


async def test_switching_never_waits_for_the_old_project() -> None:
    may_end = asyncio.Event()

    class Stuck(Replay):
        async def run(self) -> None:
            try:
                await super().run()
            finally:
                await may_end.wait()

    def stuck(found: Fleet, past: object, transcripts: object, project: Project) -> Watched:
        return Stuck(project, found, clock=StillClock())

    app = several(None, session=stuck)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for project in (PROJECT, STAGING, PROJECT):
            app.watch_project(project)
        await settled(pilot)
        assert app.session is not None and app.session.project is PROJECT
        may_end.set()


async def test_what_makes_a_difference_is_never_cut_for_a_long_name() -> None:
    long = replace(PRODUCTION, name="customer-calls-production-eu-west-1")
    async with playing(Scene("chooser", choose=True, projects=(long, STAGING)), (80, 24)) as (app, _):
        assert isinstance(app.screen, Chooser)
        lines = [line for line in drawn(app.screen.query_one(LineTable)) if "customer-calls" in line]
        assert len(lines) == 1 and "PRODUCTION read-only " in lines[0]


async def test_the_view_holds_what_is_known_of_every_watched_project() -> None:
    async with several(PROJECT).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app = pilot.app
        assert isinstance(app, Lktop)
        registry = app.session_binding.registry
        other = registry.open(STAGING)
        app.session_binding.draw()
        view = app.main.view
        assert view.selection.project == PROJECT.key
        assert view.fleets == {PROJECT.key: view.fleet, STAGING.key: other.store.fleet}
        assert view.fleet is not other.store.fleet
