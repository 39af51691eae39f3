"""Nothing moves when nothing changed, and what a change costs follows the screen, not the fleet. Counted."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace

import pytest
from msgspec.structs import replace as with_fields
from textual.geometry import Region
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget

from tests.fixtures.clocks import StillClock
from tests.fixtures.screen import playing
from tests.scenes import LATER, Scene, known, looks, settled
from tui.api.models import Agent
from tui.fleet.state import Fleet, Freshness, with_agents
from tui.ui.app import Lktop
from tui.ui.overlays.help import Help

pytestmark = pytest.mark.usefixtures("painted")
MANY = 10_000


@contextmanager
def refreshes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every request to paint something."""
    asked: list[str] = []
    original = Widget.refresh

    def refresh(self: Widget, *regions: Region, **options: bool) -> Widget:
        asked.append(f"{self!r} {regions}")
        return original(self, *regions, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Widget, "refresh", refresh)
        yield asked


def many(found: Fleet) -> Fleet:
    """Ten thousand agents, all healthy."""
    pattern = next(agent for agent in found.agents if agent.name == "concierge")
    agents = tuple(
        with_fields(pattern, agent_id=f"CA_{number:05d}", agent_name=f"line-{number:05d}")
        for number in range(MANY)
    )
    fresh = {"agents": Freshness(at=1000.0 + LATER)}
    return replace(with_agents(Fleet(), agents), freshness=fresh)


def changed(agents: tuple[Agent, ...], every: int, **changes: object) -> tuple[Agent, ...]:
    """The agents, one of so many with another first deployment."""
    return tuple(
        with_fields(
            agent,
            agent_deployments=(
                with_fields(agent.agent_deployments[0], **changes),
                *agent.agent_deployments[1:],
            ),
        )
        if number % every == 0
        else agent
        for number, agent in enumerate(agents)
    )


@asynccontextmanager
async def ten_thousand() -> AsyncIterator[tuple[Lktop, Pilot[None]]]:
    """The program with many agents."""
    await asyncio.to_thread(known, "incident", None)
    async with playing(Scene("many", change=many)) as (app, pilot):
        assert len(app.main.agents.table.keys) == MANY
        yield app, pilot


def poll(app: Lktop, every: int = 100, **changes: object) -> None:
    """What an answer of the service does to the fleet."""
    assert app.session is not None
    store = app.session.store
    agents = changed(store.fleet.agents, every, **changes)
    fresh = Freshness(at=app.clock.monotonic())
    store.freshen("agents", fresh, lambda fleet: with_agents(fleet, agents))


async def test_a_quiet_fleet_paints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ticks of the clock and polls that bring the same again."""
    async with playing(Scene("calm")) as (app, pilot):
        clock = app.clock
        assert isinstance(clock, StillClock) and app.session is not None
        while app.main.logs.reader.bar.is_pending:  # it says things some time after they happened
            await pilot.pause(0.05)
        await settled(pilot)
        with refreshes(monkeypatch) as asked:
            for _ in range(4):
                clock.at += 1.0
                app.session_binding.tick()
                agents = app.session.store.fleet.fresh("agents")
                app.session.store.freshen("agents", agents.good(clock.monotonic()))
                await settled(pilot)
        assert asked == []


async def test_times_grow_old_by_the_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two minutes in steps of the clock repaint cells, never a whole pane."""
    async with playing(Scene("calm")) as (app, pilot):
        clock = app.clock
        assert isinstance(clock, StillClock)
        app.session_binding.tick()
        await settled(pilot)
        with refreshes(monkeypatch) as asked:
            for _ in range(8):
                clock.at += 15.0
                app.session_binding.tick()
                await settled(pilot)
        assert asked and not [line for line in asked if line.endswith(" ()")]


async def test_a_poll_of_ten_thousand_formats_what_is_on_the_screen() -> None:
    """One of a hundred agents changes in a way that does not reorder the list."""
    async with ten_thousand() as (app, pilot):
        pane = app.main.agents
        table = pane.table
        rows = table.size.height - 1
        formatted, derived = table.formatted, pane.facts.derived
        poll(app, replicas=7)
        await settled(pilot)
        assert pane.facts.derived - derived <= MANY // 100 * 2, "each changed agent, as it was and as it is"
        assert 0 < table.formatted - formatted <= rows
        assert pane.cells(app.main.view, "CA_00000")[6].text.startswith("7/")


async def test_a_change_out_of_sight_paints_nothing_of_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ten_thousand() as (app, pilot):
        app.main.agents.table.select("CA_05050")
        await settled(pilot)
        assert "CA_05000" not in app.main.agents.table.visible_keys()
        with refreshes(monkeypatch) as asked:
            poll(app, replicas=7)
            await settled(pilot)
        assert [line for line in asked if "LineTable" in line] == []


async def test_a_change_in_sight_paints_its_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    async with ten_thousand() as (app, pilot):
        app.main.agents.table.select("CA_05010")
        await settled(pilot)
        assert "CA_05000" in app.main.agents.table.visible_keys()
        with refreshes(monkeypatch) as asked:
            poll(app, replicas=7)
            await settled(pilot)
        (painted,) = [line for line in asked if "LineTable" in line]
        assert painted.count("Region(") == 2, "the replicas and the bar of the row"


async def test_keys_cost_the_same_among_ten_thousand() -> None:
    async with ten_thousand() as (app, pilot):
        table = app.main.agents.table
        rows = table.size.height - 1
        for key in ("down", "pagedown", "end", "home"):
            before = table.formatted
            app.simulate_key(key)
            await pilot.pause(0)
            await pilot.pause(0)
            assert table.formatted - before <= 3 * rows, key


async def test_what_can_be_seen_beside_a_dialog_stays_true() -> None:
    """An overlay left open for an hour must not show the data of an hour ago as live."""
    async with playing(Scene("dialog", keys=("?",))) as (app, pilot):
        assert isinstance(app.screen, Help) and app.session is not None
        poll(app, every=1, replicas=77)
        await settled(pilot)
        assert "77/" in "".join(app.main.agents.table.render_line(y).text for y in range(1, 20))
        store = app.session.store
        store.freshen("agents", replace(store.fleet.fresh("agents"), failures=3, error="connection refused"))
        await settled(pilot)
        app.main._on_timer_update()  # the frame that what lies beneath would have had by and by
        await settled(pilot)
        assert "STALE" in looks(app)[1] and "connection refused" in looks(app)[1]


async def test_what_was_closed_is_gone_with_all_that_it_drew(monkeypatch: pytest.MonkeyPatch) -> None:
    """An overlay opened a hundred times a day must not be held a hundred times."""
    monkeypatch.setattr(gc, "freeze", lambda: None)  # what is frozen is not counted

    def held() -> tuple[int, int]:
        gc.collect()
        everything = gc.get_objects()
        return sum(isinstance(it, Help) for it in everything), sum(isinstance(it, Strip) for it in everything)

    async def left(pilot: Pilot[None]) -> tuple[int, int]:
        """What is held once the last overlay is taken apart, which may go on behind the screen."""
        for _ in range(50):
            if not held()[0]:
                break
            await settled(pilot)
        return held()

    async with playing(Scene("overlay")) as (app, pilot):
        for times in range(8):
            for key in ("question_mark", "escape"):
                app.simulate_key(key)
                await settled(pilot)
            if times == 2:
                before = await left(pilot)
        after = await left(pilot)
        assert after[0] == before[0] == 0
        assert after[1] <= before[1] + 10
