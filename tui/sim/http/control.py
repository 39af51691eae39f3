"""Control API of the simulator, `/_sim/…`: what really happened, and making things happen. Loopback only.

LiveKit has no such API. It takes no token, so it answers only programs on this machine: a request with an
`Origin`, which web pages cannot leave out, or with a foreign `Host` is refused.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from tui.sim.http.builds import Builds, Outcome
from tui.sim.http.faults import Faults
from tui.sim.http.middleware import RequestPipeline
from tui.sim.http.uploads import Uploads
from tui.sim.scenarios.specs import Ahead, Count, FaultSpec, Rate, Skew, Spec, Walk
from tui.sim.world.agents import Agents
from tui.sim.world.clock import FASTEST
from tui.sim.world.world import AgentRecord, World

Order = TypeVar("Order")


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


class BadOrder(ValueError):
    """An order that cannot be carried out; the text says why."""


class Control:
    """What tests can see and do."""

    def __init__(
        self,
        world: World,
        agents: Agents,
        pipeline: RequestPipeline,
        faults: Faults,
        uploads: Uploads,
        builds: Builds,
    ) -> None:
        self._world = world
        self._agents = agents
        self._pipeline = pipeline
        self._faults = faults
        self._uploads = uploads
        self._builds = builds

    # -- what really happened

    def effects(self) -> list[dict[str, object]]:
        """Every effect of a request, in order."""
        return [
            {"seq": effect.seq, "time": effect.moment, "effect": effect.name, **effect.facts}
            for effect in self._world.effects
        ]

    def requests(self) -> list[dict[str, object]]:
        """Every request seen, without its token."""
        return [asdict(seen) for seen in self._pipeline.seen]

    def uploads(self) -> list[dict[str, object]]:
        """Every upload offered, and what arrived."""
        return [asdict(upload) for upload in self._uploads.offered.values()]

    def state(self) -> dict[str, object]:
        """Time, switches and sizes."""
        world = self._world
        return {
            "now": world.now,
            "speed": world.clock.speed,
            "skew": world.clock.skew,
            "agents": len(world.agents),
            "rooms": len(world.rooms),
            "effects": len(world.effects),
            "switches": msgspec.to_builtins(world.switches),
        }

    # -- making things happen

    def clock(self, order: ClockOrder) -> None:
        """Move, pace or skew the clock."""
        if order.speed is not None:
            self._world.clock.speed = order.speed
        self._world.clock.advance(order.advance)
        if order.skew is not None:
            self._world.clock.skew = order.skew
        self._world.settle()

    def walk(self, order: WalkOrder) -> None:
        """Schedule statuses of a deployment; raises BadOrder."""
        self._agents.walk(self._agent(order.agent_id, order.deployment), order.deployment, order.walk)
        self._world.settle()

    def logs(self, order: LogOrder) -> None:
        """Let a program print; raises BadOrder."""
        now = self._world.now
        book = self._world.book(self._agent(order.agent_id, order.deployment), order.deployment)
        numbered = [f"{order.prefix} {number}" for number in range(order.numbered)]
        for line in [*(line.encode() for line in [*order.lines, *numbered]), *order.raw]:
            book.write(now, line)
        if order.flood > 0:
            book.flood(now, order.flood, order.seconds, f"{order.prefix} {{n}}")
        book.ended = book.ended or order.end
        self._world.clock.pulse.fire()

    def crash(self, order: CrashOrder) -> None:
        """Let a program crash once; raises BadOrder."""
        record = self._agent(order.agent_id, order.deployment)
        self._agents.crash(record, order.deployment, "RuntimeError: crashed on order")

    def switch(self, values: dict[str, object]) -> None:
        """Turn switches; raises BadOrder."""
        if "camel_json" in values:
            raise BadOrder("the JSON form is set at the start: switch camel_json when the server starts")
        try:
            self._world.switches = self._world.switches.changed(values)
        except ValueError as error:
            raise BadOrder(str(error)) from None

    def build(self, order: BuildOrder) -> None:
        """Decide how the next build goes; raises BadOrder."""
        if order.agent_id:
            self._agent(order.agent_id)
        self._builds.order(order.outcome, order.agent_id)

    def _agent(self, agent_id: str, deployment: str | None = None) -> AgentRecord:
        """An existing agent with that deployment; raises BadOrder."""
        record = self._agents.find(agent_id)
        if record is None:
            raise BadOrder(f"no agent {agent_id!r}")
        if deployment is not None and deployment not in record.deployments:
            raise BadOrder(f"agent {agent_id!r} has no deployment {deployment!r}")
        return record

    # -- over HTTP

    def routes(self) -> list[BaseRoute]:
        """The routes of the API."""
        return [
            self._reads("", self.state),
            self._reads("/effects", self.effects),
            self._reads("/requests", self.requests),
            self._reads("/uploads", self.uploads),
            self._reads("/faults", self._faults.listed),
            self._takes("/faults", FaultSpec, self._faults.add),
            self._takes("/clock", ClockOrder, self.clock),
            self._takes("/statuses", WalkOrder, self.walk),
            self._takes("/logs", LogOrder, self.logs),
            self._takes("/crash", CrashOrder, self.crash),
            self._takes("/builds", BuildOrder, self.build),
            self._takes("/switches", dict[str, object], self.switch),
            Route("/_sim/faults", self._clear, methods=["DELETE"]),
        ]

    def _reads(self, path: str, read: Callable[[], object]) -> Route:
        async def answer(request: Request) -> Response:
            refusal = _foreign(request)
            return refusal or Response(msgspec.json.encode(read()), media_type="application/json")

        return Route(f"/_sim{path}", answer, methods=["GET"])

    def _takes(self, path: str, kind: type[Order], carry_out: Callable[[Order], None]) -> Route:
        async def answer(request: Request) -> Response:
            if refusal := _foreign(request):
                return refusal
            try:
                carry_out(msgspec.json.decode(await request.body(), type=kind))
            except (BadOrder, msgspec.DecodeError) as error:
                return PlainTextResponse(f"{error}\n", 400)
            return PlainTextResponse("done\n")

        return Route(f"/_sim{path}", answer, methods=["POST"])

    async def _clear(self, request: Request) -> Response:
        if refusal := _foreign(request):
            return refusal
        self._faults.clear()
        return PlainTextResponse("done\n")


def _foreign(request: Request) -> Response | None:
    """The refusal of a request that does not come from a program on this machine; None for one that does."""
    host = request.client.host if request.client is not None else ""
    named = request.url.hostname or ""
    if "origin" in request.headers or not _loopback(host) or not (named == "localhost" or _loopback(named)):
        return PlainTextResponse("only programs on this machine may do this\n", 403)
    return None


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
