"""Tests of the terminal see keys as they are: one that waited too long is dropped."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def still_screen() -> None:
    """Takes the place of the fixture that the rest of the screen's tests use."""
