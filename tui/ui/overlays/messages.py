"""The messages to the operator, kept in full after their toasts have gone."""

from __future__ import annotations

import textwrap
from collections import deque
from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui.fleet.lists.cells import Cell, ColumnLayout
from tui.fleet.times import TimeStyle, clock_time, time_title
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import MESSAGES
from tui.ui.widgets.lines import TitleLine
from tui.ui.widgets.table import LineTable

TIME_WIDTH = 19
"""Cells of a date with a time of day."""
KEEP = 500
"""Messages that are kept."""


class Said(Struct, frozen=True):
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
    """Lists the messages; c copies the one under the cursor, Esc leaves."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(MESSAGES)

    def __init__(self, log: MessageLog, *, copy: Callable[[str], None]) -> None:
        super().__init__()
        self._said = log.newest_first
        self._rows: dict[str, tuple[Cell, ...]] = {}
        self._whole: dict[str, str] = {}
        """The message that a line belongs to."""
        self._copy = copy

    def compose(self) -> ComposeResult:
        """Title and list."""
        with Vertical(id="messages-box"):
            yield TitleLine("c copies · Esc closes", id="messages-title")
            columns = (
                ColumnLayout("at", time_title(), TIME_WIDTH),
                ColumnLayout("text", "MESSAGE", 20, grow=1),
            )
            yield LineTable(columns)

    def on_mount(self) -> None:
        """Fill the list."""
        self.query_one(TitleLine).say(Cell(f" Messages of this session · {len(self._said)}", "accent"))
        table = self.query_one(LineTable)
        table.empty = (Cell("No messages yet.", "muted"),)
        table.focus()

    def on_line_table_resized(self, event: LineTable.Resized) -> None:
        """Break the messages into lines that fit."""
        room = max(20, event.table.size.width - TIME_WIDTH - 5)
        self._rows, self._whole = {}, {}
        for said in self._said:
            time = clock_time(said.at, TimeStyle.LOCAL, zone=False)
            for line in textwrap.wrap(said.text, room) or [""]:
                key = str(len(self._rows))
                self._rows[key] = (Cell(time, "muted"), Cell(line, said.tone))
                self._whole[key] = said.text
                time = ""
        event.table.show(list(self._rows), self._rows.__getitem__, ghosts=False)

    def action_copy(self) -> None:
        """Copy the message under the cursor, all of its lines."""
        if text := self._whole.get(self.query_one(LineTable).cursor):
            self._copy(text)

    def action_leave(self) -> None:
        """Close."""
        self.dismiss()
