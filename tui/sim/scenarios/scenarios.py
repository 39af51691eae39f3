"""Scenarios by name, and those that a TOML file describes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from tui.sim.scenarios.hostile import hostile
from tui.sim.scenarios.incident import incident
from tui.sim.scenarios.scenariofile import check_names, read
from tui.sim.scenarios.selfhosted import selfhosted
from tui.sim.scenarios.specs import (
    AgentSpec,
    CrowdSpec,
    DeploymentSpec,
    FaultSpec,
    Scenario,
    VersionSpec,
)
from tui.sim.world.agents import CLUSTERS

Maker = Callable[[Random, int | None], Scenario]

STATUSES = (
    "Setting Up",
    "Building",
    "Running",
    "Updating",
    "Scheduling",
    "Deleting",
    "Sleeping",
    "Waking",
    "Error",
    "CrashLoop",
    "Build Failed",
    "Server Error",
    "Deleted",
    "Suspended",
    "Hibernating (beta)",
)
"""Every documented status (PROTOCOL.md, Agents), and one that is unknown."""


def statuses(chance: Random, agents: int | None) -> Scenario:
    """One agent a status."""
    return Scenario(
        agents=[
            AgentSpec(name=status.lower().replace(" ", "-"), deployments=[DeploymentSpec(status=status)])
            for status in STATUSES
        ]
    )


def calm(chance: Random, agents: int | None) -> Scenario:
    """Healthy agents; nothing changes."""
    names = [f"agent-{number:04d}" for number in range(8 if agents is None else agents)]
    return Scenario(agents=[AgentSpec(name=name) for name in names])


def huge(chance: Random, agents: int | None) -> Scenario:
    """Ten thousand agents and a hundred thousand jobs, or as many as asked for in the same proportion."""
    count = 10_000 if agents is None else agents
    return Scenario(
        agents=[_one_of_many(number, chance) for number in range(count)],
        crowd=CrowdSpec(rooms=max(1, count // 10)),
        life="scrapes",
    )


def _one_of_many(number: int, chance: Random) -> AgentSpec:
    status = chance.choices(("Running", "Sleeping", "CrashLoop", "Updating"), weights=(930, 50, 10, 10))[0]
    region = chance.choice(tuple(CLUSTERS))
    return AgentSpec(
        name=f"agent-{number:05d}",
        deployments=[
            DeploymentSpec(status=status, region=region, replicas=chance.randrange(1, 4), max_replicas=4)
        ],
        versions=[VersionSpec(age=chance.uniform(1, 90) * 86400)],
    )


def empty(chance: Random, agents: int | None) -> Scenario:
    """An empty project."""
    return Scenario()


def flaky(chance: Random, agents: int | None) -> Scenario:
    """The incident behind a bad network and an overloaded service."""
    world = incident(chance, agents)
    world.faults = [
        FaultSpec(path="/logs", action="cut", at=6000, share=0.3),
        FaultSpec(path="/logs", action="stall", at=4000, share=0.2),
        FaultSpec(
            path="/twirp/*", action="error", code="unavailable", message="service overloaded", share=0.06
        ),
        FaultSpec(path="/twirp/*", action="error", code="internal", message="internal error", share=0.04),
        FaultSpec(
            path="/twirp/*",
            action="error",
            code="resource_exhausted",
            message="rate limit exceeded",
            retry_after="5",
            share=0.03,
        ),
        FaultSpec(path="/twirp/*", action="html", share=0.03),
        FaultSpec(path="/twirp/*", action="garbage", share=0.02),
        FaultSpec(path="/twirp/*", action="reset", share=0.02),
        FaultSpec(path="/twirp/*", action="close", after_effect=True, share=0.03),
        FaultSpec(path="/twirp/*", action="cut", at=40, share=0.02),
        FaultSpec(path="/twirp/*", action="latency", seconds=1.5, share=0.2),
        FaultSpec(path="/twirp/*", action="latency", seconds=12.0, share=0.02),
    ]
    return world


SCENARIOS: dict[str, Maker] = {
    "incident": incident,
    "calm": calm,
    "statuses": statuses,
    "empty": empty,
    "huge": huge,
    "hostile": hostile,
    "flaky": flaky,
    "selfhosted": selfhosted,
}
NAMES = tuple(SCENARIOS)


def find_scenario(scenario: str | Path | Scenario, seed: int, agents: int | None) -> Scenario:
    """A scenario by name or from a file; raises ValueError with a message for the operator."""
    if isinstance(scenario, Scenario):
        return scenario
    if isinstance(scenario, str) and not scenario.endswith(".toml"):
        return _named(scenario, seed, agents)
    return _from_file(Path(scenario), seed, agents)


def _named(name: str, seed: int, agents: int | None) -> Scenario:
    maker = SCENARIOS.get(name)
    if maker is None:
        raise ValueError(f"unknown scenario {name!r}: want one of {', '.join(NAMES)}, or a .toml file")
    if agents is not None and agents < 0:
        raise ValueError("a world cannot have fewer than 0 agents")
    return maker(Random(f"scenario:{seed}"), agents)


def _from_file(path: Path, seed: int, agents: int | None) -> Scenario:
    scenario = _on_its_base(path, read(path), seed, agents)
    check_names(path, scenario)
    return scenario


def _on_its_base(path: Path, file: Scenario, seed: int, agents: int | None) -> Scenario:
    if not file.base:
        return file
    try:
        base = _named(file.base, seed, agents)
    except ValueError as error:
        raise ValueError(f"{path}: base: {error}") from None
    return Scenario(
        switches={**base.switches, **file.switches},
        settings={**base.settings, **file.settings},
        agents=[*base.agents, *file.agents],
        rooms=[*base.rooms, *file.rooms],
        faults=[*file.faults, *base.faults],
        dead_nodes=[*base.dead_nodes, *file.dead_nodes],
        crowd=file.crowd or base.crowd,
        life=base.life if file.life == "still" else file.life,
        start_time=base.start_time if file.start_time is None else file.start_time,
        skew=file.skew or base.skew,
    )
