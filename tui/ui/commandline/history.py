"""Lines that were typed before, kept apart by kind."""

from __future__ import annotations

REMEMBER = 50
"""Lines of each kind."""


class PromptHistory:
    """Goes back and forth through the lines of one kind at a time."""

    def __init__(self) -> None:
        self._lines: dict[str, list[str]] = {}
        self._kind = ""
        self._at = 0
        self._begun = ""
        """What was typed before the first step back."""

    def begin(self, kind: str) -> None:
        """A line of this kind is asked for: the next step back is to the newest one."""
        self._kind = kind
        self._at = len(self._lines.get(kind, ()))

    def add(self, line: str) -> None:
        """A line was entered; the same one further back is forgotten."""
        if line:
            known = self._lines.setdefault(self._kind, [])
            known[:] = [*(other for other in known if other != line), line][-REMEMBER:]

    def step(self, by: int, typed: str) -> str:
        """The line `by` steps on; past the newest what was `typed` before, so that no step loses it."""
        lines = self._lines.get(self._kind, [])
        if self._at == len(lines):
            self._begun = typed
        self._at = max(0, min(len(lines), self._at + by))
        return lines[self._at] if self._at < len(lines) else self._begun
