"""How every scene looks, to the cell and the colour.

After a change that is wanted, run `pytest tests/ui/test_snapshots.py --snapshot-update` and look at them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.scenes import SCENES, Scene

THEMED = {"incident": ((80, 24),), "statuses": ((120, 40),)}
"""Scenes that are held in more themes than the dark one, and their sizes."""
ONE_SIZE = {"statuses", "status", "help", "empty", "stale", "production", "logs"}
"""Scenes whose smaller size shows nothing that others do not."""


REPORTS = "TEXTUAL_SNAPSHOT_TEMPDIR"
FOLDER = os.environ.get(REPORTS, "")
"""Where the plug-in collects its report; the tests' own environment hides it."""


@pytest.fixture(autouse=True)
def reports(still_environment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the plug-in find its folder."""
    monkeypatch.setenv(REPORTS, FOLDER)


def _cases() -> Iterator[tuple[Scene, tuple[int, int], str]]:
    for scene in SCENES:
        sizes = [max(scene.sizes)] if scene.name in ONE_SIZE else scene.sizes
        yield from ((scene, size, "dark") for size in sizes)
        for size in THEMED.get(scene.name, ()):
            yield from ((scene, size, theme) for theme in ("mono", "ansi16"))


@pytest.mark.parametrize(
    ("scene", "size", "theme"),
    [
        pytest.param(scene, size, theme, id=f"{scene.name}-{size[0]}x{size[1]}-{theme}")
        for scene, size, theme in _cases()
    ],
)
def test_looks(snap_compare: Callable[..., bool], scene: Scene, size: tuple[int, int], theme: str) -> None:
    assert snap_compare(scene.app(theme), terminal_size=size, run_before=scene.play())
