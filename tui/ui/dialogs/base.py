"""What every dialog shares: it is deaf to keys that were meant for what was on the screen before.

A dialog pops up under running fingers, a held key or a paste; none of these may answer it (hazards.md E13).
"""

from __future__ import annotations

import time
from typing import ClassVar, Final

from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.events import Event, Key, MouseDown, MouseUp, Paste
from textual.screen import ModalScreen
from textual.worker import NoActiveWorker, Worker, get_current_worker

QUIET: Final = 0.4
"""Seconds for which a dialog that has just opened hears nothing but Esc."""
MORE: Final = 0.2
"""Seconds that each key which was not heard adds: a held key or a paste has to end first."""
REPEAT: Final = 0.7
"""Seconds within which another Enter is the same one held down: keyboards begin to repeat earlier."""


class Dialog(ModalScreen[None]):
    """A question over the main screen."""

    QUIET: ClassVar[float] = QUIET

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", show=False),
        Binding("ctrl+s", "to_button", "To the button that acts", show=False),
    ]

    DEFAULT_CSS = """
    Dialog { align: center middle; }
    Dialog > #dialog {
        width: 100; max-width: 96%; height: auto; max-height: 96%; padding: 0 1;
        border: round $edge-focus; background: $background;
    }
    Dialog > #dialog.-danger { border: heavy $tone-error; }
    Dialog .row { height: auto; width: 1fr; }
    Dialog .label { width: 13; height: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._deaf_until = float("inf")
        self._last_enter = float("-inf")
        self._held = False
        self._is_over = False

    def on_mount(self) -> None:
        """From now on it is seen, so from soon on it can be meant. No toast may lie on its buttons."""
        self.app.clear_notifications()
        self._deaf_until = time.monotonic() + self.QUIET

    def ignores(self, event: Event) -> bool:
        """Whether a key, click or paste was not meant for this dialog. Called for each of them, in order."""
        if event.is_forwarded or not isinstance(event, Key | MouseDown | MouseUp | Paste):
            return False  # what was forwarded was judged already, and comes by again on its way up
        if isinstance(event, Key):
            is_enter = event.key == "enter"
            self._held = is_enter and event.time - self._last_enter < REPEAT
            self._last_enter = event.time if is_enter else float("-inf")
        if event.time >= self._deaf_until or (isinstance(event, Key) and event.key == "escape"):
            return False
        self._deaf_until = max(self._deaf_until, event.time + MORE)
        return True

    @property
    def enter_is_held(self) -> bool:
        """The newest key is an Enter right after another: it may be the same one held down."""
        return self._held

    def action_to_button(self) -> None:
        """Give the keyboard to the button that acts, if there is one; pressing it takes another key."""
        for button in self.query("#go"):
            button.focus()

    def action_leave(self) -> None:
        """Close."""
        self.dismiss()

    @property
    def is_open(self) -> bool:
        """It is on the screen, or beneath another one; a dialog that was closed is not, and has no parts."""
        return self in self.app.screen_stack

    def on_screen_resume(self) -> None:
        """What lay over it is gone."""
        if self._is_over:
            self.dismiss()

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close. What it was still going to look up or draw has no place any more; what was begun goes on.

        Textual closes whatever lies on top, also for the second of two reasons to close: an Esc and an
        outcome that meet would take the main screen along.
        """
        self._is_over = True
        if self.app.screen is not self:
            return AwaitComplete()
        try:
            closing: Worker[object] | None = get_current_worker()
        except NoActiveWorker:
            closing = None
        for worker in self.workers:
            if worker.node is self and worker is not closing:
                worker.cancel()
        return super().dismiss(result)
