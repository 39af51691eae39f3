"""Control API of the simulator, `/_sim/…`: what really happened, and making things happen. Loopback only.

LiveKit has no such API. It takes no token, so it answers only programs on this machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TypeVar

import msgspec
from livekit.protocol import models
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from tui.sim.http.builds import Builds
from tui.sim.http.faults import Faults
from tui.sim.http.local_only import is_local
from tui.sim.http.middleware import RequestPipeline
from tui.sim.http.orders import (
    BuildOrder,
    ClockOrder,
    CrashOrder,
    LogOrder,
    NodeOrder,
    PersonOrder,
    WalkOrder,
    WorkerOrder,
)
from tui.sim.http.request_body import BodyReader, TooLarge
from tui.sim.http.uploads import Uploads
from tui.sim.scenarios.specs import FaultSpec
from tui.sim.world.agents import Agents
from tui.sim.world.rooms import Rooms
from tui.sim.world.world import AgentRecord, World

Order = TypeVar("Order")

ORDER_LIMIT = 10 * 1024 * 1024
"""Largest body of an order, bytes."""


class BadOrder(ValueError):
    """An order that cannot be carried out; the text says why."""


class Control:
    """What tests can see and do."""

    def __init__(
        self,
        world: World,
        agents: Agents,
        rooms: Rooms,
        pipeline: RequestPipeline,
        faults: Faults,
        uploads: Uploads,
        builds: Builds,
        bodies: BodyReader,
    ) -> None:
        self._world = world
        self._agents = agents
        self._rooms = rooms
        self._pipeline = pipeline
        self._faults = faults
        self._uploads = uploads
        self._builds = builds
        self._bodies = bodies

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

    def node(self, order: NodeOrder) -> None:
        """Kill or revive a node."""
        self._world.dead_nodes.pop(order.node, None)
        if not order.alive:
            self._world.dead_nodes[order.node] = self._world.now

    def worker(self, order: WorkerOrder) -> None:
        """Let workers register, or kill them; raises BadOrder."""
        record = self._agents.find("", order.name)
        if record is None or order.deployment not in record.deployments:
            raise BadOrder(f"no workers of {order.name!r} in deployment {order.deployment!r}")
        (self._agents.start if order.alive else self._agents.stop)(record, order.deployment)

    def person(self, order: PersonOrder) -> None:
        """Let a participant come, publish or go; raises BadOrder."""
        room = self._world.room(order.room)
        if order.act == "join":
            room = room or self._rooms.open(order.room)
            self._rooms.join(room, models.ParticipantInfo(identity=order.identity))
            return
        person = room.participants.get(order.identity) if room is not None else None
        if room is None or person is None:
            raise BadOrder(f"no participant {order.identity!r} in {order.room!r}")
        if order.act == "publish":
            self._rooms.publish(room, person)
        else:
            self._rooms.leave(room, order.identity)

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
            self._takes("/nodes", NodeOrder, self.node),
            self._takes("/workers", WorkerOrder, self.worker),
            self._takes("/participants", PersonOrder, self.person),
            self._takes("/switches", dict[str, object], self.switch),
            Route("/_sim/faults", self._clear, methods=["DELETE"]),
        ]

    def _reads(self, path: str, read: Callable[[], object]) -> Route:
        async def answer(request: Request) -> Response:
            if not is_local(request):
                return _foreign()
            return Response(msgspec.json.encode(read()), media_type="application/json")

        return Route(f"/_sim{path}", answer, methods=["GET"])

    def _takes(self, path: str, kind: type[Order], carry_out: Callable[[Order], None]) -> Route:
        async def answer(request: Request) -> Response:
            if not is_local(request):
                return _foreign()
            try:
                order = msgspec.json.decode(await self._bodies.read(request, ORDER_LIMIT), type=kind)
                carry_out(order)
            except (BadOrder, msgspec.DecodeError) as error:
                return PlainTextResponse(f"{error}\n", 400)
            except TooLarge:
                return PlainTextResponse(f"an order has at most {ORDER_LIMIT} bytes\n", 413)
            except ClientDisconnect:
                return Response(status_code=400)
            return PlainTextResponse("done\n")

        return Route(f"/_sim{path}", answer, methods=["POST"])

    async def _clear(self, request: Request) -> Response:
        if not is_local(request):
            return _foreign()
        self._faults.clear()
        return PlainTextResponse("done\n")


def _foreign() -> Response:
    """The refusal of a request that does not come from a program on this machine."""
    return PlainTextResponse("only programs on this machine may do this\n", 403)
