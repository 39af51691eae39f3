"""The documented limits of the Cloud Agents service (PROTOCOL.md, Secrets; Versions and deployments)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from livekit.protocol import cloud_agent as pb

from tui.sim.http.twirp import TwirpError

SECRET_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,70}")
DEPLOYMENT_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
SECRET_LIMIT: Final = 16 * 1024
FILE_LIMIT: Final = 1024 * 1024


def check_deployment(name: str) -> None:
    """The documented rules for a deployment's name; raises TwirpError."""
    if name == "production":
        raise TwirpError("invalid_argument", "deployment name 'production' is reserved")
    if name and not DEPLOYMENT_NAME.fullmatch(name):
        raise TwirpError("invalid_argument", f"invalid deployment name {name[:80]!r}")


def checked_secrets(secrets: Iterable[pb.AgentSecret]) -> list[pb.AgentSecret]:
    """Secrets within the documented limits; raises TwirpError."""
    checked = list(secrets)
    for secret in checked:
        is_file = secret.kind == pb.AGENT_SECRET_KIND_FILE
        if not secret.name or (not is_file and not SECRET_NAME.fullmatch(secret.name)):
            raise TwirpError("invalid_argument", f"invalid secret name {secret.name!r}")
        if len(secret.value) > (FILE_LIMIT if is_file else SECRET_LIMIT):
            raise TwirpError("invalid_argument", f"secret {secret.name!r} is too large")
    return checked
