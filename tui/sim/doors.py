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

from .agents import Agents
from .auth import Claims
from .cloudagent import CloudAgent
from .dispatching import Dispatching
from .gate import Gate
from .populate import Populate
from .rooms import Rooms
from .roomservice import RoomService
from .service import NOT_FOUND, Service
from .specs import Scenario
from .streams import LogStreams
from .twirp import TwirpError
from .uploads import Uploads
from .world import World


class Doors:
    """One server: the world, what lives in it, and the ways in."""

    def __init__(self, world: World, scenario: Scenario, keys: Mapping[str, str]) -> None:
        self.world = world
        self.agents = Agents(world)
        self.rooms = Rooms(world, self.agents)
        self.uploads = Uploads(world)
        self.populate = Populate(world, self.agents, self.rooms)
        self.populate.scenario(scenario)
        self.service = Service(
            world,
            CloudAgent(world, self.agents, self.uploads),
            Dispatching(world, self.rooms),
            RoomService(world, self.rooms),
        )
        self._logs = LogStreams(world, self.agents)
        self.gate = Gate(self._app(), world, keys)

    def _app(self) -> Starlette:
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
                Route("/logs", self._log_stream),
                Mount("/", self._twirp),
            ],
            middleware=[cors],
        )

    async def _health(self, request: Request) -> Response:
        return PlainTextResponse("OK")

    async def _log_stream(self, request: Request) -> Response:
        return await self._cloud(request, self._logs.answer)

    async def _cloud(self, request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
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
