"""Finds rooms as a server does: in its store, then on the node that holds them. Knows no methods."""

from __future__ import annotations

import asyncio

from tui.sim.http.twirp import TwirpError
from tui.sim.world.rooms import Rooms
from tui.sim.world.world import RoomRecord, World


class RoomLookup:
    """The rooms of one world as its servers reach them."""

    def __init__(self, world: World, rooms: Rooms) -> None:
        self._world = world
        self._rooms = rooms

    async def find(self, name: str) -> RoomRecord | None:
        """A room, None when there is none; raises TwirpError when no node answers for it."""
        room = self._world.room(name)
        if self._world.switches.store == "gone" or (room is not None and not self._rooms.answers(room)):
            raise await self.no_response()
        return room

    def stored(self, name: str) -> RoomRecord | None:
        """A room as the store has it, whether its node is alive or not. Raises TwirpError without a store."""
        self.check_store()
        return None if self._world.switches.store == "emptied" else self._world.room(name)

    async def place(self, name: str) -> RoomRecord | None:
        """A room on a live node, moved there if need be; None when there is none. Raises TwirpError."""
        self.check_store()
        room = self._world.room(name)
        if room is not None and not self._rooms.place(room):
            raise await self.no_response()
        return room

    def check_store(self, doing: str = "") -> None:
        """Raise TwirpError if the server's store is gone; `doing` begins its message."""
        if self._world.switches.store == "gone":
            said = f"{doing}dial tcp 127.0.0.1:6379: connect: connection refused"
            raise TwirpError("unknown", said, born=True)

    async def no_response(self) -> TwirpError:
        """The error when nobody answers for a room: it comes after a while."""
        await asyncio.sleep(self._world.switches.missing_room_seconds)
        return TwirpError("unavailable", "no response from servers")
