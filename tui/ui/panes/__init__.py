"""The panes, in the order of their numbers. Adding one is adding it to `PANES`, and its keys to the table."""

from __future__ import annotations

from tui.ui.panes.agents import AgentsPane
from tui.ui.panes.base import Pane
from tui.ui.panes.dispatches import DispatchesPane
from tui.ui.panes.logs import LogsPane
from tui.ui.panes.secrets import SecretsPane
from tui.ui.panes.status import StatusPane
from tui.ui.panes.timeline import TimelinePane
from tui.ui.panes.versions import VersionsPane

PANES: list[type[Pane]] = [
    AgentsPane,
    StatusPane,
    VersionsPane,
    SecretsPane,
    DispatchesPane,
    LogsPane,
    TimelinePane,
]
"""Screen, layout and help read this table."""
