"""How every scene looks: portraits to the cell and the colour, pictures, and that `screenshots/` is true.

pytest-textual-snapshot holds a picture of each scene in the usual size and theme, and writes an HTML report
of those that differ. The portraits hold every size, and every theme in the usual one. After a change that is
wanted, run `pytest tests/ui/test_snapshots.py --snapshot-update` and look at the differences, then
`python -m tests.scenes` and look at the pictures.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from tests.fixtures.screen import playing
from tests.idle import leave_unpainted, read_styles_once
from tests.portrait import THEMES, Drawing, Portrait
from tests.scenes import FOLDER, SCENES, Scene, resized, taken, worn
from tui.ui.app import Lktop

Compare = Callable[..., bool]
"""Runs an app, and compares its picture with the one that is kept."""
BY_NAME = {scene.name: scene for scene in SCENES}


@pytest.fixture(autouse=True)
def unpainted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw only what is held; a toast is there for some seconds only, so it is in no picture."""
    leave_unpainted(monkeypatch)
    read_styles_once(monkeypatch)
    monkeypatch.setattr(Lktop, "notify", lambda *_, **_options: None)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_looks(snap_compare: Compare, snapshot: SnapshotAssertion, scene: Scene) -> None:
    """One run of the app for both: a portrait of every size and theme, and a picture of the usual one."""
    drawing = Drawing()

    async def draw(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, Lktop)
        await scene.play()(pilot)
        for size in scene.sizes:
            await resized(pilot, size)
            is_usual = size == scene.sizes[-1]
            for theme in [*THEMES, *scene.themes] if is_usual else THEMES[:1]:
                await worn(pilot, theme)
                drawing.look(app, alone=scene.alone)
                assert_is_true(scene, app)
        await worn(pilot, THEMES[0])

    assert snap_compare(scene.app(), terminal_size=scene.sizes[0], run_before=draw)
    assert str(drawing) == snapshot(extension_class=Portrait)


def assert_is_true(scene: Scene, app: Lktop) -> None:
    """The picture in `screenshots/`, if there is one of this size and theme, shows what is on the screen."""
    if name := scene.pictures.get((app.size, app.theme)):
        same = (FOLDER / name).read_text(encoding="utf-8") == taken(app)
        assert same, f"screenshots/{name} shows something else: python -m tests.scenes takes it again"


def test_every_picture_is_one_of_a_scene() -> None:
    known = {name for scene in SCENES for name in scene.pictures.values()}
    assert known == {path.name for path in FOLDER.iterdir()}


@pytest.mark.parametrize("name", ["filter", "dialog-unlock"])
async def test_a_screen_made_larger_looks_as_if_begun_so(name: str) -> None:
    made_larger, begun = Drawing(), Drawing()
    async with playing(BY_NAME[name], (80, 24)) as (app, pilot):
        await resized(pilot, (120, 40))
        made_larger.look(app)
    async with playing(BY_NAME[name], (120, 40)) as (app, _):
        begun.look(app)
    assert str(made_larger).split("\n") == str(begun).split("\n")
