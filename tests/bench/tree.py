"""The dispatch tree of 1,000 rooms, 20,000 dispatches and 100,000 jobs: to load it, open all, open one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from time import process_time

from textual.app import App, ComposeResult
from textual.widgets import Tree

from tests.bench.figures import US, Figure
from tests.bench.suite import Suite
from tui.api.models import Dispatch, DispatchState, Job, JobState, Room
from tui.fleet.state import Fleet
from tui.fleet.view import Selection, View
from tui.ui import theme
from tui.ui.panes.dispatches import DispatchesPane

CASE = "tree"
ROOMS, DISPATCHES, JOBS = 1_000, 20, 5
NOW = 1_786_000_000.0
"""Unix seconds."""
LOAD, EXPAND = 150.0, 50.0
"""Milliseconds of processor."""


def run(suite: Suite) -> Iterator[Figure]:
    """In this process, on a terminal that is none: what is measured is thinking, not painting."""
    fleet = _fleet()
    taken = [asyncio.run(_ours(fleet)) for _ in range(suite.runs)]
    jobs = ROOMS * DISPATCHES * JOBS
    for name, budget, values in (
        (f"load {jobs:,} jobs", LOAD, [times[0] for times in taken]),
        ("open every node", None, [times[1] for times in taken]),
        ("close one of them", EXPAND, [times[2] for times in taken]),
        ("cursor down in all of them", None, [times[3] for times in taken]),
    ):
        yield Figure(CASE, name, US, "ms", tuple(values), budget)
    if not suite.quick:
        load, expand = asyncio.run(_textual())
        yield Figure(CASE, f"load {jobs:,} jobs", "Textual's Tree", "ms", (load,))
        yield Figure(CASE, "close one of them", "Textual's Tree", "ms", (expand,))


def _fleet() -> Fleet:
    stamp = int((NOW - 60) * 1e9)
    rooms = tuple(Room(name=f"room-{number:04d}", num_participants=3) for number in range(ROOMS))
    return Fleet(
        rooms=rooms,
        dispatches={
            room.name: tuple(_dispatch(room.name, number, stamp) for number in range(DISPATCHES))
            for room in rooms
        },
    )


def _dispatch(room: str, number: int, stamp: int) -> Dispatch:
    name = f"AD_{room}_{number}"
    jobs = tuple(
        Job(
            id=f"AJ_{name}_{job}",
            dispatch_id=name,
            agent_name="agent",
            state=JobState(status="JS_RUNNING", started_at=stamp),
        )
        for job in range(JOBS)
    )
    return Dispatch(id=name, agent_name="agent", room=room, state=DispatchState(jobs=jobs, created_at=stamp))


class Alone(App[None]):
    """One pane."""

    def __init__(self) -> None:
        super().__init__()
        self.pane = DispatchesPane()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our tones."""
        return theme.defaults()

    def compose(self) -> ComposeResult:
        """The pane."""
        yield self.pane


async def _ours(fleet: Fleet) -> tuple[float, ...]:
    app = Alone()
    async with app.run_test(size=(120, 40)) as pilot:
        app.pane.take_focus()
        await pilot.pause()
        pane = app.pane
        every = [f"room:{room.name}" for room in fleet.rooms]
        every += [f"dispatch:{room}\0{item.id}" for room, items in fleet.dispatches.items() for item in items]
        steps: Sequence[Callable[[], object]] = (
            partial(setattr, pane, "view", View(fleet, Selection(), NOW, 1000.0)),
            lambda: (pane.tree_model.toggle_all(every, True), pane.update_rows()),
            pane.action_close,
            partial(pane.table.action_move, 1),
        )
        times: list[float] = []
        for step in steps:
            began = process_time()
            step()
            await pilot.pause()
            times.append((process_time() - began) * 1e3)
        assert len(pane.table.keys) == 1 + (ROOMS - 1) * (1 + DISPATCHES * (1 + JOBS))
        return tuple(times)


async def _textual() -> tuple[float, float]:
    tree: Tree[None] = Tree("rooms")

    class Theirs(App[None]):
        def compose(self) -> ComposeResult:
            yield tree

    async with Theirs().run_test(size=(120, 40)) as pilot:
        began = process_time()
        tree.root.expand()
        for room in range(ROOMS):
            node = tree.root.add(f"room {room}", expand=True)
            for dispatch in range(DISPATCHES):
                branch = node.add(f"dispatch {dispatch}", expand=True)
                for job in range(JOBS):
                    branch.add_leaf(f"job {job}")
        await pilot.pause()
        load = process_time() - began
        began = process_time()
        tree.root.children[0].toggle()
        await pilot.pause()
        return load * 1e3, (process_time() - began) * 1e3
