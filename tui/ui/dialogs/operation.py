"""The dialog of one operation: questions, a last look when the button is pressed, one request, its outcome.

`OperationModel` knows what there is to say, `DialogLayout` how it looks. This takes keys, data and answers to
the model, and does what takes time. It is long because Textual wants a handler for each kind of event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.events import DescendantFocus, Key, Paste, Resize
from textual.widgets import Input

from tui.api.errors import ApiError
from tui.fleet.view import Selection
from tui.operations.fields import Answers, FieldKind, InvalidAnswer, Option
from tui.operations.join_watch import JoinProgress, JoinWatch, follow
from tui.operations.journal.outcome import Outcome, Progress
from tui.operations.operation import Operation
from tui.ui.dialogs.base import CONFIRMS_NOTHING
from tui.ui.dialogs.buttons import Press
from tui.ui.dialogs.fields.base import FieldAnswered, Read
from tui.ui.dialogs.fields.secret_input import SecretInput
from tui.ui.dialogs.form import Form
from tui.ui.dialogs.form_dialog import FormDialog
from tui.ui.dialogs.layout import DialogLayout
from tui.ui.dialogs.operation_facts import is_plain
from tui.ui.dialogs.operation_model import OperationModel
from tui.ui.dialogs.project_context import ProjectContext
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import OPERATION


class OperationDialog(FormDialog):
    """One operation on one target. Sends once for each confirmation, and stays where there is more to see."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(OPERATION)

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
        self.model = OperationModel(context, operation, selection, answers, undoes=undoes)
        super().__init__(DialogLayout(danger=self.model.is_grave))
        self.context = context
        self.operation = operation
        self.pending = self.model.pending
        self._due = False
        self.is_ready = False

    # ---- life -----------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Ask, follow the data, and count seconds."""
        super().on_mount()
        self._unsubscribe = self.context.store.subscribe(lambda change: self._changed())
        self.set_interval(1.0, self.redraw)
        is_to_be_read = self.operation.prepares or self.pending.is_to_be_read
        self._read(self._prepare if is_to_be_read else self._put)

    def on_unmount(self) -> None:
        """Stop following the data, and forget secret values."""
        self._unsubscribe()
        if self.form is not None and not self.model.busy:
            self.form.wipe()

    def _read(self, reading: Callable[[], Coroutine[None, None, None]]) -> None:
        """Esc leaves meanwhile, and nothing is sent."""
        self.model.is_reading = True
        self.replace_work(reading)

    async def _prepare(self) -> None:
        """Ask the server for what the form starts with."""
        self._report(Progress("reading…"))
        operator, pending = self.context.operator, self.pending
        try:
            answers = await self.operation.prepare(operator.remote, pending.view, pending.answers)
            pending.answer(answers)
            pending.accept(await operator.reread(self.operation, pending.view, answers))
        except ApiError as error:
            self.model.is_reading = False
            self.model.fail(f"cannot load what it needs: {error}; ctrl+r tries again")
            self.frame.button("cancel").focus()
            self.redraw()
            self.ready()
            return
        self.model.clear()
        await self._put()

    async def _put(self) -> None:
        """Put the questions."""
        fields = self.operation.fields(self.pending.view, self.pending.answers)
        if fields and self.form is None:
            form = Form(fields, self._options, chance=self.context.chance)
            await self.frame.put(form)
            self.form = form
        self.model.is_ready, self.model.is_reading = True, False
        self._answer()
        if self.form is not None:
            self.form.focus_first()
        else:
            self.frame.button("cancel").focus()
        self.redraw()
        self.call_after_refresh(self.ready)

    @property
    def asks(self) -> bool:
        """It has questions, or a name has to be typed."""
        return self.form is not None or bool(self.model.wanted())

    def takes(self, event: Key | Paste) -> bool:
        """What its questions consume, and the name that has to be typed, wherever the keyboard is."""
        if self.frame.takes_name(event):
            return True
        edits = isinstance(event, Paste) or event.key in CONFIRMS_NOTHING or self.is_edit(event)
        return self.form is not None and edits

    def refuse_paste(self, words: str) -> None:
        """Say it where everything else is said."""
        self.model.fail(words)
        self.redraw()

    # ---- data and answers -----------------------------------------------------------------------------

    def _changed(self) -> None:
        """Several changes of one moment are drawn once."""
        if not self._due:
            self._due = True
            self.call_later(self._see)

    def _see(self) -> None:
        self._due = False
        self.model.see()
        if self.model.asking and self.form is not None:
            self.form.refill()
        self.redraw()

    def _options(self, name: str) -> tuple[Option, ...]:
        return self.operation.options(self.pending.view, self.pending.answers, name)

    def _answer(self) -> None:
        """Take the answers from the form."""
        if self.form is not None:
            files = [field.id for field in self.form.fields if field.kind is FieldKind.FILE]
            self.pending.fill(self.form.answers, files)

    def on_field_answered(self, event: FieldAnswered) -> None:
        """Another answer."""
        event.stop()
        self._answered()

    def on_secret_input_changed(self, event: SecretInput.Changed) -> None:
        """Another value."""
        event.stop()
        self._answered()

    def _answered(self) -> None:
        if self.model.asking and self.model.is_ready:
            self.model.clear()
            self._answer()
            self.redraw()

    def on_input_changed(self, event: Input.Changed) -> None:
        """The reason, or the typed confirmation."""
        self.redraw()

    def go_on(self) -> None:
        """Enter in a question: to the next one, as long as there are questions."""
        if self.model.asking:
            super().go_on()

    async def on_read(self, event: Read) -> None:
        """Read the file that was named."""
        event.stop()
        if not self.model.asking or self.form is None:
            return
        self._answer()
        try:
            found = await asyncio.to_thread(self.operation.resolve, self.pending.answers)
        except InvalidAnswer as problem:
            self.model.fail(str(problem))
        else:
            self.model.clear()
            self.pending.answer(found)
            self.go_on()
        self.redraw()

    # ---- keys and buttons -----------------------------------------------------------------------------

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Say what the question means."""
        self.redraw()

    def on_resize(self, event: Resize) -> None:
        """Wrap lines for the new width."""
        self.call_after_refresh(self.redraw)

    def action_leave(self) -> None:
        """Close an open list, the request shown, or the dialog."""
        if self.form is not None and self.form.close_list():
            return
        if self.model.shows_request:
            self.model.shows_request = False
            self.redraw()
            return
        self.dismiss()

    def action_picture(self) -> None:
        """A picture, unless a secret is being asked for."""
        if self.form is not None and self.form.is_secret:
            self.context.say("no pictures while a secret is asked for", tone="warn")
        else:
            self.context.picture()

    def action_copy_command(self) -> None:
        """The equivalent command, or the request where that is shown."""
        if text := self.model.copy_text():
            self.context.copy(text)

    def action_read_again(self) -> None:
        """Read again what it rests on, and accept it; once it is over, look again for its effect."""
        if not self.model.asking:
            if self.model.may_check:
                self._again()
        elif not self.model.is_reading:
            self._read(self._reload if self.model.is_ready else self._prepare)

    async def _reload(self) -> None:
        self.model.clear()
        self.model.see()
        self.redraw()
        pending = self.pending
        try:
            pending.accept(await self.context.operator.reread(self.operation, pending.view, pending.answers))
            self.model.clear()
        except ApiError as error:
            self.model.fail(f"cannot reload: {error}")
        self.model.is_reading = False
        self.redraw()

    def on_press_pressed(self, event: Press.Pressed) -> None:
        """A button."""
        event.stop()
        if event.button.id == "cancel":
            self.action_leave()
        elif event.button.id == "again":
            self._again()
        elif not self.enter_is_held:
            self._go()

    def _again(self) -> None:
        """The second button: show the request, or look again."""
        outcome = self.model.outcome
        if self.model.may_check and outcome is not None:
            self._begin()
            self.context.keep(self._check(outcome))
        elif self.model.asking:
            self.model.shows_request = not self.model.shows_request
            self.redraw()

    def _go(self) -> None:
        """The third button. Pressed while something is in the way it only rings the bell."""
        if self.model.may_resend:
            before = self.model.outcome
            self._begin()
            self.context.keep(self._send(before))
        elif not self.model.asking or self.obstacle:
            self.app.bell()
        elif self.context.dry_run:
            self.model.shows_request = True
            self.redraw()
        else:
            self._begin()
            self.context.keep(self._send(None))

    # ---- sending --------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self.frame.freeze(True)
        self.frame.button("cancel").focus()
        self.model.begin()
        self.redraw()

    async def _send(self, before: Outcome | None) -> None:
        """Look once more, compare with what was shown, send once. `before` is sent again, by its id."""
        try:
            answers = await self._last_look(again=before is not None)
        except InvalidAnswer as problem:
            self._ask_again(f"{problem}; nothing was sent")
            return
        except ApiError as error:
            self._ask_again(f"pre-check failed: {error}; nothing was sent")
            return
        outcome = await self.context.operator.perform(
            self.operation,
            self.pending.view,
            answers,
            reason=self.frame.reason,
            tell=self._report,
            earlier=before.intent if before else None,
        )
        self._end(outcome)

    async def _last_look(self, *, again: bool) -> Answers:
        """The answers, if nothing that was shown has changed. Raises `InvalidAnswer`, `ApiError`."""
        pending = self.pending
        pending.take_resolved(await asyncio.to_thread(self.operation.resolve, pending.answers))
        pending.reread(await self.context.operator.reread(self.operation, pending.view, pending.answers))
        pending.require_unchanged(again=again)
        return pending.answers

    async def _check(self, before: Outcome) -> None:
        """Look again whether it happened."""
        if before.intent is not None:
            self._end(await self.context.operator.settle(before.intent, self._report, before=before))

    def _ask_again(self, words: str) -> None:
        """Nothing was sent: back to the questions."""
        self.model.ask_again(words)
        if self.is_open:
            self.frame.freeze(False)
            self.redraw()
        else:
            self.context.say(f"{self.operation.label}: {words}", tone="warn")

    def _end(self, outcome: Outcome) -> None:
        """Tell the outcome, and stay where there is more to see."""
        closes = is_plain(outcome)
        self.context.ended(self.operation, outcome, seen=self.is_open and not closes)
        self.model.end(outcome)
        if not self.is_open:
            return
        if closes:
            self.dismiss()
            return
        if self.model.asking:
            self.frame.freeze(False)
        else:
            self.frame.conclude()
        made = outcome.receipt.dispatch if outcome.receipt is not None else None
        if made is not None:
            now = self.context.clock.monotonic()
            watch = JoinWatch(made, started=now - outcome.took, accepted=outcome.took)
            self.model.join = watch.join(self.context.store.fleet, now)
            self.replace_work(partial(self._follow, watch), "join")
        self.redraw()

    async def _follow(self, watch: JoinWatch) -> None:
        """The join watch stays until the dialog is closed."""
        context = self.context
        ended = await follow(watch, context.operator.remote, context.store, context.clock, self._joining)
        context.say(f"{ended.dispatch_id}: {ended.verdict}", toast=False)

    def _joining(self, join: JoinProgress) -> None:
        self.model.join = join
        self.redraw()

    # ---- drawing --------------------------------------------------------------------------------------

    @property
    def obstacle(self) -> str:
        """Why the button does not act; empty if it does."""
        self.model.form_problem = self._form_problem
        return self.model.obstacle(self.frame.typed)

    @property
    def _form_problem(self) -> str:
        """What stands in the questions and must not be sent or shown, in words."""
        return self.problem_in(self.pending.answers.texts.values())

    def _report(self, progress: Progress) -> None:
        self.model.report(progress)
        if self.is_open:
            self.redraw()

    def redraw(self) -> None:
        """Draw what differs."""
        if not self.frame.is_mounted or not self.is_open:
            return  # not there yet, or being taken apart
        model, frame = self.model, self.frame
        model.form_problem = self._form_problem
        frame.title(*model.title())
        if self.form is not None and model.asking:
            self.form.display = not model.shows_request  # the whole room is for the request
        frame.facts(model.facts())
        frame.ask_typed(model.wanted())
        frame.status(model.status(frame.typed))
        help = self.form.help_for(self.focused) if self.form is not None else ""
        frame.keys(*model.keys(help, frame.is_letter_typed))
        frame.buttons(model.buttons(frame.typed))
