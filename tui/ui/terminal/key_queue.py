"""Serialises keys so that each reaches what the previous one focused. Knows no bindings.

Textual sends a key to the widget that has the focus when it is read, but the key's binding acts some messages
later. Of `/error`, typed quickly, the letters would go to the list and not into the prompt that `/` opens:
`e` to the next error, `r` to a restart.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from textual.app import App
from textual.dom import DOMNode
from textual.events import Event, Key
from textual.message_pump import MessagePump
from textual.timer import Timer

GIVE_UP: Final = 0.3
"""Seconds after which the next key is sent, if the handling of one cannot be followed: its widget is gone."""


class KeyQueue:
    """Follows the handling of one key at a time, from its widget up to the application; later keys wait."""

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._held: deque[Key] = deque()
        self._current = 0
        """Number of the key that is being handled; 0 for none."""
        self._count = 0
        self._timer: Timer | None = None

    def holds(self, event: Event) -> bool:
        """Whether this event has to wait; it is passed to the application's `on_event` again later."""
        if not self._current or not isinstance(event, Key) or event.is_forwarded:
            return False
        self._held.append(event)
        if self._timer is None:
            self._timer = self._app.set_timer(GIVE_UP, self._end)
        return True

    def sent(self, to: DOMNode | None) -> None:
        """A key was sent to this widget, or handled at once (None)."""
        self._count += 1
        self._current = self._count
        self._climb(to or self._app, self._current)

    def _climb(self, node: MessagePump | None, number: int) -> None:
        """Wait until a widget has handled the key, then until its parent has."""
        if node is None or node is self._app:
            # the effect of the key may itself be a pending message, as a change of the focus is
            self._app.call_later(self._app.call_later, self._end, number)
        elif not node.call_later(self._climb, node._parent, number):
            self._climb(node._parent, number)

    async def _end(self, number: int = 0) -> None:
        """The key is handled: send the next one."""
        if number not in (0, self._current):
            return
        self._current = 0
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        while self._held and not self._current:
            await self._app.on_event(self._held.popleft())
        if self._held:
            self._timer = self._app.set_timer(GIVE_UP, self._end)
