"""The outcome of an operation: what happened, whether anything changed, what to do next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

from tui.api.errors import ApiError, NotSent, RateLimited, ReadOnly, Unauthorized
from tui.operations.journal.journal import Intent, Verdict
from tui.operations.operation import Receipt, Undo

WORDS: Final = {
    Verdict.DONE: "done",
    Verdict.ACCEPTED: "accepted",
    Verdict.REFUSED: "refused",
    Verdict.NOT_SENT: "not sent",
    Verdict.UNKNOWN: "unknown",
    Verdict.NOT_SEEN: "not seen",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of an operation, or of a look for one."""

    verdict: Verdict
    words: str
    """One line for the operator."""
    intent: Intent | None = None
    """As journalled; None where none was written."""
    receipt: Receipt | None = None
    undo: Undo | None = None
    items: tuple[str, ...] = ()
    """One line a part, such as one a secret."""
    took: float = 0.0
    """Seconds from the request to its answer, or to when its effect was seen."""
    retry_after: float = 0.0
    """Seconds that the server asked to wait before it is tried again."""
    may_resend: bool = False
    """The effect was looked for: the operator may send the very same request again."""
    doubt: bool = False
    """What the server says and what is seen differ, or it was looked for and not seen."""
    error: ApiError | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()
    """What else has to be said, such as a journal that could not be written."""


class Progress(Struct, frozen=True):
    """What is happening now."""

    words: str
    checking: bool = False
    """The outcome is unknown and being looked for."""


def refused(subject: str, error: ApiError, intent: Intent | None) -> Outcome:
    """The outcome of an error that says that nothing happened, and proves it or was looked after."""
    verdict = Verdict.NOT_SENT if isinstance(error, NotSent) else Verdict.REFUSED
    wait = error.retry_after if isinstance(error, RateLimited) else 0.0
    return Outcome(verdict, f"{subject}{_why(error)}", intent, error=error, retry_after=wait)


def _why(error: ApiError) -> str:
    if isinstance(error, ReadOnly):
        return ": this session is read-only, nothing was sent; :unlock 15m allows changes"
    if isinstance(error, NotSent):
        return f" not sent: {error}; nothing changed, try again"
    if isinstance(error, RateLimited):
        return f" refused: {error}; nothing changed, LiveKit asks for {error.retry_after:.0f} s"
    advice = ": check key, secret, clock and what that key may do" if isinstance(error, Unauthorized) else ""
    return f" refused by LiveKit: {error}; nothing changed{advice}"
