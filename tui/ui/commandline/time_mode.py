"""The prompt's mode for a time to go to: in a list that has times, or in the past."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo
from functools import partial

from tui.fleet.typed_time import TIME_HINT, typed_times, which_of
from tui.ui.widgets.key_choice import KeyChoice, KeyOption


class TimeMode:
    """Type a time."""

    kind = "time"
    begun = ""
    sign = "go to a time"

    def __init__(
        self,
        now: float,
        zone: tzinfo | None,
        go: Callable[[float], None],
        give_focus_back: Callable[[], object],
        *,
        ask: Callable[[KeyChoice], None],
        words: str = f"go to {TIME_HINT}",
    ) -> None:
        """`now` in Unix seconds; `zone` of the times that are typed, None for the machine's.

        `ask` is given the question which of two moments is meant; `words` say what is done.
        """
        self._now = now
        self._zone = zone
        self._go = go
        self._give_focus_back = give_focus_back
        self._ask = ask
        self.words = words

    def _moments(self, text: str) -> Sequence[float]:
        return typed_times(text, now=self._now, zone=self._zone)

    def typed(self, text: str) -> tuple[str, bool]:
        """Whether that is a time, and whether it is one."""
        found = self._moments(text)
        if text.strip() and not found:
            return f"no time yet; type {TIME_HINT}", True
        if len(found) > 1:
            return f"that hour came twice: {' or '.join(which_of(text, found, self._zone))}", False
        return self.words, False

    def complete(self, text: str) -> str:
        """Nothing to complete."""
        return ""

    def path(self, text: str) -> tuple[str, str]:
        """A time holds no paths."""
        return "", ""

    def submit(self, text: str) -> None:
        """Go there, if it is a time; ask if it is two."""
        self._give_focus_back()
        found = self._moments(text)
        if len(found) == 1:
            self._go(found[0])
        elif found:
            words = which_of(text, found, self._zone)
            options = [
                KeyOption(str(number), word, partial(self._go, at))
                for number, (word, at) in enumerate(zip(words, found, strict=True), 1)
            ]
            self._ask(KeyChoice("that hour came twice:", options))

    def give_up(self) -> None:
        """Stay."""
        self._give_focus_back()
