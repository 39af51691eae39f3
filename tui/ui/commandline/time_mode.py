"""The prompt's mode for a time to go to, in a list that has times, or in the past."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo

from tui.fleet.typed_time import TIME_HINT, typed_time


class TimeMode:
    """Type a time."""

    kind = "time"
    begun = ""
    sign = "go to a time"
    words = f"go to {TIME_HINT}"

    def __init__(
        self,
        now: float,
        zone: tzinfo | None,
        go: Callable[[float], None],
        give_focus_back: Callable[[], object],
    ) -> None:
        """`now` in Unix seconds; `zone` of the times that are typed, None for the machine's."""
        self._now = now
        self._zone = zone
        self._go = go
        self._give_focus_back = give_focus_back

    def typed(self, text: str) -> tuple[str, bool]:
        """Whether that is a time."""
        wrong = bool(text.strip()) and typed_time(text, now=self._now, zone=self._zone) is None
        return f"no time yet; type {TIME_HINT}" if wrong else self.words, wrong

    def complete(self, text: str) -> str:
        """Nothing to complete."""
        return ""

    def path(self, text: str) -> tuple[str, str]:
        """A time holds no paths."""
        return "", ""

    def submit(self, text: str) -> None:
        """Go there, if it is a time."""
        self._give_focus_back()
        at = typed_time(text, now=self._now, zone=self._zone)
        if at is not None:
            self._go(at)

    def give_up(self) -> None:
        """Stay."""
        self._give_focus_back()
