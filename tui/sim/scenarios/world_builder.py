"""Builds a world from a scenario. Knows no HTTP."""

from __future__ import annotations

from functools import partial

from livekit.protocol import agent as agent_pb
from livekit.protocol import agent_dispatch as dispatch_pb
from livekit.protocol import cloud_agent as pb
from livekit.protocol import models

from tui.sim.scenarios.specs import (
    AgentSpec,
    CrowdSpec,
    DeploymentSpec,
    DispatchSpec,
    JobSpec,
    PersonSpec,
    RoomSpec,
    Scenario,
)
from tui.sim.world.agents import CLUSTERS, Agents
from tui.sim.world.ids import NEVER, timestamp, version_tag
from tui.sim.world.jobs import agent_participant
from tui.sim.world.rooms import Rooms
from tui.sim.world.world import UNBUILT, AgentRecord, RoomRecord, Worker, World

SETTINGS = {
    "available_regions": ",".join(CLUSTERS),
    "python-min-sdk-version": "1.0.0",
    "node-min-sdk-version": "1.0.0",
    "project_data_region": "us",
    "residency_warning_regions": "eu-central",
}
"""What GetClientSettings answers (PROTOCOL.md, Agents)."""

JOB_TYPES = {
    "room": agent_pb.JT_ROOM,
    "publisher": agent_pb.JT_PUBLISHER,
    "participant": agent_pb.JT_PARTICIPANT,
}
_EVENTS = {
    "crash": pb.AGENT_EVENT_TYPE_APPLICATION_CRASHED,
    "disk": pb.AGENT_EVENT_TYPE_RESTARTED_HIGH_DISK_USAGE,
    "memory": pb.AGENT_EVENT_TYPE_RESTARTED_HIGH_MEMORY_USAGE,
}
_JOBS = {
    "pending": agent_pb.JS_PENDING,
    "running": agent_pb.JS_RUNNING,
    "success": agent_pb.JS_SUCCESS,
    "failed": agent_pb.JS_FAILED,
}
_PEOPLE = {
    "standard": models.ParticipantInfo.STANDARD,
    "ingress": models.ParticipantInfo.INGRESS,
    "egress": models.ParticipantInfo.EGRESS,
    "sip": models.ParticipantInfo.SIP,
    "agent": models.ParticipantInfo.AGENT,
}
ASLEEP = {"Sleeping", "Waking", "Setting Up", "Scheduling", "Deleted", "Suspended", "Server Error", "Error"}
"""Statuses under which no program runs."""
UNDEPLOYED = ("Building", "Build Failed")
"""Statuses of a version that never ran."""
BUILT_SECONDS = 71.0
"""Seconds from the start of a build to its deployment."""


class WorldBuilder:
    """Adds the content of scenarios to one world."""

    def __init__(self, world: World, agents: Agents, rooms: Rooms) -> None:
        self._world = world
        self._agents = agents
        self._rooms = rooms
        self._start = world.now

    def build(self, scenario: Scenario) -> None:
        """Add everything that a scenario holds."""
        self._world.settings = {**SETTINGS, **scenario.settings}
        for agent in scenario.agents:
            self.agent(agent)
        for room in scenario.rooms:
            self.room(room)
        if scenario.crowd is not None:
            self._crowd(scenario.crowd)

    # -- agents

    def agent(self, spec: AgentSpec) -> AgentRecord:
        """One agent with versions, deployments and secrets."""
        world = self._world
        record = AgentRecord(
            pb.AgentInfo(agent_id=spec.id or world.guid("CA_"), agent_name=spec.name, version=UNBUILT),
            worker=Worker(
                job_type=JOB_TYPES[spec.job_type],
                failure_rate=spec.failure_rate,
                needs=set(spec.needs),
                idles=spec.idles,
                accepts=spec.accepts,
            ),
        )
        world.agents[record.id] = record
        self._versions(record, spec)
        self._secrets(record, spec)
        for deployment in spec.deployments:
            self._deployment(record, spec, deployment)
        record.mark()
        used = {row.version for row in record.info.agent_deployments}
        deployed = [record.versions[tag].deployed_at for tag in used if tag in record.versions]
        record.info.deployed_at.CopyFrom(max(deployed, key=lambda moment: moment.seconds, default=NEVER))
        world.agent_list.put(record.id, record.info)
        self._schedule(record, spec)
        return record

    def _versions(self, record: AgentRecord, spec: AgentSpec) -> None:
        for version in spec.versions:
            made = self._start - version.age
            tag = version.tag or version_tag(made)
            record.versions[tag] = pb.AgentVersion(
                version=tag,
                created_at=timestamp(made),
                attributes=version.attributes,
                status=version.status,
                owner=version.owner,
                draining=version.draining,
            )
            if version.status not in UNDEPLOYED:
                deployed = min(made + BUILT_SECONDS, self._start)
                record.versions[tag].deployed_at.CopyFrom(timestamp(deployed))
            if version.bad:
                record.worker.bad_versions.add(tag)

    def _secrets(self, record: AgentRecord, spec: AgentSpec) -> None:
        kinds = [(name, pb.AGENT_SECRET_KIND_ENVIRONMENT) for name in spec.secrets]
        kinds += [(name, pb.AGENT_SECRET_KIND_FILE) for name in spec.file_secrets]
        chance = self._world.chance(record.id, "secrets")
        for name, kind in kinds:
            made = self._start - chance.uniform(10, 90) * 86400
            record.secrets[name] = pb.AgentSecret(
                name=name,
                kind=kind,
                created_at=timestamp(made),
                updated_at=timestamp(made + chance.uniform(0, 9) * 86400),
            )

    def _deployment(self, record: AgentRecord, spec: AgentSpec, deployment: DeploymentSpec) -> None:
        tags = list(record.versions)
        tag = tags[min(deployment.version, len(tags) - 1)] if tags else ""
        chance = self._world.chance(record.id, deployment.name, deployment.region)
        observed = deployment.scraped is not None and bool(tags)
        running = deployment.status not in ASLEEP and bool(tags)
        cpu = f"{int(chance.lognormvariate(5.3, 0.6) * 1e6)}n" if running else "0"
        memory = str(int(chance.gauss(7.2e8, 6e7))) if running else "0"
        row = self._agents.add_row(record, deployment.name, deployment.region, deployment.status)
        row.replicas = deployment.replicas
        row.min_replicas = deployment.min_replicas
        row.max_replicas = deployment.max_replicas
        row.cpu_limit = deployment.cpu_limit
        row.mem_limit = deployment.memory_limit
        row.version = tag
        if deployment.server_region is not None:
            row.server_region = deployment.server_region
        if observed:
            row.cur_cpu = cpu if deployment.cpu is None else deployment.cpu
            row.cur_mem = memory if deployment.memory is None else deployment.memory
            row.agent_name = spec.name
        if observed and deployment.scraped is not None:
            row.last_scraped_at.CopyFrom(timestamp(self._start - deployment.scraped))
        for event in deployment.events:
            row.events.add(
                type=_EVENTS[event.type], count=event.count, timestamp=timestamp(self._start - event.age)
            )
        if deployment.name == "" and tag:
            record.info.version = tag
        if running:
            record.up.add(deployment.name)
            if not spec.quiet:
                self._world.book(record, deployment.name).wake(self._start - 86400)

    def _schedule(self, record: AgentRecord, spec: AgentSpec) -> None:
        """Schedule the statuses and write the log lines of the spec."""
        book = self._world.book(record, "") if spec.logs or spec.flood else None
        for number, line in enumerate(spec.logs):
            if book is not None:
                book.write(self._start - 1 + number * 1e-4, line.encode(errors="surrogateescape"))
        if book is not None and spec.flood:
            book.flood(self._start, spec.flood, 10 * 365 * 86400, "flood line {n}")
        if spec.walk:
            self._agents.walk(record, "", spec.walk)

    # -- rooms

    def room(self, spec: RoomSpec) -> RoomRecord:
        """One room with people, dispatches and jobs."""
        room = self._admit(spec)
        self.fill(room, spec)
        return room

    def _admit(self, spec: RoomSpec) -> RoomRecord:
        made = self._start - spec.age
        return self._rooms.admit(
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

    def _crowd(self, crowd: CrowdSpec) -> None:
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
        self.fill(
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

    def fill(self, room: RoomRecord, spec: RoomSpec) -> None:
        """People, dispatches and jobs of a room."""
        for person in spec.people:
            self._person(room, person)
        for dispatch in spec.dispatches:
            self._dispatch(room, dispatch)
        self._rooms.recount(room)
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
            participant=room.participants.get(spec.publisher),
            metadata=dispatch.metadata,
            agent_name=dispatch.agent_name,
            deployment=dispatch.deployment,
            attributes=dispatch.attributes,
        )
        job.state.status = _JOBS[spec.status]
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
        person = agent_participant(job, "us-east")
        person.sid = world.guid("PA_")
        person.state = models.ParticipantInfo.ACTIVE
        person.joined_at, person.joined_at_ms = int(started), int(started * 1000)
        room.participants[person.identity] = person
        if spec.ends is not None:
            world.after(spec.ends, partial(self._rooms.jobs.finish, room, dispatch.id, job.id, spec.error))
