"""The state of a world: agents, rooms, the queue of timed events, and the record of effects.

Holds state and time only. `agents`, `rooms` and `jobs` say how these change.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from livekit.protocol import agent as agent_pb
from livekit.protocol import agent_dispatch, cloud_agent, models
from livekit.protocol import room as room_pb

from tui.sim.wire.codec import JsonForm
from tui.sim.wire.listing import Listing
from tui.sim.world.clock import WorldClock
from tui.sim.world.ids import guid
from tui.sim.world.logs import LogBook
from tui.sim.world.switches import Switches

UNBUILT = "--"
"""The version of an agent to which nothing was ever deployed (PROTOCOL.md, Agents)."""


Entrypoint = Literal["serves", "raises", "returns"]
"""What the entrypoint of a worker does with a job: the last two end it before its agent joins the room."""


class Timer:
    """A timed event, which can be cancelled."""

    __slots__ = ("act", "moment")

    def __init__(self, moment: float, act: Callable[[], object]) -> None:
        self.moment = moment
        self.act: Callable[[], object] | None = act

    def cancel(self) -> None:
        """Cancel the event."""
        self.act = None


@dataclass
class Worker:
    """How an agent's program behaves once it runs."""

    job_type: agent_pb.JobType = agent_pb.JT_ROOM
    """The job type that it registers for (PROTOCOL.md, Dispatches and jobs)."""
    failure_rate: float = 0.0
    """Share of its jobs that fail, 0 to 1."""
    bad_versions: set[str] = field(default_factory=set)
    """Version tags that crash soon after the start."""
    needs: set[str] = field(default_factory=set)
    """Secrets without which it crashes."""
    idles: bool = False
    """Scales to zero when idle, as on the free plan."""
    accepts: bool = True
    """False: takes no jobs at all."""
    refuses: bool = False
    """Refuses each job that it is offered, and so ends it."""
    entrypoint: Entrypoint = "serves"
    join_seconds: float = 0.0
    """Time between the assignment of a job and its agent's joining the room, world seconds."""


@dataclass
class AgentRecord:
    """One cloud agent with everything that the service keeps about it."""

    info: cloud_agent.AgentInfo
    versions: dict[str, cloud_agent.AgentVersion] = field(default_factory=dict)
    secrets: dict[str, cloud_agent.AgentSecret] = field(default_factory=dict)
    """By name; never with a value."""
    worker: Worker = field(default_factory=Worker)
    logs: dict[str, LogBook] = field(default_factory=dict)
    """Run-time logs by deployment."""
    build_logs: dict[str, list[bytes]] = field(default_factory=dict)
    """Lines of the last build by deployment."""
    up: set[str] = field(default_factory=set)
    """Deployments whose program runs; the status that is shown may say something else."""
    streaks: dict[str, int] = field(default_factory=dict)
    """Crashes in a row by deployment."""
    timers: dict[str, list[Timer]] = field(default_factory=dict)
    """Pending events by deployment."""

    @property
    def id(self) -> str:
        """`CA_…`."""
        return self.info.agent_id

    @property
    def deployments(self) -> list[str]:
        """Names of its deployments in order of appearance; `""` is production."""
        return list(dict.fromkeys(row.deployment for row in self.info.agent_deployments))

    def rows(self, deployment: str) -> list[cloud_agent.AgentDeployment]:
        """The deployment's rows, one a region."""
        return [row for row in self.info.agent_deployments if row.deployment == deployment]

    def mark(self) -> None:
        """Set the flags that follow from which deployment runs what."""
        named = any(row.deployment for row in self.info.agent_deployments)
        for row in self.info.agent_deployments:
            row.deployment_enabled = named
        used = {row.version for row in self.info.agent_deployments}
        for tag, version in self.versions.items():
            version.current = tag == self.info.version
            version.active = tag in used


@dataclass
class RoomRecord:
    """One room with its participants and dispatches."""

    info: models.Room
    dispatches: Listing[agent_dispatch.AgentDispatch]
    participants: dict[str, models.ParticipantInfo] = field(default_factory=dict)
    unlisted_jobs: dict[str, agent_pb.Job] = field(default_factory=dict)
    """Jobs that run before their dispatch shows them, by id."""
    closing: Timer | None = None
    counting: Timer | None = None
    """The pending refresh of the counters that ListRooms shows."""
    node: str = ""
    """The node that holds it."""
    visited: bool = False
    """A participant other than an agent has been in it."""

    def jobs(self, dispatch: agent_dispatch.AgentDispatch) -> list[agent_pb.Job]:
        """The jobs of a dispatch, listed or not."""
        unlisted = [job for job in self.unlisted_jobs.values() if job.dispatch_id == dispatch.id]
        return [*dispatch.state.jobs, *unlisted]


@dataclass(frozen=True)
class Effect:
    """Something that a request really did. Tests compare the screen with these."""

    seq: int
    moment: float
    """World time, Unix seconds."""
    name: str
    """The method that caused it, such as `CreateDispatch`."""
    facts: dict[str, object]
    """Names and ids; never a secret's value."""


class World:
    """Everything that exists, under one clock and one seed."""

    def __init__(self, clock: WorldClock, seed: int = 1, switches: Switches | None = None) -> None:
        self.clock = clock
        self.seed = seed
        self.switches = switches or Switches()
        self.form = JsonForm(self.switches.camel_json)
        self.agents: dict[str, AgentRecord] = {}
        self.agent_list: Listing[cloud_agent.AgentInfo] = Listing(cloud_agent.ListAgentsResponse, self.form)
        self.rooms: dict[str, RoomRecord] = {}
        self.room_list: Listing[models.Room] = Listing(room_pb.ListRoomsResponse, self.form)
        self.unfilled_rooms: dict[str, Callable[[RoomRecord], None]] = {}
        """By room whose content is made when it is first read: what makes it."""
        self.dead_nodes: dict[str, float] = {}
        """World time of death by node."""
        self.links: dict[str, cloud_agent.PrivateLink] = {}
        self.link_status: dict[str, cloud_agent.PrivateLinkStatus] = {}
        self.settings: dict[str, str] = {}
        self.effects: list[Effect] = []
        self._ids = self.chance("ids")
        self._queue: list[tuple[float, int, Timer]] = []
        self._order = itertools.count()
        self._settling: float | None = None

    @property
    def now(self) -> float:
        """World time, Unix seconds; while events are applied, the time of the event."""
        return self.clock.now() if self._settling is None else self._settling

    def chance(self, *parts: object) -> Random:
        """A random generator of its own: the same for the same seed and parts."""
        return Random(":".join(str(part) for part in (self.seed, *parts)))

    def guid(self, prefix: str) -> str:
        """A new id."""
        return guid(prefix, self._ids)

    def stamp(self, moment: float) -> int:
        """A time of a dispatch or job in the unit that this server uses."""
        return int(moment) if self.switches.time_unit == "s" else int(moment * 1_000_000) * 1000

    def at(self, moment: float, act: Callable[[], object]) -> Timer:
        """Let something happen at world time `moment`."""
        timer = Timer(moment, act)
        heapq.heappush(self._queue, (moment, next(self._order), timer))
        if self._queue[0][2] is timer:
            self.clock.pulse.fire()
        return timer

    def after(self, seconds: float, act: Callable[[], object]) -> Timer:
        """Let something happen in `seconds` of world time."""
        return self.at(self.now + seconds, act)

    def next_due(self) -> float | None:
        """World time of the next event; None when nothing is to come."""
        while self._queue and self._queue[0][2].act is None:
            heapq.heappop(self._queue)
        return self._queue[0][0] if self._queue else None

    def settle(self) -> bool:
        """Apply every event that is due, each at its own time and in order. Returns whether there was one."""
        if self._settling is not None:
            return False
        until = self.clock.now()
        happened = False
        while self._queue and self._queue[0][0] <= until:
            moment, _, timer = heapq.heappop(self._queue)
            if timer.act is None:
                continue
            self._settling = moment
            try:
                timer.act()
            finally:
                self._settling = None
            happened = True
        if happened:
            self.clock.pulse.fire()
        return happened

    def effect(self, name: str, /, **facts: object) -> None:
        """Record what a request really did."""
        self.effects.append(Effect(len(self.effects) + 1, self.now, name, facts))
        self.clock.pulse.fire()

    def touch(self, record: AgentRecord) -> None:
        """Mark an agent as changed, so that lists encode it again."""
        self.agent_list.touch(record.id)

    def room(self, name: str) -> RoomRecord | None:
        """A room by its exact name."""
        record = self.rooms.get(name)
        fill = self.unfilled_rooms.pop(name, None)
        if record is not None and fill is not None:
            fill(record)
        return record

    def book(self, record: AgentRecord, deployment: str) -> LogBook:
        """The run-time log of a deployment."""
        book = record.logs.get(deployment)
        if book is None:
            name = record.info.agent_name or record.id
            book = record.logs[deployment] = LogBook(f"{self.seed}:{record.id}:{deployment}", name)
        return book
