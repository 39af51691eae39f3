"""Which project to watch, as handed down by the command line. Imports nothing that is slow to import."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui.secret import Secret


@dataclass(frozen=True)
class Target:
    """A project, checked: where it is, how to sign for it, what may be done to it."""

    name: str
    url: str
    agents_url: str
    api_key: str = field(repr=False)
    api_secret: Secret
    source: str
    """Where the choice came from, in words: always on screen."""
    read_only: bool = False
    danger: bool = False
    """Production: said in words and colour, and changes want more of a confirmation."""
    ca_file: str | None = None
    proxy: str | None = None
    requests_per_minute: int = 60
    theme: str = ""
