"""The README says what the program does."""

from __future__ import annotations

from tests.keys import README, readme


def test_the_keys_are_todays() -> None:
    assert readme() == README.read_text(encoding="utf-8"), "run `python -m tests.keys`"
