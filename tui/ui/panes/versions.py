"""What was built for the selected agent, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType

from tui.api.models import Version, instant
from tui.fleet.cells import Cell, Cells, ColumnLayout, status_tone
from tui.fleet.query import Subject
from tui.fleet.state import View
from tui.fleet.status import status
from tui.fleet.times import when
from tui.ui.operation_keys import operation_keys
from tui.ui.panes.detail import DetailPane
from tui.ui.widgets.lines import Line


class VersionsPane(DetailPane):
    """Pane 3."""

    NUMBER = "3"
    NAME = "Versions"
    HELP = "what was built for the selected agent, newest first"
    SOURCE = "versions"
    BINDINGS: ClassVar[list[BindingType]] = [*operation_keys("versions")]
    COLUMNS = (
        ColumnLayout("version", "VERSION", 14),
        ColumnLayout("role", "ROLE", 8, grow=1),
        ColumnLayout("status", "STATUS", 9, rank=2),
        ColumnLayout("commit", "COMMIT", 8, rank=1),
        ColumnLayout("branch", "BRANCH", 8, grow=2, rank=3),
        ColumnLayout("owner", "OWNER", 8, grow=1, rank=5),
        ColumnLayout("created", "CREATED", 8, right=True, rank=4, clock=True),
        ColumnLayout("deployed", "DEPLOYED", 8, right=True, clock=True),
        ColumnLayout("attributes", "ATTRIBUTES", 10, grow=2, rank=6, wide=True),
    )

    FIELDS: ClassVar[Mapping[str, str]] = {
        "version": "version tag",
        "role": "current, active or draining",
        "status": "status word",
        "commit": "commit",
        "branch": "branch",
        "owner": "who built it",
    }

    def inputs(self, view: View) -> tuple[object, ...]:
        """The selected agent's listing."""
        return (view.fleet.versions.get(view.selection.agent_id), view.selection.agent_id, view.agent)

    def keys(self, view: View) -> Sequence[str]:
        """Version tags that pass the filter, newest first."""
        names = [version.version for version in self._versions(view)]
        if self.query_now:
            return [name for name in names if self.query_now.matches(self._shown(view, name))]
        return names

    def _shown(self, view: View, key: str) -> Subject:
        cells = zip(self.COLUMNS, self.cells(view, key), strict=True)
        texts = {column.id: cell.text for column, cell in cells}
        return Subject(" ".join(texts.values()), texts.get)

    def _versions(self, view: View) -> tuple[Version, ...]:
        return view.fleet.versions.get(view.selection.agent_id, ())

    def cells(self, view: View, key: str) -> Cells:
        """One version."""
        version = next((item for item in self._versions(view) if item.version == key), None)
        if version is None:
            return ()
        word, look = role(version)
        attributes = version.attributes
        dirty = " dirty" if attributes.get("git_tree") else ""
        deployed = when(instant(version.deployed_at), now=view.now, style=view.times, never="never")
        known = {"git_commit", "git_branch", "git_tree"}
        rest = " ".join(f"{name}={value}" for name, value in sorted(attributes.items()) if name not in known)
        return (
            Cell(version.version, "accent" if version.current else "text"),
            Cell(word, look, short=word.partition(" ")[0]),
            Cell(version.status or "–", status_tone(status(version.status)) if version.status else "muted"),
            Cell(attributes.get("git_commit", "–") + dirty, "warn" if dirty else "text"),
            Cell(attributes.get("git_branch", "–")),
            Cell(version.owner or "–"),
            Cell(when(instant(version.created_at), now=view.now, style=view.times), "muted"),
            Cell(deployed, "muted"),
            Cell(rest),
        )

    def raw_item(self) -> object | None:
        """The row's own."""
        rows = self._versions(self.view) if self.view else ()
        return next((item for item in rows if item.version == self.table.cursor), None)

    def title(self, view: View) -> Line:
        """Whose versions, and how many."""
        agent = view.agent
        if agent is None:
            return ()
        count: object = len(self._versions(view))
        words: Line = ()
        if self.query_now:
            count = f"{len(self.keys(view))}/{count}"
            words = (Cell(f" </{self.query_now.source}>", "accent"),)
        return (Cell(f" {agent.name or agent.agent_id}", "info"), Cell(f" [{count}]"), *words)

    def empty(self, view: View) -> str:
        """No agent selected, not received yet, or nothing built."""
        if view.agent is None:
            return "No agent selected."
        return "Nothing was built yet." if view.selection.agent_id in view.fleet.versions else "loading…"


def role(version: Version) -> tuple[str, str]:
    """What a version does now, in words and tone; the flags are the reliable signals (contract.md §7)."""
    words = [
        word
        for word, flag in (
            ("current", version.current),
            ("active", version.active),
            ("draining", version.draining),
        )
        if flag
    ]
    look = "ok" if version.current else "busy" if version.draining else "text" if words else "muted"
    return " ".join(words) or "–", look
