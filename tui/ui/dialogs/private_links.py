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
from tui.formats import whole_seconds
from tui.operations.verbs.private_links import CreateLink, DeleteLink, LinkState, link_states
from tui.ui.dialogs.fact_lines import FactLine, wrap_facts
from tui.ui.dialogs.project_context import ProjectContext
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import LINKS
from tui.ui.widgets.lines import Line, Lines
from tui.ui.widgets.table import LineTable

EVERY = 10.0
"""Seconds between looks while the screen is open: each costs a request for every link."""
KEYS = " ctrl+n new · ctrl+d delete · c copies · ctrl+r reloads · Esc closes"
KEYS_WITHOUT_LINKS = " ctrl+n new · ctrl+r reloads · Esc closes"
DETAILS = 5
"""Lines of the link under the cursor: an endpoint in Azure takes two."""

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

    def __init__(self, context: ProjectContext, open_dialog: Open, wanted: str = "") -> None:
        super().__init__()
        self._project_context = context
        self._open = open_dialog
        self._wanted = wanted
        """The link that was asked for by its id; empty for none."""
        self._rows: dict[str, LinkState] = {}
        self._problem = ""
        self._read_at: float | None = None
        """Monotonic seconds of the newest list; None before the first."""
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
        self.query_one("#links-detail").styles.height = DETAILS
        table = self.query_one(LineTable)
        table.empty = (Cell("asking…", "muted"),)
        table.focus()
        self._asking: Worker[None] | None = None
        self.action_ask()
        self.set_interval(EVERY, self._ask_in_turn)
        self.set_interval(1.0, self._draw_age)

    def on_screen_resume(self) -> None:
        """Back from a dialog: it may have changed something."""
        self.action_ask()

    def action_ask(self) -> None:
        """Ask again, unless something lies over it."""
        if self.app.screen is self:
            # the function and not its coroutine, which would warn if it were replaced before it began
            self._asking = self.run_worker(self._ask, exclusive=True)

    def _ask_in_turn(self) -> None:
        """A server that is slow gets the time that its answer takes."""
        if self._asking is None or self._asking.is_finished:
            self.action_ask()

    def _draw_age(self) -> None:
        if self._problem and self._rows:
            self._draw()

    async def _ask(self) -> None:
        table, is_first = self.query_one(LineTable), False
        try:
            found = await link_states(self._project_context.operator.remote)
        except ApiError as error:
            self._problem = str(error)
        else:
            is_first = self._read_at is None
            self._problem, self._read_at = "", self._project_context.clock.monotonic()
            self._rows = {item.link.private_link_id: item for item in found.states}
            self._unreadable = found.unreadable
        none = "No link that could be read." if self._unreadable else "This project has no private links."
        words = f"not read: {self._problem}" if self._problem else none
        table.empty = (Cell(words, "error" if self._problem else "muted"),)
        table.show(list(self._rows), self._cells, ghosts=False)
        if table.dim != bool(self._problem):
            table.dim = bool(self._problem)
            table.redraw()
        if is_first:  # later it would move the cursor under the operator's hands
            table.select(self._wanted)
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
        is_known = self._rows or (self._read_at is not None and not self._problem)
        count = f"{len(self._rows)} " if is_known else ""
        count += f"private {'link' if len(self._rows) == 1 else 'links'}"
        partly = (Cell(f"  {self._unreadable} unreadable", "warn"),) if self._unreadable else ()
        is_missing = self._wanted and is_known and self._wanted not in self._rows
        missing = (Cell(f"  {self._wanted} is not among them", "warn"),) if is_missing else ()
        self.query_one("#links-title", Lines).set_lines(
            [(Cell(f" {count} of {project.name}", "accent"), *partly, *missing, *self._age())]
        )
        item = self._rows.get(self.query_one(LineTable).cursor)
        details = self.query_one("#links-detail", Lines)
        details.set_lines(wrap_facts(_facts(item), max(30, details.size.width))[:DETAILS] if item else [])
        keys = KEYS if item else KEYS_WITHOUT_LINKS
        self.query_one("#links-keys", Lines).set_lines([(Cell(keys, "muted"),)])

    def _age(self) -> Line:
        """How old the rows are, and why, where they could not be read again."""
        if not self._problem or self._read_at is None:
            return ()
        old = self._project_context.clock.monotonic() - self._read_at
        return (Cell(f"  stale {whole_seconds(old)} · {self._problem}", "error"),)

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


def _facts(item: LinkState) -> list[FactLine]:
    """All of a link that its row may cut."""
    link, tone = item.link, _HEALTH.get(item.health, _OTHER)[1]
    region = f"{link.region or '-'} · cloud region {link.cloud_region}" if link.cloud_region else link.region
    return [
        FactLine(" link", link.private_link_id),
        FactLine(" agents use", f"{link.connection_endpoint or '-'} · {region or '-'}"),
        FactLine(" endpoint", f"{link.endpoint or '-'} · port {link.port or '-'}"),
        *([FactLine(" health", item.reason, tone)] if item.reason else []),
    ]
