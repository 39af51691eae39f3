"""The doors of the server: which path leads where. Puts a world, its life and its services together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from tui.sim.http.cloudagent import CloudAgent
from tui.sim.http.control import Control
from tui.sim.http.faults import Faults
from tui.sim.http.gate import Gate
from tui.sim.http.receiving import Receiving
from tui.sim.http.registry import Registry
from tui.sim.http.roomservice import RoomService
from tui.sim.http.service import NOT_FOUND, Service
from tui.sim.http.streams import LogStreams
from tui.sim.http.twirp import TwirpError, panic
from tui.sim.http.uploads import Uploads
from tui.sim.scenarios.populate import Populate
from tui.sim.world.agents import Agents
from tui.sim.world.auth import Claims
from tui.sim.world.build import Builds
from tui.sim.world.dispatching import Dispatching
from tui.sim.world.rooms import Rooms
from tui.sim.world.specs import Scenario
from tui.sim.world.story import Story
from tui.sim.world.world import World

Answer = Callable[[Request], Awaitable[Response]]
_PUSH = ["GET", "HEAD", "POST", "PATCH", "PUT"]


class Doors:
    """One server: the world, what lives in it, and the ways in."""

    def __init__(self, world: World, scenario: Scenario, keys: Mapping[str, str]) -> None:
        self.world = world
        self.agents = Agents(world)
        self.rooms = Rooms(world, self.agents)
        self.uploads = Uploads(world)
        self.populate = Populate(world, self.agents, self.rooms)
        self.populate.scenario(scenario)
        Story(world, self.agents, self.rooms).begin(scenario.life)
        self.service = Service(
            world,
            CloudAgent(world, self.agents, self.uploads),
            Dispatching(world, self.rooms),
            RoomService(world, self.rooms),
        )
        self._logs = LogStreams(world, self.agents)
        self.builds = Builds(world, self.agents, self.uploads)
        self._registry = Registry(world, self.agents)
        self.faults = Faults(scenario.faults, world.chance("faults"))
        self.gate = Gate(self._app, world, keys, self.faults)
        self.control = Control(world, self.agents, self.gate, self.faults, self.uploads, self.builds)
        self._starlette = self._doors()

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._starlette(scope, receive, send)

    def _doors(self) -> Starlette:
        cors = Middleware(
            CORSMiddleware,
            allow_origins=["*"],
            allow_methods=["OPTIONS", "HEAD", "GET", "POST", "PATCH", "DELETE"],
            allow_headers=["*"],
            max_age=86400,
        )
        return Starlette(
            routes=[
                Route("/", self._health),
                Route("/logs", self._door(self._logs.answer)),
                Route("/build", self._door(self.builds.answer), methods=["POST"]),
                Route("/push-target", self._door(self._registry.target)),
                Route("/v2/{rest:path}", self._door(self._registry.answer), methods=_PUSH),
                *Receiving(self.uploads).routes(),
                *self.control.routes(),
                Mount("/", self._twirp),
            ],
            middleware=[cors],
            exception_handlers={Exception: self._panicked},
        )

    async def _health(self, request: Request) -> Response:
        return PlainTextResponse("OK")

    async def _panicked(self, request: Request, error: Exception) -> Response:
        """The answer after a mistake of the simulator's own; the gate reports it."""
        return panic().response()

    def _door(self, answer: Answer) -> Answer:
        async def opened(request: Request) -> Response:
            return await self._cloud(request, answer)

        return opened

    async def _cloud(self, request: Request, answer: Answer) -> Response:
        """A door of the Cloud Agents service beside Twirp: same grant, same errors (contract.md §4)."""
        if not self.world.switches.cloud_agents:
            return PlainTextResponse(NOT_FOUND, 404)
        claims: Claims | None = request.state.claims
        try:
            if claims is None or not claims.agent_admin:
                raise self.service.refusal(claims)
            return await answer(request)
        except TwirpError as error:
            return error.response()
        except ClientDisconnect:
            return Response(status_code=400)

    async def _twirp(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            body = await read_body(request, self.world.switches.body_limit)
            claims: Claims | None = request.state.claims
            response = await self.service.answer(request.method, scope["path"], request.headers, body, claims)
        except TwirpError as error:
            response = error.response()
        except ClientDisconnect:
            return
        await response(scope, receive, send)


async def read_body(request: Request, limit: int) -> bytes:
    """A request's body; raises TwirpError when it is larger than was declared to be allowed (§1.7)."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TwirpError("malformed", "http: request body too large", born=True)
    return bytes(body)
