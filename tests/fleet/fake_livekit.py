"""A client whose requests end at a script instead of a socket; all above that is the real thing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tui.api import errors
from tui.api.auth import Credentials, Grant
from tui.api.budget import Budget
from tui.api.caller import Caller, Endpoint
from tui.api.client import Client
from tui.api.methods import Method
from tui.api.responses import Call
from tui.api.transport import Transport, WriteGuard
from tui.clock import Clock
from tui.secret import Secret

Trouble = Exception | Callable[[Mapping[str, object]], Exception | None]
"""What becomes of a method's calls, always or depending on the request."""
PROJECT, AGENTS = "http://127.0.0.1:1", "http://127.0.0.2:1"
CREDENTIALS = Credentials("k", Secret("s" * 32))


@dataclass(frozen=True)
class Asked:
    """A request that went out."""

    at: float
    """Monotonic."""
    method: str
    request: Mapping[str, object]

    @property
    def room(self) -> str:
        """The room that it was about."""
        return str(self.request.get("room", ""))


class World:
    """What the far end knows, and what goes wrong with it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.agents: list[dict[str, object] | int] = [{"agent_id": "CA_1", "agent_name": "one"}]
        """A number is a row that cannot be read."""
        self.rooms: list[str] = []
        self.unreadable_rooms: list[str] = []
        """Rooms that are open, and whose rows in the list cannot be read."""
        self.dispatches: dict[str, list[dict[str, object] | int]] = {}
        """By room; a number is a row that cannot be read."""
        self.people: dict[str, list[str]] = {}
        self.describe: dict[str, str] = {}
        """Metadata by room."""
        self.troubles: dict[str, Trouble] = {}
        """By method name; `*` for all that are not named."""
        self.delay = 0.01
        self.asked: list[Asked] = []
        self.under_way: dict[str, int] = {}
        self.most_under_way: dict[str, int] = {}

    async def answer(self, method: Method, request: Mapping[str, object]) -> bytes:
        """One call, after a while."""
        name = method.name
        self.asked.append(Asked(self._clock.monotonic(), name, request))
        self.under_way[name] = self.under_way.get(name, 0) + 1
        self.most_under_way[name] = max(self.most_under_way.get(name, 0), self.under_way[name])
        try:
            await self._clock.sleep(self.delay)
            trouble = self.troubles.get(name) or self.troubles.get("*")
            error = trouble(request) if callable(trouble) else trouble
            if error is not None:
                raise error
            return json.dumps(self._page(name, request)).encode()
        finally:
            self.under_way[name] -= 1

    def _page(self, name: str, request: Mapping[str, object]) -> dict[str, object]:
        room = str(request.get("room", ""))
        match name:
            case "ListAgents":
                return {"agents": self.agents}
            case "ListRooms":
                rows: list[object] = [
                    {"name": room, "metadata": self.describe.get(room, "")} for room in self.rooms
                ]
                return {"rooms": rows + [7 for _ in self.unreadable_rooms]}
            case "ListDispatch" if room in (*self.rooms, *self.unreadable_rooms):
                return {"agent_dispatches": self.dispatches.get(room, [])}
            case "ListParticipants" if room in self.rooms:
                return {"participants": [{"identity": name} for name in self.people.get(room, [])]}
            case "ListDispatch" | "ListParticipants":
                raise errors.NotFound("requested room does not exist", name, status=404)
            case "ListAgentVersions":
                return {"versions": [{"version": f"{request['agent_id']}-1"}]}
            case "ListAgentSecrets":
                return {"secrets": [{"name": "TOKEN"}, {"name": "LIVEKIT_API_SECRET"}]}
        raise AssertionError(name)

    def calls(self, method: str = "", since: float = 0.0, until: float = 1e9) -> list[Asked]:
        """Requests of a method, or all, of a time."""
        return [asked for asked in self.asked if method in ("", asked.method) and since <= asked.at < until]

    def times(self, method: str, since: float = 0.0) -> list[float]:
        """When a method was called."""
        return [asked.at for asked in self.calls(method, since)]


class _FakeTransport(Transport):
    """Sends to a world."""

    world: World

    async def _once(self, method: Method, url: str, body: bytes, grant: Grant, call: Call) -> bytes:
        return await self.world.answer(method, json.loads(body))


@asynccontextmanager
async def client_of(world: World, clock: Clock, per_minute: int = 6000) -> AsyncIterator[Client]:
    """A client that speaks to a world."""
    budget, gate = Budget(per_minute, clock), WriteGuard()
    endpoint = Endpoint(PROJECT, AGENTS, CREDENTIALS)
    caller = Caller(endpoint, budget=budget, clock=clock, gate=gate)
    transport = _FakeTransport(CREDENTIALS, budget=budget, clock=clock, gate=gate)
    transport.world = world
    caller.transport = transport
    client = Client(endpoint, budget=budget, clock=clock, gate=gate, caller=caller)
    try:
        yield client
    finally:
        await client.aclose()
