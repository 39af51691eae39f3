"""LiveKit's messages as frozen values (PROTOCOL.md).

Only what the program uses is a field; a test holds them against the official descriptors, with a reason for
each that is left out. Text in a model is already printable (`decoding/wire.py`); times are as they came.
Longer than 300 lines: the messages are one list.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import zip_longest
from typing import ClassVar, Final

import msgspec
from msgspec.structs import astuple, force_setattr

NO_ATTRIBUTES: Final[dict[str, str]] = {}
"""One for all that have none: nothing changes it."""


class Wire(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A message of LiveKit's. Frozen, compared by value, never part of a reference cycle.

    The first field of what is listed is its identity: it tells an item from the others of its listing.
    """

    SHARED: ClassVar[tuple[str, ...]] = ()
    """Fields whose texts many messages have in common, and fields with messages that have such fields."""

    def share(self, known: Wire | None = None) -> None:
        """Let equal texts be one in memory: a hundred thousand jobs say few different things.

        What is as in `known`, which is the same thing as it was before, is the very same object as there.
        """
        if type(known) is type(self):
            values = zip(self.__struct_fields__, astuple(self), astuple(known), strict=True)
            for name, value, old in values:
                if value is not old and value == old:
                    force_setattr(self, name, old)  # equal, so it changes nothing, here as below
        for name in self.SHARED:
            value, old = getattr(self, name), getattr(known, name, None)
            if value is old:
                continue
            if isinstance(value, str):
                force_setattr(self, name, sys.intern(value))
            elif isinstance(value, tuple):
                parts_before = old if isinstance(old, tuple) else ()
                for part, before in zip_longest(value, parts_before[: len(value)]):
                    part.share(before)
            elif isinstance(value, Wire):
                value.share(old if isinstance(old, Wire) else None)
            elif value == NO_ATTRIBUTES:
                force_setattr(self, name, NO_ATTRIBUTES)

    def mask(self, mask: Callable[[str], str]) -> None:
        """Put what `mask` makes of them in place of texts in which a program quotes what it was given."""


class Event(Wire, frozen=True):
    """AgentEvent: how often something happened to a deployment, and when last."""

    SHARED = ("type",)

    type: str | int = "AGENT_EVENT_TYPE_UNKNOWN"
    """Enum name; a number when it is newer than the server's own names."""
    count: int = 0
    """How often, cumulative as far as is known."""
    timestamp: datetime | None = None
    """The last time."""


class Deployment(Wire, frozen=True):
    """AgentDeployment: one agent in one region under one deployment name."""

    SHARED = (
        *("region", "status", "cur_cpu", "cur_mem", "mem_limit", "cpu_limit", "server_region"),
        *("deployment", "version", "events"),
    )

    region: str = ""
    """The operator's region, such as `us-east`."""
    agent_id: str = ""
    status: str = ""
    """Free text of the server (PROTOCOL.md, Agents); empty until first observed."""
    replicas: int = 0
    min_replicas: int = 0
    max_replicas: int = 0
    cur_cpu: str = ""
    """Kubernetes quantity; means nothing before the first scrape."""
    cur_mem: str = ""
    """Kubernetes quantity; means nothing before the first scrape."""
    mem_limit: str = ""
    """Kubernetes quantity."""
    cpu_limit: str = ""
    """Kubernetes quantity, shown raw as `lk` does."""
    server_region: str = ""
    """Cluster code, used only as the host prefix of `/logs`."""
    events: tuple[Event, ...] = ()
    deployment: str = ""
    """Empty is production."""
    version: str = ""
    """Tag of this deployment; falls back to the agent's."""
    agent_name: str = ""
    """Dispatch name seen at the last scrape."""
    deployment_enabled: bool = False
    """The project has named deployments at all."""
    last_scraped_at: datetime | None = None
    """When name, version and usage were last observed; None is never."""

    @property
    def name(self) -> str:
        """The deployment's name in words."""
        return self.deployment or "production"


class Agent(Wire, frozen=True):
    """AgentInfo: one agent of the project."""

    SHARED = ("version", "agent_deployments")

    agent_id: str = ""
    agent_name: str = ""
    """The name to dispatch to; may be empty in unfiltered listings."""
    version: str = ""
    """Production tag; `--` when nothing was ever deployed."""
    agent_deployments: tuple[Deployment, ...] = ()
    deployed_at: datetime | None = None

    def share(self, known: Wire | None = None) -> None:
        """The same, and its deployments repeat its id and name: these are of one agent, and not interned."""
        super().share(known)
        for row in self.agent_deployments:
            for name in ("agent_id", "agent_name"):
                value, own = getattr(row, name), getattr(self, name)
                if value is not own and value == own:
                    force_setattr(row, name, own)

    @property
    def name(self) -> str:
        """What to call it: its own name, else one observed at a deployment, else empty."""
        return self.agent_name or next((d.agent_name for d in self.agent_deployments if d.agent_name), "")

    @property
    def never_deployed(self) -> bool:
        """Nothing was ever deployed."""
        return self.version in ("", "--")


class Version(Wire, frozen=True):
    """AgentVersion: something that was built."""

    version: str = ""
    """Tag; 14 digits of UTC time so far, but opaque."""
    current: bool = False
    """It is the production version."""
    created_at: datetime | None = None
    deployed_at: datetime | None = None
    attributes: dict[str, str] = {}
    """`git_commit`, `git_branch`, `git_tree`, `image_digest` and the operator's own."""
    status: str = ""
    """Free text, undocumented; the three flags are the reliable signals."""
    owner: str = ""
    draining: bool = False
    """Old replicas are still finishing their sessions."""
    active: bool = False
    """It serves some deployment."""


RESERVED_SECRETS: Final = frozenset({"LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"})
"""Names that the service injects itself; `lk` drops them silently."""


class SecretInfo(Wire, frozen=True):
    """AgentSecret without its value, which no listing returns."""

    name: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    kind: str | int = "AGENT_SECRET_KIND_UNKNOWN"
    """Environment variable or mounted file; unknown is treated as environment."""
    deployments: tuple[str, ...] = ()
    """Deployments that it is limited to; reserved, no client sets it."""


class Setting(Wire, frozen=True):
    """SettingsParam: one key of GetClientSettings."""

    name: str = ""
    value: str = ""


class Room(Wire, frozen=True):
    """Room, without its turn password."""

    name: str = ""
    """What every call names it by; `Client` knows the very name of one that had to be cleaned."""
    sid: str = ""
    creation_time: int = 0
    """Unix seconds."""
    num_participants: int = 0
    """Excludes agents and recorders; refreshed lazily."""
    num_publishers: int = 0
    """Includes agents; refreshed lazily."""
    active_recording: bool = False
    metadata: str = ""
    """May hold personal data: masked until asked for."""


class Participant(Wire, frozen=True):
    """ParticipantInfo, as far as it says who is in a room and whether it is an agent."""

    identity: str = ""
    """Unique in its room."""
    sid: str = ""
    name: str = ""
    state: str | int = "JOINING"
    kind: str | int = "STANDARD"
    joined_at: int = 0
    """Unix seconds."""
    joined_at_ms: int = 0
    attributes: dict[str, str] = {}
    region: str = ""
    is_publisher: bool = False

    @property
    def is_agent(self) -> bool:
        """By kind, else by the default identity, for old servers (PROTOCOL.md, Rooms and participants)."""
        return self.kind == "AGENT" or self.identity.startswith("agent-")


class JobState(Wire, frozen=True):
    """JobState. Times are nanoseconds or seconds, see `moment`; 0 is not yet."""

    SHARED = ("status", "worker_id", "agent_id", "reason")

    status: str | int = "JS_PENDING"
    error: str = ""
    started_at: int = 0
    ended_at: int = 0
    updated_at: int = 0
    participant_identity: str = ""
    worker_id: str = ""
    agent_id: str = ""
    """Empty on self-hosted servers."""
    reason: str | int = "JSR_UNSPECIFIED"
    """Why it ended or waits; newer servers only."""

    def mask(self, mask: Callable[[str], str]) -> None:
        """The same: agents print the secrets that are wrong."""
        if self.error:
            force_setattr(self, "error", mask(self.error))


class Job(Wire, frozen=True):
    """One assignment of a dispatch to a worker."""

    SHARED = ("dispatch_id", "type", "agent_name", "state", "deployment")

    id: str = ""
    dispatch_id: str = ""
    type: str | int = "JT_ROOM"
    participant: Participant | None = None
    """Only for publisher and participant jobs."""
    agent_name: str = ""
    state: JobState | None = None
    deployment: str = ""
    enable_recording: bool = False
    """Not shown; documented fields are read all the same."""


class DispatchState(Wire, frozen=True):
    """AgentDispatchState."""

    SHARED = ("jobs",)

    jobs: tuple[Job, ...] = ()
    created_at: int = 0
    deleted_at: int = 0
    """0 until it is deleted; self-hosted servers never set it."""


class Dispatch(Wire, frozen=True):
    """AgentDispatch: the request that an agent joins a room."""

    SHARED = ("id", "agent_name", "room", "state", "restart_policy", "deployment", "attributes")

    id: str = ""
    agent_name: str = ""
    """Empty is automatic dispatch."""
    room: str = ""
    metadata: str = ""
    """Opaque to LiveKit; may hold personal data: masked until asked for."""
    state: DispatchState | None = None
    restart_policy: str | int = "JRP_ON_FAILURE"
    deployment: str = ""
    attributes: dict[str, str] = {}

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Its jobs; none until a worker accepted."""
        return self.state.jobs if self.state else ()

    def mask(self, mask: Callable[[str], str]) -> None:
        """The same, of its jobs."""
        for job in self.jobs:
            if job.state is not None:
                job.state.mask(mask)


class PrivateLinkStatus(Wire, frozen=True):
    """Health of a private link."""

    status: str | int = "PRIVATE_LINK_STATUS_UNKNOWN"
    updated_at: datetime | None = None
    reason: str = ""


class PrivateLink(Wire, frozen=True):
    """A private connection from agents to a customer's endpoint."""

    private_link_id: str = ""
    name: str = ""
    region: str = ""
    port: int = 0
    endpoint: str = ""
    connection_endpoint: str = ""
    cloud_region: str = ""


_YEAR_2100: Final = 4_102_444_800
_NANOSECONDS: Final = 10**17
"""From here on a time is in nanoseconds."""
_UNITS: Final = ((10**11, 1), (10**14, 10**3), (_NANOSECONDS, 10**6))


def moment(value: int) -> float | None:
    """Unix seconds of an int64 time whose unit follows from its size; None for never.

    The documentation says seconds, self-hosted servers write nanoseconds. Years after 2100 are invalid.
    """
    if value >= _NANOSECONDS:  # nearly all of them
        return value / 10**9 if value < _YEAR_2100 * 10**9 else None
    for limit, unit in _UNITS:
        if 0 < value < limit:
            return value / unit if value < _YEAR_2100 * unit else None
    return None


def instant(value: datetime | None) -> float | None:
    """Unix seconds of a Timestamp; None for null, year 1 and the epoch, which all mean never."""
    if value is None or value.year < 1971 or value.year > 2100:
        return None
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
