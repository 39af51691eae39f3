"""A fleet of ten thousand agents that moves as the budgets of recording say. Knows nothing of recorders."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from msgspec import structs

from tui.api.models import Agent, Deployment, Event
from tui.clock import Moment
from tui.fleet.state import Fleet, Freshness, with_agents
from tui.fleet.store import Change

AGENTS: Final = 10_000
EVERY: Final = 2.0
"""Seconds from one poll to the next."""
BEGIN: Final = datetime(2026, 11, 1, tzinfo=UTC)
LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


class Moving:
    """A fleet of which one in a hundred agents differs at every poll."""

    def __init__(self, fleet: Fleet | None = None) -> None:
        """`fleet`: the one to begin with, in place of one of `AGENTS` agents."""
        self._chance = Random(1)
        self.at = 1000.0
        """Monotonic seconds."""
        self.fleet = fleet or with_agents(
            Fleet(), tuple(self._agent(number) for number in range(AGENTS)), self.at
        )

    def poll(self) -> Change:
        """The next answer: of the agents that differ two in a hundred have another status."""
        self.at += EVERY
        agents = list(self.fleet.agents)
        for position in self._chance.sample(range(len(agents)), len(agents) // 100):
            agent, part = agents[position], self._chance.random()
            row, *others = agent.agent_deployments
            if part < 0.02:
                row = structs.replace(row, status=self._chance.choice(("Running", "CrashLoop", "Error")))
            elif part < 0.8:
                row = structs.replace(row, replicas=self._chance.randrange(1, 9))
            else:
                row = structs.replace(row, version=self._version())
            agents[position] = structs.replace(agent, agent_deployments=(row, *others))
        return self._taken(agents)

    def upheaval(self) -> Change:
        """An answer in which every agent has another status."""
        self.at += EVERY
        agents = list(self.fleet.agents)
        for position, agent in enumerate(agents):
            row, *others = agent.agent_deployments
            row = structs.replace(row, status="CrashLoop" if row.status == "Running" else "Running")
            agents[position] = structs.replace(agent, agent_deployments=(row, *others))
        return self._taken(agents)

    def _taken(self, agents: list[Agent]) -> Change:
        before = self.fleet
        after = with_agents(before, tuple(agents), self.at)
        self.fleet = replace(after, freshness={"agents": Freshness(at=self.at)})
        fields = frozenset({"agents", "statuses", "index", "freshness"})
        return Change(before, self.fleet, fields, Moment(BEGIN.timestamp() + self.at, self.at))

    def _agent(self, number: int) -> Agent:
        agent_id = "CA_" + "".join(self._chance.choices(LETTERS, k=12))
        names = ("",) if self._chance.random() < 0.75 else ("", "staging")
        version = self._version()
        return Agent(
            agent_id=agent_id,
            agent_name=f"agent-{number:05d}",
            version=version,
            deployed_at=BEGIN + timedelta(seconds=self._chance.randrange(2_000_000)),
            agent_deployments=tuple(self._deployment(agent_id, number, name, version) for name in names),
        )

    def _deployment(self, agent_id: str, number: int, name: str, version: str) -> Deployment:
        events = (Event(type="AGENT_EVENT_TYPE_APPLICATION_CRASHED", count=2, timestamp=BEGIN),)
        return Deployment(
            region=self._chance.choice(("us-east", "eu-central", "ap-south")),
            agent_id=agent_id,
            status="Running",
            replicas=self._chance.randrange(1, 9),
            min_replicas=1,
            max_replicas=10,
            cur_cpu=f"{self._chance.randrange(1000)}m",
            cur_mem=f"{self._chance.randrange(4000)}Mi",
            mem_limit="4Gi",
            cpu_limit="2000m",
            server_region="ca1",
            version=version,
            agent_name=f"agent-{number:05d}",
            deployment=name,
            last_scraped_at=BEGIN + timedelta(seconds=self._chance.randrange(30)),
            events=events if self._chance.random() < 0.1 else (),
        )

    def _version(self) -> str:
        return (BEGIN + timedelta(seconds=self._chance.randrange(2_000_000))).strftime("%Y%m%d%H%M%S")
