"""Names, kinds and times of the selected agent's secrets. Values are never received, so none can be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType

from tui.api.models import SecretInfo
from tui.fleet.find import listing_name, read_in_part
from tui.fleet.lists.cells import Cell, Cells
from tui.fleet.lists.detail_columns import SECRET_COLUMNS, detail_cells
from tui.fleet.lists.listing import arrange
from tui.fleet.view import View
from tui.operations.fields import Answers
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import SECRETS
from tui.ui.panes.detail import DetailPane
from tui.ui.panes.freshness import as_of, incomplete, missing, no_agent
from tui.ui.widgets.lines import Line


class SecretsPane(DetailPane):
    """Pane 4."""

    NUMBER = "4"
    NAME = "Secrets"
    HELP = "the selected agent's secrets; values never come here"
    SOURCE = "secrets"
    BINDINGS: ClassVar[list[BindingType]] = bindings(SECRETS)
    COLUMNS = SECRET_COLUMNS
    SORTS = (("n", "name", "name"), ("a", "age", "updated"))

    def inputs(self, view: View) -> tuple[object, ...]:
        """The selected agent's listing."""
        agent_id = view.selection.agent_id
        return (
            view.fleet.secrets.get(agent_id),
            read_in_part(view.fleet, "secrets", agent_id),
            self._unlisted(view),
            agent_id,
            view.agent,
        )

    def keys(self, view: View) -> Sequence[str]:
        """Names, as they were listed until another order is chosen."""
        shown = arrange(
            self._secrets(view),
            self.COLUMNS,
            view,
            query=self.active_filter,
            sort=self.sort,
            reverse=self.reverse,
        )
        return [secret.name for secret in shown]

    def _secrets(self, view: View) -> tuple[SecretInfo, ...]:
        return view.fleet.secrets.get(view.selection.agent_id, ())

    def cells(self, view: View, key: str) -> Cells:
        """One secret."""
        secret = self._find(view, key)
        if secret is None:
            return ()
        return detail_cells(self.COLUMNS, secret, view, self._unlisted(view), key=key, mark="note")

    def _unlisted(self, view: View) -> Mapping[str, float | None] | None:
        return view.fleet.unlisted.get(listing_name("secrets", view.selection.agent_id))

    def _find(self, view: View, key: str) -> SecretInfo | None:
        return next((item for item in self._secrets(view) if item.name == key), None)

    def raw_item(self) -> object | None:
        """The secret's name, kind and times."""
        return self._find(self.view, self.table.cursor) if self.view else None

    def answers(self, key: str) -> Answers:
        """The secret under the cursor, and for what takes several, the marked ones."""
        names = self.table.marked or ((key,) if key else ())
        return Answers({"name": key, "names": "\n".join(names)})

    def title(self, view: View) -> Line:
        """Whose secrets, and how many."""
        agent = view.agent
        if agent is None:
            return ()
        if agent.agent_id not in view.fleet.secrets:
            return (Cell(f" {agent.name or agent.agent_id}", "info"),)
        words = incomplete(view, "secrets", agent.agent_id)
        count = Cell(f" [{len(self._secrets(view))}]")
        return (Cell(f" {agent.name or agent.agent_id}", "info"), count, *words)

    def empty(self, view: View) -> str:
        """No agent selected, not received yet, or no secrets."""
        if view.agent is None:
            return no_agent(view)
        fresh = view.fleet.fresh("secrets")
        is_known = view.selection.agent_id in view.fleet.secrets
        partly = read_in_part(view.fleet, "secrets", view.selection.agent_id)
        none = f"No secrets that could be read: {partly}" if partly else "No secrets"
        old = as_of(view, fresh)
        next_step = "" if partly or old or view.is_past else " ctrl+n adds one, I imports a file."
        return f"{none}{old}.{next_step}" if is_known else missing(view, fresh)
