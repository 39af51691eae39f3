"""The log of the selected agent."""

from __future__ import annotations

from tui.api.models import Agent
from tui.ui.panes.base import ListPane
from tui.ui.rows import Column


class LogsPane(ListPane):
    """Pane 6."""

    NUMBER = "6"
    NAME = "Logs"
    HELP = "the runtime or build log of an agent"
    SOURCE = "agents"
    COLUMNS = (Column("line", "LINE", 10, grow=1),)

    def follow(self, agent: Agent, kind: str) -> None:
        """Follow another log."""
