"""Unlocks a read-only session for a while, for a reason that is kept."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from textual.app import ComposeResult
from textual.events import Key, Paste, Resize
from textual.widgets import Input

from tui.fleet.lists.cells import Cell
from tui.operations.fields import InvalidAnswer
from tui.operations.journal.journal import JournalError
from tui.ui.dialogs.base import Dialog
from tui.ui.dialogs.buttons import Press
from tui.ui.dialogs.fact_lines import FactLine
from tui.ui.dialogs.layout import DialogLayout
from tui.ui.dialogs.project_context import ProjectContext

DEFAULT: Final = 15
MOST: Final = 120
_FORM: Final = re.compile(r"(\d{1,3})(m|min|h)?")


def minutes(words: Sequence[str]) -> int:
    """How long, from `15m` or `1h`. Raises `InvalidAnswer`."""
    if not words:
        return DEFAULT
    found = _FORM.fullmatch(words[0])
    count = int(found[1]) * (60 if found[2] == "h" else 1) if found else 0
    if not 1 <= count <= MOST or len(words) > 1:
        raise InvalidAnswer("", f"unlock for 1m to {MOST}m, as in: unlock 15m")
    return count


class UnlockDialog(Dialog):
    """Asks why; locks again by itself."""

    def __init__(self, context: ProjectContext, count: int) -> None:
        super().__init__()
        self._project_context = context
        self._minutes = count
        self.frame = DialogLayout(danger=context.project.danger)
        self.is_ready = False

    def compose(self) -> ComposeResult:
        """The same frame as every other question."""
        yield self.frame

    def on_mount(self) -> None:
        """Ask."""
        super().on_mount()
        self.frame.button("again").display = False
        self.frame.ask_reason()
        self._redraw()
        self.call_after_refresh(self.ready)

    @property
    def asks(self) -> bool:
        """The reason."""
        return True

    def takes(self, event: Key | Paste) -> bool:
        """Text for the reason."""
        return self.takes_typed(event)

    def _redraw(self) -> None:
        project = self._project_context.project
        self.frame.title(
            f"Unlock {project.name} for {self._minutes} min", (Cell("read-only", "info"),), "warn"
        )
        self.frame.facts(
            [
                FactLine("effect", "allows changes until then; then it is read-only again"),
                FactLine("", "the header counts down; :lock makes it read-only at once"),
                FactLine("", "who unlocked, when and why is kept in :audit"),
            ]
        )
        ready = not self._obstacle
        self.frame.status([FactLine("", self._obstacle, "warn")])
        self.frame.button("go").say("Unlock", "accent" if ready else "muted")
        self.frame.keys("Tab moves · ctrl+s, then Enter confirms · Esc cancels")

    @property
    def _obstacle(self) -> str:
        """Why it cannot be unlocked yet; empty if it can."""
        return self.frame.foreign or ("" if self.frame.reason else "a reason is needed")

    def on_resize(self, event: Resize) -> None:
        """Wrap lines for the new width."""
        self.call_after_refresh(self._redraw)

    def on_input_changed(self, event: Input.Changed) -> None:
        """The reason."""
        self._redraw()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """On to the buttons."""
        self.frame.button("cancel").focus()

    async def on_press_pressed(self, event: Press.Pressed) -> None:
        """Unlock, or leave."""
        event.stop()
        if event.button.id != "go":
            self.dismiss()
            return
        if self.enter_is_held or self._obstacle:
            self.app.bell()
            return
        try:
            await self._project_context.operator.note("unlock", f"{self._minutes} min", self.frame.reason)
        except JournalError as error:
            self.frame.status([FactLine("", f"{error}; not unlocked", "error")])
            return
        self._project_context.unlock(60.0 * self._minutes)
        self._project_context.say(
            f"{self._project_context.project.name} is unlocked for {self._minutes} min", tone="warn"
        )
        self.dismiss()
