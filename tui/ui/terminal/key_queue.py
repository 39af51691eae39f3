"""Keys in turn: each goes where the one before it has put the keyboard. Must not know what keys do.

Textual sends a key to what has the keyboard when it is read, and its binding acts some messages later. Of
`/error`, typed quickly or held up on the way, the letters would so have gone to the lines and not into the
prompt that `/` opens: `e` to the next error, `r` to a restart.
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
"""Seconds after which a key whose way cannot be followed, for its widget is gone, holds up no other."""


class KeyQueue:
    """Follows one key at a time on its way up to the application; those that come meanwhile wait."""

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._held: deque[Key] = deque()
        self._turn = 0
        """Number of the key that is on its way; 0 for none."""
        self._count = 0
        self._timer: Timer | None = None

    def holds(self, event: Event) -> bool:
        """Whether this event has to wait; it comes back to `on_event` of the application in its turn."""
        if not self._turn or not isinstance(event, Key) or event.is_forwarded:
            return False
        self._held.append(event)
        if self._timer is None:
            self._timer = self._app.set_timer(GIVE_UP, self._end)
        return True

    def sent(self, to: DOMNode | None) -> None:
        """A key was sent to this widget, or acted upon at once."""
        self._count += 1
        self._turn = self._count
        self._climb(to or self._app, self._turn)

    def _climb(self, node: MessagePump | None, turn: int) -> None:
        """Wait until a widget has handled the key, then until what is above it has."""
        if node is None or node is self._app:
            # what the key did may itself be under way, as moving the keyboard is
            self._app.call_later(self._app.call_later, self._end, turn)
        elif not node.call_later(self._climb, node._parent, turn):
            self._climb(node._parent, turn)

    async def _end(self, turn: int = 0) -> None:
        """The key has done what it does: let the next one go."""
        if turn not in (0, self._turn):
            return
        self._turn = 0
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        while self._held and not self._turn:
            await self._app.on_event(self._held.popleft())
        if self._held:
            self._timer = self._app.set_timer(GIVE_UP, self._end)
