"""How the log view looks in each size and theme, to the cell and the colour."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from tests.idle import leave_unpainted
from tests.logs.fakes import EPOCH, TestClock
from tests.portrait import SIZES, THEMES, Drawing, Portrait, resize
from tests.ui.logview.app import LogApp
from tests.ui.logview.scene import KEYS, build, incident, news


async def drawn(app: LogApp, pilot: Pilot[None]) -> None:
    """Until everything that is put off to a timer or searched in the background is on the screen."""
    await pilot.pause(0)
    while app.view.model.finder.busy:
        await pilot.pause(0)
    app.view.lines.draw()
    app.view.bar.update_now()
    await pilot.pause()


async def play(app: LogApp, pilot: Pilot[None], scene: str) -> None:
    """Put the log into the view and press the scene's keys."""
    log = (build if scene == "build" else incident)(app.clock.monotonic())
    app.view.show_log(log)
    await drawn(app, pilot)
    for key in KEYS[scene]:
        app.simulate_key(key)
        await pilot.pause(0)
        while app.view.model.finder.busy:
            await pilot.pause(0)
    if scene == "behind":
        news(log)
    await drawn(app, pilot)


@pytest.mark.parametrize("scene", KEYS)
async def test_look(snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch, scene: str) -> None:
    leave_unpainted(monkeypatch)
    app = LogApp(None, clock=TestClock(EPOCH + 60))
    drawing, themes = Drawing(), [*THEMES]
    async with app.run_test(size=SIZES[0]) as pilot:
        await play(app, pilot, scene)
        for size in SIZES:
            await resize(pilot, size)
            for theme in themes:
                app.theme = theme
                await drawn(app, pilot)
                drawing.look(app)
            themes.reverse()  # the one that is worn is the first of the next size
    assert str(drawing) == snapshot(extension_class=Portrait)
