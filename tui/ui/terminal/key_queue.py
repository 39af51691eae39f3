"""Serialises keys, pastes and clicks, so that each goes to what the key before it focused. Knows no bindings.

Textual sends a key to the widget that has the focus when it is read, but the key's binding acts some messages
later. Of `/error`, typed quickly, the letters would go to the list and not into the prompt that `/` opens:
`e` to the next error, `r` to a restart. A paste or a click that overtook a key would go to the field before.
"""

from __future__ import annotations

import time
from collections import deque
from functools import partial
from typing import Final

from textual.app import App
from textual.dom import DOMNode
from textual.events import Event, Key, MouseEvent, Paste
from textual.message_pump import MessagePump
from textual.timer import Timer

GIVE_UP: Final = 0.3
"""Seconds after which the next key is sent, if the handling of one cannot be followed: its widget is gone.

Only seconds in which the event loop ran in time count: on a busy machine a key is merely handled later.
"""
TICK: Final = 0.05
LATE: Final = 0.02
"""Seconds by which a tick may be late and still count."""
MOST: Final = 3.0
"""Seconds after which it is given up in any case."""
ROUNDS: Final = 5
"""Times that the widgets are gone through while messages wait there: an Enter that leads to the next question
takes three, and a busy screen always has some.
"""


def is_input(event: Event) -> bool:
    """Whether it comes from the operator and has not been judged yet."""
    return isinstance(event, Key | Paste | MouseEvent) and not event.is_forwarded


class KeyQueue:
    """Follows the handling of one key at a time, from its widget up to the application; later input waits."""

    def __init__(self, app: App[None]) -> None:
        self._app = app
        self._held: deque[Event] = deque()
        self._current = 0
        """Number of the key that is being handled; 0 for none."""
        self._count = 0
        self._timer: Timer | None = None
        self._waited = 0.0
        """Seconds of `GIVE_UP` that have passed."""
        self._began = self._due = 0.0
        """Monotonic seconds."""
        self._is_blocked = False
        self._is_draining = False

    def holds(self, event: Event) -> bool:
        """Whether this event has to wait; it is passed to the application's `on_event` again later."""
        if not self._current or not is_input(event):
            return False
        self._held.append(event)
        if self._timer is None:
            self._begin_waiting()
        return True

    def _begin_waiting(self) -> None:
        self._began, self._waited = time.monotonic(), 0.0
        self._wait_on()

    def _wait_on(self) -> None:
        self._due = time.monotonic() + TICK
        self._timer = self._app.set_timer(TICK, self._tick)

    async def _tick(self) -> None:
        """Give up, or wait on."""
        if self._timer is None:  # it was handled meanwhile
            return
        now = time.monotonic()
        if now - self._due < LATE:
            self._waited += TICK
        if self._waited >= GIVE_UP or now - self._began >= MOST:
            await self._end()
        else:
            self._wait_on()

    def block(self, event: Event) -> None:
        """Hold this event, and whatever is passed here after it, until `release`."""
        self._is_blocked = True
        if self._is_draining:  # it was first, and stays so
            self._held.appendleft(event)
        else:
            self._held.append(event)

    async def release(self, *, deliver: bool) -> None:
        """Send what was held on its way, or forget it."""
        if not self._is_blocked:
            return
        self._is_blocked = False
        if not deliver:
            self._held.clear()
        elif not self._current:
            await self._end()

    def sent(self, to: DOMNode | None) -> None:
        """A key was sent to this widget, or handled at once (None)."""
        self._count += 1
        self._current = self._count
        self._follow(to or self._app, self._current, ROUNDS)

    def _follow(self, start: MessagePump, number: int, rounds: int) -> None:
        """Wait until the widget and all above it have handled the key, and what it brought about."""
        is_quiet = True

        def climb(node: MessagePump | None) -> None:
            nonlocal is_quiet
            if number != self._current:
                return
            if node is None or node is self._app:
                # the effect of the key may itself be a pending message, as a change of the focus is
                again = partial(self._follow, start, number, rounds - 1)
                over = is_quiet or rounds == 1
                self._app.call_later(self._app.call_later, partial(self._end, number) if over else again)
                return
            if node.message_queue_size:  # one of them may move the keyboard
                is_quiet = False
            if not node.call_later(climb, node._parent):
                climb(node._parent)

        climb(start)

    async def _end(self, number: int = 0) -> None:
        """The key is handled: send the next one."""
        if number not in (0, self._current):
            return
        self._current = 0
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        while self._held and not self._current and not self._is_blocked:
            self._is_draining = True
            await self._app.on_event(self._held.popleft())
            self._is_draining = False
        if self._held and not self._is_blocked:
            self._begin_waiting()
