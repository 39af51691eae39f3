"""A list that can show its problems only. Must not know what a problem is."""

from __future__ import annotations

from tui.ui.panes.lists import ListPane


class ProblemListPane(ListPane):
    """A list that is narrowed by a filter, or to problems, or by both."""

    def __init__(self) -> None:
        super().__init__()
        self.problems_only = False

    def toggle_problems(self) -> bool:
        """Show only rows with problems, or all."""
        self.problems_only = not self.problems_only
        self.update_rows()
        return True

    @property
    def is_narrowed(self) -> bool:
        """A filter is on, or only problems are shown."""
        return super().is_narrowed or self.problems_only

    def widen(self) -> None:
        """Clear the filter; where there is none, show every row."""
        if super().is_narrowed:
            super().widen()
        elif self.problems_only:
            self.toggle_problems()
