"""The whole program on a simulator, driven by keys."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from textual.events import Key, Paste
from textual.keys import key_to_character
from textual.pilot import Pilot

from tests.fixtures.operation import target, until, world
from tests.idle import handled, is_busy
from tests.scenes import TERMINAL
from tui.fleet.polling.sources import DISPATCHES
from tui.operations.journal.journal import AuditEntry, Journal
from tui.record_options import RecordOptions
from tui.sim.http.server import Simulator, serve
from tui.sim.scenarios.specs import Scenario
from tui.ui.app import Lktop
from tui.ui.dialogs.operation import OperationDialog
from tui.ui.launch import Launch
from tui.ui.widgets.lines import Lines

NAMED = {"@": "at", ":": "colon", "/": "slash", " ": "space", "-": "minus", "_": "underscore"}


class Console:
    """One operator at a keyboard."""

    def __init__(self, app: Lktop, pilot: Pilot[None], simulator: Simulator, state: Path) -> None:
        self.app = app
        self.pilot = pilot
        self.simulator = simulator
        self.state = state

    async def press(self, *keys: str) -> None:
        """Press keys one by one, each handled before the next.

        Not by `pilot.press`, which waits for an idle processor, and with a simulator in it this one is never.
        """
        driver = self.app._driver
        assert driver is not None
        for key in keys:
            driver.send_message(Key(key, key_to_character(key)))
            await self.settle()

    async def burst(self, *events: str | Paste) -> None:
        """Keys and pastes that the terminal sends all at once."""
        driver = self.app._driver
        assert driver is not None
        for event in events:
            driver.send_message(Key(event, key_to_character(event)) if isinstance(event, str) else event)
        await self.settle()

    async def settle(self) -> None:
        """Until every message that is on its way has arrived, and those that it brought about."""
        quiet = 0
        while quiet < 2:  # what a message brought about may take a turn of the loop to come
            await handled(self.app)
            self.app.screen._on_timer_update()  # the keyboard may go elsewhere with the next frame
            quiet = 0 if is_busy(self.app) else quiet + 1

    async def type(self, text: str) -> None:
        """Type a text, key by key."""
        await self.press(*(NAMED.get(letter, letter) for letter in text))

    async def paste(self, text: str) -> None:
        """Paste a text, as a terminal with bracketed paste does."""
        self.app.post_message(Paste(text))
        await self.settle()

    async def command(self, line: str) -> None:
        """Give a command."""
        await self.press("colon")
        await self.paste(line)
        await self.press("enter")

    async def until(self, condition: Callable[[], bool], seconds: float = 40.0) -> None:
        """Wait for something that happens on its own; says what is on the screen if it does not."""
        try:
            await until(condition, seconds)
        except AssertionError as error:
            keyboard = self.app.focused
            raise AssertionError(f"{self.said()[:5]}, keyboard at {keyboard}:\n{self.shown()}") from error
        await self.settle()

    @property
    def dialog(self) -> OperationDialog:
        """The dialog that is open."""
        found = self.app.screen
        assert isinstance(found, OperationDialog), f"{found!r} is open; {self.said()[:3]}"
        return found

    async def opened(self) -> OperationDialog:
        """The dialog, once it has put its questions."""
        await self.until(lambda: isinstance(self.app.screen, OperationDialog))
        await self.until(lambda: self.dialog.obstacle not in ("not read yet", "loading…"))
        return self.dialog

    async def to(self, button: str) -> None:
        """Move the keyboard to a part of the dialog: the button by its key, the rest with Tab."""
        if button == "go" and isinstance(self.app.screen, OperationDialog):
            await self.press("ctrl+s")
        for _ in range(20):
            focused = self.app.focused
            if focused is not None and focused.id == button:
                return
            await self.press("tab")
        raise AssertionError(f"Tab never comes to {button}")

    async def go(self) -> None:
        """Press the button that acts; wait until the dialog has gone, or shows what became of it."""
        dialog, before = self.dialog, self.dialog.model.outcome
        while dialog.model.outcome is before:
            await self.armed()
            await self.to("go")
            await self.press("enter")
            await self.until(lambda: self.is_over(dialog))

    async def armed(self) -> None:
        """Until nothing is in the way; changes that an earlier operation still brings about are accepted."""
        dialog = self.dialog
        while dialog.obstacle:
            await self.until(lambda: not dialog.obstacle or "changed" in dialog.obstacle)
            if dialog.obstacle:
                await self.press("ctrl+r")

    def is_over(self, dialog: OperationDialog) -> bool:
        """Nothing is under way any more, and no key goes to a dialog that is about to close."""
        closed = dialog not in self.app.screen_stack
        return self.app.launcher.session_options.under_way == 0 and (closed or not dialog.model.busy)

    def shown(self) -> str:
        """The words on the top screen."""
        return "\n".join(found.text for found in self.app.screen.query(Lines))

    def said(self) -> list[str]:
        """What was said, newest first."""
        return [item.text for item in self.app.said.newest_first]

    def effects(self) -> list[Mapping[str, object]]:
        """What really happened, without when."""
        drop = ("seq", "time")
        found = self.simulator.control.effects()
        return [{key: value for key, value in effect.items() if key not in drop} for effect in found]

    def names(self) -> list[str]:
        """Names of what really happened."""
        return [str(effect["effect"]) for effect in self.effects()]

    def calls(self, method: str) -> int:
        """How often a method was called."""
        return sum(
            1 for seen in self.simulator.control.requests() if str(seen["path"]).endswith(f"/{method}")
        )

    def audit(self) -> list[AuditEntry]:
        """The audit trail."""
        return Journal(self.state / "journal.jsonl", self.app.clock).entries()

    async def choose(self, agent_id: str) -> None:
        """Put the cursor on an agent."""
        assert self.app.main.go_to_agent(agent_id)
        await self.settle()
        await self.until(lambda: agent_id in self.app.main.view.fleet.secrets)


@asynccontextmanager
async def console(
    state: Path,
    scenario: Scenario | str | None = None,
    *,
    size: tuple[int, int] = (80, 24),
    danger: bool = False,
    read_only: bool = False,
    speed: float = 1.0,
    recording: RecordOptions | None = None,
) -> AsyncIterator[Console]:
    """The program, looking at a small fleet that it has seen; it keeps no history, unless it is asked to."""
    async with serve(scenario or world(), seed=1, speed=speed) as simulator:
        project = target(simulator, danger=danger, read_only=read_only)
        launch = Launch(
            project=project,
            projects=(project,),
            terminal=TERMINAL,
            state_dir=state,
            working_dir=state,
            refresh=1.0,
            theme="dark",
            history_dir=state / "history" if recording else None,
            record=recording,
        )
        app = Lktop(launch, chance=random.Random(1))
        async with app.run_test(size=size) as pilot:
            here = Console(app, pilot, simulator, state)
            rooms = len(simulator.world.rooms)
            agents = len(simulator.world.agents)
            await here.until(
                lambda: app.session is not None and len(app.session.store.fleet.agents) == agents
            )
            await here.until(lambda: app.session is not None and len(app.session.store.fleet.rooms) == rooms)
            assert app.session is not None
            app.session.nudge(DISPATCHES)  # or it would look again in a second
            await here.until(
                lambda: app.session is not None and app.session.store.fleet.coverage.polled == rooms
            )
            yield here
