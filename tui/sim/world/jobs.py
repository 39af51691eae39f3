"""How jobs are offered, accepted, run and ended (PROTOCOL.md, Dispatches and jobs)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from livekit.protocol import agent as agent_pb
from livekit.protocol import agent_dispatch as dispatch_pb
from livekit.protocol import models

from tui.sim.world.agents import Agents
from tui.sim.world.tracebacks import entrypoint_failure, job_failure
from tui.sim.world.world import AgentRecord, RoomRecord, World

ACCEPT_SECONDS = (0.3, 1.5)
"""How long a worker takes to accept a job."""
JOB_SECONDS = (40.0, 900.0)
"""How long a job lasts when nobody ends it."""
FAILURE_SECONDS = (2.0, 40.0)
"""How long a job lasts that will fail."""
ENTRYPOINT_SECONDS = 0.2
"""After which an entrypoint raises or returns that does not serve its job."""
RESTART_SECONDS = 2.0
"""After which a failed job is started again."""

Join = Callable[[RoomRecord, models.ParticipantInfo], object]
Leave = Callable[[RoomRecord, str], object]


class Jobs:
    """The life of every job of a world."""

    def __init__(self, world: World, agents: Agents, join: Join, leave: Leave) -> None:
        self.world = world
        self.agents = agents
        self._join = join
        self._leave = leave
        self._offered: set[tuple[str, str]] = set()
        """Agents (id, deployment) whose workers were offered a job since they registered."""
        agents.on_up.append(self._take_pending)
        agents.on_down.append(self._fail_running)

    def offer(
        self, room: RoomRecord, dispatch: dispatch_pb.AgentDispatch, person: models.ParticipantInfo | None
    ) -> None:
        """Offer a job to the worker of a dispatch, if the worker's job type fits; once, not again later."""
        agent = self.agents.serving(dispatch.agent_name, dispatch.deployment)
        if agent is not None and _wanted(agent.worker.job_type, person):
            self._offer(room, dispatch, agent, person)

    def offer_publisher(
        self, room: RoomRecord, dispatch: dispatch_pb.AgentDispatch, person: models.ParticipantInfo
    ) -> None:
        """Offer the job for a participant that has begun to publish."""
        agent = self.agents.serving(dispatch.agent_name, dispatch.deployment)
        if agent is not None and agent.worker.job_type == agent_pb.JT_PUBLISHER:
            self._offer(room, dispatch, agent, person)

    def _offer(
        self,
        room: RoomRecord,
        dispatch: dispatch_pb.AgentDispatch,
        agent: AgentRecord,
        person: models.ParticipantInfo | None,
    ) -> None:
        job = agent_pb.Job(
            id=self.world.guid("AJ_"),
            dispatch_id=dispatch.id,
            type=agent.worker.job_type,
            room=room.info,
            participant=person,
            metadata=dispatch.metadata,
            agent_name=dispatch.agent_name,
            deployment=dispatch.deployment,
            attributes=dispatch.attributes,
        )
        if dispatch.deployment in agent.up:
            seconds = self.world.chance("accept", job.id).uniform(*ACCEPT_SECONDS)
            self.world.after(seconds, partial(self._assign, room, dispatch.id, agent, job))
            return
        # Only a service that scales to zero shows a job before a worker has it.
        job.state.status = agent_pb.JS_PENDING
        job.state.updated_at = self.world.stamp(self.world.now)
        dispatch.state.jobs.append(job)
        room.dispatches.touch(dispatch.id)
        if any(row.status == "Sleeping" for row in agent.rows(dispatch.deployment)):
            self.agents.wake(agent, dispatch.deployment)

    def _assign(self, room: RoomRecord, dispatch_id: str, agent: AgentRecord, job: agent_pb.Job) -> None:
        """The worker accepts, if dispatch, room and worker are still there."""
        dispatch = room.dispatches.get(dispatch_id)
        alive = self.world.rooms.get(room.info.name) is room
        if dispatch is None or not alive or dispatch.deployment not in agent.up:
            return
        key, late = (agent.id, dispatch.deployment), self.world.switches.first_job_late_seconds
        if late and key not in self._offered:
            room.unlisted_jobs[job.id] = job
            self.world.after(late, partial(self._list, room, dispatch_id, job.id))
        else:
            dispatch.state.jobs.append(job)
            job = dispatch.state.jobs[-1]
        self._offered.add(key)
        if agent.worker.refuses:
            refuse(job, self.world.guid("AW_"), self.world.stamp(self.world.now))
            room.dispatches.touch(dispatch_id)
            return
        self._run(room, dispatch, agent, job)

    def _list(self, room: RoomRecord, dispatch_id: str, job_id: str) -> None:
        """Show a job that runs already (PROTOCOL.md, Dispatches and jobs)."""
        job, dispatch = room.unlisted_jobs.pop(job_id, None), room.dispatches.get(dispatch_id)
        if job is not None and dispatch is not None:
            dispatch.state.jobs.append(job)
            room.dispatches.touch(dispatch_id)

    def _run(
        self, room: RoomRecord, dispatch: dispatch_pb.AgentDispatch, agent: AgentRecord, job: agent_pb.Job
    ) -> None:
        """Run a job: its agent joins the room, sooner or later, and the end of the job is scheduled."""
        now = self.world.now
        job.state.status = agent_pb.JS_RUNNING
        job.state.started_at = job.state.updated_at = self.world.stamp(now)
        job.state.participant_identity = f"agent-{job.id}"
        job.state.worker_id = self.world.guid("AW_")
        job.state.agent_id = agent.id if self.world.switches.cloud_agents else ""
        room.dispatches.touch(dispatch.id)
        self.world.book(agent, dispatch.deployment).say(
            now,
            "INFO",
            "received job request",
            job_id=job.id,
            dispatch_id=dispatch.id,
            room=room.info.name,
            agent_name=job.agent_name,
        )
        if agent.worker.entrypoint != "serves":
            error = job_failure(0) if agent.worker.entrypoint == "raises" else ""
            self.world.after(ENTRYPOINT_SECONDS, partial(self.finish, room, dispatch.id, job.id, error))
        elif agent.worker.join_seconds:
            self.world.after(
                agent.worker.join_seconds, partial(self._enter, room, dispatch.id, agent, job.id)
            )
        else:
            self._enter(room, dispatch.id, agent, job.id)

    def _enter(self, room: RoomRecord, dispatch_id: str, agent: AgentRecord, job_id: str) -> None:
        """The agent of a job joins, if job, room and worker are still there."""
        dispatch, job = self._running(room, dispatch_id, job_id)
        alive = self.world.rooms.get(room.info.name) is room
        if dispatch is None or job is None or not alive or dispatch.deployment not in agent.up:
            return
        rows, chance = agent.rows(dispatch.deployment), self.world.chance("job", job.id)
        region = rows[0].region if rows else ""
        self._join(room, agent_participant(job, region, on_cloud=self.world.switches.cloud_agents))
        error, seconds = "", chance.uniform(*JOB_SECONDS)
        if chance.random() < agent.worker.failure_rate:
            error, seconds = job_failure(chance.randrange(100)), chance.uniform(*FAILURE_SECONDS)
        self.world.after(seconds, partial(self.finish, room, dispatch.id, job.id, error))

    @staticmethod
    def _running(
        room: RoomRecord, dispatch_id: str, job_id: str
    ) -> tuple[dispatch_pb.AgentDispatch | None, agent_pb.Job | None]:
        """A dispatch and its job; None for what is gone or does not run."""
        dispatch = room.dispatches.get(dispatch_id)
        jobs = room.jobs(dispatch) if dispatch else []
        running = (job for job in jobs if job.id == job_id and job.state.status == agent_pb.JS_RUNNING)
        return dispatch, next(running, None)

    def finish(self, room: RoomRecord, dispatch_id: str, job_id: str, error: str = "") -> None:
        """A job ends by itself, with or without an error; its agent leaves."""
        dispatch, job = self._running(room, dispatch_id, job_id)
        if dispatch is None or job is None:
            return
        self.end(job, agent_pb.JS_FAILED if error else agent_pb.JS_SUCCESS, error)
        room.dispatches.touch(dispatch_id)
        agent = self.agents.find("", job.agent_name)
        if agent is not None:
            book, facts = (
                self.world.book(agent, dispatch.deployment),
                {"job_id": job_id, "room": room.info.name},
            )
            if error:
                message = "unhandled exception while running the job task"
                book.say(self.world.now, "ERROR", message, exc_info=entrypoint_failure(error), **facts)
            else:
                book.say(self.world.now, "INFO", "job finished", **facts)
        self._leave(room, job.state.participant_identity)
        again = error and dispatch.restart_policy == dispatch_pb.JRP_ON_FAILURE
        if again and self.world.switches.restarts_jobs:
            person = job.participant if job.HasField("participant") else None
            self.world.after(RESTART_SECONDS, partial(self.offer, room, dispatch, person))

    def end(self, job: agent_pb.Job, status: agent_pb.JobStatus, error: str = "") -> None:
        """Record the end of a job, unless it has ended or this server never records ends."""
        ended = job.state.status not in (agent_pb.JS_PENDING, agent_pb.JS_RUNNING)
        if ended or self.world.switches.stale_jobs:
            return
        job.state.status = status
        job.state.error = error
        job.state.ended_at = job.state.updated_at = self.world.stamp(self.world.now)

    def _of(
        self, agent: AgentRecord, deployment: str
    ) -> Iterator[tuple[RoomRecord, dispatch_pb.AgentDispatch]]:
        """The dispatches of a deployment in all rooms."""
        for room in list(self.world.rooms.values()):
            for dispatch in list(room.dispatches.values()):
                if (dispatch.agent_name, dispatch.deployment) == (agent.info.agent_name, deployment):
                    yield room, dispatch

    def _take_pending(self, agent: AgentRecord, deployment: str) -> None:
        """A worker that has started takes its pending jobs."""
        self._offered.discard((agent.id, deployment))
        for room, dispatch in self._of(agent, deployment):
            for job in dispatch.state.jobs:
                if job.state.status == agent_pb.JS_PENDING:
                    self._run(room, dispatch, agent, job)

    def _fail_running(self, agent: AgentRecord, deployment: str) -> None:
        """A program died: its agents leave, which ends their jobs."""
        seconds = self.world.switches.killed_worker_seconds
        for room, dispatch in self._of(agent, deployment):
            for job in room.jobs(dispatch):
                if job.state.status != agent_pb.JS_RUNNING:
                    continue
                if seconds:
                    self.world.after(seconds, partial(self._leave, room, job.state.participant_identity))
                else:
                    self._leave(room, job.state.participant_identity)


def _wanted(kind: agent_pb.JobType, person: models.ParticipantInfo | None) -> bool:
    """Whether a worker of that type gets a job for that participant (None: for the room)."""
    if kind == agent_pb.JT_ROOM:
        return person is None
    return person is not None and (kind == agent_pb.JT_PARTICIPANT or person.is_publisher)


def refuse(job: agent_pb.Job, worker_id: str, moment: int) -> None:
    """A job as its worker's refusal leaves it (PROTOCOL.md, Dispatches and jobs)."""
    job.state.status = agent_pb.JS_SUCCESS
    job.state.started_at = job.state.ended_at = job.state.updated_at = moment
    job.state.worker_id = worker_id


def agent_participant(job: agent_pb.Job, region: str, *, on_cloud: bool) -> models.ParticipantInfo:
    """The participant that a job puts into its room (PROTOCOL.md, Rooms and participants)."""
    return models.ParticipantInfo(
        identity=job.state.participant_identity,
        kind=models.ParticipantInfo.AGENT,
        kind_details=[models.ParticipantInfo.CLOUD_AGENT] if on_cloud else [],
        attributes={
            "lk.agent.state": "listening",
            "lk.agent.name": job.agent_name,
            "lk.agent_name": job.agent_name,
        },
        region=region,
        is_publisher=True,
        permission=models.ParticipantPermission(
            can_subscribe=True, can_publish=True, can_publish_data=True, agent=True
        ),
    )
