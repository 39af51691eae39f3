"""Builds checked projects from credentials and policies."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Final

from tui.config import address
from tui.config.files import FieldError
from tui.project import REQUESTS_PER_MINUTE, Project
from tui.secret import Secret

SHORT_SECRET: Final = 32
"""Bytes. LiveKit's own secrets are longer; below this HS256 is weaker than its hash."""
GUESSABLE_SECRET: Final = 16
"""Bytes. A secret below this can be found from one captured token, so only loopback may have it."""


@dataclass(frozen=True)
class Policy:
    """The settings of a project in our configuration, without its credentials."""

    agents_url: str = ""
    """Empty: derived from the project's own."""
    read_only: bool = False
    danger: bool = False
    ca_file: str | None = None
    proxy: str | None = None
    requests_per_minute: int = REQUESTS_PER_MINUTE
    record: bool = True
    theme: str = ""


POLICY_KEYS: Final = tuple(item.name for item in fields(Policy))
PROJECT_KEYS: Final = ("url", "api_key", "api_secret", *POLICY_KEYS)


@dataclass(frozen=True)
class FoundCredentials:
    """A key pair and its URL from a file or the environment, not yet checked."""

    url: str
    api_key: str
    api_secret: Secret
    source: str
    """Where it was found, for display."""


NO_KEYS: Final = (
    "lk keeps no API key for it, as where one is signed in as a user, and lktop signs with one; run "
    "`lk project add`, or export LIVEKIT_API_KEY and LIVEKIT_API_SECRET"
)
"""Why a project of `lk` that has none, or a placeholder, cannot be watched (PROTOCOL.md, Quirks)."""
_PLACEHOLDER = re.compile(
    r"<.*>|(?:API|sk)?[x*.•_-]+|placeholder|user[-_ ]?auth|session|none|null|change[-_ ]?me|your[-_ ].*",
    re.IGNORECASE,
)


def has_keys(credentials: FoundCredentials) -> bool:
    """Whether there is a key pair, and not only words in its place."""
    texts = (credentials.api_key, credentials.api_secret.reveal())
    return any(texts) and not any(_PLACEHOLDER.fullmatch(text) for text in texts)


def warning(project: Project) -> str:
    """A weakness of the project's credentials, for display; empty if there is none."""
    if len(project.api_secret) < SHORT_SECRET and not address.is_loopback(project.url):
        return f"project {project.name}: api_secret is shorter than {SHORT_SECRET} bytes, which is weak"
    return ""


def build(
    name: str,
    credentials: FoundCredentials,
    policy: Policy,
    *,
    agents_override: str = "",
    names: tuple[str, str, str] = ("url", "api_key", "api_secret"),
) -> Project:
    """A checked project. `agents_override` beats the policy's; `names` are the field names for errors.

    Raises FieldError, which never holds a value.
    """
    if not name or len(name) > 100 or not name.isprintable():
        raise FieldError("name", "must be 1 to 100 printable characters")
    url = address.http_url(credentials.url, names[0])
    _check_text(credentials.api_key, names[1])
    secret = credentials.api_secret
    _check_text(secret.reveal(), names[2])
    if len(secret) < GUESSABLE_SECRET and not address.is_loopback(url):
        raise FieldError(names[2], f"shorter than {GUESSABLE_SECRET} bytes, which only loopback may have")
    return Project(
        name=name,
        url=url,
        api_key=credentials.api_key,
        api_secret=secret,
        agents_url=agents_override or policy.agents_url or address.agents_url(url),
        source=credentials.source,
        read_only=policy.read_only,
        danger=policy.danger,
        ca_file=policy.ca_file,
        proxy=policy.proxy,
        requests_per_minute=policy.requests_per_minute,
        record=policy.record,
        theme=policy.theme,
    )


def _check_text(value: str, name: str) -> None:
    if not value:
        raise FieldError(name, "is empty")
    if not all("!" <= character <= "~" for character in value):
        raise FieldError(name, "holds a space, a line end or a letter that is not ASCII")
