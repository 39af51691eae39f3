"""What the log view looks like, held as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest
from textual.app import App
from textual.pilot import Pilot

from tests.logs.app import LogApp
from tests.logs.fakes import EPOCH, TestClock
from tests.logs.scene import KEYS, build, incident, news


class Compare(Protocol):
    """The plug-in's fixture."""

    def __call__(self, app: App[None], *, terminal_size: tuple[int, int], run_before: object) -> bool: ...


@pytest.mark.parametrize(
    ("scene", "size", "theme"),
    [
        ("following", (120, 30), "dark"),
        ("traceback", (120, 30), "light"),
        ("kinds", (80, 24), "dark"),
        ("wrapped", (80, 24), "mono"),
        ("following", (60, 15), "ansi16"),
        ("behind", (80, 24), "dark"),
        ("searching", (120, 30), "dark"),
        ("filtered", (80, 24), "dark"),
        ("filters", (60, 15), "dark"),
        ("hidden", (60, 15), "light"),
        ("build", (80, 24), "dark"),
    ],
)
def test_look(
    snap_compare: Compare,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    scene: str,
    size: tuple[int, int],
    theme: str,
) -> None:
    # the plug-in's own variable goes with the operator's when tests start
    monkeypatch.setenv("TEXTUAL_SNAPSHOT_TEMPDIR", str(tmp_path))
    clock = TestClock(EPOCH + 60)
    app = LogApp(None, clock=clock)

    async def prepare(pilot: Pilot[None]) -> None:
        app.theme = theme
        log = (build if scene == "build" else incident)(clock.monotonic())
        app.view.show_log(log)
        await pilot.pause(0)
        for key in KEYS[scene]:
            app.simulate_key(key)
            await pilot.pause(0)
            while app.view.searching.finder.busy:
                await pilot.pause(0)
        await pilot.pause()
        if scene == "behind":
            news(log)
        app.view.lines.draw()
        app.view.below.update_now()
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=prepare)
