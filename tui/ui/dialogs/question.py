"""The asking half of an operation's dialog: questions, facts that follow the data, what is in the way.

It sends nothing: `operation.OperationDialog` does, when the button is pressed. `PendingOperation` decides
what may be done, `DialogLayout` how it looks.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.events import DescendantFocus, Resize
from textual.widgets import Input

from tui.api.errors import ApiError
from tui.fleet.state import Selection
from tui.operations.fields import Answers, FieldKind, InvalidAnswer, Option
from tui.operations.journal.outcome import Progress
from tui.operations.operation import Danger, Operation
from tui.operations.pending_operation import PendingOperation
from tui.ui.dialogs.base import Dialog
from tui.ui.dialogs.buttons import Press
from tui.ui.dialogs.fact_lines import preview_told, project_cells, request_told
from tui.ui.dialogs.fields.base import Answered, Next, Read
from tui.ui.dialogs.fields.secret_input import SecretInput
from tui.ui.dialogs.form import Form
from tui.ui.dialogs.layout import KEYS, DialogLayout, without_copy
from tui.ui.dialogs.project_context import ProjectContext
from tui.ui.dialogs.wrap import FactLine

_TONES = {Danger.REVERSIBLE: "accent", Danger.SERVICE: "warn", Danger.DESTROYS: "error"}


class QuestionDialog(Dialog):
    """One operation on one target, frozen by identity when the dialog opens."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+r", "read_again", "Read again", show=False),
        Binding("c", "copy_command", "Copy the command", show=False),
        Binding("n", "leave", "Cancel", show=False),
        Binding("f8", "picture", "Save a picture", show=False),
        Binding("pagedown", "scroll(1)", show=False),
        Binding("pageup", "scroll(-1)", show=False),
    ]

    def __init__(
        self,
        context: ProjectContext,
        operation: Operation,
        selection: Selection,
        answers: Answers,
        *,
        undoes: bool = False,
    ) -> None:
        """`undoes` where it takes back what was done last."""
        super().__init__()
        self.context = context
        self.operation = operation
        self._undoes = undoes
        self.pending = PendingOperation(
            operation,
            context.view(selection),
            answers,
            production=context.project.danger,
            refresh=context.refresh_seconds,
        )
        grave = operation.danger is Danger.DESTROYS or context.project.danger
        self.frame = DialogLayout(danger=grave)
        self.form: Form | None = None
        self.told: list[FactLine] = []
        """What became of it, or what is happening; empty while it is only asked."""
        self.shows_request = False
        self._due = False
        self._is_put = False

    @property
    def asking(self) -> bool:
        """Answers still count."""
        return True

    @property
    def busy(self) -> bool:
        """It is being done: what it is done to stays as it is."""
        return False

    # ---- life -----------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """The frame; the questions come once it is known what to fill them in with."""
        yield self.frame

    def on_mount(self) -> None:
        """Ask, follow the data, and count seconds."""
        super().on_mount()
        self._unsubscribe = self.context.store.subscribe(lambda change: self._changed())
        self.set_interval(1.0, self.redraw)
        first = self._prepare() if self.operation.prepares or self.pending.is_missing else self._put()
        self.run_worker(first, exclusive=False)

    def on_unmount(self) -> None:
        """Nothing of it stays."""
        self._unsubscribe()
        if self.form is not None and not self.busy:
            self.form.wipe()

    async def _prepare(self) -> None:
        """Ask the server for what the form starts with."""
        self.tell(Progress("reading…"))
        operator, pending = self.context.operator, self.pending
        try:
            answers = await self.operation.prepare(operator.remote, pending.view, pending.answers)
            pending.answer(answers)
            pending.accept(await operator.reread(self.operation, pending.view, answers))
        except ApiError as error:
            self.told = [FactLine("", f"cannot read what it needs: {error}; ctrl+r tries again", "error")]
            self.frame.button("cancel").focus()
            self.redraw()
            return
        self.told = []
        await self._put()

    async def _put(self) -> None:
        """Put the questions."""
        fields = self.operation.fields(self.pending.view, self.pending.answers)
        if fields and self.form is None:
            form = Form(fields, self._options, chance=self.context.chance)
            await self.frame.put(form)
            self.form = form
        self._is_put = True
        self._answer()
        if self.form is not None:
            self.form.focus_first()
        else:
            self.frame.button("cancel").focus()
        self.redraw()

    # ---- data and answers -----------------------------------------------------------------------------

    def _changed(self) -> None:
        """Several changes of one moment are drawn once."""
        if not self._due:
            self._due = True
            self.call_later(self._see)

    def _see(self) -> None:
        self._due = False
        if not self.busy:
            self.pending.see(self.context.view(self.pending.view.selection))
        if self.asking and self.form is not None:
            self.form.refill()
        self.redraw()

    def _options(self, name: str) -> tuple[Option, ...]:
        return self.operation.options(self.pending.view, self.pending.answers, name)

    def _answer(self) -> None:
        """Take over what stands in the form; what was read from a file counts until another one is named."""
        if self.form is None:
            return
        found, before = self.form.answers, self.pending.answers
        files = [field.id for field in self.form.fields if field.kind is FieldKind.FILE]
        same = all(found.text(name) == before.text(name) for name in (*files, "empty"))
        secrets = before.secrets if files and same else Answers().secrets
        answers = Answers({**before.texts, **found.texts}, found.values, secrets)
        if not files:
            with contextlib.suppress(InvalidAnswer):  # what is wrong is said by what is in the way
                answers = self.operation.resolve(answers)
        self.pending.answer(answers)

    def on_answered(self, event: Answered) -> None:
        """Another answer."""
        event.stop()
        self._answered()

    def on_secret_input_changed(self, event: SecretInput.Changed) -> None:
        """Another value."""
        event.stop()
        self._answered()

    def _answered(self) -> None:
        if self.asking and self._is_put:
            self.told = []
            self._answer()
            self.redraw()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Reason, or the name that arms the button."""
        self.redraw()

    def on_next(self, event: Next) -> None:
        """Enter in a question goes on, and from the last one to Cancel: never to the button that acts."""
        event.stop()
        self._next()

    def on_secret_input_done(self, event: SecretInput.Done) -> None:
        """As Enter in any question."""
        event.stop()
        self._next()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """As Enter in any question."""
        self._next()

    def _next(self) -> None:
        if self.asking:
            self.focus_next()
            if isinstance(self.focused, Press):
                self.frame.button("cancel").focus()

    async def on_read(self, event: Read) -> None:
        """Read the file that was named."""
        event.stop()
        if not self.asking or self.form is None:
            return
        self._answer()
        try:
            found = await asyncio.to_thread(self.operation.resolve, self.pending.answers)
        except InvalidAnswer as problem:
            self.told = [FactLine("", str(problem), "error")]
        else:
            self.told = []
            self.pending.answer(found)
            self._next()
        self.redraw()

    # ---- keys -----------------------------------------------------------------------------------------

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Say what the question means."""
        self.redraw()

    def on_resize(self, event: Resize) -> None:
        """Break lines anew."""
        self.call_after_refresh(self.redraw)

    def action_leave(self) -> None:
        """Close an open list, the request shown, or the dialog."""
        if self.form is not None and self.form.close_list():
            return
        if self.shows_request:
            self.shows_request = False
            self.redraw()
            return
        self.dismiss()

    def action_scroll(self, step: int) -> None:
        """Move through what does not fit."""
        self.frame.scroll(step)

    def action_picture(self) -> None:
        """A picture, unless a secret is being asked for."""
        if self.form is not None and self.form.is_secret:
            self.context.say("no pictures while a secret is asked for", tone="warn")
        else:
            self.context.picture()

    def action_copy_command(self) -> None:
        """The equivalent command, or the request where that is shown."""
        view, answers = self.pending.view, self.pending.answers
        if self.shows_request:
            self.context.copy("\n".join(fact.text for fact in self._request()[1:]))
        elif command := self.operation.equivalent(view, answers):
            self.context.copy(command)

    async def action_read_again(self) -> None:
        """Read what it rests on anew and accept what is found."""
        if not self.asking:
            return
        if not self._is_put:
            await self._prepare()
            return
        self.tell(Progress("reading again…"))
        pending = self.pending
        pending.see(self.context.view(pending.view.selection))
        try:
            pending.accept(await self.context.operator.reread(self.operation, pending.view, pending.answers))
            self.told = []
        except ApiError as error:
            self.told = [FactLine("", f"cannot read again: {error}", "error")]
        self.redraw()

    @property
    def obstacle(self) -> str:
        """Why the button does not act; empty if it does."""
        if not self._is_put:
            return "not read yet"
        now = self.context.clock.monotonic()
        return self.pending.obstacle(self.frame.typed, locked=self.context.locked, now=now)

    # ---- drawing --------------------------------------------------------------------------------------

    def tell(self, progress: Progress) -> None:
        """Say what is happening."""
        self.told = [FactLine("", progress.words, "warn" if progress.checking else "busy")]
        if self.is_open:
            self.redraw()

    def redraw(self) -> None:
        """Draw what differs."""
        if not self.frame.is_mounted or not self.is_open:
            return  # not there yet, or being taken apart
        what = self.pending.preview.what
        self.frame.title(
            f"Undo: {what}" if self._undoes else what,
            project_cells(self.context.project, locked=self.context.locked),
            _TONES[self.operation.danger],
        )
        if self.form is not None and self.asking:
            self.form.display = not self.shows_request  # the whole room is for the request
        self.frame.facts(self._request() if self.shows_request else self.facts())
        self.frame.ask_typed(self.pending.wanted if self.asking else ())
        self.frame.status(self._standing())
        self.frame.keys(*self.key_words())
        self.draw_buttons()

    def facts(self) -> list[FactLine]:
        """What is known of target and effect."""
        pending = self.pending
        command = self.operation.equivalent(pending.view, pending.answers)
        age = pending.age(self.context.clock.monotonic())
        return preview_told(pending.preview, pending.baseline, pending.hints, age, command)

    def key_words(self) -> tuple[str, ...]:
        """What the keys do, or what the question means that has the keyboard; the longest first."""
        if self.shows_request:
            return ("Esc goes back · c copies the request",)
        help = self.form.help_for(self.focused) if self.form is not None else ""
        if help:
            return (f"{help} · ctrl+s to the button", help)
        typing = self.focused is not None and self.focused.check_consume_key("c", "c")
        return tuple(map(without_copy, KEYS)) if typing or self.frame.takes("c") else KEYS

    def draw_buttons(self) -> None:
        """What stands on the buttons."""
        tone = "error" if self.operation.danger is Danger.DESTROYS else "accent"
        self.frame.button("cancel").say("Cancel", "text")
        self.frame.button("again").say("Back" if self.shows_request else "Dry run", "text")
        go = self.frame.button("go")
        if self.context.locked:
            go.say("read-only", "muted")
        else:
            go.say(self.operation.label, "muted" if self.obstacle else tone)

    def _request(self) -> list[FactLine]:
        view, answers = self.pending.view, self.pending.answers
        try:
            return request_told(self.operation, view, answers, self.context.project)
        except InvalidAnswer as problem:
            return [FactLine("dry run", str(problem), "error")]

    def _standing(self) -> list[FactLine]:
        """What was said last, and what is in the way, or that nothing is."""
        if not self.asking:
            return self.told
        if obstacle := self.obstacle:
            return [*self.told, FactLine("", obstacle, "warn")]
        words = "dry run: the button shows the request" if self.context.dry_run else "armed"
        return self.told or [FactLine("", words, "muted")]
