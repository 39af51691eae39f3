"""The dialog of one operation: asks, shows what would happen, sends once, stays for what became of it."""

from __future__ import annotations

import asyncio
from enum import Enum
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import DescendantFocus, Resize
from textual.widgets import Input

from tui.api.errors import ApiError
from tui.fleet.journal import Verdict
from tui.fleet.operations.answers import Answers, BadAnswer, Kind, Option
from tui.fleet.operations.base import Danger, Operation
from tui.fleet.operations.inquiry import Inquiry
from tui.fleet.operations.join import Join, JoinWatch, follow
from tui.fleet.operations.outcome import Outcome, Progress
from tui.fleet.state import Fleet, Selection
from tui.ui.dialogs.base import Dialog
from tui.ui.dialogs.bench import Bench
from tui.ui.dialogs.buttons import Press
from tui.ui.dialogs.fields import Answered, Next, Read
from tui.ui.dialogs.form import Form
from tui.ui.dialogs.frame import KEYS, Frame
from tui.ui.dialogs.secret_input import SecretInput
from tui.ui.dialogs.told import join_told, preview_told, request_told
from tui.ui.dialogs.wrap import Told
from tui.ui.rows import Cell

TONES = {
    Verdict.DONE: "ok",
    Verdict.REFUSED: "error",
    Verdict.NOT_SENT: "warn",
    Verdict.UNKNOWN: "warn",
    Verdict.NOT_SEEN: "warn",
}
BUSY_KEYS = "Esc hides this; the outcome will be said, and is in :audit"


class Phase(Enum):
    """Where a dialog is."""

    ASKING = "asking"
    BUSY = "busy"
    ENDED = "ended"


class OperationDialog(Dialog):
    """One operation on one target, frozen by identity when the dialog opens."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "read_again", "Read again", show=False),
        Binding("c", "copy_command", "Copy the command", show=False),
        Binding("y", "yes", "Do it, where it can be taken back", show=False),
        Binding("n", "leave", "Cancel", show=False),
        Binding("f8", "picture", "Save a picture", show=False),
        Binding("pagedown", "scroll(1)", show=False),
        Binding("pageup", "scroll(-1)", show=False),
    ]

    def __init__(self, service: Bench, operation: Operation, selection: Selection, answers: Answers) -> None:
        super().__init__(ascii_only=service.ascii_only)
        self.service = service
        self.operation = operation
        self.inquiry = Inquiry(
            operation,
            service.view(selection),
            answers,
            production=service.target.danger,
            refresh=service.refresh_seconds,
        )
        self.phase = Phase.ASKING
        self.outcome: Outcome | None = None
        grave = operation.danger is Danger.DESTROYS or service.target.danger
        self.frame = Frame(ascii_only=self.ascii_only, danger=grave)
        self._form: Form | None = None
        self._said: list[Told] = []
        """What became of it, or what is happening."""
        self._shows_request = False
        self._join: Join | None = None
        self._due = False
        self._ready = False

    # ---- life -----------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """The frame; the questions come once it is known what to fill them in with."""
        yield self.frame

    def on_mount(self) -> None:
        """Ask, follow the data, and count seconds."""
        super().on_mount()
        self._unsubscribe = self.service.store.subscribe(self._changed)
        self.set_interval(1.0, self.redraw)
        if self.operation.prepares or self.inquiry.is_missing:
            self.run_worker(self._prepare(), exclusive=False)
        else:
            self.run_worker(self._ask(), exclusive=False)

    def on_unmount(self) -> None:
        """Nothing of it stays."""
        self._unsubscribe()

    async def _prepare(self) -> None:
        """Ask the server for what the form starts with."""
        self._tell(Progress("reading…"))
        operator, inquiry = self.service.operator, self.inquiry
        try:
            answers = await self.operation.prepare(operator.remote, inquiry.view, inquiry.answers)
            inquiry.answer(answers)
            inquiry.accept(await operator.reread(self.operation, inquiry.view, answers))
        except ApiError as error:
            self._said = [Told("", f"cannot read what it needs: {error}; ctrl+r tries again", "error")]
            self.frame.button("cancel").focus()
            self.redraw()
            return
        self._said = []
        await self._ask()

    async def _ask(self) -> None:
        """Put the questions."""
        if self._form is None:
            fields = self.operation.fields(self.inquiry.view, self.inquiry.answers)
            if fields:
                form = Form(fields, self._options, chance=self.service.chance, ascii_only=self.ascii_only)
                await self.frame.put(form)
                self._form = form
        self._ready = True
        self._reanswer()
        if self._form is not None:
            self._form.focus_first()
        else:
            self.frame.button("cancel").focus()
        self.redraw()

    # ---- data and answers -----------------------------------------------------------------------------

    def _changed(self, fleet: Fleet) -> None:
        """Several changes of one moment are drawn once."""
        if not self._due:
            self._due = True
            self.call_later(self._see)

    def _see(self) -> None:
        self._due = False
        if self.phase is Phase.ASKING:
            self.inquiry.see(self.service.view(self.inquiry.view.selection))
            if self._form is not None:
                self._form.refill()
        self.redraw()

    def _options(self, name: str) -> tuple[Option, ...]:
        return self.operation.options(self.inquiry.view, self.inquiry.answers, name)

    def _reanswer(self) -> None:
        """Take over what stands in the form, with what was read for it."""
        if self._form is None:
            return
        found = self._form.answers
        before = self.inquiry.answers
        files = [field.id for field in self._form.fields if field.kind is Kind.FILE]
        same = all(found.text(name) == before.text(name) for name in (*files, "empty"))
        secrets = before.secrets if files and same else Answers().secrets
        self.inquiry.answer(Answers({**before.texts, **found.texts}, found.values, secrets))

    def on_answered(self, event: Answered) -> None:
        """Another answer."""
        event.stop()
        if self.phase is Phase.ASKING and self._ready:
            self._said = []
            self._reanswer()
            self.redraw()

    def on_secret_input_changed(self, event: SecretInput.Changed) -> None:
        """Another value."""
        self.on_answered(Answered("value"))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Reason, or the name that arms the button."""
        self.redraw()

    def on_next(self, event: Next) -> None:
        """Enter in a question goes on, and from the last one to Cancel: never to the button that acts."""
        event.stop()
        self._next()

    def on_secret_input_done(self, event: SecretInput.Done) -> None:
        """As Enter in any question."""
        self._next()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """As Enter in any question."""
        self._next()

    def _next(self) -> None:
        if self.phase is not Phase.ASKING:
            return
        self.focus_next()
        if isinstance(self.focused, Press):
            self.frame.button("cancel").focus()

    async def on_read(self, event: Read) -> None:
        """Read the file that was named."""
        event.stop()
        if self.phase is not Phase.ASKING or self._form is None:
            return
        self._reanswer()
        try:
            found = await asyncio.to_thread(self.operation.resolve, self.inquiry.answers)
        except BadAnswer as problem:
            self._said = [Told("", str(problem), "error")]
        else:
            self._said = []
            self.inquiry.answer(found)
            self._next()
        self.redraw()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Say what the question means."""
        self.redraw()

    def on_resize(self, event: Resize) -> None:
        """Break lines anew."""
        self.call_after_refresh(self.redraw)

    # ---- keys -----------------------------------------------------------------------------------------

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
        """Only where it can be taken back."""
        if self.operation.danger is Danger.REVERSIBLE and self._form is None:
            self._go()

    def action_leave(self) -> None:
        """Close an open list, the request shown, or the dialog."""
        if self._form is not None and self._form.close_list():
            return
        if self._shows_request:
            self._shows_request = False
            self.redraw()
            return
        self.dismiss()

    def action_scroll(self, step: int) -> None:
        """Move through what does not fit."""
        self.frame.scroll(step)

    def action_picture(self) -> None:
        """A picture, unless a secret is being asked for."""
        if self._form is not None and self._form.is_secret:
            self.service.say("no pictures while a secret is asked for", tone="warn")
        else:
            self.service.picture()

    def action_copy_command(self) -> None:
        """The equivalent command, or the request where that is shown."""
        inquiry = self.inquiry
        if self._shows_request:
            told = request_told(self.operation, inquiry.view, inquiry.answers, self.service.target)
            self.service.copy("\n".join(fact.text for fact in told[2:]))
        elif command := self.operation.equivalent(inquiry.view, inquiry.answers):
            self.service.copy(command)

    async def action_read_again(self) -> None:
        """Read what it rests on anew and accept what is found."""
        if self.phase is not Phase.ASKING:
            return
        if not self._ready:
            await self._prepare()
            return
        self._tell(Progress("reading again…"))
        inquiry = self.inquiry
        inquiry.see(self.service.view(inquiry.view.selection))
        try:
            inquiry.accept(await self.service.operator.reread(self.operation, inquiry.view, inquiry.answers))
            self._said = []
        except ApiError as error:
            self._said = [Told("", f"cannot read again: {error}", "error")]
        self.redraw()

    # ---- doing it -------------------------------------------------------------------------------------

    @property
    def obstacle(self) -> str:
        """Why the button does not act; empty if it does."""
        if not self._ready:
            return "not read yet"
        now = self.service.clock.monotonic()
        return self.inquiry.obstacle(self.frame.typed, locked=self.service.locked, now=now)[0]

    def _again(self) -> None:
        """The second button: show the request, or look again."""
        if self.phase is Phase.ENDED and self.outcome is not None and self.outcome.intent is not None:
            self._begin()
            self.service.keep(self._look_again(self.outcome))
        elif self.phase is Phase.ASKING:
            self._shows_request = not self._shows_request
            self.redraw()

    def _go(self) -> None:
        """The third button. A press while something is in the way does nothing but say so."""
        if self.phase is Phase.ENDED and self.outcome is not None and self.outcome.may_resend:
            self._begin()
            self.service.keep(self._do(self.outcome))
        elif self.phase is Phase.ASKING and not self.obstacle:
            if self.service.dry_run:
                self._shows_request = True
                self.redraw()
            else:
                self._begin()
                self.service.keep(self._do(None))
        else:
            self.app.bell()

    def _begin(self) -> None:
        self.phase = Phase.BUSY
        self._shows_request = False
        self.frame.freeze(True)
        self.frame.button("cancel").focus()
        self._tell(Progress("looking how things are…"))

    async def _do(self, again: Outcome | None) -> None:
        """Read once more, compare with what was seen, send once."""
        operator, inquiry = self.service.operator, self.inquiry
        try:
            answers = await asyncio.to_thread(self.operation.resolve, inquiry.answers)
            if inquiry.answers.secrets.secrets and answers.secrets != inquiry.answers.secrets:
                inquiry.answer(answers)
                raise BadAnswer("file", "the file is another one than was read: look again; nothing was sent")
            inquiry.answer(answers)
            inquiry.reread(await operator.reread(self.operation, inquiry.view, answers))
            if problem := self.operation.unfit(inquiry.view):
                raise BadAnswer("", f"{problem}; nothing was sent")
            if again is None and inquiry.news:
                raise BadAnswer("", "changed since you looked; nothing was sent")
            self.operation.check(inquiry.view, answers)
        except BadAnswer as problem:
            self._ask_again(Told("", str(problem), "error"))
            return
        except ApiError as error:
            self._ask_again(Told("", f"could not look first: {error}; nothing was sent", "error"))
            return
        started = self.service.clock.monotonic()
        outcome = await operator.perform(
            self.operation,
            inquiry.view,
            answers,
            reason=self.frame.reason,
            tell=self._tell,
            earlier=again.intent if again else None,
        )
        await self._end(outcome, started)

    async def _look_again(self, before: Outcome) -> None:
        if before.intent is None:
            return
        started = self.service.clock.monotonic()
        await self._end(await self.service.operator.settle(before.intent, self._tell), started)

    def _ask_again(self, said: Told) -> None:
        """Nothing was sent: back to the questions."""
        self.phase = Phase.ASKING
        self.frame.freeze(False)
        self._said = [said]
        self.redraw()

    async def _end(self, outcome: Outcome, started: float) -> None:
        """Say what became of it, and stay where there is more to see."""
        self.outcome = outcome
        self.service.ended(self.operation, outcome, seen=self.is_attached and not self._closes(outcome))
        if not self.is_attached:
            return
        if self._closes(outcome):
            self.dismiss()
            return
        said = Told("", outcome.words, "warn" if outcome.doubt else TONES[outcome.verdict])
        more = [Told("", item, "error" if "NOT" in item else "ok") for item in outcome.items]
        more += [Told("", note, "warn") for note in outcome.notes]
        if outcome.verdict in (Verdict.REFUSED, Verdict.NOT_SENT):
            self.inquiry.wait(outcome.retry_after)
            self._ask_again(said)
            return
        self.phase = Phase.ENDED
        self.frame.conclude()
        if outcome.intent is not None and outcome.verdict is not Verdict.DONE:
            more.append(Told("request id", outcome.intent.request_id, "muted"))
        self._said = [said, *more]
        self.redraw()
        if outcome.receipt is not None and outcome.receipt.dispatch is not None:
            took = self.service.clock.monotonic() - started
            watch = JoinWatch(outcome.receipt.dispatch, started=started, accepted=took)
            self.run_worker(self._follow(watch), exclusive=False)

    @staticmethod
    def _closes(outcome: Outcome) -> bool:
        """Done, and nothing more to see."""
        more = outcome.items or outcome.notes or outcome.doubt
        joins = outcome.receipt is not None and outcome.receipt.dispatch is not None
        return outcome.verdict is Verdict.DONE and not more and not joins

    async def _follow(self, watch: JoinWatch) -> None:
        """The join watch stays until the dialog is closed."""
        service = self.service
        ended = await follow(watch, service.operator.remote, service.store, service.clock, self._joining)
        service.say(f"{ended.dispatch_id}: {ended.verdict}", toast=False)

    def _joining(self, join: Join) -> None:
        self._join = join
        self.redraw()

    def _tell(self, progress: Progress) -> None:
        self._said = [Told("", progress.words, "warn" if progress.checking else "busy")]
        if self.is_attached:
            self.redraw()

    # ---- drawing --------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Draw what differs."""
        if not self.frame.is_mounted or not self.is_attached:
            return
        inquiry, target = self.inquiry, self.service.target
        danger = self.operation.danger
        tone = "error" if danger is Danger.DESTROYS else "warn" if danger is Danger.SERVICE else "accent"
        self.frame.title(inquiry.preview.what, self._project(), tone)
        if self._join is not None:
            self.frame.facts(join_told(self._join))
        elif self._shows_request:
            self.frame.facts(self._request())
        else:
            command = self.operation.equivalent(inquiry.view, inquiry.answers)
            self.frame.facts(
                preview_told(inquiry.preview, inquiry.baseline, inquiry.hints, inquiry.age, command)
            )
        self.frame.ask_typed(bool(inquiry.wanted) and self.phase is not Phase.ENDED)
        self._draw_status(target.name)
        self._draw_buttons()

    def _project(self) -> list[Cell]:
        target = self.service.target
        cells = [Cell(f"in {target.name} ", "warn" if target.danger else "text")]
        if target.danger:
            cells.append(Cell(" PRODUCTION ", "error"))
        if self.service.locked:
            cells.append(Cell(" read-only", "info"))
        return cells

    def _request(self) -> list[Told]:
        try:
            inquiry = self.inquiry
            return request_told(self.operation, inquiry.view, inquiry.answers, self.service.target)
        except BadAnswer as problem:
            return [Told("dry run", str(problem), "error")]

    def _draw_status(self, project: str) -> None:
        said = list(self._said)
        if self.phase is Phase.ASKING and not said:
            if obstacle := self.obstacle:
                said = [Told("", obstacle, "warn")]
            else:
                words = "dry run: the button shows the request" if self.service.dry_run else "armed"
                said = [Told("", words, "muted")]
        self.frame.status(said)
        help = self._form.help_for(self.focused) if self._form is not None else ""
        busy = self.phase is Phase.BUSY
        self.frame.keys(
            self._ended_keys() if self.phase is Phase.ENDED else BUSY_KEYS if busy else help or KEYS
        )

    def _ended_keys(self) -> str:
        undo = self.outcome.undo if self.outcome is not None else None
        return f"Esc closes · then u {undo.words}, for 30 s" if undo is not None else "Esc closes"

    def _draw_buttons(self) -> None:
        cancel, again, go = (self.frame.button(name) for name in ("cancel", "again", "go"))
        danger = "error" if self.operation.danger is Danger.DESTROYS else "accent"
        ended, outcome = self.phase is Phase.ENDED, self.outcome
        cancel.say("Close" if ended else "Hide" if self.phase is Phase.BUSY else "Cancel", "text")
        unsettled = outcome is not None and outcome.verdict in (Verdict.UNKNOWN, Verdict.NOT_SEEN)
        again.display = self.phase is Phase.ASKING or (ended and unsettled)
        again.say("Check again" if ended else "Back" if self._shows_request else "Dry run", "text")
        go.display = self.phase is Phase.ASKING or (ended and outcome is not None and outcome.may_resend)
        if ended:
            go.say("Send again", "warn")
        elif self.service.locked:
            go.say("read-only", "muted")
        else:
            go.say(self.operation.label, "muted" if self.obstacle else danger)
