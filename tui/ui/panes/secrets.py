"""Names, kinds and times of the selected agent's secrets. Values are never received, so none can be shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from tui.api.models import SecretInfo, instant
from tui.fleet.cells import Cell, Cells, ColumnLayout
from tui.fleet.state import View
from tui.fleet.times import when
from tui.ui.operation_keys import operation_keys
from tui.ui.panes.detail import DetailPane
from tui.ui.widgets.lines import Line

_KINDS = {
    "AGENT_SECRET_KIND_FILE": "file",
    "AGENT_SECRET_KIND_ENVIRONMENT": "env",
    # servers are reported to answer unknown for environment variables (contract.md §3.7)
    "AGENT_SECRET_KIND_UNKNOWN": "env",
}


class SecretsPane(DetailPane):
    """Pane 4."""

    NUMBER = "4"
    NAME = "Secrets"
    HELP = "the selected agent's secrets; values never come here"
    SOURCE = "secrets"
    BINDINGS: ClassVar[list[BindingType]] = [*operation_keys("secrets")]
    COLUMNS = (
        ColumnLayout("name", "NAME", 16, grow=3),
        ColumnLayout("kind", "KIND", 5),
        ColumnLayout("created", "CREATED", 8, right=True, rank=1, clock=True),
        ColumnLayout("updated", "UPDATED", 8, right=True, clock=True),
        ColumnLayout("note", "NOTE", 8, grow=1, rank=2),
    )

    def inputs(self, view: View) -> tuple[object, ...]:
        """The selected agent's listing."""
        return (view.fleet.secrets.get(view.selection.agent_id), view.selection.agent_id, view.agent)

    def keys(self, view: View) -> Sequence[str]:
        """Names in order."""
        return [secret.name for secret in self._secrets(view)]

    def _secrets(self, view: View) -> tuple[SecretInfo, ...]:
        return view.fleet.secrets.get(view.selection.agent_id, ())

    def cells(self, view: View, key: str) -> Cells:
        """One secret."""
        secret = next((item for item in self._secrets(view) if item.name == key), None)
        agent = view.agent
        if secret is None or agent is None:
            return ()
        updated = instant(secret.updated_at)
        deployed = instant(agent.deployed_at)
        note = "since deploy" if updated and deployed and updated > deployed else ""
        return (
            Cell(secret.name),
            Cell(_KINDS.get(str(secret.kind), str(secret.kind)), "muted"),
            Cell(when(instant(secret.created_at), now=view.now, style=view.times), "muted"),
            Cell(when(updated, now=view.now, style=view.times), "text"),
            Cell(note, "warn"),
        )

    def raw_item(self) -> object | None:
        """The row's own."""
        rows = self._secrets(self.view) if self.view else ()
        return next((item for item in rows if item.name == self.table.cursor), None)

    def title(self, view: View) -> Line:
        """Whose secrets, and how many."""
        agent = view.agent
        if agent is None:
            return ()
        return (Cell(f" {agent.name or agent.agent_id}", "info"), Cell(f" [{len(self._secrets(view))}]"))

    def empty(self, view: View) -> str:
        """No agent selected, not received yet, or no secrets."""
        if view.agent is None:
            return "No agent selected."
        return "No secrets." if view.selection.agent_id in view.fleet.secrets else "loading…"
