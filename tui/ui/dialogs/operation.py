"""The dialog of one operation: what its buttons do, from the last look over the one request to its end."""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.api.errors import ApiError
from tui.operations.fields import Answers, InvalidAnswer
from tui.operations.join_watch import JoinProgress, JoinWatch, follow
from tui.operations.journal.journal import Verdict
from tui.operations.journal.outcome import Outcome, Progress
from tui.operations.operation import Danger
from tui.operations.undo import UNDO_SECONDS
from tui.ui.dialogs.buttons import Press
from tui.ui.dialogs.fact_lines import join_told
from tui.ui.dialogs.question import QuestionDialog
from tui.ui.dialogs.verdicts import outcome_tone
from tui.ui.dialogs.wrap import FactLine

BUSY_KEYS = "Esc hides this; the outcome will be said, and is in :audit"


class Phase(Enum):
    """Where a dialog is."""

    ASKING = "asking"
    BUSY = "busy"
    ENDED = "ended"


class OperationDialog(QuestionDialog):
    """Sends once for each confirmation, and stays where there is more to see."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "Do it, where it can be taken back", show=False),
    ]

    phase = Phase.ASKING
    outcome: Outcome | None = None
    """What became of it, once it is over."""
    _join: JoinProgress | None = None

    @property
    def asking(self) -> bool:
        """Answers still count."""
        return self.phase is Phase.ASKING

    @property
    def busy(self) -> bool:
        """It is being done."""
        return self.phase is Phase.BUSY

    # ---- buttons --------------------------------------------------------------------------------------

    def on_press_pressed(self, event: Press.Pressed) -> None:
        """A button."""
        event.stop()
        if event.button.id == "cancel":
            self.action_leave()
        elif event.button.id == "again":
            self._again()
        elif not self.enter_is_held:
            self._go()

    def action_yes(self) -> None:
        """Only where it can be taken back, and nothing is asked."""
        if self.operation.danger is Danger.REVERSIBLE and self.form is None and self.asking:
            self._go()

    def _again(self) -> None:
        """The second button: show the request, or look again."""
        if self.phase is Phase.ENDED and self.outcome is not None:
            before = self.outcome
            self._begin()
            self.context.keep(self._look_again(before))
        elif self.asking:
            self.shows_request = not self.shows_request
            self.redraw()

    def _go(self) -> None:
        """The third button. Pressed while something is in the way it does nothing but say so."""
        if self.phase is Phase.ENDED and self.outcome is not None and self.outcome.may_resend:
            before = self.outcome
            self._begin()
            self.context.keep(self._do(before))
        elif not self.asking or self.obstacle:
            self.app.bell()
        elif self.context.dry_run:
            self.shows_request = True
            self.redraw()
        else:
            self._begin()
            self.context.keep(self._do(None))

    def draw_buttons(self) -> None:
        """Other words once it is under way or over."""
        super().draw_buttons()
        cancel, again, go = (self.frame.button(name) for name in ("cancel", "again", "go"))
        ended, outcome = self.phase is Phase.ENDED, self.outcome
        unsettled = outcome is not None and outcome.verdict in (Verdict.UNKNOWN, Verdict.NOT_SEEN)
        again.display = self.asking or (ended and unsettled)
        go.display = self.asking or (ended and outcome is not None and outcome.may_resend)
        if not self.asking:
            cancel.say("Close" if ended else "Hide", "text")
            again.say("Check again", "text")
            go.say("Send again", "warn")

    def key_words(self) -> tuple[str, ...]:
        """What the keys do by now."""
        if self.asking:
            return super().key_words()
        if self.phase is Phase.BUSY:
            return (BUSY_KEYS,)
        undo = self.outcome.undo if self.outcome is not None else None
        if undo is None or self.context.undo.offered is not undo:
            return ("Esc closes",)
        return (f"Esc closes · then u {undo.words}, for {UNDO_SECONDS:.0f} s",)

    def facts(self) -> list[FactLine]:
        """The way into the room, once it is being followed."""
        return join_told(self._join) if self._join is not None else super().facts()

    # ---- doing it -------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self.phase = Phase.BUSY
        self.shows_request = False
        self.frame.freeze(True)
        self.frame.button("cancel").focus()
        self.tell(Progress("looking how things are…"))

    async def _do(self, before: Outcome | None) -> None:
        """Read once more, compare with what was seen, send once."""
        try:
            answers = await self._last_look(again=before is not None)
        except InvalidAnswer as problem:
            self._ask_again(FactLine("", f"{problem}; nothing was sent", "error"))
            return
        except ApiError as error:
            self._ask_again(FactLine("", f"could not look first: {error}; nothing was sent", "error"))
            return
        outcome = await self.context.operator.perform(
            self.operation,
            self.pending.view,
            answers,
            reason=self.frame.reason,
            tell=self.tell,
            earlier=before.intent if before else None,
        )
        self._end(outcome)

    async def _last_look(self, *, again: bool) -> Answers:
        """The answers, if nothing that was shown has changed. Raises `InvalidAnswer`, `ApiError`."""
        operator, pending = self.context.operator, self.pending
        answers = await asyncio.to_thread(self.operation.resolve, pending.answers)
        shown = pending.answers.secrets
        pending.answer(answers)
        if shown.secrets and answers.secrets != shown:
            raise InvalidAnswer("file", "the file is not as it was read: look again")
        pending.reread(await operator.reread(self.operation, pending.view, answers))
        if problem := self.operation.unfit(pending.view):
            raise InvalidAnswer("", problem)
        if pending.news and not again:
            raise InvalidAnswer("", f"changed since you looked: {', '.join(pending.news)}")
        self.operation.check(pending.view, answers)
        return answers

    async def _look_again(self, before: Outcome) -> None:
        if before.intent is not None:
            self._end(await self.context.operator.settle(before.intent, self.tell))

    def _ask_again(self, said: FactLine) -> None:
        """Nothing was sent: back to the questions."""
        self.phase = Phase.ASKING
        self.told = [said]
        if self.is_open:
            self.frame.freeze(False)
            self.redraw()
        else:
            self.context.say(f"{self.operation.label}: {said.text}", tone="warn")

    def _end(self, outcome: Outcome) -> None:
        """Say what became of it, and stay where there is more to see."""
        self.outcome = outcome
        closes = _is_plain(outcome)
        self.context.ended(self.operation, outcome, seen=self.is_open and not closes)
        if not self.is_open:
            return
        if closes:
            self.dismiss()
            return
        said = FactLine("", outcome.words, outcome_tone(outcome))
        if outcome.verdict in (Verdict.REFUSED, Verdict.NOT_SENT):
            self.pending.wait(outcome.retry_after)
            self._ask_again(said)
            return
        self.phase = Phase.ENDED
        self.frame.conclude()
        self.told = [said, *_more(outcome)]
        self.redraw()
        made = outcome.receipt.dispatch if outcome.receipt is not None else None
        if made is not None:
            started = self.context.clock.monotonic() - outcome.took
            watch = JoinWatch(made, started=started, accepted=outcome.took)
            self.run_worker(self._follow(watch), exclusive=False)

    async def _follow(self, watch: JoinWatch) -> None:
        """The join watch stays until the dialog is closed."""
        context = self.context
        ended = await follow(watch, context.operator.remote, context.store, context.clock, self._joining)
        context.say(f"{ended.dispatch_id}: {ended.verdict}", toast=False)

    def _joining(self, join: JoinProgress) -> None:
        self._join = join
        self.redraw()


def _is_plain(outcome: Outcome) -> bool:
    """Done, and nothing more to see."""
    more = outcome.items or outcome.notes or outcome.doubt
    joins = outcome.receipt is not None and outcome.receipt.dispatch is not None
    return outcome.verdict is Verdict.DONE and not more and not joins


def _more(outcome: Outcome) -> list[FactLine]:
    """What there is to say besides the outcome."""
    told = [FactLine("", item, "error" if "NOT" in item else "ok") for item in outcome.items]
    told += [FactLine("", note, "warn") for note in outcome.notes]
    if outcome.intent is not None and outcome.verdict is not Verdict.DONE:
        told.append(FactLine("request id", outcome.intent.request_id, "muted"))
    return told
