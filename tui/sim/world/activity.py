"""Background activity: calls come and go; agents are measured, deployed, crash and fall asleep."""

from __future__ import annotations

from functools import partial

from livekit.protocol import agent_dispatch as dispatch_pb
from livekit.protocol import cloud_agent as pb
from livekit.protocol import models

from tui.sim.world.agents import Agents
from tui.sim.world.rooms import DEPENDENT, Rooms
from tui.sim.world.world import AgentRecord, World

STEP_SECONDS = (1.5, 4.5)
SCRAPES = 4
"""Deployments measured in one step."""
CALLS = 34
"""Rooms beyond which no new call comes in."""
CALL_SECONDS = (45.0, 900.0)
BUILD_SECONDS = 40.0
STATES = ("listening", "listening", "thinking", "speaking", "speaking")


class Activity:
    """The background activity of one world."""

    def __init__(self, world: World, agents: Agents, rooms: Rooms) -> None:
        self._world = world
        self._agents = agents
        self._rooms = rooms
        self._chance = world.chance("story")  # part of the seed: another text makes another world
        self._calls = 8000

    def start(self, life: str) -> None:
        """Start the activity that a scenario's `life` names."""
        if life == "still":
            return
        if life == "busy":
            for record in list(self._world.agents.values()):
                for deployment in record.deployments:
                    self._resume(record, deployment)
            for room in list(self._world.rooms.values()):
                for person in room.participants.values():
                    if person.kind not in DEPENDENT:
                        self._hang_up_later(room.info.name, person.identity)
        self._step(life == "busy")

    def _resume(self, record: AgentRecord, deployment: str) -> None:
        """Continue what a deployment is in the middle of, such as a build."""
        agents, seconds = self._agents, self._chance.uniform(4, 25)
        status = record.rows(deployment)[0].status
        if reason := agents.broken(record, deployment):
            record.streaks[deployment] = 3 if status == "CrashLoop" else 0
            for line in reason.splitlines():
                self._world.book(record, deployment).write(self._world.now - 20, line.encode())
            agents.later(record, deployment, seconds, partial(agents.start, record, deployment, status))
        elif status in ("Waking", "Updating", "Scheduling"):
            agents.later(record, deployment, seconds, partial(agents.start, record, deployment))
        elif status == "Building":
            agents.later(
                record,
                deployment,
                BUILD_SECONDS,
                partial(agents.release, record, deployment, next(iter(record.versions))),
            )

    def _step(self, busy: bool) -> None:
        for _ in range(SCRAPES if busy else max(1, len(self._world.agents) // 100)):
            record = self._chance.choice(list(self._world.agents.values()) or [None])
            if record is not None and record.up:
                self._agents.scrape(record, sorted(record.up)[0])
        if busy:
            act = self._chance.choices(
                (self._call, self._talk, self._rescale, self._deploy, self._outgrow, self._doze),
                weights=(40, 40, 8, 2, 2, 4),
            )[0]
            act()
        self._world.after(self._chance.uniform(*STEP_SECONDS), partial(self._step, busy))

    def _healthy(self) -> list[AgentRecord]:
        return [
            record
            for record in self._world.agents.values()
            if record.info.agent_name and "" in record.up and not self._agents.broken(record, "")
        ]

    def _call(self) -> None:
        """A new call, sometimes for an agent that sleeps or crashes."""
        if len(self._world.rooms) >= CALLS:
            return
        wanted = self._healthy()
        if self._chance.random() < 0.15:
            wanted = [record for record in self._world.agents.values() if record.info.agent_name]
        if not wanted:
            return
        record = self._chance.choice(wanted)
        self._calls += 1
        room = self._rooms.open(f"call-{self._calls}")
        identity = f"sip_+1555{self._chance.randrange(1000000, 9999999)}"
        self._rooms.join(
            room,
            models.ParticipantInfo(identity=identity, kind=models.ParticipantInfo.SIP, is_publisher=True),
        )
        self._rooms.dispatch(
            room,
            dispatch_pb.CreateAgentDispatchRequest(
                agent_name=record.info.agent_name, room=room.info.name, metadata='{"source":"pstn"}'
            ),
        )
        self._hang_up_later(room.info.name, identity)

    def _hang_up_later(self, room: str, identity: str) -> None:
        self._world.after(self._chance.uniform(*CALL_SECONDS), partial(self._hang_up, room, identity))

    def _hang_up(self, name: str, identity: str) -> None:
        room = self._world.room(name)
        if room is not None:
            self._rooms.leave(room, identity)

    def _talk(self) -> None:
        """Agents listen, think and speak."""
        for room in self._world.rooms.values():
            for person in room.participants.values():
                if person.kind == models.ParticipantInfo.AGENT and self._chance.random() < 0.3:
                    person.attributes["lk.agent.state"] = self._chance.choice(STATES)

    def _pick(self) -> AgentRecord | None:
        healthy = self._healthy()
        return self._chance.choice(healthy) if healthy else None

    def _rescale(self) -> None:
        """One replica more or less."""
        record = self._pick()
        if record is not None:
            step = self._chance.choice((-1, 1))
            for row in record.rows(""):
                row.replicas = max(row.min_replicas, min(row.max_replicas, row.replicas + step))
            self._agents.scrape(record, "")

    def _deploy(self) -> None:
        """A deploy; one build in six fails."""
        record = self._pick()
        if record is None or any(row.status not in ("Running", "Build Failed") for row in record.rows("")):
            return
        attributes = {"git_commit": f"{self._chance.getrandbits(28):07x}", "git_branch": "main"}
        version = self._agents.new_version(record, attributes)
        self._agents.set_status(record, "", "Building")
        if self._chance.random() < 1 / 6:
            self._agents.later(record, "", BUILD_SECONDS, partial(self._fail_build, record, version))
        else:
            self._agents.later(
                record, "", BUILD_SECONDS, partial(self._agents.release, record, "", version.version)
            )

    def _fail_build(self, record: AgentRecord, version: pb.AgentVersion) -> None:
        version.status = "Build Failed"
        self._agents.set_status(record, "", "Build Failed")

    def _outgrow(self) -> None:
        """A program outgrows its memory and is restarted."""
        record = self._pick()
        if record is not None:
            self._agents.count(record, "", pb.AGENT_EVENT_TYPE_RESTARTED_HIGH_MEMORY_USAGE)
            self._agents.start(record, "")

    def _doze(self) -> None:
        """An idle program is scaled to zero."""
        idle = [record for record in self._healthy() if record.worker.idles]
        busy = {
            dispatch.agent_name
            for room in self._world.rooms.values()
            for dispatch in room.dispatches.values()
        }
        for record in idle:
            if record.info.agent_name not in busy:
                self._agents.sleep(record)
                return
