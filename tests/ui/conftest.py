"""What keeps the screen still in tests: one time zone, and no key that counts as old on a busy machine."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.idle import leave_unpainted, read_styles_once


@pytest.fixture(autouse=True)
def still_screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown in UTC, and a key is never dropped for having waited."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr("tui.ui.terminal.safe_app.STALE", 3600.0)
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(autouse=True)
def spared(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No frame is drawn that nobody looks at, but where a test is about frames."""
    read_styles_once(monkeypatch)
    if "painted" not in request.fixturenames:
        leave_unpainted(monkeypatch)


@pytest.fixture
def painted() -> None:
    """Frames are drawn as on a terminal."""
