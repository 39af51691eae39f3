"""The server's application: which path is answered by what. Puts world, activity and services together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Receive, Scope, Send

from tui.sim.http.auth import Claims
from tui.sim.http.builds import Builds
from tui.sim.http.cloudagent import CloudAgent
from tui.sim.http.control import Control
from tui.sim.http.dispatchservice import DispatchService
from tui.sim.http.faults import Faults
from tui.sim.http.middleware import RequestPipeline
from tui.sim.http.registry import Registry
from tui.sim.http.request_body import BodyReader, TooLarge
from tui.sim.http.room_lookup import RoomLookup
from tui.sim.http.roomservice import RoomService
from tui.sim.http.service import NOT_FOUND, Service
from tui.sim.http.streams import LogStreams
from tui.sim.http.twirp import TwirpError, panic
from tui.sim.http.upload_routes import UploadRoutes
from tui.sim.http.uploads import Uploads
from tui.sim.scenarios import world_builder
from tui.sim.scenarios.specs import Scenario
from tui.sim.world.activity import Activity
from tui.sim.world.agents import Agents
from tui.sim.world.rooms import Rooms
from tui.sim.world.world import World

Answer = Callable[[Request], Awaitable[Response]]
_PUSH = ["GET", "HEAD", "POST", "PATCH", "PUT"]


class Application:
    """One simulated server: the world, what happens in it, and its routes."""

    def __init__(self, world: World, scenario: Scenario, keys: Mapping[str, str]) -> None:
        self.world = world
        self.bodies = BodyReader()
        """Reads the bodies of all requests."""
        self.agents = Agents(world)
        self.rooms = Rooms(world, self.agents)
        self.uploads = Uploads(world)
        world_builder.build(world, self.agents, self.rooms, scenario)
        Activity(world, self.agents, self.rooms).start(scenario.life)
        lookup = RoomLookup(world, self.rooms)
        self.service = Service(
            world,
            CloudAgent(world, self.agents, self.uploads),
            DispatchService(world, self.rooms, lookup),
            RoomService(world, self.rooms, lookup),
        )
        self._logs = LogStreams(world, self.agents)
        self.builds = Builds(world, self.agents, self.uploads)
        self._registry = Registry(world, self.agents, self.bodies)
        self.faults = Faults(scenario.faults, world.chance("faults"))
        self.pipeline = RequestPipeline(self._app, world, keys, self.faults)
        self.control = Control(
            world, self.agents, self.rooms, self.pipeline, self.faults, self.uploads, self.builds, self.bodies
        )
        self._starlette = self._routes()

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._starlette(scope, receive, send)

    def _routes(self) -> Starlette:
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
                Route("/logs", self._for_admins(self._logs.answer)),
                Route("/build", self._for_admins(self.builds.answer), methods=["POST"]),
                Route("/push-target", self._for_admins(self._registry.target)),
                Route("/v2/{rest:path}", self._for_admins(self._registry.answer), methods=_PUSH),
                *UploadRoutes(self.uploads, self.bodies).routes(),
                *self.control.routes(),
                Mount("/", self._twirp),
            ],
            middleware=[cors],
            exception_handlers={Exception: self._panicked},
        )

    async def _health(self, request: Request) -> Response:
        if self.world.switches.store == "gone":
            return PlainTextResponse("Not Ready", 406)
        return PlainTextResponse("OK")

    async def _panicked(self, request: Request, error: Exception) -> Response:
        """The answer after an error of the simulator itself; the request pipeline reports it."""
        return panic().response()

    def _for_admins(self, answer: Answer) -> Answer:
        async def checked(request: Request) -> Response:
            return await self._cloud(request, answer)

        return checked

    async def _cloud(self, request: Request, answer: Answer) -> Response:
        """A plain HTTP path of the Cloud Agents service, with the grant and errors of its Twirp methods."""
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
            body = await self.bodies.read(request, self.world.switches.body_limit)
            claims: Claims | None = request.state.claims
            response = await self.service.answer(request.method, scope["path"], request.headers, body, claims)
        except TooLarge:
            response = TwirpError("malformed", "http: request body too large", born=True).response()
        except ClientDisconnect:
            return
        await response(scope, receive, send)
