"""At which servers an operation was begun, as the journal keeps it: its end shows nowhere else."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from tui.operations.journal.journal import Intent

_PROJECT, _AGENTS = "url", "agents_url"


class Hosts(Struct, frozen=True):
    """Both hosts of a project."""

    url: str
    """Rooms and dispatches."""
    agents_url: str
    """Cloud agents and builds."""

    @property
    def facts(self) -> Mapping[str, str]:
        """For the journal."""
        return {_PROJECT: self.url, _AGENTS: self.agents_url}

    def may_be_of(self, intent: Intent) -> bool:
        """Whether an intent was begun here as far as it says."""
        return all(intent.facts.get(key, here) == here for key, here in self.facts.items())

    def is_of(self, intent: Intent) -> bool:
        """Whether an intent was begun here for certain.

        Older versions noted only one host, or no host. Only the operator can settle such an intent.
        """
        return self.may_be_of(intent) and self.facts.keys() <= intent.facts.keys()
