"""Dialogs take keys from the first moment on; that they usually ignore early keys has a test of its own."""

from __future__ import annotations

import pytest

from tests.idle import leave_unpainted, read_styles_once
from tui.operations import pending_operation
from tui.ui.dialogs import base
from tui.ui.terminal import safe_app


@pytest.fixture(autouse=True)
def takes_keys_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting after a dialog has opened, nor between two presses of Enter."""
    monkeypatch.setattr(base.Dialog, "QUIET", 0.0)
    monkeypatch.setattr(base, "REPEAT", 0.0)
    monkeypatch.setattr(pending_operation, "CONFIRM_DELAY", 0.0)
    monkeypatch.setattr(safe_app, "STALE", 3600.0)  # the machine may be as busy as it likes
    read_styles_once(monkeypatch)
    leave_unpainted(monkeypatch)
