"""Looks for the effect of a request whose answer was lost. Sends only reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from msgspec import Struct

from tui.api.errors import ApiError
from tui.clock import Clock
from tui.operations.attempt import LOOKS, look_until
from tui.operations.journal.journal import Intent, Verdict
from tui.operations.journal.outcome import Progress
from tui.operations.operation import Effect, Receipt, Verification
from tui.operations.remote import Remote

ONE_LOOK: Final = (0.0,)

Tell = Callable[[Progress], None]
Verify = Callable[[Remote, Intent], Awaitable[Verification]]


class Reconciliation(Struct, frozen=True):
    """What looking has shown. A look that failed shows nothing: it never turns into "not there"."""

    verdict: Verdict
    words: str
    """What was seen."""
    note: str = ""
    """What that leaves open, if nothing but looking tells whether it happened."""
    items: tuple[str, ...] = ()
    receipt: Receipt | None = None
    leaves_no_trace: bool = False
    """No look will ever tell."""

    @property
    def in_full(self) -> str:
        """What was seen, and what it leaves open."""
        if self.leaves_no_trace:
            return f"{self.note}: {self.words}"
        return f"{self.words}; {self.note}" if self.note else self.words


async def reconcile(
    look: Verify,
    remote: Remote,
    intent: Intent,
    *,
    clock: Clock,
    tell: Tell,
    looks: Sequence[float] = LOOKS,
) -> Reconciliation:
    """Look until the effect is seen, or to the end of the schedule."""
    last: Verification | None = None

    async def conclusive() -> Verification | None:
        nonlocal last
        last = await look(remote, intent)
        return last if last.seen in (Effect.YES, Effect.FAILED, Effect.CANNOT_TELL) else None

    def say(words: str) -> None:
        tell(Progress(words, checking=True))

    try:
        found = await look_until(conclusive, clock=clock, tell=say, looks=looks)
    except ApiError as error:
        return Reconciliation(Verdict.UNKNOWN, f"the check failed: {error}", "it stays unknown")
    if found is not None:
        return _concluded(found)
    if last is None:  # nothing was looked at
        return Reconciliation(Verdict.UNKNOWN, "it was not checked", "it stays unknown")
    if last.seen is Effect.PARTLY:
        return Reconciliation(Verdict.UNKNOWN, last.words, items=last.items)
    return Reconciliation(Verdict.NOT_SEEN, last.words, "it may still appear", last.items)


def _concluded(found: Verification) -> Reconciliation:
    if found.seen is Effect.YES:
        return Reconciliation(Verdict.DONE, found.words, items=found.items, receipt=found.receipt)
    if found.seen is Effect.FAILED:
        return Reconciliation(Verdict.REFUSED, found.words)
    note = "it may or may not have happened"
    return Reconciliation(Verdict.UNKNOWN, found.words, note, leaves_no_trace=True)
