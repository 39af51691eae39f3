"""The deploy screens: the form, the progress, and writing project files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tui.ui.dialogs.project_context import ProjectContext


class DeployHost(Protocol):
    """What the application knows of deploying before it is needed: the rest imports the network."""

    def begin(self, context: ProjectContext, verb: str, words: Sequence[str], selected: str) -> None:
        """Open what a command names, `selected` being the agent under the cursor. Raises `InvalidAnswer`."""
