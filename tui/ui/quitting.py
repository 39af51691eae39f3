"""Which keys end the program, and which of them twice. Must not know the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tui.clock import Clock
from tui.ui.announcer import Say

AGAIN: Final = 2.0
"""Seconds within which the same key pressed again quits."""


class Quitting:
    """Ends the program, unless an operation is under way: its outcome would stay unknown."""

    def __init__(
        self,
        clock: Clock,
        *,
        is_busy: Callable[[], bool],
        end: Callable[[], None],
        say: Say,
        notify: Callable[[str], None],
    ) -> None:
        """`is_busy`: an operation is under way. `notify` shows a text without keeping it."""
        self._clock, self._is_busy, self._end = clock, is_busy, end
        self._say, self._notify = say, notify
        self._pressed: dict[str, float] = {}
        """When a key was pressed last, monotonic seconds."""

    def leave(self) -> None:
        """`q` at the root: when pressed twice."""
        if self._again("q"):
            self._end()
        elif not self._warned("q again"):
            self._say("q again quits")

    def quit(self) -> None:
        """`ctrl+q`: at once; while an operation is under way, when pressed twice."""
        if self._again("ctrl+q") or not self._warned("ctrl+q again"):
            self._end()

    def interrupt(self) -> None:
        """`ctrl+c`: when pressed twice."""
        if self._again("ctrl+c"):
            self._end()
        elif not self._warned("ctrl+c again"):
            self._notify("ctrl+c again quits")

    def by_command(self) -> None:
        """Quit, unless an operation is under way. A command is not typed twice as quickly as a key."""
        if not self._warned("ctrl+q twice"):
            self._end()

    def _warned(self, keys: str) -> bool:
        """Warn that quitting would leave an outcome unknown; False if no operation is under way."""
        is_busy = self._is_busy()
        if is_busy:
            text = f"an operation is under way, its outcome would stay unknown: {keys} quits"
            self._say(text, tone="warn")
        return is_busy

    def _again(self, key: str) -> bool:
        now = self._clock.monotonic()
        again = now - self._pressed.get(key, -AGAIN) < AGAIN
        self._pressed[key] = now
        return again
