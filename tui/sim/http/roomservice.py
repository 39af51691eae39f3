"""The part of `livekit.RoomService` that operators use (PROTOCOL.md, Rooms and participants)."""

from __future__ import annotations

from livekit.protocol import room as pb

from tui.sim.http.auth import Claims
from tui.sim.http.room_lookup import RoomLookup
from tui.sim.http.twirp import Answer, Method, Page, Refusal, Rpc, TwirpError
from tui.sim.world.rooms import Rooms
from tui.sim.world.world import RoomRecord, World

NAME_LIMIT = 256
"""Bytes."""
METADATA_LIMIT = 512 * 1024


class RoomService:
    """The methods of the service that the simulator has."""

    def __init__(self, world: World, rooms: Rooms, lookup: RoomLookup) -> None:
        self._world = world
        self._rooms = rooms
        self._lookup = lookup

    def methods(self, refusal: Refusal) -> dict[str, Method]:
        """Every method by name."""

        def lists(claims: Claims, request: pb.ListRoomsRequest) -> bool:
            return claims.room_list

        def creates(claims: Claims, request: pb.CreateRoomRequest | pb.DeleteRoomRequest) -> bool:
            return claims.room_create

        def admin(
            claims: Claims,
            request: pb.ListParticipantsRequest | pb.RoomParticipantIdentity | pb.UpdateRoomMetadataRequest,
        ) -> bool:
            return claims.room_admin(request.room)

        return {
            "ListRooms": Rpc(pb.ListRoomsRequest, lists, self.list_rooms, refusal),
            "CreateRoom": Rpc(pb.CreateRoomRequest, creates, self.create_room, refusal),
            "DeleteRoom": Rpc(pb.DeleteRoomRequest, creates, self.delete_room, refusal),
            "ListParticipants": Rpc(pb.ListParticipantsRequest, admin, self.list_participants, refusal),
            "GetParticipant": Rpc(pb.RoomParticipantIdentity, admin, self.get_participant, refusal),
            "RemoveParticipant": Rpc(pb.RoomParticipantIdentity, admin, self.remove_participant, refusal),
            "UpdateRoomMetadata": Rpc(pb.UpdateRoomMetadataRequest, admin, self.update_metadata, refusal),
        }

    async def list_rooms(self, request: pb.ListRoomsRequest) -> Answer:
        """All rooms, or those of exactly the given names."""
        self._lookup.check_store("could not get rooms: ")
        if self._world.switches.store == "emptied":
            return Page(self._world.room_list, [])
        return Page(self._world.room_list, list(request.names) or None)

    async def create_room(self, request: pb.CreateRoomRequest) -> Answer:
        """A new room, or the existing one, unchanged."""
        if not request.name:
            raise TwirpError("invalid_argument", "no room name")
        if len(request.name.encode()) > NAME_LIMIT:
            raise TwirpError("invalid_argument", "room name length exceeds limits")
        room = await self._lookup.place(request.name)
        if room is None:
            room = self._rooms.open(request.name, request)
            self._world.effect("CreateRoom", room=request.name, sid=room.info.sid)
        return room.info

    async def delete_room(self, request: pb.DeleteRoomRequest) -> Answer:
        """Close a room and remove its participants."""
        room = await self._room(request.room)
        self._rooms.close(room)
        self._world.effect("DeleteRoom", room=request.room, sid=room.info.sid)
        return pb.DeleteRoomResponse()

    async def list_participants(self, request: pb.ListParticipantsRequest) -> Answer:
        """The participants of a room; a self-hosted server lists none for a missing room."""
        room = self._lookup.stored(request.room)
        if room is None and self._world.switches.missing_room == "oss":
            return pb.ListParticipantsResponse()
        people = (room or await self._room(request.room)).participants
        return pb.ListParticipantsResponse(participants=people.values())

    async def get_participant(self, request: pb.RoomParticipantIdentity) -> Answer:
        """One participant."""
        room = self._lookup.stored(request.room)
        person = room.participants.get(request.identity) if room is not None else None
        if person is None:
            raise TwirpError("not_found", "participant does not exist")
        return person

    async def remove_participant(self, request: pb.RoomParticipantIdentity) -> Answer:
        """Remove a participant; this ends an agent's job."""
        stored = self._lookup.stored(request.room)
        is_there = stored is not None and request.identity in stored.participants
        room = await self._lookup.find(request.room) if is_there else None
        if room is None or not self._rooms.leave(room, request.identity):
            raise TwirpError("not_found", "participant does not exist")
        self._world.effect("RemoveParticipant", room=request.room, identity=request.identity)
        return pb.RemoveParticipantResponse()

    async def update_metadata(self, request: pb.UpdateRoomMetadataRequest) -> Answer:
        """Replace a room's metadata."""
        if len(request.metadata.encode()) > METADATA_LIMIT:
            raise TwirpError("invalid_argument", "metadata size exceeds limits")
        room = await self._room(request.room)
        room.info.metadata = request.metadata
        self._world.room_list.touch(request.room)
        self._world.effect("UpdateRoomMetadata", room=request.room, metadata=request.metadata)
        return room.info

    async def _room(self, name: str) -> RoomRecord:
        room = await self._lookup.find(name)
        if room is None:
            raise TwirpError("not_found", "requested room does not exist")
        return room
