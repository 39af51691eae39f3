"""The prompt's mode for filters: a list is filtered while the filter is typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol

from tui.fleet.lists.query import Query, complete, unknown_field
from tui.ui.widgets.table import LineTable


class FilteredPane(Protocol):
    """A pane with a list that can be filtered."""

    NAME: ClassVar[str]
    active_filter: Query
    table: LineTable

    @property
    def filters(self) -> Sequence[str]:
        """The fields that a filter may name."""

    def set_filter(self, text: str) -> str:
        """Filter by an expression; returns what is wrong with it."""

    def take_focus(self) -> None:
        """Give the keyboard to the list."""


class FilterMode:
    """Filter a list. Giving up restores the filter that was there."""

    kind = "filter"

    def __init__(self, pane: FilteredPane) -> None:
        self._pane = pane
        self.begun = pane.active_filter.source
        """The filter that was there."""
        self.sign = f"filter {pane.NAME}"

    @property
    def words(self) -> str:
        """What can be typed."""
        return f"/ {self._pane.NAME}: text !not -f fuzzy {self._field_names}"

    @property
    def _field_names(self) -> str:
        return " ".join(f"{name}:" for name in self._pane.filters)

    def typed(self, text: str) -> tuple[str, bool]:
        """Filter, and say how many rows that leaves or what is wrong."""
        problem = self._pane.set_filter(text)
        rows = len(self._pane.table.keys)
        words = f"/ {self._pane.NAME}: {rows} row{'' if rows == 1 else 's'}"
        if not rows and (field := unknown_field(text, self._pane.filters)):
            words += f" · {field}: is not a field; available: {self._field_names}"
        return problem or words, bool(problem)

    def complete(self, text: str) -> str:
        """The name of a field; for the rest, the rows themselves show what there is."""
        return complete(text, self._pane.filters)

    def path(self, text: str) -> tuple[str, str]:
        """A filter holds no paths."""
        return "", ""

    def submit(self, text: str) -> None:
        """Keep the filter."""
        self._pane.table.keep_cursor()
        self._pane.take_focus()

    def give_up(self) -> None:
        """Back to the filter that was there."""
        self._pane.set_filter(self.begun)
        self._pane.take_focus()
