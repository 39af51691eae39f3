"""What the panes of the selected agent share: a subject, and a server that may have no agents API."""

from __future__ import annotations

from tui.fleet.state import Freshness
from tui.fleet.view import View
from tui.ui.panes.lists import ListPane


class DetailPane(ListPane):
    """Rows that belong to the selected agent."""

    def subject(self, view: View) -> str:
        """The selected agent."""
        return view.selection.agent_id

    def fresh(self, view: View) -> Freshness:
        """How current the rows are; where no agent is selected, or there are none here, that of their list.

        An answer about the agent selected before does not count for this one, whose rows may be from its last
        visit.
        """
        agents, fresh = view.fleet.fresh("agents"), super().fresh(view)
        if agents.absent or not view.selection.agent_id:
            return agents
        return fresh if self.SOURCE == "agents" or fresh.subject == view.selection.agent_id else Freshness()
