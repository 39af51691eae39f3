"""How the outcome of an operation looks: the sign and the tone of its verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tui.operations.journal.journal import Verdict
from tui.operations.journal.outcome import Outcome

_LOOKS: Final[Mapping[Verdict, tuple[str, str]]] = {
    Verdict.DONE: ("✓", "ok"),
    Verdict.ACCEPTED: ("◔", "info"),
    Verdict.REFUSED: ("✗", "error"),
    Verdict.NOT_SENT: ("✗", "warn"),
    Verdict.UNKNOWN: ("?", "warn"),
    Verdict.NOT_SEEN: ("?", "warn"),
}


def verdict_sign(verdict: Verdict) -> str:
    """A one-cell sign."""
    return _LOOKS[verdict][0]


def verdict_tone(verdict: Verdict | None) -> str:
    """The tone of a verdict; None while there is none."""
    return _LOOKS[verdict][1] if verdict else "warn"


def outcome_tone(outcome: Outcome) -> str:
    """The tone of an outcome: a warning where what the server says and what is seen differ."""
    return "warn" if outcome.doubt else verdict_tone(outcome.verdict)
