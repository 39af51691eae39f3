"""Tells the operator: every text is kept in `:messages`, most are shown as a toast. Never read as markup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from textual.notifications import SeverityLevel

from tui.api.text.clean import clean
from tui.clock import Clock
from tui.ui.overlays.messages import MessageLog
from tui.ui.widgets.text import to_ascii

TOAST: Final = 6.0
"""Seconds for which a toast stays."""
NOTICES_TOAST: Final = 8.0
"""Seconds for which the notices of the start stay."""
SHOWN: Final = 300
"""Characters of a text that a toast shows."""


class Say(Protocol):
    """Tells the operator."""

    def __call__(self, text: str, *, tone: str = "text") -> None:
        """Say a text in a tone."""


class Notify(Protocol):
    """Shows a toast."""

    def __call__(
        self, message: str, *, severity: SeverityLevel = "information", timeout: float | None = None
    ) -> None:
        """Show one line for so many seconds."""


class Announcer:
    """One for the application."""

    def __init__(self, clock: Clock, *, notify: Notify, ascii_only: bool) -> None:
        self._clock, self._notify, self._ascii_only = clock, notify, ascii_only
        self.said = MessageLog()
        self._toasted = ("", 0.0)
        """The newest toast and its monotonic time."""

    def say(self, text: str, *, tone: str = "text", toast: bool = True) -> None:
        """Tell the operator."""
        words = clean(text, limit=2000)
        self.said.add(self._clock.now(), words, tone)
        before, now = self._toasted, (words, self._clock.monotonic())
        if toast and (words != before[0] or now[1] - before[1] >= TOAST):  # twice the same covers more
            self._toasted = now
            level: SeverityLevel = (
                "error" if tone == "error" else "warning" if tone == "warn" else "information"
            )
            self._notify(self._drawable(words), severity=level, timeout=TOAST)

    def toast_notices(self, notices: Sequence[str]) -> None:
        """Show the first of what was said at the start, and how many there are."""
        if notices:
            more = f"{len(notices)} notices, all in :messages · " if len(notices) > 1 else ""
            self._notify(self._drawable(more + notices[0]), severity="warning", timeout=NOTICES_TOAST)

    def _drawable(self, text: str) -> str:
        text = clean(text, limit=SHOWN)
        return to_ascii(text) if self._ascii_only else text
