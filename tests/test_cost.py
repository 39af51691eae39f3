"""What things cost, in counts that no busy machine can change: imports, rows looked into, bytes sent.

Times are measured by `python -m tests.bench`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget

from tests.bench.driver import FRAME_END, Terminal
from tests.bench.world import World, world
from tests.fixtures.screen import playing
from tests.ptyrun import ROOT, python, terminal_env
from tests.scenes import Scene, settled
from tui.api.models import Agent, Deployment, Dispatch, DispatchState, Job, JobState, Room
from tui.fleet.lists.tree import Tree
from tui.fleet.state import Fleet, with_agents
from tui.fleet.view import Selection, View
from tui.ui import theme
from tui.ui.panes.agents import AgentsPane

NOW = 1_786_000_000.0
LATE = (
    *("httpx", "httpcore", "anyio", "h11", "jwt", "yaml", "tomlkit", "dotenv", "click", "pygments"),
    *("markdown_it", "rich.syntax", "rich.progress", "multiprocessing", "sqlite3", "unittest"),
    *("starlette", "uvicorn", "livekit", "google", "tui.api.client", "tui.session.live", "tui.sim"),
    *("textual.widgets._data_table", "textual.widgets._rich_log", "textual.widgets._markdown"),
)
"""What must not have been imported when the first frame is on the screen."""


# ---- start ----------------------------------------------------------------------------------------------


def modules(script: str) -> set[str]:
    """What a fresh interpreter has imported by the end of a script."""
    program = f"{script}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=terminal_env(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_the_first_frame_needs_no_network_and_nothing_else_that_can_wait() -> None:
    # all that the command line imports before it shows the screen, which connects after its first frame
    imported = modules("import tui.cli, tui.start")
    assert "tui.ui.app" in imported
    assert sorted(name for name in LATE if name in imported) == []


def test_the_network_comes_without_its_command_line() -> None:
    imported = modules("import tui.session.live")
    assert "httpx" in imported
    assert not {"click", "pygments", "rich"} & imported


# ---- lists ----------------------------------------------------------------------------------------------


def agent(number: int, replicas: int = 1) -> Agent:
    """One of many."""
    row = Deployment(status="Running", region="us-east", replicas=replicas, min_replicas=1, max_replicas=3)
    return Agent(agent_id=f"CA_{number:05}", agent_name=f"agent-{number:05}", agent_deployments=(row,))


def listed(before: Fleet, agents: tuple[Agent, ...]) -> Fleet:
    """A fleet after another listing."""
    return with_agents(before, agents)


class Alone(App[None]):
    """One pane."""

    def __init__(self) -> None:
        super().__init__()
        self.pane = AgentsPane()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our tones."""
        return theme.defaults()

    def compose(self) -> ComposeResult:
        """The pane."""
        yield self.pane


async def shown(pilot: Pilot[None], pane: AgentsPane, fleet: Fleet) -> tuple[int, int]:
    """Rows formatted and agents looked into for showing a fleet."""
    before = pane.table.formatted, pane.facts.derived
    pane.view = View(fleet, Selection(), NOW, 1000.0)
    await pilot.pause()
    return pane.table.formatted - before[0], pane.facts.derived - before[1]


async def test_a_poll_of_thousands_formats_the_rows_in_sight_and_looks_into_these_alone() -> None:
    app = Alone()
    async with app.run_test(size=(80, 24)) as pilot:
        agents = tuple(agent(number) for number in range(2_000))
        fleet = listed(Fleet(), agents)
        rows = app.pane.table.size.height - 1
        formatted, derived = await shown(pilot, app.pane, fleet)
        assert formatted <= 2 * rows and derived <= rows
        assert await shown(pilot, app.pane, replace(fleet, rooms=(Room(name="r"),))) == (0, 0)
        changed = tuple(agent(number, 2) if number % 100 == 0 else old for number, old in enumerate(agents))
        formatted, derived = await shown(pilot, app.pane, listed(fleet, changed))
        assert (formatted <= 2 * rows, derived) == (True, 1), "one of those that changed is in sight"
        formatted, derived = await shown(pilot, app.pane, listed(fleet, tuple(map(agent, range(2_000)))))
        assert formatted <= 2 * rows and derived <= rows


async def test_the_cursor_costs_the_rows_in_sight() -> None:
    app = Alone()
    async with app.run_test(size=(80, 24)) as pilot:
        await shown(pilot, app.pane, listed(Fleet(), tuple(agent(number) for number in range(2_000))))
        app.pane.take_focus()
        await pilot.pause()
        before = app.pane.table.formatted
        await pilot.press("down", "down", "down")
        assert app.pane.table.formatted - before <= 3 * app.pane.table.size.height


def test_the_tree_makes_only_the_lines_of_a_room_that_changed() -> None:
    running = Job(id="AJ", state=JobState(status="JS_RUNNING"))
    fleet = Fleet(
        rooms=tuple(Room(name=f"r{number}") for number in range(50)),
        dispatches={
            f"r{number}": (Dispatch(id="AD", agent_name="a", state=DispatchState(jobs=(running,))),)
            for number in range(50)
        },
    )
    tree, rooms = Tree(), [room.name for room in fleet.rooms]
    tree.toggle_all([f"room:{room}" for room in rooms] + [f"dispatch:{room}\0AD" for room in rooms], True)
    view = View(fleet, Selection(), NOW, 1000.0)
    assert len(tree.flatten(view, rooms)) == 150
    before = dict(tree.nodes)
    tree.toggle("dispatch:r7\0AD", False)
    assert len(tree.flatten(view, rooms)) == 149
    assert [key for key, node in tree.nodes.items() if node is not before[key]] == [
        "room:r7",
        "dispatch:r7\0AD",
    ]


# ---- screen ---------------------------------------------------------------------------------------------


async def test_a_poll_that_brings_nothing_new_asks_for_no_painting(monkeypatch: pytest.MonkeyPatch) -> None:
    painted: list[Widget] = []

    def refresh(self: Widget, *regions: object, **what: object) -> Widget:
        painted.append(self)
        return self

    async with playing(Scene("incident")) as (app, pilot):
        monkeypatch.setattr(Widget, "refresh", refresh)
        for _ in range(3):
            app.main.view = replace(app.main.view, fleet=replace(app.main.view.fleet))
            await settled(pilot)
        assert painted == []


@contextmanager
def watching(*arguments: str) -> Iterator[tuple[World, Terminal]]:
    """The program on a still fleet, with everything fetched."""
    with tempfile.TemporaryDirectory() as home, world(agents=60, rooms=3) as served:
        env = terminal_env(**{**served.environment(), "HOME": home})
        with Terminal(python("tui", *arguments), env=env) as terminal:
            terminal.until("agent-00000")
            terminal.settle(1.2, 15.0)
            yield served, terminal


def polls(served: World) -> int:
    """Listings of agents so far."""
    return sum(1 for request in served.requests() if str(request["path"]).endswith("/ListAgents"))


def silent(served: World, terminal: Terminal) -> bool:
    """Whether three polls that bring nothing send nothing."""
    before, asked = terminal.size, polls(served)
    while polls(served) < asked + 3:
        terminal.pump(0.2)
    return terminal.size == before


@pytest.mark.waits
def test_bytes_to_the_terminal() -> None:
    with watching("--refresh", "0.5") as (served, terminal):
        assert any(silent(served, terminal) for _ in range(3)), "a slow answer is told, on a busy machine"
        assert terminal.press(b"\x0c", quiet=0.4).size <= 13_000
        down = terminal.press(b"\x1b[B", quiet=0.05)
        assert down.size <= 3_500
        assert terminal.press(b"\t", quiet=0.4).size <= 3_000
        served.turn(["agent-00003", "agent-00005"])
        before = terminal.size
        terminal.until(FRAME_END.decode(), since=len(terminal.chunks))
        terminal.settle(0.3, 2.0)
        assert terminal.size - before <= 2 * 250, "two cells, each with its marks of change"


@pytest.mark.waits
def test_low_bandwidth_sends_less() -> None:
    with watching("--low-bandwidth") as (_, terminal):
        assert terminal.press(b"\x0c", quiet=0.4).size <= 8_000
        assert terminal.press(b"?", quiet=0.4).size <= 8_000
        assert terminal.press(b"\x1b", quiet=0.4).size <= 6_000
