"""What differs between LiveKit servers, as named switches. Plain values, no behaviour."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Bytes = Annotated[int, Meta(ge=0, le=1024**3)]


class Switches(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How this server behaves where real servers differ or their behaviour is not public."""

    cloud_agents: bool = True
    """Offer `livekit.CloudAgent`, logs, builds, pushes; a self-hosted server does not."""
    grant_refusal: Literal["401", "403"] = "401"
    """How a valid token without the grant is refused (PROTOCOL.md, Tokens and grants)."""
    echo_token: bool = False
    """A refusal quotes the token, as livekit-server up to 1.13.5 does (PROTOCOL.md, Tokens and grants)."""
    time_unit: Literal["ns", "s"] = "ns"
    """Unit of the times of dispatches and jobs."""
    missing_room: Literal["cloud", "oss"] = "cloud"
    """`cloud`: 404 at once; `oss`: 503 after a while (PROTOCOL.md, Dispatches and jobs)."""
    missing_room_seconds: Seconds = 3.0
    """How long a server takes to say that nobody answers for a room, real seconds."""
    auto_create: bool = True
    """CreateDispatch makes a missing room."""
    dead_node_rooms_move: bool = True
    """CreateDispatch, CreateRoom and whoever joins move a room from a dead node to a live one."""
    store: Literal["up", "gone", "emptied"] = "up"
    """The Redis of a self-hosted server: `gone` it fails, `emptied` it lists no room and nobody."""
    room_counters_late_seconds: Seconds = 0.0
    """How late ListRooms shows who came and went, world seconds; 0 at once."""
    default_dispatch: bool = False
    """A new room without agents of its own gets one nameless dispatch."""
    stale_jobs: bool = False
    """Job states are never updated after the start, as on a self-hosted server."""
    restarts_jobs: bool = False
    """A failed job is started again where its dispatch says so, as Cloud does; else that is only stored."""
    first_job_late_seconds: Seconds = 0.0
    """How late a worker's first job since it registered is listed, world seconds; it runs at once."""
    killed_worker_seconds: Seconds = 0.0
    """How long an agent stays listed in its room after its worker was killed, world seconds."""
    prefix_errors: bool = False
    """Put `twirp error unknown: ` before messages, as a self-hosted server does (PROTOCOL.md, Errors)."""
    upload: Literal["put", "post"] = "post"
    """Which presigned upload CreateAgent and DeployAgent hand out (PROTOCOL.md, Uploads)."""
    require_cli_version: bool = False
    """Refuse CloudAgent calls without `X-LIVEKIT-CLI-VERSION` (PROTOCOL.md, Hosts and paths)."""
    camel_json: bool = False
    """Print camelCase JSON without default values instead of Go's usual form."""
    replay_seconds: Seconds = 600.0
    """How long an answer is replayed to a repeated request id, world seconds; 0 never."""
    body_limit: Bytes = 10 * 1024 * 1024
    """Largest request body, bytes."""
    upload_limit: Bytes = 64 * 1024 * 1024
    """Largest source tarball, bytes; the real limit of 1 GB is more than a simulator should hold."""
    log_backlog: Annotated[int, Meta(ge=0, le=100_000)] = 200
    """Lines of the past that a log stream starts with."""
    build_seconds: Seconds = 12.0
    """How long a build takes, world seconds."""
    keep_alive_seconds: Seconds = 30.0
    """How long an idle connection is kept, real seconds."""

    def changed(self, values: dict[str, object]) -> Switches:
        """These switches with some replaced; raises ValueError for an unknown name or a wrong value."""
        try:
            return msgspec.convert({"switches": {**msgspec.structs.asdict(self), **values}}, _Panel).switches
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from None


class _Panel(msgspec.Struct):
    """Lets errors name a switch by its path: `$.switches.upload`."""

    switches: Switches
