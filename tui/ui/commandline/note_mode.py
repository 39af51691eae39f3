"""The prompt's mode for notes: a line of text on an agent, a room, a job or the project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tui.api.text.clean import clean
from tui.fleet.past import Subject

LENGTH: Final = 300
"""Characters of a note."""


class NoteMode:
    """Type a note."""

    kind = "note"
    begun = ""

    def __init__(
        self, subject: Subject, note: Callable[[str], None], give_focus_back: Callable[[], None]
    ) -> None:
        self._note = note
        self._give_focus_back = give_focus_back
        about = subject.job_id or subject.dispatch_id or subject.room or subject.agent_name
        self.sign = f"note on {about or subject.agent_id or 'the project'}"

    @property
    def words(self) -> str:
        """Where it will be."""
        return f"{self.sign}: kept in the timeline"

    def typed(self, text: str) -> tuple[str, bool]:
        """Nothing can be wrong with a note, but its length."""
        return (
            (f"{self.sign}: {LENGTH} characters are kept", True)
            if len(text) > LENGTH
            else (self.words, False)
        )

    def complete(self, text: str) -> str:
        """Nothing to complete."""
        return ""

    def path(self, text: str) -> tuple[str, str]:
        """A note holds no paths."""
        return "", ""

    def submit(self, text: str) -> None:
        """Note it, unless it is empty."""
        self._give_focus_back()
        if words := clean(text.strip(), limit=LENGTH):
            self._note(words)

    def give_up(self) -> None:
        """Note nothing."""
        self._give_focus_back()
