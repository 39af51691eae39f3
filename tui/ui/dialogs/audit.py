"""The audit trail on the screen: what was done from this machine, by whom, why, and its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.fleet.lists.cells import Cell, ColumnLayout
from tui.fleet.times import TimeStyle, clock_time, time_title
from tui.formats import duration
from tui.operations.journal.journal import AuditEntry
from tui.operations.journal.outcome import WORDS
from tui.operations.journal.resumed_deploys import LABELS
from tui.operations.registry import BY_ID
from tui.ui.dialogs.fact_lines import FactLine, wrap_facts
from tui.ui.dialogs.verdicts import verdict_tone
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import AUDIT
from tui.ui.widgets.lines import Lines, TitleLine
from tui.ui.widgets.table import LineTable

DETAILS = 8
"""Lines for one operation in full."""
MOST_OF_TARGET = 40
"""Cells that a target may take from the columns behind it: an agent's id and a version, and some more."""


class Audit(ModalScreen[None]):
    """Newest first; the row under the cursor is shown in full below."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(AUDIT)

    DEFAULT_CSS = """
    Audit { align: center middle; }
    Audit > #audit { width: 96%; height: 90%; border: round $edge-focus; background: $background; }
    Audit #audit-details { height: 8; width: 1fr; padding: 0 1; border-top: solid $edge; }
    """

    def __init__(self, entries: Sequence[AuditEntry], *, most: int = 0) -> None:
        """`most` is how many were read at the most; 0 for all."""
        super().__init__()
        self._most = most
        self._entries = {entry.intent.id: entry for entry in entries}

    def compose(self) -> ComposeResult:
        """Title, list, details."""
        columns = (
            ColumnLayout("at", time_title(), 19),
            ColumnLayout("verdict", "OUTCOME", 9),
            ColumnLayout("operation", "OPERATION", 17),
            ColumnLayout("target", "TARGET", 16, want=self._widest_target(), grow=1, rank=1),
            ColumnLayout("project", "PROJECT", 8, grow=1, rank=1),
            ColumnLayout("user", "BY", 6, grow=1, rank=2),
            ColumnLayout("reason", "REASON", 8, want=16, grow=2, rank=3),
        )
        with Vertical(id="audit"):
            yield TitleLine("Esc closes", id="audit-title")
            yield LineTable(columns)
            yield Lines(id="audit-details")

    def on_mount(self) -> None:
        """Fill the list."""
        words = f" Audit trail · {how_many(len(self._entries), self._most)} of this user on this machine"
        self.query_one(TitleLine).say(Cell(words, "accent"))
        table = self.query_one(LineTable)
        table.empty = (Cell("The journal of this user on this machine holds no operation.", "muted"),)
        table.focus()
        self._show()  # now: the next key may move the cursor
        self.call_after_refresh(self._show)

    def _widest_target(self) -> int:
        targets = (cell_len(entry.intent.target) for entry in self._entries.values())
        return min(MOST_OF_TARGET, max(targets, default=0))

    def _show(self) -> None:
        table = self.query_one(LineTable)
        table.show(list(self._entries), self._cells)
        self._show_details(table.cursor)

    def _cells(self, key: str) -> tuple[Cell, ...]:
        entry = self._entries[key]
        intent = entry.intent
        return (
            Cell(clock_time(intent.time, TimeStyle.LOCAL, zone=False), "muted"),
            Cell(_outcome(entry), verdict_tone(entry.verdict)),
            Cell(_label(intent.operation)),
            Cell(intent.target),
            Cell(intent.project, "muted"),
            Cell(intent.origin.user, "muted"),
            Cell(intent.reason),
        )

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        """Show the row in full."""
        self._show_details(event.key)

    def on_resize(self) -> None:
        """Wrap lines for the new width."""
        self.call_after_refresh(lambda: self._show_details(self.query_one(LineTable).cursor))

    def _show_details(self, key: str) -> None:
        entry = self._entries.get(key)
        details = self.query_one("#audit-details", Lines)
        if entry is None:
            details.set_lines([])
            return
        intent = entry.intent
        origin = f"{intent.origin.user} from {intent.origin.ssh}" if intent.origin.ssh else intent.origin.user
        facts = [
            FactLine("what", f"{_label(intent.operation)} {intent.target}, in {intent.project}"),
            FactLine("outcome", entry.detail or _in_full(entry), verdict_tone(entry.verdict)),
            FactLine("reason", intent.reason or "–"),
            FactLine("parameters", ", ".join(intent.arguments) or "–"),
            FactLine("by", origin or "not recorded"),
            FactLine("took", duration(entry.latency) if entry.latency else "not recorded"),
            FactLine("request id", intent.request_id or "–"),
        ]
        details.set_lines(wrap_facts(facts, max(30, details.size.width))[:DETAILS])

    def action_leave(self) -> None:
        """Close."""
        self.dismiss()


def how_many(count: int, most: int) -> str:
    """How many operations are shown, of which `most` were read at the most; 0 for all."""
    newest = "the newest " if most and count >= most else ""
    return f"{newest}{count:,} {'operation' if count == 1 else 'operations'}"


def _outcome(entry: AuditEntry) -> str:
    return entry.foreign or (WORDS[entry.verdict] if entry.verdict is not None else "no result")


def _in_full(entry: AuditEntry) -> str:
    if entry.verdict is None:
        return "no result recorded: still running, or its lktop ended first"
    return _outcome(entry)


def _label(operation: str) -> str:
    known = BY_ID.get(operation)
    return known.label if known is not None else LABELS.get(operation, operation)
