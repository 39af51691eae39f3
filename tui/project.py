"""A LiveKit project, from configuration to client. Imports nothing that is slow to import."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from tui.secret import Secret

REQUESTS_PER_MINUTE: Final = 60
"""Of the about 1,000 that LiveKit Cloud grants a project, which production shares."""


@dataclass(frozen=True)
class Project:
    """A project, checked: where it is, how to sign for it, what may be done to it."""

    name: str
    """A label; two names may lead to the same project."""
    url: str
    """Rooms and dispatches; always http(s), no trailing slash."""
    agents_url: str
    """Cloud agents, logs and builds; may be another host, so both are shown."""
    api_key: str = field(repr=False)
    api_secret: Secret
    source: str
    """Where the choice came from, in words: always on screen."""
    read_only: bool = False
    """Nothing may be changed. Includes the session's own `--read-only`."""
    danger: bool = False
    """Production: said in words and colour, and changes want the target's name typed."""
    ca_file: str | None = None
    """A PEM file trusted instead of the public authorities."""
    proxy: str | None = None
    """A forward proxy; the proxy variables of the environment are not used."""
    requests_per_minute: int = REQUESTS_PER_MINUTE
    theme: str = ""
    """The theme for this project; empty for the session's."""
