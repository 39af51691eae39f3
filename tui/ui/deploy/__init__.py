"""The screens of shipping: what is asked, how it goes, and the project files written on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class DeployHost(Protocol):
    """What the application knows of shipping before it is needed: the rest brings the network with it."""

    def begin(self, verb: str, words: Sequence[str], selected: str) -> None:
        """Open what a command names, `selected` being the agent under the cursor. Raises `BadAnswer`."""
