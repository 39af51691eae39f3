"""A bad morning at a company with fifty voice agents: what `lktop demo` shows."""

from __future__ import annotations

from random import Random

from .specs import AgentSpec, DeploymentSpec, DispatchSpec, JobSpec, PersonSpec, RoomSpec, Scenario


def incident(chance: Random, agents: int | None) -> Scenario:
    """The incident, about a quarter of an hour in."""
    return Scenario(
        agents=[
            AgentSpec(name="concierge"),
            AgentSpec(name="support-triage", deployments=[DeploymentSpec(status="CrashLoop")]),
        ],
        rooms=[
            RoomSpec(
                name="lobby-4",
                people=[PersonSpec(identity="caller")],
                dispatches=[DispatchSpec(agent_name="concierge", jobs=[JobSpec()])],
            )
        ],
    )
