"""The orders of the simulator's control API, as data. Knows neither the world nor how to obey."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tui.sim.http.builds import Outcome
from tui.sim.scenarios.specs import Ahead, Count, Rate, Skew, Spec, Walk
from tui.sim.world.clock import FASTEST


class ClockOrder(Spec):
    """Move, pace or skew the clock."""

    advance: Annotated[float, Meta(ge=0, le=7 * 86_400)] = 0.0
    """World seconds to push, a week at most: everything that is due by then happens first."""
    speed: Annotated[float, Meta(ge=0, le=FASTEST)] | None = None
    skew: Skew | None = None
    """Seconds that the server's clock is ahead of the world's."""


class WalkOrder(Spec):
    """Schedule statuses of a deployment."""

    agent_id: str
    walk: Walk
    deployment: str = ""


class LogOrder(Spec):
    """Let a program print."""

    agent_id: str
    deployment: str = ""
    lines: list[str] = msgspec.field(default_factory=list)
    raw: list[bytes] = msgspec.field(default_factory=list)
    """Lines that are not UTF-8, in base64."""
    numbered: Count = 0
    """That many lines more, `{prefix} 0` and on."""
    prefix: str = "line"
    flood: Rate = 0.0
    """Numbered lines a world second, from now on."""
    seconds: Ahead = 10.0
    """How long the flood lasts, world seconds."""
    end: bool = False
    """End the stream after these lines."""


class BuildOrder(Spec):
    """How the next build goes."""

    outcome: Outcome
    agent_id: str = ""
    """Empty for whichever comes next."""


class CrashOrder(Spec):
    """Let a program crash."""

    agent_id: str
    deployment: str = ""


class NodeOrder(Spec):
    """Kill or revive a node: nobody answers for the rooms of a dead one."""

    node: str
    alive: bool = False


class WorkerOrder(Spec):
    """Let the workers of an agent register, or kill them."""

    name: str
    """The name that they register with."""
    deployment: str = ""
    alive: bool = True


class PersonOrder(Spec):
    """Let a participant join or leave a room, or begin to publish in it."""

    room: str
    identity: str
    act: Literal["join", "publish", "leave"] = "join"
