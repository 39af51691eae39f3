"""The dialog before a project file is written on this machine: livekit.toml or Dockerfile. Sends nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from textual import events

from tui.deploy.local_files import FileChanges, NotWritten
from tui.fleet.lists.cells import Cell
from tui.operations.fields import Answers, Field, FieldKind, Option
from tui.ui.dialogs.buttons import Press
from tui.ui.dialogs.fact_lines import FactLine
from tui.ui.dialogs.fields.base import FieldAnswered
from tui.ui.dialogs.form import Form
from tui.ui.dialogs.form_dialog import FormDialog
from tui.ui.dialogs.layout import DialogLayout
from tui.ui.dialogs.project_context import ProjectContext

KEEP: Final = "keep"
REPLACE: Final = "replace"
CHOICES: Final = (Option(KEEP, ("keep them",)), Option(REPLACE, ("overwrite them",)))
PROGRAM: Final = Field("program", "program", help="what the Dockerfile starts")
THERE: Final = Field("there", "files there", FieldKind.CHOICE, value=KEEP)


@dataclass(frozen=True, slots=True)
class Writing:
    """What is to be written."""

    title: str
    look: Callable[[], FileChanges]
    """Reads the directory. Blocks for the disk."""
    write: Callable[[Answers], str]
    """Writes; returns what was done. Blocks for the disk. Raises `NotWritten`."""
    fields: tuple[Field, ...] = ()


class WriteForm(FormDialog):
    """Shows what exists and what would be written; writes only when its button is pressed."""

    def __init__(self, writing: Writing, context: ProjectContext) -> None:
        super().__init__(DialogLayout(danger=False, reason=False))
        self._writing = writing
        self._project_context = context
        self._found: FileChanges | None = None
        self._problem = ""
        self._ready = False
        self._is_writing = False

    def on_mount(self) -> None:
        """Look at the directory."""
        super().on_mount()
        self.frame.button("again").display = False
        self.frame.keys("Tab moves · ctrl+s, then Enter confirms · Esc cancels")
        self.frame.button("cancel").focus()
        self.replace_work(self._begin)

    async def _begin(self) -> None:
        found = await asyncio.to_thread(self._writing.look)
        if self._writing.fields and not found.problem:
            fields = [field for field in self._writing.fields if field is not THERE or found.there]
            form = Form(fields, self._options, chance=self._project_context.chance)
            self._found = found
            await self.frame.put(form)
            self.form = form
            if found.programs:
                form.fill(PROGRAM.id, found.programs[0])
        self._found, self._ready = found, True
        self.redraw()

    def _options(self, name: str) -> tuple[Option, ...]:
        if name == THERE.id:
            return CHOICES
        return tuple(Option(word, (word,)) for word in (self._found.programs if self._found else ()))

    @property
    def _replaces(self) -> bool:
        """A file that exists would be replaced."""
        found = self._found
        if found is None or not found.there:
            return False
        return self.form is None or self.form.answers.text(THERE.id) == REPLACE

    @property
    def _obstacle(self) -> str:
        """Why nothing is written; empty if it would be."""
        found = self._found
        if found is None or not self._ready:
            return "looking…"
        if found.problem or self.frame.foreign:
            return found.problem or self.frame.foreign
        return (
            "" if found.changes or (self._replaces and self.form is not None) else "there is nothing to write"
        )

    def on_field_answered(self, event: FieldAnswered) -> None:
        """Another answer."""
        event.stop()
        self._problem = ""
        self.redraw()

    def on_press_pressed(self, event: Press.Pressed) -> None:
        """A button."""
        event.stop()
        if event.button.id == "cancel":
            self.action_leave()
        elif not self.enter_is_held:
            self._go()

    def _go(self) -> None:
        if self._obstacle or self._is_writing:
            self.app.bell()
        else:
            self._is_writing = True
            answers = self.form.answers if self.form is not None else Answers()
            self._project_context.keep(self._write(answers))

    async def _write(self, answers: Answers) -> None:
        """Write the file, and say what was written even if the form has been closed."""
        try:
            words = await asyncio.to_thread(self._writing.write, answers)
        except NotWritten as problem:
            self._problem = str(problem)
            self._project_context.say(self._problem, tone="error", toast=not self.is_open)
            self._is_writing = False
            self.redraw()
            return
        self._project_context.say(words)
        self.dismiss()

    def action_leave(self) -> None:
        """Close an open list, or the dialog."""
        if self.form is None or not self.form.close_list():
            self.dismiss()

    def on_resize(self, event: events.Resize) -> None:
        """Wrap lines for the new width."""
        self.call_after_refresh(self.redraw)

    def redraw(self) -> None:
        """Draw what differs."""
        if not self.is_open:
            return
        found = self._found
        self.frame.title(self._writing.title, (Cell("on this machine ", "muted"),), "accent")
        if found is not None:
            facts = [FactLine("", fact) for fact in found.facts]
            self.frame.facts([FactLine("directory", str(found.root)), *facts])
        problem = self._problem or self._obstacle
        warning = "what is there is replaced" if self._replaces and not problem else ""
        bad = bool(self._problem or (found and found.problem))
        self.frame.status(
            [
                FactLine(
                    "",
                    problem or warning or "ready",
                    "error" if bad else "warn" if problem or warning else "ok",
                )
            ]
        )
        label = "Replace" if self._replaces else "Write"
        self.frame.button("go").say(label, "muted" if problem else "warn")
