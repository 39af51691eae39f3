"""Decides who gets a key, paste or click: one after another, and none that was meant for something else.

Textual delivers to what has the keyboard when the input is read. A dialog that has just opened, a question in
the footer or a summary over the main screen may have to take it, or keep it from what lies below.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final
from weakref import WeakKeyDictionary

from textual.app import App
from textual.events import Event, Key, MouseMove, Paste
from textual.screen import Screen
from textual.widgets import Input, TextArea

from tui.ui.announcer import Say
from tui.ui.dialogs.base import CONFIRMS_NOTHING, Dialog
from tui.ui.dialogs.fields.secret_input import SecretInput
from tui.ui.dialogs.typed_run import parts
from tui.ui.keys.bindings import contexts_of
from tui.ui.keys.hints import Hints
from tui.ui.main_screen.screen import MainScreen
from tui.ui.overlays.away import AwayNotice
from tui.ui.terminal.key_queue import KeyQueue, is_input
from tui.ui.terminal.keyboard import UnmarkedPaste
from tui.ui.widgets.hidden_text import PastedSecrets, TakesHiddenText

LEAVES: Final = frozenset(("escape", "ctrl+q", "ctrl+c"))
"""Keys that never wait."""


class InputDelivery:
    """One for the application."""

    def __init__(
        self, app: App[None], main: MainScreen, away: AwayNotice, *, came: Callable[[], None], say: Say
    ) -> None:
        """`came` is called whenever the operator did something."""
        self._app, self._main, self._away = app, main, away
        self._came, self._say = came, say
        self._queue = KeyQueue(app)
        self._hints = Hints()
        self._pasted_secrets = PastedSecrets()
        self._sent_to: WeakKeyDictionary[Key, Screen[object]] = WeakKeyDictionary()
        self.hinted = ""
        """What was said of the newest key."""
        self._is_held = False
        self._forgotten_until = 0.0
        """Monotonic seconds: what was typed until then was for something that did not open."""

    @property
    def _top(self) -> Screen[object] | None:
        stack = self._app.screen_stack
        return stack[-1] if stack else None

    async def deliver(self, event: Event, forward: Callable[[Event], Awaitable[None]]) -> None:
        """Deliver an event by `forward`, now or later; or never, as a key from before a dialog opened."""
        if self._queue.holds(event):
            return
        top = self._top
        if (isinstance(top, Dialog) and top.waits(event)) or self._waits(event):
            self._queue.block(event)
            return
        if is_input(event) and event.time <= self._forgotten_until and not _leaves(event):
            return
        if isinstance(event, UnmarkedPaste) and top is not None and not event.is_forwarded:
            for part in parts(event, self._app.focused):
                await self.deliver(part, forward)
            return
        if is_input(event):
            if not isinstance(event, MouseMove):
                self._came()
            await self._queue.release(deliver=isinstance(top, Dialog) and top.asks)
            if self._queue.holds(event):  # what was released is being handled, and comes first
                return
        if self._is_taken(event, top):
            return
        if isinstance(event, Key) and not event.is_forwarded and top is not None:
            to = self._app.focused or self._app.screen
            self._hint_at(event)
            self._sent_to[event] = top
            await forward(event)
            self._queue.sent(to)
        else:
            await forward(event)

    def is_for_another(self, key: Key) -> bool:
        """Whether another screen has come on top since the key was sent to one: it means nothing there."""
        return self._sent_to.get(key, self._top) is not self._top

    def _is_taken(self, event: Event, top: Screen[object] | None) -> bool:
        """Whether an event has its effect here, or none; whatever has the keyboard does not get it."""
        if is_input(event) and self._away.takes(event, top):
            event.stop()
            return True
        if isinstance(top, Dialog) and top.ignores(event):
            event.stop()
            return True
        if is_input(event) and top is self._main and self._answers(event):
            return True
        if top is not None and self._is_secret_elsewhere(event):
            event.stop()
            return True
        return False

    def _answers(self, event: Event) -> bool:
        """Whether it answered or ended the question of the footer; a click or a paste does more than that."""
        if self._main.choice is None or isinstance(event, MouseMove):
            return False
        self._main.end_choice(event.key if isinstance(event, Key) else "")
        return isinstance(event, Key)

    def _hint_at(self, event: Key) -> None:
        """Say what a key does by now, or what does what it did, unless it is typed."""
        focused, top = self._app.focused, self._app.screen
        is_typed = isinstance(focused, Input | TextArea | SecretInput)
        self.hinted = ""
        if not is_typed and not (isinstance(top, Dialog) and top.takes(event)):
            nodes = focused.ancestors_with_self if focused is not None else (top,)
            self.hinted = self._hints.of(event.key, contexts_of(nodes))
        if self.hinted:
            self._say(self.hinted, tone="info")

    def _is_secret_elsewhere(self, event: Event) -> bool:
        """Whether it is a value that was pasted as a secret, now where it would be shown. Says so."""
        if not isinstance(event, Paste) or event.is_forwarded:
            return False
        focused = self._app.focused
        hidden = focused.hidden_part(event.text) if isinstance(focused, TakesHiddenText) else ""
        if hidden:
            self._pasted_secrets.add(hidden)
        elif self._pasted_secrets.is_in(event.text):
            self._say("that is the value of a secret: it was not pasted where it would be shown", tone="warn")
            return True
        return False

    async def dialog_ready(self, dialog: Dialog) -> None:
        """What was typed while a dialog put its first question goes there."""
        await self._queue.release(deliver=dialog is self._app.screen and dialog.asks)

    def hold(self) -> None:
        """Let input wait: what a key opens is still being read."""
        self._is_held = True

    def _waits(self, event: Event) -> bool:
        """Whether it waits for what is being opened. A key that leaves does not, and ends the waiting."""
        if _leaves(event):
            self._is_held = False
        return self._is_held and is_input(event)

    async def resume(self, *, deliver: bool) -> None:
        """Deliver what has waited to what has the keyboard now, or forget it."""
        self._is_held = False
        if not deliver:
            self._forgotten_until = time.monotonic()
        await self._queue.release(deliver=deliver)

    def confirms(self, key: Key) -> bool:
        """Only in a dialog: elsewhere a key shows, moves or asks first, and none is too old for that.

        Nor does text for a question, as the name that is typed while a button has the keyboard.
        """
        top = self._top
        return isinstance(top, Dialog) and key.key not in CONFIRMS_NOTHING and not top.takes(key)


def _leaves(event: Event) -> bool:
    return isinstance(event, Key) and event.key in LEAVES
