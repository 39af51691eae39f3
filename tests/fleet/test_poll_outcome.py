"""From what a turn ended in to how current a source is and when its next turn comes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tui.api import errors
from tui.fleet.polling.poll_outcome import (
    ABSENT_EVERY,
    BACKOFF,
    BACKOFF_CAP,
    REFUSED_EVERY,
    Answered,
    Failed,
    Faulted,
    HeldBack,
    Outcome,
    Unwanted,
    next_turn,
)
from tui.fleet.state import Freshness

NOW = 100.0
JITTER = 0.5
NEVER = Freshness()
GOOD = Freshness(at=90.0, subject="CA_1")
MISSED = Freshness(at=90.0, failures=3, error="down", retry_at=99.0, subject="CA_1")
NEW = Freshness(at=NOW, subject="CA_1")
DOWN = errors.Unknown("down", status=503)
PAUSE = errors.Throttled("budget used up", retry_after=7.0)
LIMITED = errors.RateLimited("slow down", status=429, retry_after=20.0)
REFUSED = errors.Unauthorized("no", status=401)
ABSENT = errors.NoSuchService("not here", status=404)


def missed(before: Freshness, error: errors.ApiError, wait: float) -> tuple[Freshness, float]:
    """One more failure."""
    failures = before.failures + 1
    return replace(before, failures=failures, error=str(error), retry_at=NOW + wait, subject="CA_1"), wait


FIRST = BACKOFF * (1 + JITTER)
CASES: list[tuple[str, Freshness, Outcome, tuple[Freshness, float | None]]] = [
    ("an answer", MISSED, Answered(4.0), (NEW, 4.0)),
    ("nothing to ask about", GOOD, Answered(4.0, asked=False), (GOOD, 4.0)),
    ("nothing to ask about after failures", MISSED, Answered(4.0, asked=False), (MISSED, 4.0)),
    ("a first failure", GOOD, Failed(DOWN), missed(GOOD, DOWN, FIRST)),
    ("a fourth", MISSED, Failed(DOWN), missed(MISSED, DOWN, 8 * FIRST)),
    ("the cap", replace(GOOD, failures=50), Failed(DOWN), missed(replace(GOOD, failures=50), DOWN, 15.0)),
    ("a long Retry-After", GOOD, Failed(errors.Unknown("x", status=503, retry_after=60.0)), (
        missed(GOOD, errors.Unknown("x", status=503, retry_after=60.0), 60.0)
    )),
    ("a part failed", MISSED, Failed(DOWN, in_part=True), missed(NEW, DOWN, FIRST)),
    ("a 429", GOOD, Failed(LIMITED), missed(GOOD, LIMITED, 20.5)),
    ("refused credentials", GOOD, Failed(REFUSED), missed(GOOD, REFUSED, REFUSED_EVERY)),
    ("no such API", MISSED, Failed(ABSENT), (replace(NEW, absent=True, error=str(ABSENT)), ABSENT_EVERY)),
    ("our own budget", GOOD, Failed(PAUSE), (GOOD, 7.5)),
    ("our own budget after failures", MISSED, Failed(PAUSE), (replace(MISSED, retry_at=107.5), 7.5)),
    ("our own budget for a part", MISSED, Failed(PAUSE, in_part=True), (NEW, 7.5)),
    ("held back", GOOD, HeldBack("no", 120.0), (
        replace(GOOD, failures=1, error="no", retry_at=120.0), 20.0
    )),
    ("our own fault", GOOD, Faulted("KeyError: x", 1, parked=False), (
        replace(GOOD, failures=1, error="KeyError: x", retry_at=NOW + 2 * BACKOFF), 2 * BACKOFF
    )),
    ("too many of them", GOOD, Faulted("KeyError: x", 5, parked=True), (
        replace(GOOD, failures=1, error="KeyError: x", parked=True), None
    )),
    ("unwanted after failures", MISSED, Unwanted(None), (NEVER, None)),
    ("unwanted", GOOD, Unwanted(1.0), (GOOD, 1.0)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("before", "outcome", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_what_follows(before: Freshness, outcome: Outcome, expected: tuple[Freshness, float | None]) -> None:
    freshness, wait = next_turn(before, outcome, subject="CA_1", now=NOW, jitter=JITTER)
    assert (freshness, wait) == (expected[0], pytest.approx(expected[1]) if expected[1] else expected[1])


def test_a_failure_about_something_else_has_no_age() -> None:
    freshness, _ = next_turn(GOOD, Failed(DOWN), subject="CA_2", now=NOW, jitter=0.0)
    assert (freshness.at, freshness.failures, freshness.subject) == (None, 1, "CA_2")


def test_the_wait_is_never_longer_than_the_cap_and_its_jitter() -> None:
    waits = [
        next_turn(replace(GOOD, failures=count), Failed(DOWN), subject="", now=NOW, jitter=1.0)[1]
        for count in range(40)
    ]
    assert max(wait or 0.0 for wait in waits) == 2 * BACKOFF_CAP
