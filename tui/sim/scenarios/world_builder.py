"""Builds a world from a scenario. Knows no HTTP."""

from __future__ import annotations

from tui.sim.scenarios.agent_builder import AgentBuilder
from tui.sim.scenarios.room_builder import RoomBuilder
from tui.sim.scenarios.specs import Scenario
from tui.sim.world.agents import CLUSTERS, Agents
from tui.sim.world.rooms import Rooms
from tui.sim.world.world import World

SETTINGS = {
    "available_regions": ",".join(CLUSTERS),
    "python-min-sdk-version": "1.0.0",
    "node-min-sdk-version": "1.0.0",
    "project_data_region": "us",
    "residency_warning_regions": "eu-central",
}
"""What GetClientSettings answers (PROTOCOL.md, Agents)."""
DEAD_SECONDS = 600.0
"""How long ago a node died that is dead at the start."""


def build(world: World, agents: Agents, rooms: Rooms, scenario: Scenario) -> None:
    """Add everything that a scenario holds."""
    world.settings = {**SETTINGS, **scenario.settings}
    start = world.now
    world.dead_nodes = dict.fromkeys(scenario.dead_nodes, start - DEAD_SECONDS)
    agent_builder = AgentBuilder(world, agents, start)
    room_builder = RoomBuilder(world, agents, rooms, start)
    for agent in scenario.agents:
        agent_builder.add(agent)
    for room in scenario.rooms:
        room_builder.add(room)
    if scenario.crowd is not None:
        room_builder.add_crowd(scenario.crowd)
