"""What differs between LiveKit servers, as named switches. Plain values, no behaviour."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Seconds = Annotated[float, Meta(ge=0, le=86_400)]
Bytes = Annotated[int, Meta(ge=0, le=1024**3)]


class Switches(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How this server behaves where real servers differ or where nobody outside knows."""

    cloud_agents: bool = True
    """Offer `livekit.CloudAgent`, logs, builds, pushes; a self-hosted server does not (contract.md §1.1)."""
    grant_refusal: Literal["401", "403"] = "401"
    """How a valid token without the grant is refused (contract.md §1.6)."""
    time_unit: Literal["ns", "s"] = "ns"
    """Unit of the times of dispatches and jobs (contract.md §6.2)."""
    missing_room: Literal["cloud", "oss"] = "cloud"
    """`cloud`: 404 at once; `oss`: 503 after a while (contract.md §6.3)."""
    missing_room_seconds: Seconds = 3.0
    """How long `oss` takes to say that nobody answers, real seconds."""
    auto_create: bool = True
    """CreateDispatch makes a missing room (contract.md §6.3)."""
    default_dispatch: bool = False
    """A new room without agents of its own gets one nameless dispatch (contract.md §6.5)."""
    stale_jobs: bool = False
    """Job states are never updated after the start, as on a self-hosted server (contract.md §6.5)."""
    prefix_errors: bool = False
    """Put `twirp error unknown: ` before messages, as a self-hosted server does (contract.md §1.4)."""
    upload: Literal["put", "post"] = "post"
    """Which presigned upload CreateAgent and DeployAgent hand out (contract.md §4.3)."""
    require_cli_version: bool = False
    """Refuse CloudAgent calls without `X-LIVEKIT-CLI-VERSION` (contract.md §1.10)."""
    camel_json: bool = False
    """Print camelCase JSON without default values instead of Go's usual form."""
    replay_seconds: Seconds = 600.0
    """How long an answer is replayed to a repeated request id, world seconds; 0 never (contract.md §1.8)."""
    body_limit: Bytes = 10 * 1024 * 1024
    """Largest request body, bytes (contract.md §1.7)."""
    upload_limit: Bytes = 64 * 1024 * 1024
    """Largest source tarball, bytes; the real limit of 1 GB is more than a practice server should hold."""
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
    """Gives errors the name of where a switch stands: `$.switches.upload`."""

    switches: Switches
