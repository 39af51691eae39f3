"""A tiny app around a log view, as the product mounts it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from random import Random

from textual.app import App, ComposeResult
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from tests.logs.fakes import EPOCH, TestClient, TestClock, source
from tui.clock import Clock, SystemClock
from tui.logs.hub import LogHub
from tui.ui import theme
from tui.ui.logview import LogView
from tui.ui.widgets.key_choice import KeyChoice


class LogApp(App[None]):
    """Only a log view."""

    CSS = "Screen { background: $background; }"

    def __init__(
        self, hub: LogHub | None, *, clock: Clock | None = None, save_dir: Path = Path("/nonexistent")
    ) -> None:
        super().__init__()
        self.clock = clock or SystemClock()
        self.view = LogView(hub, clock=self.clock, save_dir=save_dir, zone=UTC)
        self.copied: list[str] = []
        self.asked: KeyChoice | None = None
        self.told: list[str] = []
        self.jobs: list[tuple[str, str, str]] = []
        self.titles: list[str] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our tones in Textual's own themes."""
        return theme.defaults()

    def compose(self) -> ComposeResult:
        """The view."""
        yield self.view

    def on_mount(self) -> None:
        """Use a theme of ours."""
        for found in theme.load().themes:
            self.register_theme(found)
        self.theme = theme.DEFAULT
        self.view.focus()

    def on_key_choice(self, event: KeyChoice) -> None:
        """Remember it, for `answer`."""
        self.asked = event

    def answer(self, key: str) -> None:
        """Answer what was asked last."""
        assert self.asked is not None
        self.asked.answer(key)

    def on_log_view_copy(self, event: LogView.Copy) -> None:
        """Remember it."""
        self.copied.append(event.text)

    def on_log_view_save_ended(self, event: LogView.SaveEnded) -> None:
        """Remember it."""
        self.told.append(event.words)

    def on_log_view_jump_to_job(self, event: LogView.JumpToJob) -> None:
        """Remember it."""
        self.jobs.append((event.job_id, event.room, event.dispatch_id))

    def on_log_view_titled(self, event: LogView.Titled) -> None:
        """Remember it."""
        self.titles.append(event.title)

    def rows(self) -> list[str]:
        """The screen as text."""
        strips = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


class Rig:
    """The app, its client and its clock, in the hands of a test."""

    def __init__(self, app: LogApp, pilot: Pilot[None], client: TestClient, clock: TestClock) -> None:
        self.app = app
        self.view = app.view
        self.client = client
        self.clock = clock
        self._pilot = pilot

    async def receive(self, *lines: bytes | str, region: str = "us-east") -> None:
        """Lines come in and are on the screen when this returns."""
        self.client.of(region).lines(*lines)
        await self.settle(0.5)

    async def press(self, *keys: str) -> None:
        """Press keys; what comes of them is on the screen when this returns."""
        for key in keys:
            self.app.simulate_key(key)
            await self._pilot.pause(0)
        await self.settle()

    async def type(self, text: str) -> None:
        """Type into the prompt."""
        self.app.query_one(Input).value = text
        await self.settle()

    async def paste(self, text: str) -> None:
        """Paste into the prompt, as a terminal does."""
        self.app.query_one(Input).post_message(Paste(text))
        await self._pilot.pause(0)
        await self.settle()

    async def enter(self, text: str) -> None:
        """Type into the prompt and press Enter."""
        await self.type(text)
        await self.press("enter")

    async def settle(self, seconds: float = 0.0, *, draw: bool = True) -> None:
        """Let time pass and everything that is due happen, the search in the background included."""
        await self.clock.advance(seconds)
        await self._pilot.pause(0)
        while self.view.model.finder.busy:
            await self._pilot.pause(0)
        if draw:
            self.view.lines.draw()
            self.view.bar.update_now()
        await self._pilot.pause(0)

    async def done(self, group: str) -> None:
        """Wait for work in the background."""
        # an empty list would stand for all workers, and the search never ends
        if working := [worker for worker in self.app.workers if worker.group == group]:
            await self.app.workers.wait_for_complete(working)
        await self.settle()

    def lines(self) -> list[str]:
        """The rows of the log on the screen, without the words below them."""
        return self.app.rows()[: self.view.lines.size.height]

    @property
    def below(self) -> str:
        """The words below the log."""
        return self.app.rows()[-1]

    @property
    def cursor_line(self) -> bytes:
        """The line at the cursor, as received."""
        return self.view.model.log.line(self.view.model.page.cursor).raw


@asynccontextmanager
async def reading(
    *lines: bytes | str, size: tuple[int, int] = (120, 20), save_dir: Path = Path("/nonexistent")
) -> AsyncIterator[Rig]:
    """A log view that follows one agent, which has printed these lines."""
    clock, client = TestClock(EPOCH + 600), TestClient()
    hub = LogHub(client, clock=clock, random=Random(1), folder=None)
    app = LogApp(hub, clock=clock, save_dir=save_dir)
    async with app.run_test(size=size) as pilot:
        rig = Rig(app, pilot, client, clock)
        app.view.attach([source()])
        await rig.settle(0.1)
        if lines:
            await rig.receive(*lines)
        yield rig
    await hub.aclose()
