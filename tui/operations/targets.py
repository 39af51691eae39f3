"""What an operation acts on, frozen by identity when a key is pressed. Pure."""

from __future__ import annotations

from msgspec import Struct

from tui.fleet.view import Selection
from tui.operations.fields import Answers


class Target(Struct, frozen=True):
    """One target of an operation."""

    selection: Selection
    answers: Answers = Answers()
    """What is answered already by what the cursor is on, such as the version of a row."""
    hidden: bool = False
    """A filter hides its row."""


class NoTarget(ValueError):
    """There is nothing to act on; the text says why."""
