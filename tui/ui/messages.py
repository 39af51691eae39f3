"""Everything that was said in this session, kept in full: toasts go, this stays."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.fleet.times import TimeStyle, clock_time
from tui.ui.lines import Lines
from tui.ui.rows import Cell, Column
from tui.ui.table import LineTable

KEEP = 500
"""Messages that are kept."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message."""

    at: float
    """Unix seconds."""
    text: str
    tone: str


class MessageLog:
    """The messages of a session."""

    def __init__(self) -> None:
        self._said: deque[Said] = deque(maxlen=KEEP)

    def add(self, at: float, text: str, tone: str = "text") -> None:
        """Keep a message."""
        self._said.append(Said(at, text, tone))

    @property
    def newest_first(self) -> list[Said]:
        """All, newest first."""
        return list(reversed(self._said))


class Messages(ModalScreen[None]):
    """Shows them; Esc leaves."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "leave", "Close", show=False)]

    def __init__(self, log: MessageLog, *, ascii_only: bool = False) -> None:
        super().__init__()
        self._said = {str(index): said for index, said in enumerate(log.newest_first)}
        self._ascii = ascii_only

    def compose(self) -> ComposeResult:
        """Title and list."""
        with Vertical(id="messages-box"):
            yield Lines(ascii_only=self._ascii, id="messages-title")
            columns = (Column("at", "TIME", 19), Column("text", "MESSAGE", 20, grow=1))
            yield LineTable(columns, ascii_only=self._ascii)

    def on_mount(self) -> None:
        """Fill the list."""
        self.query_one("#messages-title", Lines).set_lines(
            [(Cell(f" Messages of this session · {len(self._said)}", "accent"),)]
        )
        table = self.query_one(LineTable)
        table.empty = (Cell("Nothing was said yet.", "muted"),)
        table.focus()
        self.call_after_refresh(table.show, list(self._said), self._cells)

    def _cells(self, key: str) -> tuple[Cell, ...]:
        said = self._said[key]
        time = clock_time(said.at, TimeStyle.LOCAL, zone=False)
        return (Cell(time, "muted"), Cell(said.text, said.tone))

    def action_leave(self) -> None:
        """Close."""
        self.dismiss()
