"""The worlds to practise on, by name, and those that a TOML file describes."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from random import Random

import msgspec

from .agents import CLUSTERS
from .incident import incident
from .specs import AgentSpec, CrowdSpec, DeploymentSpec, Scenario, VersionSpec

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
"""Every status of the specification, and one that nobody has heard of (contract.md §7)."""


def statuses(chance: Random, agents: int | None) -> Scenario:
    """One agent a status."""
    return Scenario(
        agents=[
            AgentSpec(name=status.lower().replace(" ", "-"), deployments=[DeploymentSpec(status=status)])
            for status in STATUSES
        ]
    )


def calm(chance: Random, agents: int | None) -> Scenario:
    """Healthy agents, and nothing ever happens."""
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
    """A project without anything in it."""
    return Scenario()


SCENARIOS: dict[str, Maker] = {
    "incident": incident,
    "calm": calm,
    "statuses": statuses,
    "empty": empty,
    "huge": huge,
}
NAMES = tuple(SCENARIOS)


def find_scenario(scenario: str | Path | Scenario, seed: int, agents: int | None) -> Scenario:
    """A scenario by name or from a file; raises ValueError in words."""
    if isinstance(scenario, Scenario):
        return scenario
    if isinstance(scenario, str) and not scenario.endswith(".toml"):
        maker = SCENARIOS.get(scenario)
        if maker is None:
            raise ValueError(
                f"unknown scenario {scenario!r}: want one of {', '.join(NAMES)}, or a .toml file"
            )
        return maker(Random(f"scenario:{seed}"), agents)
    return _from_file(Path(scenario), seed, agents)


def _from_file(path: Path, seed: int, agents: int | None) -> Scenario:
    try:
        read = msgspec.convert(tomllib.loads(path.read_text()), Scenario)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"{path}: {error}") from None
    if not read.base:
        return read
    base = find_scenario(read.base, seed, agents)
    return Scenario(
        switches={**base.switches, **read.switches},
        settings={**base.settings, **read.settings},
        agents=[*base.agents, *read.agents],
        rooms=[*base.rooms, *read.rooms],
        faults=[*read.faults, *base.faults],
        crowd=read.crowd or base.crowd,
        life=base.life if read.life == "still" else read.life,
        start_time=base.start_time if read.start_time is None else read.start_time,
        skew=read.skew or base.skew,
    )
