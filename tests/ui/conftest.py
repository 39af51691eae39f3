"""What keeps the screen still in tests: one time zone, and no key that counts as old on a busy machine."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def still_screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times are shown in UTC, and a key is never dropped for having waited."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr("tui.ui.terminal.safe_app.STALE", 3600.0)
    yield
    monkeypatch.undo()
    time.tzset()
