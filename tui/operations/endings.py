"""How an operation ended, by what the server said and what was seen afterwards. Pure."""

from __future__ import annotations

from tui.api.errors import ApiError, NotFound, Unknown
from tui.formats import duration
from tui.operations.journal.journal import Intent, Verdict
from tui.operations.journal.outcome import Outcome, refused
from tui.operations.journal.reconcile import Reconciliation
from tui.operations.operation import Operation, Receipt, Undo


def done(
    subject: str,
    intent: Intent,
    receipt: Receipt,
    took: float,
    *,
    undo: Undo | None,
    items: tuple[str, ...] = (),
) -> Outcome:
    """The answer contains the effect, or the change was accepted and its effect was seen."""
    how = "done" if receipt.dispatch is None else "created"  # no agent is in the room yet
    words = f"{subject}: {how} in {duration(took)}{_more(receipt)}"
    return Outcome(Verdict.DONE, words, intent, receipt=receipt, undo=undo, took=took, items=items)


def accepted(
    subject: str, intent: Intent, receipt: Receipt, took: float, found: Reconciliation | None = None
) -> Outcome:
    """The server accepted it, and `found` does not show its effect; None before the first check."""
    words = f"{subject}: accepted in {duration(took)}{_more(receipt)}"
    if found is None:
        return Outcome(Verdict.ACCEPTED, words, intent, receipt=receipt, took=took)
    doubt = not found.leaves_no_trace
    words = f"{words}; {'but ' if doubt else ''}{found.words}"
    return Outcome(
        Verdict.ACCEPTED, words, intent, receipt=receipt, took=took, items=found.items, doubt=doubt
    )


def denied(subject: str, intent: Intent, error: ApiError, found: Reconciliation) -> Outcome:
    """The server refused after its handler had started, or said that what is to be deleted again is missing.

    Neither is an error that is raised before any effect, so what was `found` decides.
    """
    if found.verdict is Verdict.NOT_SEEN:
        return refused(subject, error, intent)
    no = f"{subject}: LiveKit refused it: {error}"
    if found.verdict is Verdict.DONE and isinstance(error, NotFound):
        return Outcome(Verdict.DONE, f"{subject}: done, {found.words}", intent, items=found.items)
    if found.verdict is Verdict.DONE:
        words = f"{no}; but {found.words}"
        return Outcome(Verdict.DONE, words, intent, items=found.items, doubt=True, error=error)
    if found.leaves_no_trace:
        words = f"{no}; whether anything changed cannot be seen: {found.words}"
        return Outcome(Verdict.UNKNOWN, words, intent, error=error)
    words = f"{no}; whether anything changed is unknown: {found.words}"
    return Outcome(Verdict.UNKNOWN, words, intent, items=found.items, error=error)


def refused_after_all(subject: str, intent: Intent, error: Unknown, why: str) -> Outcome:
    """The answer alone proves nothing, and one check shows that nothing was done."""
    words = f"{subject} refused: {why} ({error}); nothing changed"
    return Outcome(Verdict.REFUSED, words, intent, error=error)


def lost(
    subject: str,
    intent: Intent,
    error: Unknown,
    found: Reconciliation,
    took: float,
    *,
    undo: Undo | None,
    may_resend: bool,
) -> Outcome:
    """No answer, or one that proves nothing: only `found` counts."""
    why = f"the answer proves nothing: {error}" if error.status else f"no answer came: {error}"
    return Outcome(
        found.verdict,
        f"{subject}: {found.in_full} ({why})",
        intent,
        receipt=found.receipt,
        undo=undo,
        took=took,
        items=found.items,
        may_resend=may_resend,
        error=error,
    )


def settled(
    subject: str,
    intent: Intent,
    operation: Operation | None,
    found: Reconciliation,
    before: Outcome | None,
    *,
    early: bool,
) -> Outcome:
    """The outcome of an earlier intent; `early` while an effect that is not seen may still appear.

    Without an `operation` it is of a deploy, which nobody sends again. What the server accepted, by the
    outcome `before`, stays accepted until it is seen.
    """
    is_seen = found.verdict is Verdict.DONE
    if before and before.verdict is Verdict.ACCEPTED and before.receipt and not is_seen:
        return accepted(subject, intent, before.receipt, before.took, found)
    verdict, words = found.verdict, f"{subject}: {found.in_full}"
    if verdict is Verdict.NOT_SEEN and early:
        verdict, words = Verdict.UNKNOWN, f"{words}; too soon to say, check again"
    resend = operation is not None and may_resend(operation, verdict)
    return Outcome(verdict, words, intent, items=found.items, may_resend=resend)


def of_unknown_hosts(subject: str, intent: Intent) -> Outcome:
    """For an intent that does not name its servers, no outcome can be determined here."""
    words = "started by an older lktop, which did not record both servers: check it yourself"
    return Outcome(Verdict.UNKNOWN, f"{subject}: {words}", intent)


def may_resend(operation: Operation, verdict: Verdict) -> bool:
    """Whether the operator is offered to send it again after looking.

    What is not seen may be sent again; what stays unknown only if sending it twice has the effect of once,
    which is never so for a restart: it leaves no trace, and a second one is confirmed afresh.
    """
    return verdict is Verdict.NOT_SEEN or (verdict is Verdict.UNKNOWN and operation.method.repeatable)


def _more(receipt: Receipt) -> str:
    return f" · {receipt.words}" if receipt.words else ""
