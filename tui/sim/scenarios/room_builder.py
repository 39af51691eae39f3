"""Adds the rooms of a scenario to a world, with participants, dispatches and jobs."""

from __future__ import annotations

from functools import partial

from livekit.protocol import agent as agent_pb
from livekit.protocol import agent_dispatch as dispatch_pb
from livekit.protocol import models

from tui.sim.scenarios.specs import CrowdSpec, DispatchSpec, JobSpec, PersonSpec, RoomSpec
from tui.sim.world.agents import Agents
from tui.sim.world.jobs import agent_participant, refuse
from tui.sim.world.rooms import Rooms
from tui.sim.world.world import RoomRecord, World

JOB_TYPES = {
    "room": agent_pb.JT_ROOM,
    "publisher": agent_pb.JT_PUBLISHER,
    "participant": agent_pb.JT_PARTICIPANT,
}
_JOBS = {
    "pending": agent_pb.JS_PENDING,
    "running": agent_pb.JS_RUNNING,
    "success": agent_pb.JS_SUCCESS,
    "failed": agent_pb.JS_FAILED,
    "cancelled": agent_pb.JS_CANCELLED,
}
_REASONS = {
    "": agent_pb.JSR_UNSPECIFIED,
    "no_capacity": agent_pb.JSR_NO_CAPACITY,
    "room_closed": agent_pb.JSR_ROOM_CLOSED,
    "dispatch_deleted": agent_pb.JSR_DISPATCH_DELETED,
    "retrying": agent_pb.JSR_RETRYING,
}
_PEOPLE = {
    "standard": models.ParticipantInfo.STANDARD,
    "ingress": models.ParticipantInfo.INGRESS,
    "egress": models.ParticipantInfo.EGRESS,
    "sip": models.ParticipantInfo.SIP,
    "agent": models.ParticipantInfo.AGENT,
}


class RoomBuilder:
    """Adds rooms to one world; ages count back from `start`, world time."""

    def __init__(self, world: World, agents: Agents, rooms: Rooms, start: float) -> None:
        self._world = world
        self._agents = agents
        self._rooms = rooms
        self._start = start

    def add(self, spec: RoomSpec) -> RoomRecord:
        """One room with participants, dispatches and jobs."""
        room = self._admit(spec)
        self._fill(room, spec)
        return room

    def _admit(self, spec: RoomSpec) -> RoomRecord:
        made = self._start - spec.age
        room = self._rooms.admit(
            models.Room(
                sid=self._world.guid("RM_"),
                name=spec.name,
                empty_timeout=300,
                departure_timeout=20,
                creation_time=int(made),
                creation_time_ms=int(made * 1000),
                metadata=spec.metadata,
                enabled_codecs=[models.Codec(mime="audio/opus"), models.Codec(mime="video/vp8")],
                active_recording=spec.recording,
            )
        )
        room.node = spec.node
        return room

    def add_crowd(self, crowd: CrowdSpec) -> None:
        """Rooms whose content is made when it is first read."""
        names = [record.info.agent_name for record in self._world.agents.values()] or [""]
        for number in range(crowd.rooms):
            spec = RoomSpec(name=f"room-{number:05d}", age=60.0 + number % 3600)
            room = self._admit(spec)
            room.info.num_participants = crowd.jobs
            room.info.num_publishers = crowd.jobs * (1 + crowd.dispatches)
            self._world.unfilled_rooms[spec.name] = partial(self._fill_crowd, spec, crowd, names, number)

    def _fill_crowd(
        self, spec: RoomSpec, crowd: CrowdSpec, names: list[str], number: int, room: RoomRecord
    ) -> None:
        people = [f"user-{number:05d}-{person:03d}" for person in range(crowd.jobs)]
        self._fill(
            room,
            RoomSpec(
                name=spec.name,
                people=[PersonSpec(identity=identity) for identity in people],
                dispatches=[
                    DispatchSpec(
                        agent_name=names[(number * crowd.dispatches + place) % len(names)],
                        type="publisher",
                        jobs=[JobSpec(publisher=identity) for identity in people],
                    )
                    for place in range(crowd.dispatches)
                ],
            ),
        )

    def _fill(self, room: RoomRecord, spec: RoomSpec) -> None:
        """People, dispatches and jobs of a room."""
        for person in spec.people:
            self._person(room, person)
        for dispatch in spec.dispatches:
            self._dispatch(room, dispatch)
        self._rooms.refresh_counters(room)
        self._rooms.watch_empty(room)

    def _person(self, room: RoomRecord, spec: PersonSpec) -> None:
        joined = self._start - spec.age
        person = models.ParticipantInfo(
            sid=self._world.guid("PA_"),
            identity=spec.identity,
            name=spec.name,
            state=models.ParticipantInfo.ACTIVE,
            kind=_PEOPLE[spec.kind],
            metadata=spec.metadata,
            attributes=spec.attributes,
            joined_at=int(joined),
            joined_at_ms=int(joined * 1000),
            is_publisher=spec.publishes,
            region="us-east",
        )
        if spec.publishes:
            person.tracks.add(
                sid=self._world.guid("TR_"), type=models.AUDIO, source=models.MICROPHONE, name="microphone"
            )
        room.participants[spec.identity] = person
        room.visited = room.visited or spec.kind not in ("agent", "egress")

    def _dispatch(self, room: RoomRecord, spec: DispatchSpec) -> None:
        world = self._world
        dispatch = dispatch_pb.AgentDispatch(
            id=world.guid("AD_"),
            agent_name=spec.agent_name,
            room=room.info.name,
            metadata=spec.metadata,
            restart_policy=dispatch_pb.JRP_ON_FAILURE if spec.restart else dispatch_pb.JRP_NEVER,
            deployment=spec.deployment,
            attributes=spec.attributes,
            state=dispatch_pb.AgentDispatchState(created_at=world.stamp(self._start - spec.age)),
        )
        for job in spec.jobs:
            self._job(room, dispatch, spec, job)
        room.dispatches.put(dispatch.id, dispatch)

    def _job(
        self, room: RoomRecord, dispatch: dispatch_pb.AgentDispatch, parent: DispatchSpec, spec: JobSpec
    ) -> None:
        world, started = self._world, self._start - spec.age
        job = dispatch.state.jobs.add(
            id=world.guid("AJ_"),
            dispatch_id=dispatch.id,
            type=JOB_TYPES[parent.type],
            room=room.info,
            participant=room.participants.get(spec.publisher) or self._left(spec),
            metadata=dispatch.metadata,
            agent_name=dispatch.agent_name,
            deployment=dispatch.deployment,
            attributes=dispatch.attributes,
        )
        if spec.status == "refused":
            refuse(job, world.guid("AW_"), world.stamp(started))
            return
        job.state.status, job.state.reason = _JOBS[spec.status], _REASONS[spec.reason]
        job.state.updated_at = world.stamp(started)
        if spec.status == "pending":
            return
        job.state.started_at = world.stamp(started)
        job.state.participant_identity = f"agent-{job.id}"
        job.state.worker_id = world.guid("AW_")
        agent = self._agents.find("", dispatch.agent_name) if world.switches.cloud_agents else None
        job.state.agent_id = agent.id if agent is not None else ""
        if spec.status != "running":
            job.state.error = spec.error
            job.state.ended_at = job.state.updated_at = world.stamp(started + spec.lasted)
            return
        self._agent(room, job, spec)
        if spec.ends is not None:
            world.after(spec.ends, partial(self._rooms.jobs.finish, room, dispatch.id, job.id, spec.error))

    def _left(self, spec: JobSpec) -> models.ParticipantInfo | None:
        """Who a job was launched for and is not in the room any more; None for a job of the room."""
        if not spec.publisher:
            return None
        return models.ParticipantInfo(
            identity=spec.publisher,
            state=models.ParticipantInfo.ACTIVE,
            joined_at=int(self._start - spec.age),
            joined_at_ms=int((self._start - spec.age) * 1000),
            is_publisher=True,
        )

    def _agent(self, room: RoomRecord, job: agent_pb.Job, spec: JobSpec) -> None:
        """The participant of a running job, now or later."""
        if spec.joins is None:
            return
        person = agent_participant(job, "us-east", on_cloud=self._world.switches.cloud_agents)
        if spec.joins:
            self._world.after(spec.joins, partial(self._rooms.join, room, person))
            return
        started = self._start - spec.age
        person.sid = self._world.guid("PA_")
        person.state = models.ParticipantInfo.ACTIVE
        person.joined_at, person.joined_at_ms = int(started), int(started * 1000)
        room.participants[person.identity] = person
