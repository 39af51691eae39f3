"""One operation on several targets: one after the other, stopping at the first that does not go well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tui.api.errors import ApiError
from tui.fleet.view import Selection, View
from tui.operations.fields import Answers
from tui.operations.freshness_check import moved
from tui.operations.journal.journal import Verdict
from tui.operations.journal.outcome import Outcome, Progress
from tui.operations.operation import Operation, Preview
from tui.operations.runner import OperationRunner


@dataclass(frozen=True, slots=True)
class BulkTarget:
    """One of several, frozen when the dialog opened."""

    selection: Selection
    name: str
    preview: Preview
    """As the operator saw it."""
    hidden: bool = False
    """The filter hides its row."""
    agent_name: str = ""
    """The agent's name as the operator saw it; empty for what is no agent."""

    def new_name(self, view: View) -> str:
        """The name that its agent has by now; empty while it is the one that was seen."""
        agent = view.fleet.agent(self.selection.agent_id)
        changed = self.agent_name and agent is not None and agent.name != self.agent_name
        return (agent.name or agent.agent_id) if agent is not None and changed else ""


async def perform_all(
    operator: OperationRunner,
    operation: Operation,
    targets: Sequence[BulkTarget],
    view: Callable[[Selection], View],
    *,
    reason: str,
    tell: Callable[[int, Progress | Outcome], None],
    stopping: Callable[[], bool],
) -> int:
    """Do it to each; returns how many went well. `stopping` is asked before each one."""
    for index, target in enumerate(targets):
        if stopping():
            return index

        def told(progress: Progress, index: int = index) -> None:
            tell(index, progress)

        outcome = await _one(operator, operation, target, view(target.selection), reason, told)
        tell(index, outcome)
        if outcome.verdict not in (Verdict.DONE, Verdict.ACCEPTED) or outcome.doubt:
            return index
    return len(targets)


async def _one(
    operator: OperationRunner,
    operation: Operation,
    target: BulkTarget,
    view: View,
    reason: str,
    tell: Callable[[Progress], None],
) -> Outcome:
    """Re-read, compare with what was seen, do."""
    answers = Answers()
    subject = f"{operation.label} {target.name}"
    tell(Progress("checking current state…"))
    try:
        fresh = await operator.reread(operation, replace(view, selection=target.selection), answers)
    except ApiError as error:
        return Outcome(Verdict.NOT_SENT, f"{subject}: pre-check failed: {error}; nothing was sent")
    if problem := operation.unfit(fresh):
        return Outcome(Verdict.NOT_SENT, f"{subject}: {problem}; nothing was sent")
    if news := moved(target.preview, operation.preview(fresh, answers)):
        words = f"{subject}: changed since you looked ({', '.join(news)}); nothing was sent"
        return Outcome(Verdict.NOT_SENT, words)
    return await operator.perform(operation, fresh, answers, reason=reason, tell=tell)
