"""How rooms, participants and dispatches come and go (PROTOCOL.md, Rooms and participants). Knows no HTTP."""

from __future__ import annotations

from functools import partial

from livekit.protocol import agent as agent_pb
from livekit.protocol import agent_dispatch as dispatch_pb
from livekit.protocol import models
from livekit.protocol import room as room_pb

from tui.sim.wire.listing import Listing
from tui.sim.world.agents import Agents
from tui.sim.world.jobs import Jobs
from tui.sim.world.world import RoomRecord, World

LINGER_SECONDS = (0.5, 3.0)
"""How long an agent's participant outlives its deleted dispatch."""
GOODBYE_SECONDS = 1.5
"""How long an agent stays after the last other participant has left."""
NODE_AVAILABLE_SECONDS = 5.0
"""How long a node counts as alive after its last sign of life (PROTOCOL.md, Rooms and participants)."""
LIVE_NODE = ""
"""The node that takes new and moved rooms."""

DEPENDENT = (models.ParticipantInfo.AGENT, models.ParticipantInfo.EGRESS)
"""Kinds that do not keep a room open and get no jobs of their own."""


class Rooms:
    """The life of every room of a world."""

    def __init__(self, world: World, agents: Agents) -> None:
        self.world = world
        self.jobs = Jobs(world, agents, self.join, self.leave)

    # -- rooms

    def open(self, name: str, request: room_pb.CreateRoomRequest | None = None) -> RoomRecord:
        """A new room, with the dispatches that its creation makes (PROTOCOL.md, Dispatches and jobs)."""
        now = self.world.now
        request = request or room_pb.CreateRoomRequest(name=name)
        info = models.Room(
            sid=self.world.guid("RM_"),
            name=name,
            empty_timeout=request.empty_timeout or 300,
            departure_timeout=request.departure_timeout or 20,
            max_participants=request.max_participants,
            creation_time=int(now),
            creation_time_ms=int(now * 1000),
            metadata=request.metadata,
            enabled_codecs=[models.Codec(mime="audio/opus"), models.Codec(mime="video/vp8")],
        )
        room = self.admit(info)
        wishes = [
            dispatch_pb.CreateAgentDispatchRequest(
                agent_name=wanted.agent_name,
                room=name,
                metadata=wanted.metadata,
                restart_policy=wanted.restart_policy,
                deployment=wanted.deployment,
                attributes=wanted.attributes,
            )
            for wanted in request.agents
        ]
        if not wishes and self.world.switches.default_dispatch:
            wishes = [dispatch_pb.CreateAgentDispatchRequest(room=name)]
        for wish in wishes:
            self.dispatch(room, wish)
        self.watch_empty(room)
        return room

    def admit(self, info: models.Room) -> RoomRecord:
        """Add a room to the world, without dispatches."""
        room = RoomRecord(info, Listing(dispatch_pb.ListAgentDispatchResponse, self.world.form))
        self.world.rooms[info.name] = room
        self.world.room_list.put(info.name, info)
        return room

    def close(self, room: RoomRecord) -> None:
        """Close a room: all participants leave, all jobs end, the dispatches are gone."""
        for timer in (room.closing, room.counting):
            if timer is not None:
                timer.cancel()
        for dispatch in room.dispatches.values():
            for job in room.jobs(dispatch):
                self.jobs.end(job, agent_pb.JS_SUCCESS)
        room.participants.clear()
        if self.world.rooms.get(room.info.name) is room:
            del self.world.rooms[room.info.name]
            self.world.room_list.drop(room.info.name)

    def watch_empty(self, room: RoomRecord) -> None:
        """Close a room after its time-out if only dependent participants are left."""
        if room.closing is not None:
            room.closing.cancel()
            room.closing = None
        if any(person.kind not in DEPENDENT for person in room.participants.values()):
            return
        seconds = room.info.departure_timeout if room.visited else room.info.empty_timeout
        room.closing = self.world.after(seconds, partial(self._expire, room))

    def _expire(self, room: RoomRecord) -> None:
        """Close a room in time; a dead node closes nothing, so its rooms stay listed."""
        if self.answers(room):
            self.close(room)

    def recount(self, room: RoomRecord) -> None:
        """Let ListRooms show who is there, at once or as late as this server does."""
        seconds = self.world.switches.room_counters_late_seconds
        if not seconds:
            self.refresh_counters(room)
        elif room.counting is None:
            room.counting = self.world.after(seconds, partial(self.refresh_counters, room))

    def refresh_counters(self, room: RoomRecord) -> None:
        """Count as LiveKit does: participants without agents, publishers with them."""
        room.counting = None
        people = room.participants.values()
        room.info.num_participants = sum(person.kind not in DEPENDENT for person in people)
        room.info.num_publishers = sum(person.is_publisher for person in people)
        self.world.room_list.touch(room.info.name)

    # -- nodes

    def answers(self, room: RoomRecord) -> bool:
        """Whether the node that holds a room is alive."""
        return room.node not in self.world.dead_nodes

    def place(self, room: RoomRecord) -> bool:
        """Whether a live node holds a room, which moves it there if this server does and knows of the death.

        There it begins without its dispatches; those who were in it stay listed.
        """
        died = self.world.dead_nodes.get(room.node)
        if died is None:
            return True
        known = self.world.now - died >= NODE_AVAILABLE_SECONDS
        if not known or not self.world.switches.dead_node_rooms_move or LIVE_NODE in self.world.dead_nodes:
            return False
        room.node = LIVE_NODE
        for dispatch_id in list(room.dispatches):
            room.dispatches.drop(dispatch_id)
        if self.world.switches.default_dispatch:
            self.dispatch(room, dispatch_pb.CreateAgentDispatchRequest(room=room.info.name))
        self.watch_empty(room)
        return True

    # -- participants

    def join(self, room: RoomRecord, person: models.ParticipantInfo) -> models.ParticipantInfo:
        """A participant joins; jobs for participants and publishers are offered."""
        self.place(room)
        now = self.world.now
        person.sid = person.sid or self.world.guid("PA_")
        person.state = models.ParticipantInfo.ACTIVE
        person.joined_at = person.joined_at or int(now)
        person.joined_at_ms = person.joined_at_ms or int(now * 1000)
        if person.is_publisher and not person.tracks:
            self._add_track(person)
        room.participants[person.identity] = person
        self.recount(room)
        if person.kind not in DEPENDENT:
            room.visited = True
            self.watch_empty(room)
            for dispatch in list(room.dispatches.values()):
                self.jobs.offer(room, dispatch, person)
        return person

    def publish(self, room: RoomRecord, person: models.ParticipantInfo) -> None:
        """A participant begins to publish; jobs for publishers are offered, once a participant."""
        if person.is_publisher:
            return
        person.is_publisher = True
        self._add_track(person)
        self.recount(room)
        for dispatch in list(room.dispatches.values()):
            self.jobs.offer_publisher(room, dispatch, person)

    def _add_track(self, person: models.ParticipantInfo) -> None:
        person.tracks.add(
            sid=self.world.guid("TR_"), type=models.AUDIO, source=models.MICROPHONE, name="microphone"
        )

    def leave(self, room: RoomRecord, identity: str) -> bool:
        """A participant leaves. An agent's leaving ends its job, the last other participant's the session.

        Returns whether there was such a participant. Who leaves a dead node stays listed: nobody notes it.
        """
        if not self.answers(room):
            return False
        person = room.participants.pop(identity, None)
        if person is None:
            return False
        for dispatch in room.dispatches.values():
            for job in room.jobs(dispatch):
                if job.state.participant_identity == identity:
                    self.jobs.end(job, agent_pb.JS_FAILED, "agent worker left the room")
                    room.dispatches.touch(dispatch.id)
        self.recount(room)
        if person.kind not in DEPENDENT and all(p.kind in DEPENDENT for p in room.participants.values()):
            self.watch_empty(room)
            for dispatch in room.dispatches.values():
                for job in room.jobs(dispatch):
                    self.world.after(GOODBYE_SECONDS, partial(self.jobs.finish, room, dispatch.id, job.id))
        return True

    # -- dispatches

    def dispatch(
        self, room: RoomRecord, request: dispatch_pb.CreateAgentDispatchRequest
    ) -> dispatch_pb.AgentDispatch:
        """A new dispatch; jobs follow if a worker takes them."""
        dispatch = dispatch_pb.AgentDispatch(
            id=self.world.guid("AD_"),
            agent_name=request.agent_name,
            room=room.info.name,
            metadata=request.metadata,
            restart_policy=request.restart_policy,
            deployment=request.deployment,
            attributes=request.attributes,
            state=dispatch_pb.AgentDispatchState(created_at=self.world.stamp(self.world.now)),
        )
        room.dispatches.put(dispatch.id, dispatch)
        self.jobs.offer(room, dispatch, None)
        for person in list(room.participants.values()):
            if person.kind not in DEPENDENT:
                self.jobs.offer(room, dispatch, person)
        return dispatch

    def delete_dispatch(self, room: RoomRecord, dispatch_id: str) -> dispatch_pb.AgentDispatch | None:
        """Delete a dispatch at once; its agents leave within seconds."""
        if dispatch_id not in room.dispatches:
            return None
        dispatch = room.dispatches.drop(dispatch_id)
        chance = self.world.chance("linger", dispatch_id)
        for job in room.jobs(dispatch):
            if job.state.status == agent_pb.JS_RUNNING:
                identity = job.state.participant_identity
                self.world.after(chance.uniform(*LINGER_SECONDS), partial(self.leave, room, identity))
            self.jobs.end(job, agent_pb.JS_SUCCESS)
        return dispatch
