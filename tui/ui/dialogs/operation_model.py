"""What the dialog of an operation knows: how far it is, and what title, facts and buttons say. No widgets.

`PendingOperation` decides whether the operation may be sent; this adds what has happened since.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from msgspec.structs import replace

from tui.fleet.lists.cells import Cell
from tui.fleet.view import Selection
from tui.operations.fields import Answers, InvalidAnswer
from tui.operations.join_watch import JoinHealth, JoinProgress
from tui.operations.journal.journal import Verdict
from tui.operations.journal.outcome import Outcome, Progress
from tui.operations.operation import Danger, Operation
from tui.operations.pending_operation import PendingOperation
from tui.operations.undo import UNDO_SECONDS
from tui.ui.dialogs.fact_lines import FactLine
from tui.ui.dialogs.layout import KEYS, without_copy
from tui.ui.dialogs.operation_facts import (
    join_facts,
    outcome_facts,
    preview_facts,
    project_cells,
    request_facts,
)
from tui.ui.dialogs.project_context import ProjectContext

BUSY_KEYS = "Esc hides this; the result will be announced and kept in :audit"
_TONES = {Danger.REVERSIBLE: "accent", Danger.SERVICE: "warn", Danger.DESTROYS: "error"}


class OperationPhase(Enum):
    """How far the operation is."""

    ASKING = "asking"
    """Answers still count."""
    BUSY = "busy"
    """It is being done: what it is done to stays as it is."""
    ENDED = "ended"


class Label(NamedTuple):
    """The label of a button."""

    words: str
    tone: str = "text"


class OperationModel:
    """One operation on one target, frozen by identity when the dialog opens."""

    def __init__(
        self,
        context: ProjectContext,
        operation: Operation,
        selection: Selection,
        answers: Answers,
        *,
        undoes: bool = False,
    ) -> None:
        """`undoes` where it undoes the last operation."""
        self.context = context
        self.operation = operation
        self.pending = PendingOperation(
            operation,
            context.view(selection),
            answers,
            production=context.project.danger,
            refresh=context.refresh_seconds,
        )
        self.phase = OperationPhase.ASKING
        self.outcome: Outcome | None = None
        """The newest outcome."""
        self.notice: tuple[FactLine, ...] = ()
        """What is happening or has happened; empty while it is only asked."""
        self.join: JoinProgress | None = None
        """How far a dispatch is on its way into the room."""
        self.shows_request = False
        """The request is shown instead of the questions."""
        self.is_ready = False
        """What it rests on was read, and the questions are put."""
        self.is_reading = False
        """What it rests on is being read."""
        self.form_problem = ""
        """What stands in the questions and must not be sent, in words; empty if nothing does."""
        self._undoes = undoes

    @property
    def is_grave(self) -> bool:
        """It destroys something, or acts in a production project."""
        return self.operation.danger is Danger.DESTROYS or self.context.project.danger

    @property
    def asking(self) -> bool:
        """Answers still count."""
        return self.phase is OperationPhase.ASKING

    @property
    def busy(self) -> bool:
        """It is being done."""
        return self.phase is OperationPhase.BUSY

    @property
    def may_check(self) -> bool:
        """Its outcome is not known for certain and can be looked for again."""
        if self.phase is not OperationPhase.ENDED or self.outcome is None:
            return False
        not_shown = self.outcome.verdict is Verdict.ACCEPTED and self.outcome.doubt
        return not_shown or self.outcome.verdict in (Verdict.UNKNOWN, Verdict.NOT_SEEN)

    @property
    def may_resend(self) -> bool:
        """It certainly did not happen, so that it may be sent again."""
        return self.phase is OperationPhase.ENDED and self.outcome is not None and self.outcome.may_resend

    def obstacle(self, typed: str) -> str:
        """Why the button does not act; empty if it does. `typed` is the typed confirmation."""
        if not self.is_ready:
            return "not read yet"
        if self.is_reading:
            return "reloading…"
        if self.form_problem:
            return self.form_problem
        now = self.context.clock.monotonic()
        return self.pending.obstacle(typed, locked=self.context.locked, now=now)

    # ---- what happens ---------------------------------------------------------------------------------

    def see(self) -> None:
        """Take over newer data, unless it is being done."""
        if not self.busy:
            self.pending.see(self.context.view(self.pending.view.selection))

    def report(self, progress: Progress) -> None:
        """Say what is happening."""
        self.notice = (FactLine("", progress.words, "warn" if progress.checking else "busy"),)

    def fail(self, words: str) -> None:
        """Say what went wrong."""
        self.notice = (FactLine("", words, "error"),)

    def clear(self) -> None:
        """Say nothing more."""
        self.notice = ()

    def begin(self) -> None:
        """The button was pressed."""
        self.phase, self.shows_request = OperationPhase.BUSY, False
        self.report(Progress("checking current state…"))

    def ask_again(self, words: str) -> None:
        """Nothing was sent: back to the questions."""
        self.phase = OperationPhase.ASKING
        self.fail(words)

    def end(self, outcome: Outcome) -> None:
        """The operation ended; a refused one may be tried again."""
        self.outcome = outcome
        self.notice = outcome_facts(outcome)
        if outcome.verdict in (Verdict.REFUSED, Verdict.NOT_SENT):
            self.pending.wait(outcome.retry_after)
            self.phase, self.notice = OperationPhase.ASKING, self.notice[:1]
        else:
            self.phase = OperationPhase.ENDED

    # ---- what the dialog says -------------------------------------------------------------------------

    def title(self) -> tuple[str, list[Cell], str]:
        """What is done to what, where, and in which tone."""
        what = self.pending.preview.what
        where = project_cells(self.context.project, locked=self.context.locked)
        return f"Undo: {what}" if self._undoes else what, where, _TONES[self.operation.danger]

    def facts(self) -> list[FactLine]:
        """What is known of target and effect; the request, or the way into the room."""
        if self.shows_request:
            return self.request()
        if self.join is not None:
            return join_facts(self.join)
        pending = self.pending
        age = pending.age(self.context.clock.monotonic())
        if self.asking or self.may_resend:
            return preview_facts(pending.preview, pending.baseline, pending.hints, age, self.command())
        # once it is done, hints and effects would count it among what was there before
        preview = replace(pending.preview, effect=pending.baseline.effect, lost=pending.baseline.lost)
        return preview_facts(preview, pending.baseline, (), age, self.command())

    def request(self) -> list[FactLine]:
        """What would be sent."""
        view, answers = self.pending.view, self.pending.answers
        try:
            return request_facts(self.operation, view, answers, self.context.project)
        except InvalidAnswer as problem:
            return [FactLine("dry run", str(problem), "error")]

    def command(self) -> str:
        """The equivalent for a shell."""
        return self.operation.equivalent(self.pending.view, self.pending.answers)

    def copy_text(self) -> str:
        """What a copy takes: the request where it is shown, else the command."""
        return "\n".join(fact.text for fact in self.request()[1:]) if self.shows_request else self.command()

    def wanted(self) -> tuple[str, ...]:
        """What has to be typed to confirm: any of these."""
        return self.pending.wanted if self.asking else ()

    def status(self, typed: str) -> list[FactLine]:
        """What is happening, and what is in the way, or that nothing is."""
        if not self.asking:
            return list(self.notice[self._is_early :])
        if obstacle := self.obstacle(typed):
            return [*self.notice, FactLine("", obstacle, "warn")]
        words = "dry run: the button shows the request" if self.context.dry_run else "ready"
        return list(self.notice) or [FactLine("", words, "muted")]

    @property
    def _is_early(self) -> bool:
        """That it is done would be said beside a join watch that has not seen the agent come."""
        is_done = self.outcome is not None and self.outcome.verdict in (Verdict.DONE, Verdict.ACCEPTED)
        return is_done and self.join is not None and self.join.mood is not JoinHealth.GOOD

    def keys(self, help: str, is_letter_typed: Callable[[], bool]) -> tuple[str, ...]:
        """What the keys do, the longest form first, or what the question means that has the keyboard."""
        if self.busy:
            return (BUSY_KEYS,)
        if self.phase is OperationPhase.ENDED:
            undo = self.outcome.undo if self.outcome is not None else None
            if undo is None or self.context.undo.offered is not undo:
                return ("ctrl+r checks again · Esc closes" if self.may_check else "Esc closes",)
            return (f"Esc closes · then u {undo.words}, for {UNDO_SECONDS:.0f} s",)
        if self.shows_request:
            return ("Esc goes back · c copies the request",)
        if help:
            return (f"{help} · ctrl+s, then Enter", help)
        return tuple(map(without_copy, KEYS)) if is_letter_typed() else KEYS

    def buttons(self, typed: str) -> dict[str, Label | None]:
        """The labels of the buttons; None for one that is not shown."""
        if not self.asking:
            return {
                "cancel": Label("Close" if self.phase is OperationPhase.ENDED else "Hide"),
                "again": Label("Check again") if self.may_check else None,
                "go": Label("Send again", "warn") if self.may_resend else None,
            }
        tone = "error" if self.operation.danger is Danger.DESTROYS else "accent"
        go = Label(self.operation.label, "muted" if self.obstacle(typed) else tone)
        return {
            "cancel": Label("Cancel"),
            "again": Label("Back" if self.shows_request else "Dry run"),
            "go": Label("read-only", "muted") if self.context.locked else go,
        }
