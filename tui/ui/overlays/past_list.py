"""A list over the main screen: what changed since a time, or which jobs failed. Knows no project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.fleet.lists.cells import Cell, Cells, ColumnLayout
from tui.fleet.lists.changes_since import CHANGE_COLUMNS, FAILED_COLUMNS, changes_since
from tui.fleet.lists.listing import row_cells
from tui.fleet.past import Subject, complete_since
from tui.fleet.times import when
from tui.fleet.view import View
from tui.formats import age
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import PAST_LIST
from tui.ui.widgets.lines import TitleLine
from tui.ui.widgets.table import LineTable


class PastRow(Struct, frozen=True):
    """One line of the list."""

    cells: Cells
    subject: Subject


class GoTo(Struct, frozen=True):
    """Where a row leads."""

    subject: Subject
    to_job: bool
    """To the job in the tree, rather than to the agent."""


class PastList(ModalScreen[GoTo | None]):
    """Shows rows; Enter and A lead to the agent, J to the job, c copies, Esc leaves."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(PAST_LIST)

    DEFAULT_CSS = """
    PastList > #past-list { width: 96%; height: 80%; border: round $edge-focus; background: $background; }
    """

    def __init__(
        self,
        title: str,
        columns: Sequence[ColumnLayout],
        rows: Sequence[PastRow],
        *,
        empty: str,
        copy: Callable[[str], None],
    ) -> None:
        super().__init__()
        self.heading = title
        self._columns = columns
        self.rows = rows
        self._by_key = {str(number): row for number, row in enumerate(rows)}
        self._empty = empty
        self._copy = copy

    def compose(self) -> ComposeResult:
        """Title and list."""
        with Vertical(id="past-list"):
            yield TitleLine("A agent · J job · c copies · Esc closes", "Esc closes", id="past-list-title")
            yield LineTable(self._columns)

    def on_mount(self) -> None:
        """Fill the list."""
        self.query_one(TitleLine).say(Cell(f" {self.heading}", "accent"))
        table = self.query_one(LineTable)
        table.empty = (Cell(self._empty, "muted"),)
        table.focus()
        self._show()  # now: the next key may move the cursor

    def on_line_table_resized(self, event: LineTable.Resized) -> None:
        """Show what there is room for."""
        self._show()

    def _show(self) -> None:
        table = self.query_one(LineTable)
        table.show(list(self._by_key), lambda key: self._by_key[key].cells, ghosts=False)

    def on_line_table_opened(self, event: LineTable.Opened) -> None:
        """Enter: to the agent."""
        event.stop()
        self._go(to_job=False)

    def _go(self, *, to_job: bool) -> None:
        row = self._by_key.get(self.query_one(LineTable).cursor)
        if row is not None:
            self.dismiss(GoTo(row.subject, to_job))

    def action_agent(self) -> None:
        """To the agent of the row."""
        self._go(to_job=False)

    def action_job(self) -> None:
        """To the job of the row."""
        self._go(to_job=True)

    def action_copy(self) -> None:
        """Copy the row."""
        row = self._by_key.get(self.query_one(LineTable).cursor)
        if row is not None:
            self._copy("  ".join(cell.text for cell in row.cells))

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)


def changes_list(view: View, since: float, until: float, copy: Callable[[str], None]) -> PastList:
    """What changed between two times, Unix seconds, per agent."""
    names = {agent.agent_id: agent.name for agent in view.fleet.agents}
    found = changes_since(view.past.events, names, since, until, view.past.job_counts)
    rows = [PastRow(row_cells(CHANGE_COLUMNS, item, view), item.subject) for item in found]
    ends = [when(at, now=view.now, style=view.clock_style) for at in (since, min(until, view.now))]
    title = f"{len(rows):,} changed {ends[0]}–{ends[1] if until < view.now else 'now'}"
    begun = complete_since(view.past)
    if begun is None or begun > since:
        words = "" if begun is None else when(begun, now=view.now, style=view.clock_style)
        title += f" · watched only since {words}" if words else " · not watched yet"
    empty = view.past.untold or "No change was seen in that time."
    return PastList(title, CHANGE_COLUMNS, rows, empty=empty, copy=copy)


def failed_list(view: View, seconds: float, copy: Callable[[str], None]) -> PastList:
    """The jobs that failed within so many seconds, newest first, also of rooms that are gone."""
    jobs = [job for job in view.past.failed_jobs if view.now - job.at <= seconds]
    jobs.sort(key=lambda job: -job.at)
    rows = [PastRow(row_cells(FAILED_COLUMNS, job, view), job.subject) for job in jobs]
    title = f"{len(rows)} {'job' if len(rows) == 1 else 'jobs'} failed within {age(seconds)}"
    empty = view.past.untold or "No failed job was seen in that time."
    return PastList(title, FAILED_COLUMNS, rows, empty=empty, copy=copy)
