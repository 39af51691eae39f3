"""Finds an agent by what an operator types. Pure."""

from __future__ import annotations

from tui.api.models import Agent
from tui.fleet.state import Fleet


class AmbiguousName(ValueError):
    """Several agents have the name; its text says so and gives their ids."""


def agents_called(fleet: Fleet, word: str) -> tuple[Agent, ...]:
    """The agent with this id, or else every agent with this name."""
    agent = fleet.agent(word)
    return (agent,) if agent else tuple(agent for agent in fleet.agents if agent.name == word)


def find_agent(fleet: Fleet, word: str) -> Agent | None:
    """The agent with this id, or the only one with this name; None if there is none.

    Raises `AmbiguousName`.
    """
    found = agents_called(fleet, word)
    if len(found) > 1:
        ids = ", ".join(agent.agent_id for agent in found[:4])
        raise AmbiguousName(f"{len(found)} agents are called {word!r}: give an id, {ids}")
    return found[0] if found else None
