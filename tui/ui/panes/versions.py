"""What was built for the selected agent, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType

from tui.api.models import Version
from tui.fleet.find import listing_name, read_in_part
from tui.fleet.lists.cells import Cell, Cells
from tui.fleet.lists.detail_columns import VERSION_COLUMNS, detail_cells
from tui.fleet.lists.listing import arrange
from tui.fleet.view import View
from tui.operations.fields import Answers
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import VERSIONS
from tui.ui.panes.detail import DetailPane
from tui.ui.panes.freshness import as_of, incomplete, missing, no_agent
from tui.ui.widgets.lines import Line


class VersionsPane(DetailPane):
    """Pane 3."""

    NUMBER = "3"
    NAME = "Versions"
    HELP = "what was built for the selected agent, newest first"
    SOURCE = "versions"
    BINDINGS: ClassVar[list[BindingType]] = bindings(VERSIONS)
    COLUMNS = VERSION_COLUMNS
    SORTS = (("n", "name", "version"), ("s", "severity", "status"), ("a", "age", "created"))

    def inputs(self, view: View) -> tuple[object, ...]:
        """The selected agent's listing."""
        agent_id = view.selection.agent_id
        return (
            view.fleet.versions.get(agent_id),
            read_in_part(view.fleet, "versions", agent_id),
            self._unlisted(view),
            agent_id,
            view.agent,
        )

    def keys(self, view: View) -> Sequence[str]:
        """Version tags that pass the filter, newest first until another order is chosen."""
        shown = arrange(
            self._versions(view),
            self.COLUMNS,
            view,
            query=self.active_filter,
            sort=self.sort,
            reverse=self.reverse,
        )
        return [version.version for version in shown]

    def _versions(self, view: View) -> tuple[Version, ...]:
        return view.fleet.versions.get(view.selection.agent_id, ())

    def cells(self, view: View, key: str) -> Cells:
        """One version."""
        version = self._find(view, key)
        if version is None:
            return ()
        return detail_cells(self.COLUMNS, version, view, self._unlisted(view), key=key, mark="role")

    def _unlisted(self, view: View) -> Mapping[str, float | None] | None:
        return view.fleet.unlisted.get(listing_name("versions", view.selection.agent_id))

    def _find(self, view: View, key: str) -> Version | None:
        return next((item for item in self._versions(view) if item.version == key), None)

    def raw_item(self) -> object | None:
        """The version."""
        return self._find(self.view, self.table.cursor) if self.view else None

    def answers(self, key: str) -> Answers:
        """The version under the cursor."""
        return Answers({"version": key} if key else {})

    def title(self, view: View) -> Line:
        """Whose versions, and how many."""
        agent = view.agent
        if agent is None:
            return ()
        if agent.agent_id not in view.fleet.versions:
            return (Cell(f" {agent.name or agent.agent_id}", "info"),)
        count: object = len(self._versions(view))
        words = incomplete(view, "versions", agent.agent_id)
        if self.active_filter:
            count = f"{len(self.keys(view))}/{count}"
            words = (*words, Cell(f" </{self.active_filter.source}>", "accent"))
        return (Cell(f" {agent.name or agent.agent_id}", "info"), Cell(f" [{count}]"), *words)

    def empty(self, view: View) -> str:
        """No agent selected, not received yet, or nothing built."""
        if view.agent is None:
            return no_agent(view)
        fresh = view.fleet.fresh("versions")
        is_known = view.selection.agent_id in view.fleet.versions
        partly = read_in_part(view.fleet, "versions", view.selection.agent_id)
        none = f"No version that could be read: {partly}" if partly else "No version was built yet"
        return f"{none}{as_of(view, fresh)}." if is_known else missing(view, fresh)
