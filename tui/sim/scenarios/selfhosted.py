"""A LiveKit server of one's own, with two nodes of which one is dead: what its operator meets (PROTOCOL.md).

No Cloud Agents, and the quirks of the open-source server. Its workers register by themselves; here they are
agents that no service lists.
"""

from __future__ import annotations

from random import Random

from tui.sim.scenarios.specs import AgentSpec, DispatchSpec, JobSpec, PersonSpec, RoomSpec, Scenario

DEAD_NODE = "ND_2"
SWITCHES: dict[str, object] = {
    "cloud_agents": False,
    "missing_room": "oss",
    "default_dispatch": True,
    "stale_jobs": True,
    "prefix_errors": True,
    "echo_token": True,
    "killed_worker_seconds": 18.0,
    "room_counters_late_seconds": 5.0,
    "first_job_late_seconds": 5.0,
}
"""What a released livekit-server does."""


def selfhosted(chance: Random, agents: int | None) -> Scenario:
    """The server, its workers and its rooms."""
    return Scenario(
        agents=_workers(),
        rooms=[*_served(), *_publishers(), *_unserved()],
        dead_nodes=[DEAD_NODE],
        switches=dict(SWITCHES),
    )


def _workers() -> list[AgentSpec]:
    return [
        AgentSpec(),
        AgentSpec(name="concierge"),
        AgentSpec(name="front-desk"),
        AgentSpec(name="notes", job_type="publisher"),
        AgentSpec(name="overflow", refuses=True),
        AgentSpec(name="intake", entrypoint="raises"),
        AgentSpec(name="survey", entrypoint="returns"),
        AgentSpec(name="avatar", join_seconds=40.0),
        AgentSpec(name="night-shift", registers=30.0),
    ]


def _room(name: str, agent: str, *jobs: JobSpec, age: float, before: float = 5.0, node: str = "") -> RoomSpec:
    """A room with one guest, to which an agent was dispatched `age` s ago, `before` after its creation."""
    return RoomSpec(
        name=name,
        age=age + before,
        node=node,
        people=[PersonSpec(identity="guest", age=age + before - 1)],
        dispatches=[DispatchSpec(agent_name=agent, age=age, jobs=list(jobs))],
    )


def _served() -> list[RoomSpec]:
    """Rooms whose workers took their jobs, for better or worse."""
    lobby = RoomSpec(
        name="lobby",
        people=[PersonSpec(identity="kiosk", name="Lobby kiosk")],
        dispatches=[DispatchSpec(jobs=[JobSpec()])],
    )
    # Its agent has left long ago, which its job never says.
    left = _room("desk-1", "front-desk", JobSpec(age=880, joins=None), age=890)
    left.dispatches.insert(0, DispatchSpec(age=895))
    return [
        lobby,
        left,
        # Held by the node that died.
        _room("desk-2", "front-desk", JobSpec(age=699), age=700, node=DEAD_NODE),
        _room("desk-3", "overflow", JobSpec(status="refused", age=239), age=240),
        # Its entrypoint raised, which only its own log says.
        _room("desk-4", "intake", JobSpec(age=119, joins=None), age=120, before=180),
        # Its worker needs a minute to start.
        _room("desk-5", "avatar", JobSpec(age=10, joins=60.0), age=12, before=48),
    ]


def _publishers() -> list[RoomSpec]:
    """Rooms with an agent for everybody who speaks."""
    return [
        RoomSpec(
            name="standup",
            age=840,
            people=[PersonSpec(identity=name, name=name.title(), age=800) for name in ("ana", "bob")],
            dispatches=[
                DispatchSpec(
                    agent_name="notes",
                    type="publisher",
                    age=835,
                    jobs=[
                        JobSpec(publisher="ana", age=700),
                        JobSpec(publisher="bob", age=690),
                        # Cleo has left the room since; the agent for her has not.
                        JobSpec(publisher="cleo", age=680),
                    ],
                )
            ],
        ),
        RoomSpec(
            name="reading",
            age=600,
            people=[PersonSpec(identity="dana", publishes=False, age=590)],
            dispatches=[DispatchSpec(agent_name="notes", type="publisher", age=580)],
        ),
    ]


def _unserved() -> list[RoomSpec]:
    """A room whose dispatch no worker took: the worker registered too late, and is not offered it again."""
    return [_room("night-desk", "night-shift", age=200)]
