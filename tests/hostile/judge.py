"""What was said against what is true; what no look can find is in `BELIEVABLE`, `CARRIED` and `DENIED`."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.lies import BELIEVABLE
from tests.hostile.trial import Result
from tui.operations.journal.journal import Verdict
from tui.operations.registry import BY_ID

NOTHING = (Verdict.REFUSED, Verdict.NOT_SENT)


def complaints(result: Result) -> Iterator[str]:
    """Everything that was said and is not so, and everything that was done and must not be."""
    trial = result.trial
    is_carried = trial.fault.truthful and trial.case.twin
    is_denied = trial.fault.denies and trial.look == "late"
    lie = "twin" if trial.twin == "during" else trial.look
    words = " / ".join(f"{outcome.verdict}: {outcome.words}" for outcome in result.said)
    for outcome in result.said:
        if outcome.verdict in NOTHING and result.happened and not (is_denied or lie in BELIEVABLE):
            yield f"false nothing changed: {trial} | {words}"
        elif outcome.verdict is Verdict.NOT_SEEN and result.happened and lie not in BELIEVABLE:
            yield f"false not seen: {trial} | {words}"
        elif outcome.verdict is Verdict.DONE and not (result.happened or is_carried or lie in BELIEVABLE):
            yield f"false done: {trial} | {words}"
    if result.arrived > 1 or result.executed[0] > 1:
        yield f"sent twice: {trial} | {words}"
    operation = BY_ID[trial.case.operation]
    if result.said[0].may_resend and not operation.method.repeatable and lie not in BELIEVABLE:
        if result.executed[1] > 1:
            yield f"done twice by an offer: {trial} | {words}"
        elif result.lied and lie != "late":
            yield f"offered after a look that proves nothing: {trial} | {words}"
    if result.foreign:
        yield f"foreign: {trial} | {words}"
