"""The whole program on a simulator, started in a project's directory, driven by keys."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from textual.pilot import Pilot
from textual.screen import Screen

from tests.fixtures.deploy import project
from tests.fixtures.operation import target, world
from tests.operations.console import TERMINAL, Console
from tui.operations.journal.journal import AuditEntry
from tui.sim.http.server import Simulator, serve
from tui.ui.app import Lktop
from tui.ui.launch import Launch
from tui.ui.main_screen.requests import CommandGiven

LOOK = 0.03
"""Seconds between two looks at the screen: each draws it."""
PATIENCE = 10.0
"""Seconds until something that should show counts as missing."""

S = TypeVar("S", bound=Screen[None])


class Hands(Console):
    """One operator at a keyboard, in a project's directory."""

    def __init__(self, app: Lktop, pilot: Pilot[None], simulator: Simulator, state: Path, root: Path) -> None:
        super().__init__(app, pilot, simulator, state)
        self.root = root

    async def run(self, text: str) -> None:
        """A command line, as if it were typed."""
        self.app.main.post_message(CommandGiven(text))
        await self.settle()

    async def see(self, *words: str) -> None:
        """Wait until all of these are on the screen, wherever its lines break."""
        deadline = time.monotonic() + PATIENCE
        while missing := [word for word in words if word not in self.screen and word not in self.flowing]:
            assert time.monotonic() < deadline, f"{missing} not on the screen:\n{self.screen}"
            await asyncio.sleep(LOOK)
        await self.settle()

    async def on(self, kind: type[S]) -> S:
        """The screen on top, once it is of that kind."""
        await self.until(lambda: isinstance(self.app.screen, kind))
        top = self.app.screen
        assert isinstance(top, kind)
        return top

    async def home(self) -> None:
        """Until nothing lies over the main screen."""
        await self.until(lambda: self.app.screen is self.app.main)

    @property
    def screen(self) -> str:
        """All of it."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips())

    @property
    def flowing(self) -> str:
        """All of it in one line: a path may be as long as it likes."""
        return " ".join(self.screen.replace("│", " ").split())

    def entry(self) -> AuditEntry:
        """The newest line of the audit trail."""
        return self.audit()[0]


@asynccontextmanager
async def running(
    folder: Path,
    *,
    size: tuple[int, int] = (120, 40),
    read_only: bool = False,
    danger: bool = False,
    files: Mapping[str, str | None] | None = None,
    **switches: object,
) -> AsyncIterator[Hands]:
    """The program, once it shows the fleet."""
    root, state = project(folder / "app", **(files or {})), folder / "state"
    options = {"build_seconds": 0.0, **switches}
    async with serve(world(), seed=1, speed=1.0, **options) as simulator:
        chosen = target(simulator, read_only=read_only, danger=danger)
        launch = Launch(
            project=chosen,
            projects=(chosen,),
            terminal=TERMINAL,
            state_dir=state,
            working_dir=root,
            theme="dark",
        )
        app = Lktop(launch, chance=random.Random(1))
        async with app.run_test(size=size) as pilot:
            hands = Hands(app, pilot, simulator, state, root)
            await hands.until(lambda: bool(app.main.is_mounted and app.main.view.fleet.agents))
            yield hands
