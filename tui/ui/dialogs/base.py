"""What every dialog shares: no key is taken before the first question is ready, none that confirms too early.

A dialog may open while somebody types, holds a key or pastes; none of that may confirm anything. Text that is
typed before the first question is there waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from typing import ClassVar, Final

from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.events import Event, Key, MouseDown, MouseEvent, MouseUp, Paste
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input
from textual.worker import NoActiveWorker, Worker, get_current_worker

from tui.ui.dialogs.buttons import Press
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import DIALOG

QUIET: Final = 0.4
"""Seconds for which a dialog that has just opened ignores every key but Esc."""
MORE: Final = 0.2
"""Seconds that each ignored key adds: a held key or a paste has to end first."""
REPEAT: Final = 0.7
"""Seconds within which a second Enter counts as the first one held down: keyboards repeat sooner."""


CONFIRMS_NOTHING: Final = frozenset(
    ("escape", "tab", "shift+tab", "up", "down", "left", "right", "pageup", "pagedown", "home", "end")
)
"""Keys that move within a dialog or leave it."""


class Dialog(ModalScreen[None]):
    """A question over the main screen."""

    QUIET: ClassVar[float] = QUIET
    AUTO_FOCUS = ""
    """Nothing: Textual would give the keyboard to what is there first, and that is not the first question."""

    class Ready(Message):
        """The first question has the keyboard."""

        def __init__(self, dialog: Dialog) -> None:
            super().__init__()
            self.dialog = dialog

    BINDINGS: ClassVar[list[BindingType]] = bindings(DIALOG)

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
        self.quiet_until = float("inf")
        """Monotonic seconds until which keys are ignored."""
        self._last_enter = float("-inf")
        self._held = False
        self._is_over = False
        self._ignored = False
        self.is_ready = True
        """Its first question has the keyboard; a dialog that puts its questions later says when."""

    def ready(self) -> None:
        """The first question has the keyboard: what was typed until now goes there."""
        self.is_ready = True
        self.post_message(self.Ready(self))

    @property
    def asks(self) -> bool:
        """Its first question is answered by typing."""
        return False

    def takes(self, event: Key | Paste) -> bool:
        """Whether a key or a paste is text for a question, or leads to another one: it confirms nothing."""
        return False

    def is_edit(self, event: Key) -> bool:
        """Whether a key types or corrects text where the keyboard is."""
        focused = self.focused
        is_typed = focused is not None and focused.check_consume_key(event.key, event.character)
        return is_typed or event.key == "backspace"

    def takes_typed(self, event: Key | Paste) -> bool:
        """Whether it is text for a line that has the keyboard, or leads on from there."""
        if not isinstance(self.focused, Input):
            return False
        return isinstance(event, Paste) or event.key in CONFIRMS_NOTHING or self.is_edit(event)

    def waits(self, event: Event) -> bool:
        """Whether it comes before the first question is ready. Esc leaves at any time."""
        is_escape = isinstance(event, Key) and event.key == "escape"
        is_input = isinstance(event, Key | Paste | MouseEvent) and not event.is_forwarded
        return not self.is_ready and is_input and not is_escape

    def on_mount(self) -> None:
        """It is seen now, so keys count soon. Toasts go, since they would cover its buttons."""
        self.app.clear_notifications()
        self.quiet_until = time.monotonic() + self.QUIET

    def ignores(self, event: Event) -> bool:
        """Whether a key, click or paste came too early for this dialog. Called for each of them, in order."""
        if event.is_forwarded or not isinstance(event, Key | MouseDown | MouseUp | Paste):
            return False  # a forwarded event was judged already, and passes again on its way up
        if isinstance(event, Key):
            is_enter = event.key == "enter"
            self._held = is_enter and event.time - self._last_enter < REPEAT
            self._last_enter = event.time if is_enter else float("-inf")
        if event.time >= self.quiet_until or (isinstance(event, Key) and event.key == "escape"):
            self._ignored = False
            return False
        if not self._ignored and isinstance(event, Key | Paste) and self.takes(event):
            return False  # text in its order, as long as nothing before it was ignored
        self._ignored = True
        self.quiet_until = max(self.quiet_until, event.time + MORE)
        return True

    @property
    def enter_is_held(self) -> bool:
        """The newest key is an Enter right after another: it may be the same one held down."""
        return self._held

    def to_next_question(self) -> None:
        """Give the keyboard to the next question, after the last to Cancel: never to the button that acts."""
        self.focus_next()
        if isinstance(self.focused, Press):
            self.query_one("#cancel", Press).focus()

    def action_to_button(self) -> None:
        """Give the keyboard to the button that acts, if there is one; pressing it takes another key."""
        for button in self.query("#go"):
            button.focus()

    def action_leave(self) -> None:
        """Close."""
        self.dismiss()

    @property
    def is_open(self) -> bool:
        """It is on the screen, or beneath another one. One that closes, or ends with the program, is not.

        Its widgets go one by one then, so that none of them may be looked for.
        """
        return not self._pruning and self in self.app.screen_stack

    def replace_work(self, work: Callable[[], Coroutine[None, None, None]], group: str = "dialog") -> None:
        """Do it in the background, instead of what this group did before; in a closed dialog, not at all."""
        if not self.is_open:
            return
        # the function and not its coroutine, which would warn if it were replaced before it began
        self._working: Worker[None] = self.run_worker(work, exclusive=True, group=group)

    def on_screen_resume(self) -> None:
        """The screen over it has closed."""
        if self._is_over:
            self.dismiss()

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close. Its look-ups and drawing are cancelled; an operation that has begun goes on.

        Textual closes whatever lies on top: an Esc and an outcome that meet would close the main screen too.
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
