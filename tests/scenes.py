"""Still scenes: snapshot tests hold them, `python -m tests.scenes` makes `screenshots/` of them.

A scene's data come from the simulator over real sockets through the real client, with both clocks frozen.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import msgspec
from textual.pilot import Pilot

from tui.fleet.logs.hub import LogHub
from tui.fleet.session import Session
from tui.fleet.state import Fleet, Selection
from tui.fleet.store import Store
from tui.fleet.target import Target
from tui.fleet.watch import Link
from tui.secret import Secret
from tui.sim.server import serve
from tui.ui.app import Lktop
from tui.ui.launch import Launch
from tui.ui.picture import align
from tui.ui.terminal import Terminal

START = 1_786_000_000.0
"""When scenes play, Unix seconds."""
LATER = 40.0
"""Seconds between the two looks of a scene: what moved in between carries change marks."""
TARGET = Target(
    name="demo",
    url="http://127.0.0.1:7880",
    agents_url="http://127.0.0.1:7880",
    api_key="devkey",
    api_secret=Secret("secret"),
    source="simulator started by lktop demo",
)
TERMINAL = Terminal(
    columns=120,
    rows=40,
    term="xterm-256color",
    program="",
    colors="truecolor",
    no_color=False,
    unicode=True,
    encoding="utf-8",
    multiplexer="",
)


class StillClock:
    """A clock that stands where it is put."""

    def __init__(self, now: float = START) -> None:
        self.at = now

    def now(self) -> float:
        """Unix seconds."""
        return self.at

    def monotonic(self) -> float:
        """Seconds since the scenes began, and some."""
        return self.at - START + 1000.0

    async def sleep(self, seconds: float) -> None:
        """Zero only yields; anything longer never ends."""
        if seconds <= 0:
            await asyncio.sleep(0)
        else:
            await asyncio.Event().wait()


class Still:
    """A session in which nothing happens any more."""

    def __init__(self, fleet: Fleet, target: Target = TARGET) -> None:
        self.target = target
        self.store = Store(fleet)
        self.logs: LogHub | None = None

    def select(self, selection: Selection) -> None:
        """Details were fetched beforehand."""

    def nudge(self, *names: str) -> None:
        """Nothing is new."""

    def raw(self, item: object) -> bytes:
        """As received, nearly."""
        return msgspec.json.encode(item)

    def link(self) -> Link:
        """A quiet line."""
        return Link(hosts="127.0.0.1:7880", used=12, budget=600)

    async def run(self) -> None:
        """Wait until cancelled."""
        await asyncio.Event().wait()


@lru_cache(maxsize=16)
def fleet(scenario: str, agents: int | None = None) -> Fleet:
    """What a session knows after two looks at a scenario."""
    return asyncio.run(_look(scenario, agents))


async def _look(scenario: str, agents: int | None) -> Fleet:
    async with serve(scenario=scenario, seed=1, speed=0, start_time=START, agents=agents) as server:
        target = Target(
            name="demo",
            url=server.url,
            agents_url=server.url,
            api_key=server.key,
            api_secret=Secret(server.secret),
            source="scene",
        )
        clock = StillClock()
        session = Session(target, clock=clock, chance=random.Random(1), refresh=2.0)
        try:
            await _round(session)
            server.advance(LATER)
            clock.at += LATER
            await _round(session)
            await _details(session)
        finally:
            await session.client.aclose()
        return session.store.fleet


async def _round(session: Session) -> None:
    await session.poller.once()
    while session.store.fleet.coverage.polled < len(session.store.fleet.rooms):
        before = session.store.fleet.coverage.polled
        await session.poller.once()
        if session.store.fleet.coverage.polled == before:
            return  # a scenario whose rooms do not answer


async def _details(session: Session) -> None:
    for agent in session.store.fleet.agents[:60]:
        session.select(Selection(agent_id=agent.agent_id))
        await session.poller.once()


@dataclass(frozen=True)
class Scene:
    """What is on the screen, and how one gets there."""

    name: str
    scenario: str = "incident"
    keys: tuple[str, ...] = ()
    sizes: Sequence[tuple[int, int]] = ((80, 24), (120, 40))
    picture: tuple[int, int] | None = (120, 40)
    """Size of its picture in `screenshots/`; None for none."""
    ascii_only: bool = False
    change: Callable[[Fleet], Fleet] = field(default=lambda known: known)

    def app(self, theme: str = "dark") -> Lktop:
        """The program, with the scene's data behind it."""
        launch = Launch(
            target=TARGET,
            targets=(TARGET,),
            terminal=TERMINAL,
            state_dir=Path("/nonexistent"),
            working_dir=Path("/nonexistent"),
            theme=theme,
            ascii_only=self.ascii_only,
        )
        known = self.change(fleet(self.scenario))
        return Lktop(
            launch,
            clock=StillClock(START + LATER),
            chance=random.Random(1),
            connect=lambda target: Still(known, target),
        )

    def play(self) -> Callable[[Pilot[None]], Awaitable[None]]:
        """Presses the scene's keys."""

        async def press(pilot: Pilot[None]) -> None:
            await settled(pilot)
            for key in self.keys:
                await pilot.press(key)
                await settled(pilot)

        return press


async def settled(pilot: Pilot[None]) -> None:
    """Until everything that was called later has run."""
    for _ in range(3):
        await pilot.pause()


SCENES: tuple[Scene, ...] = (
    Scene("incident", sizes=((80, 24), (120, 40), (200, 50))),
    Scene("statuses", scenario="statuses"),
    Scene("status", keys=("2", "f")),
    Scene("versions", keys=("3",), sizes=((120, 40),)),
    Scene("secrets", keys=("4",), sizes=((80, 24),), picture=None),
    Scene("dispatches", keys=("5", "f")),
    Scene("filter", keys=("slash", *"status:error"), sizes=((120, 40),)),
    Scene("problems", keys=("exclamation_mark",), sizes=((80, 24),), picture=None),
    Scene("command", keys=("colon", *"status sup"), sizes=((80, 24),), picture=None),
    Scene("help", keys=("question_mark",)),
    Scene("wide", keys=("f", "ctrl+w"), sizes=((200, 50),), picture=(200, 50)),
    Scene("marks", keys=("space", "down", "space"), sizes=((80, 24),), picture=None),
    Scene("empty", scenario="empty", sizes=((80, 24), (120, 40)), picture=None),
    Scene("selfhosted", scenario="selfhosted", sizes=((120, 40),), picture=(120, 40)),
    Scene("hostile", scenario="hostile", sizes=((120, 40),), picture=(120, 40)),
    Scene("ascii", ascii_only=True, sizes=((80, 24),), picture=None),
    Scene("small", sizes=((50, 12),), picture=None),
)
"""Every scene, in the order of the pictures."""


async def picture(scene: Scene, theme: str, size: tuple[int, int]) -> str:
    """A scene as SVG."""
    app = scene.app(theme)
    async with app.run_test(size=size) as pilot:
        await scene.play()(pilot)
        return align(app.export_screenshot(title="lktop"))


def main() -> int:
    """Write every picture into the folder named, or `screenshots/`."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "screenshots"
    folder.mkdir(exist_ok=True)
    for scene in SCENES:
        if scene.picture is not None:
            columns, rows = scene.picture
            for theme in ("dark", "light") if scene.name == "incident" else ("dark",):
                suffix = "" if theme == "dark" else f"-{theme}"
                path = folder / f"{scene.name}-{columns}x{rows}{suffix}.svg"
                scene.app(theme)  # its data are fetched on an event loop of their own
                path.write_text(asyncio.run(picture(scene, theme, scene.picture)), encoding="utf-8")
                print(path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
