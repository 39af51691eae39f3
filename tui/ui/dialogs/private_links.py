"""Private links with their health, for `:links`: a screen of its own, polled while it is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.worker import Worker

from tui.api.errors import ApiError
from tui.fleet.lists.cells import Cell, ColumnLayout
from tui.fleet.times import when
from tui.fleet.view import Selection
from tui.operations.verbs.private_links import CreateLink, DeleteLink, LinkState, link_states
from tui.ui.dialogs.project_context import ProjectContext
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import LINKS
from tui.ui.widgets.lines import Lines
from tui.ui.widgets.table import LineTable

EVERY = 10.0
"""Seconds between looks while the screen is open: each costs a request for every link."""
KEYS = " ctrl+n new · ctrl+d delete · c copies · ctrl+r reloads · Esc closes"

_HEALTH = {
    "Healthy": ("●", "ok"),
    "Approved": ("◐", "busy"),
    "Provisioning": ("◐", "busy"),
    "Pending Approval": ("◔", "warn"),
    "Unhealthy": ("✗", "error"),
}
_OTHER = ("?", "warn")
_NOTHING = Selection()

Open = Callable[[str, Sequence[str]], None]
"""Opens the dialog of an operation, by its id and the words of its command."""


class PrivateLinks(ModalScreen[None]):
    """The links of a project; the dialogs of operations make and delete them."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(LINKS)

    def __init__(self, context: ProjectContext, open_dialog: Open) -> None:
        super().__init__()
        self._project_context = context
        self._open = open_dialog
        self._rows: dict[str, LinkState] = {}
        self._problem = ""
        self._was_read = False
        self._unreadable = 0

    def compose(self) -> ComposeResult:
        """Title, rows, the whole of the row under the cursor, what the keys do."""
        columns = (
            ColumnLayout("sign", " ", 1),
            ColumnLayout("name", "NAME", 12, grow=2),
            ColumnLayout("health", "HEALTH", 16),
            ColumnLayout("endpoint", "ENDPOINT", 14, grow=3),
            ColumnLayout("port", "PORT", 5, right=True),
            ColumnLayout("region", "REGION", 10, rank=1),
            ColumnLayout("cloud", "CLOUD", 10, rank=3),
            ColumnLayout("dns", "DNS", 18, grow=1, rank=4),
            ColumnLayout("updated", "SINCE", 5, right=True, rank=2),
        )
        with Vertical(id="links"):
            yield Lines(id="links-title")
            yield LineTable(columns)
            yield Lines(id="links-detail")
            yield Lines(id="links-keys")

    def on_mount(self) -> None:
        """Ask now, and again from time to time."""
        self.query_one("#links-detail").styles.height = 2
        self.query_one("#links-keys", Lines).set_lines([(Cell(KEYS, "muted"),)])
        table = self.query_one(LineTable)
        table.empty = (Cell("asking…", "muted"),)
        table.focus()
        self.action_ask()
        self.set_interval(EVERY, self.action_ask)

    def on_screen_resume(self) -> None:
        """Back from a dialog: it may have changed something."""
        self.action_ask()

    def action_ask(self) -> None:
        """Ask again, unless something lies over it."""
        if self.app.screen is self:
            # the function and not its coroutine, which would warn if it were replaced before it began
            self._asking: Worker[None] = self.run_worker(self._ask, exclusive=True)

    async def _ask(self) -> None:
        table = self.query_one(LineTable)
        try:
            found = await link_states(self._project_context.operator.remote)
        except ApiError as error:
            self._problem = str(error)
        else:
            self._problem, self._was_read = "", True
            self._rows = {item.link.private_link_id: item for item in found.states}
            self._unreadable = found.unreadable
        none = "No link that could be read." if self._unreadable else "This project has no private links."
        words = f"not read: {self._problem}" if self._problem else none
        table.empty = (Cell(words, "error" if self._problem else "muted"),)
        table.show(list(self._rows), self._cells, ghosts=False)
        self._draw()

    def _cells(self, key: str) -> tuple[Cell, ...]:
        item = self._rows[key]
        link = item.link
        sign, look = _HEALTH.get(item.health, _OTHER)
        now = self._project_context.view(_NOTHING).now
        since = when(item.updated_at, now=now, style=self._project_context.view(_NOTHING).times)
        return (
            Cell(sign, look),
            Cell(link.name or "-"),
            Cell(item.health, look),
            Cell(link.endpoint or "-"),
            Cell(str(link.port or "-")),
            Cell(link.region or "-", "muted"),
            Cell(link.cloud_region or "-", "muted"),
            Cell(link.connection_endpoint or "-", "muted"),
            Cell(since, "muted"),
        )

    def _draw(self) -> None:
        project = self._project_context.project
        is_known = self._rows or (self._was_read and not self._problem)
        count = f"{len(self._rows)} " if is_known else ""
        count += f"private {'link' if len(self._rows) == 1 else 'links'}"
        stale = (Cell(f"  not read: {self._problem}", "error"),) if self._problem and self._rows else ()
        partly = (Cell(f"  {self._unreadable} unreadable", "warn"),) if self._unreadable else ()
        self.query_one("#links-title", Lines).set_lines(
            [(Cell(f" {count} of {project.name}", "accent"), *partly, *stale)]
        )
        item = self._rows.get(self.query_one(LineTable).cursor)
        lines = []
        if item is not None:
            link = item.link
            lines.append((Cell(f" {link.private_link_id}  agents use {link.connection_endpoint or '-'}"),))
            lines.append((Cell(f" {item.reason}", _HEALTH.get(item.health, _OTHER)[1]),))
        self.query_one("#links-detail", Lines).set_lines(lines)

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        """Another row."""
        self._draw()

    def action_create(self) -> None:
        """Make a link."""
        self._open(CreateLink.id, ())

    def action_delete(self) -> None:
        """Delete the link under the cursor."""
        if cursor := self.query_one(LineTable).cursor:
            self._open(DeleteLink.id, (cursor,))

    def action_copy(self) -> None:
        """Copy the id."""
        if cursor := self.query_one(LineTable).cursor:
            self._project_context.copy(cursor)

    def action_leave(self) -> None:
        """Close."""
        self.dismiss()
