"""Looks for the effect of a request whose answer was lost. Sends only reads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from msgspec import Struct

from tui.api.errors import ApiError
from tui.clock import Clock
from tui.operations.journal.journal import Intent, Verdict
from tui.operations.journal.outcome import Progress
from tui.operations.operation import Effect, Receipt, Verification
from tui.operations.remote import Remote

LOOKS: Final = (1.0, 3.0, 8.0, 20.0, 30.0)
"""Seconds after the loss at which is looked; only what the last look does not see counts as not seen."""
ONE_LOOK: Final = (0.0,)

Tell = Callable[[Progress], None]
Verify = Callable[[Remote, Intent], Awaitable[Verification]]


class Reconciliation(Struct, frozen=True):
    """What looking has shown. A look that failed shows nothing: it never turns into "not there"."""

    verdict: Verdict
    words: str
    items: tuple[str, ...] = ()
    receipt: Receipt | None = None
    leaves_no_trace: bool = False
    """No look will ever tell."""


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
    begun = clock.monotonic()
    finding: Verification | None = None
    problem = ""
    for number, at in enumerate(looks, 1):
        await clock.sleep(max(0.0, begun + at - clock.monotonic()))
        tell(Progress(f"unknown – checking, look {number} of {len(looks)}", checking=True))
        try:
            finding, problem = await look(remote, intent), ""
        except ApiError as error:
            finding, problem = None, str(error)
            continue
        if finding.seen is Effect.YES:
            return Reconciliation(Verdict.DONE, finding.words, finding.items, finding.receipt)
        if finding.seen is Effect.FAILED:
            return Reconciliation(Verdict.REFUSED, finding.words)
        if finding.seen is Effect.CANNOT_TELL:
            return Reconciliation(Verdict.UNKNOWN, finding.words, leaves_no_trace=True)
    if finding is None:
        return Reconciliation(Verdict.UNKNOWN, f"looking failed too: {problem}; it stays unknown")
    if finding.seen is Effect.PARTLY:
        return Reconciliation(Verdict.UNKNOWN, finding.words, finding.items)
    return Reconciliation(Verdict.NOT_SEEN, f"{finding.words}; it may still appear", finding.items)
