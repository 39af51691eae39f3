"""What the panes of the selected agent share: whose rows they are, and that a server may have no agents."""

from __future__ import annotations

from tui.fleet.state import Freshness, View
from tui.ui.panes.lists import ListPane


class DetailPane(ListPane):
    """Rows that belong to the selected agent."""

    def subject(self, view: View) -> str:
        """The selected agent."""
        return view.selection.agent_id

    def fresh(self, view: View) -> Freshness:
        """How current the rows are; where there are no agents, nothing of one is on its way.

        An answer about the agent that was selected before says nothing of this one, whose rows may be those
        of its last visit.
        """
        agents, fresh = view.fleet.fresh("agents"), super().fresh(view)
        if agents.absent:
            return agents
        return fresh if self.SOURCE == "agents" or fresh.subject == view.selection.agent_id else Freshness()
