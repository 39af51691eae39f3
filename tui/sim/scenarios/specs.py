"""A scenario as data: what the world holds at the start, and faults. Also the schema of scenario files.

Ages are seconds before the start of the world, times are seconds after it.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tui.sim.wire.codes import Code
from tui.sim.world.world import Entrypoint

Age = Annotated[float, Meta(ge=0, le=1e9)]
"""Seconds before the start of the world."""
Ahead = Annotated[float, Meta(ge=0, le=1e9)]
"""World seconds from now, or from the start of the world."""
Moment = Annotated[float, Meta(ge=0, le=4e9)]
"""World time, Unix seconds, up to the end of this century."""
Skew = Annotated[float, Meta(ge=-1e9, le=1e9)]
Pause = Annotated[float, Meta(ge=0, le=86_400)]
"""Real seconds."""
Rate = Annotated[float, Meta(ge=0, le=100_000)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=0, le=1_000_000)]
Walk = list[tuple[Ahead, str]]
"""Statuses in time, as `[[5.0, "Updating"], [9.0, "Running"]]`."""


class Spec(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Base of all specs: an unknown key or a number out of range is an error."""


class EventSpec(Spec):
    """Crashes or forced restarts of a deployment."""

    type: Literal["crash", "disk", "memory"] = "crash"
    count: Count = 1
    age: Age = 60.0


class DeploymentSpec(Spec):
    """A deployment in a region: one row of the agents list."""

    name: str = ""
    """Empty for production."""
    region: str = "us-east"
    server_region: str | None = None
    """Cluster code; None for that of the region."""
    status: str = "Running"
    version: Count = 0
    """Which of the agent's versions it runs, 0 the newest."""
    replicas: Count = 1
    min_replicas: Count = 1
    max_replicas: Count = 1
    cpu: str | None = None
    """Used CPU as a Kubernetes quantity; None for something believable, empty before the first scrape."""
    memory: str | None = None
    cpu_limit: str = "2000m"
    memory_limit: str = "4Gi"
    scraped: Age | None = 3.0
    """Age of the last observation; None for never."""
    events: list[EventSpec] = []


class VersionSpec(Spec):
    """A version of an agent."""

    age: Age = 86400.0
    tag: str = ""
    """Empty for the tag that the age gives."""
    attributes: dict[str, str] = {}
    owner: str = ""
    """Who built it."""
    status: str = ""
    draining: bool = False
    bad: bool = False
    """Crashes soon after its start."""


class AgentSpec(Spec):
    """A cloud agent."""

    name: str = ""
    id: str = ""
    """Empty for a made-up id."""
    deployments: list[DeploymentSpec] = msgspec.field(default_factory=lambda: [DeploymentSpec()])
    versions: list[VersionSpec] = msgspec.field(default_factory=lambda: [VersionSpec()])
    """Newest first; empty for an agent that was never built."""
    secrets: list[str] = []
    file_secrets: list[str] = []
    needs: list[str] = []
    """Secrets without which its program crashes."""
    job_type: Literal["room", "publisher", "participant"] = "room"
    failure_rate: Share = 0.0
    idles: bool = False
    accepts: bool = True
    refuses: bool = False
    """Refuses each job that it is offered."""
    entrypoint: Entrypoint = "serves"
    join_seconds: Ahead = 0.0
    """Time between the assignment of a job and its agent's joining the room."""
    registers: Ahead = 0.0
    """When its workers register; until then it is offered no job."""
    walk: Walk = []
    """Statuses that production shows at given times."""
    logs: list[str] = []
    """Lines that its program has printed just before the start."""
    quiet: bool = False
    """Its program prints only `logs` and `flood`."""
    flood: Rate = 0.0
    """Numbered lines a second that its program prints from the start on."""


class PersonSpec(Spec):
    """A participant of a room."""

    identity: str
    name: str = ""
    kind: Literal["standard", "ingress", "egress", "sip", "agent"] = "standard"
    publishes: bool = True
    age: Age = 60.0
    metadata: str = ""
    attributes: dict[str, str] = {}


class JobSpec(Spec):
    """A job of a dispatch."""

    status: Literal["pending", "running", "success", "failed", "cancelled", "refused"] = "running"
    """`refused` is what a worker's refusal leaves: a success without any time or agent."""
    reason: Literal["", "no_capacity", "room_closed", "dispatch_deleted", "retrying"] = ""
    """Why it has this status, which only newer servers say."""
    age: Age = 60.0
    """Since its start."""
    lasted: Age = 30.0
    """Seconds until its end, if it has ended."""
    error: str = ""
    publisher: str = ""
    """Identity of the participant that it works for, for publisher and participant jobs."""
    ends: Ahead | None = None
    """Seconds after the start of the world at which it ends by itself; None never."""
    joins: Ahead | None = 0.0
    """When the agent of a running job joins the room: 0 it is there, None never."""


class DispatchSpec(Spec):
    """A dispatch in a room."""

    agent_name: str = ""
    deployment: str = ""
    metadata: str = ""
    attributes: dict[str, str] = {}
    restart: bool = True
    """Restart policy `JRP_ON_FAILURE`; false for `JRP_NEVER`."""
    type: Literal["room", "publisher", "participant"] = "room"
    age: Age = 60.0
    jobs: list[JobSpec] = []


class RoomSpec(Spec):
    """A room."""

    name: str
    age: Age = 120.0
    metadata: str = ""
    recording: bool = False
    node: str = ""
    """The node that holds it."""
    people: list[PersonSpec] = []
    dispatches: list[DispatchSpec] = []


class CrowdSpec(Spec):
    """Many similar rooms, whose content is made when it is first read."""

    rooms: Count
    dispatches: Count = 5
    """A room."""
    jobs: Count = 20
    """A dispatch; publisher jobs of as many participants."""


class FaultSpec(Spec):
    """A fault of some requests; if several match, the first one applies."""

    path: str = "*"
    """Shell pattern over the path, such as `*/ListAgents` or `/logs`."""
    action: Literal[
        "latency", "error", "close", "reset", "silence", "html", "timeout", "garbage", "cut", "stall", "drip"
    ] = "error"
    """`latency` waits; `error` answers `code`; `close`, `reset` and `silence` give no answer; `html` is a
    proxy's 502, `timeout` its 408, `garbage` a 200 that is no message; `cut` ends the connection and `stall`
    stops sending after `at` bytes; `drip` sends a byte at a time."""
    after_effect: bool = False
    """Let the call take effect first: only its answer is lost."""
    code: Code = "internal"
    """Twirp code of an `error`."""
    message: str = "simulated fault"
    status: Annotated[int, Meta(ge=200, le=599)] | None = None
    """HTTP status of an answer, when it is to differ from the usual."""
    retry_after: Annotated[str, Meta(pattern=r"^[ -~]*\Z")] = ""
    """`Retry-After` header of an `error`."""
    seconds: Pause = 1.0
    """Real seconds of `latency`; pause between the bytes of `drip`."""
    at: Annotated[int, Meta(ge=0)] = 0
    """Where a `cut` or `stall` falls, in bytes."""
    raw: bool = False
    """Count the bytes of the connection, header and chunk framing included, instead of those of the body."""
    times: Annotated[int, Meta(ge=0)] | None = None
    """How often; None for always."""
    share: Share = 1.0
    """Chance that a matching request is hit, 0 to 1."""


class Scenario(Spec):
    """The whole world at its start."""

    base: str = ""
    """In a file: a scenario by name that this one adds to."""
    switches: dict[str, object] = {}
    settings: dict[str, str] = {}
    """What GetClientSettings answers, over the usual values."""
    agents: list[AgentSpec] = []
    rooms: list[RoomSpec] = []
    faults: list[FaultSpec] = []
    dead_nodes: list[str] = []
    """Nodes that died long before the start: nobody answers for their rooms."""
    crowd: CrowdSpec | None = None
    life: Literal["still", "scrapes", "busy"] = "still"
    """Activity without requests: none; only new measurements; calls, deploys, crashes and sleep as well."""
    start_time: Moment | None = None
    """World time of the start, Unix seconds; None for now."""
    skew: Skew = 0.0
    """Seconds that the server's clock is ahead."""
