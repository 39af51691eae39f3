"""`livekit.AgentDispatchService` as LiveKit answers it (PROTOCOL.md, Dispatches and jobs)."""

from __future__ import annotations

from livekit.protocol import agent_dispatch as pb

from tui.sim.http.auth import Claims
from tui.sim.http.room_lookup import RoomLookup
from tui.sim.http.twirp import Answer, Method, Page, Refusal, Rpc, TwirpError
from tui.sim.world.rooms import Rooms
from tui.sim.world.world import RoomRecord, World

METADATA_LIMIT = 512 * 1024
ATTRIBUTES_LIMIT = 64 * 1024
DEPLOYMENT_LIMIT = 64


def check_deployment(deployment: str) -> None:
    """The rules for a deployment's name in a dispatch; raises TwirpError."""
    encoded = deployment.encode()
    if len(encoded) > DEPLOYMENT_LIMIT:
        raise TwirpError("invalid_argument", f"deployment exceeds {DEPLOYMENT_LIMIT} bytes")
    for position, byte in enumerate(encoded):
        if byte == ord("_"):
            raise TwirpError("invalid_argument", "deployment contains reserved character '_'")
        if byte <= 0x20 or byte == 0x7F:
            raise TwirpError(
                "invalid_argument", f"deployment contains whitespace or control byte at position {position}"
            )


class DispatchService:
    """The three methods of the service."""

    def __init__(self, world: World, rooms: Rooms, lookup: RoomLookup) -> None:
        self._world = world
        self._rooms = rooms
        self._lookup = lookup

    def methods(self, refusal: Refusal) -> dict[str, Method]:
        """Every method by name."""

        def admin(
            claims: Claims,
            request: pb.CreateAgentDispatchRequest
            | pb.DeleteAgentDispatchRequest
            | pb.ListAgentDispatchRequest,
        ) -> bool:
            return claims.room_admin(request.room)

        return {
            "CreateDispatch": Rpc(pb.CreateAgentDispatchRequest, admin, self.create, refusal, replayed=True),
            "DeleteDispatch": Rpc(pb.DeleteAgentDispatchRequest, admin, self.delete, refusal),
            "ListDispatch": Rpc(pb.ListAgentDispatchRequest, admin, self.list, refusal),
        }

    async def create(self, request: pb.CreateAgentDispatchRequest) -> Answer:
        """Dispatch an agent; a missing room is created."""
        check_deployment(request.deployment)
        if len(request.metadata.encode()) > METADATA_LIMIT:
            raise TwirpError("invalid_argument", "metadata size exceeds limits")
        size = sum(len(key.encode()) + len(value.encode()) for key, value in request.attributes.items())
        if size > ATTRIBUTES_LIMIT:
            raise TwirpError("invalid_argument", "attribute size exceeds limits")
        auto_create = self._world.switches.auto_create
        room = await (self._lookup.place if auto_create else self._lookup.find)(request.room)
        if room is None:
            if not auto_create:
                raise await self._missing()
            room = self._rooms.open(request.room)
            self._world.effect("CreateRoom", room=request.room, sid=room.info.sid, by="CreateDispatch")
        dispatch = self._rooms.dispatch(room, request)
        self._world.effect(
            "CreateDispatch",
            id=dispatch.id,
            room=request.room,
            agent_name=request.agent_name,
            deployment=request.deployment,
            metadata=request.metadata,
        )
        return dispatch

    async def delete(self, request: pb.DeleteAgentDispatchRequest) -> Answer:
        """Delete a dispatch."""
        room = await self._room(request.room)
        dispatch = self._rooms.delete_dispatch(room, request.dispatch_id)
        if dispatch is None:
            raise TwirpError("not_found", "dispatch ID not found")
        self._world.effect("DeleteDispatch", id=dispatch.id, room=request.room)
        return dispatch

    async def list(self, request: pb.ListAgentDispatchRequest) -> Answer:
        """The dispatches of a room, or the one asked for; an unknown id is an empty list."""
        room = await self._room(request.room)
        return Page(room.dispatches, [request.dispatch_id] if request.dispatch_id else None)

    async def _room(self, name: str) -> RoomRecord:
        room = await self._lookup.find(name)
        if room is None:
            raise await self._missing()
        return room

    async def _missing(self) -> TwirpError:
        """The error for a missing room: Cloud answers at once, a self-hosted server after a while."""
        if self._world.switches.missing_room == "cloud":
            return TwirpError("not_found", "requested room does not exist")
        return await self._lookup.no_response()
