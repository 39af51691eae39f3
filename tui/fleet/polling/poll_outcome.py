"""What a turn of a source ended in → how current the source is now and when its next turn is. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tui.api.errors import ApiError, NoSuchService, RateLimited, Throttled, Unauthorized
from tui.fleet.state import Freshness

BACKOFF = 0.8
"""Seconds before the first retry; doubled each time."""
BACKOFF_CAP = 10.0
"""Seconds that a retry waits at the most, before jitter."""
REFUSED_EVERY = 30.0
"""Seconds between tries, of all sources together, at a host that refuses the credentials."""
ABSENT_EVERY = 60.0
"""Seconds between looks whether a server by now has an API that it did not have."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The source answered and all is well, or it had nothing to ask about."""

    every: float | None
    """Seconds between its polls; None to wait until somebody looks at it."""
    asked: bool = True
    """A request was sent, so the data are as new as the answer."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A request failed."""

    error: ApiError
    in_part: bool = False
    """Other requests of the same turn were answered: their data are new."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """Nothing was sent: the host refuses our credentials, and another source tries them."""

    reason: str
    until: float
    """Monotonic time of the next try."""


@dataclass(frozen=True, slots=True)
class Faulted:
    """Our own code failed."""

    text: str
    faults: int
    """How often it did lately, this one counted."""
    parked: bool
    """It did so too often: no further turn until the operator asks for one."""


@dataclass(frozen=True, slots=True)
class Unwanted:
    """Nobody looks at what the source is about."""

    look_after: float | None
    """Seconds until it is checked again whether it is wanted; None if a new selection tells."""


Outcome = Answered | Failed | HeldBack | Faulted | Unwanted


def next_turn(
    before: Freshness, outcome: Outcome, *, subject: str, now: float, jitter: float
) -> tuple[Freshness, float | None]:
    """How current the source is now, and the seconds until its next turn; None for no further turn.

    `now` is monotonic; `jitter` is a random share from 0 to 1, which keeps sources and consoles out of step.
    """
    match outcome:
        case Answered(every, asked):
            return (before.good(now, subject) if asked else before), every
        case Failed(error, in_part):
            # where something came in, the whole is not stale however often a part fails
            return _after_error(before.good(now, subject) if in_part else before, error, subject, now, jitter)
        case HeldBack(reason, until):
            return before.failed(reason, until, subject), until - now
        case Faulted(text, faults, parked):
            wait = None if parked else min(BACKOFF_CAP, BACKOFF * 2**faults)
            failed = before.failed(text, None if wait is None else now + wait, before.subject)
            return replace(failed, parked=parked), wait
        case Unwanted(look_after):
            return (Freshness() if before.failures else before), look_after  # nothing unwanted is stale


def _after_error(
    before: Freshness, error: ApiError, subject: str, now: float, jitter: float
) -> tuple[Freshness, float]:
    if isinstance(error, Throttled):  # our own budget, or a pause that another source was told: no failure
        wait = error.retry_after + jitter * min(1.0, error.retry_after)
        # after earlier failures the reason stays and only the next try is another
        return (replace(before, retry_at=now + wait) if before.failures else before), wait
    if isinstance(error, NoSuchService):
        return replace(before.good(now, subject), absent=True, error=str(error)), ABSENT_EVERY
    if isinstance(error, RateLimited):
        wait = error.retry_after + jitter
    elif isinstance(error, Unauthorized):
        wait = REFUSED_EVERY
    else:
        backoff = min(BACKOFF_CAP, BACKOFF * 2 ** min(before.failures, 10)) * (1 + jitter)
        wait = max(backoff, error.retry_after)
    return before.failed(str(error), now + wait, subject), wait
