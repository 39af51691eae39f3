"""A LiveKit project, from configuration to client. Imports nothing that is slow to import."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from tui.secret import Secret

REQUESTS_PER_MINUTE: Final = 120
"""About an eighth of the 1,000 that LiveKit Cloud grants a project, which production shares."""
KEY_DIGITS: Final = 32
"""Hex digits of a project's key."""
_DEFAULT_PORTS: Final = {"http": ":80", "ws": ":80", "https": ":443", "wss": ":443"}


@dataclass(frozen=True)
class Project:
    """A project, checked: where it is, how to sign for it, what may be done to it. `key` identifies it."""

    name: str
    """A label. Two names may lead to the same project."""
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
    """Production: said in words and colour; what affects a service wants its target typed."""
    ca_file: str | None = None
    """A PEM file trusted instead of the public authorities."""
    proxy: str | None = None
    """A forward proxy; the proxy variables of the environment are not used."""
    unused_proxy: str = ""
    """The variable of the environment that names a proxy for this host and is not used; empty without one."""
    requests_per_minute: int = REQUESTS_PER_MINUTE
    record: bool = True
    """Its history may be kept on disk."""
    theme: str = ""
    """The theme for this project; empty for the session's."""

    @cached_property
    def key(self) -> str:
        """Identifies the project in state and on disk: hex digits, the same in every run.

        A digest of both hosts and the API key. Name, paths and settings may change without making it another
        project. The secret is left out, so that a rotated one leads to the same state.
        """
        import hashlib  # loads OpenSSL, which the command line does without

        parts = (_host(self.url), _host(self.agents_url), self.api_key)
        return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:KEY_DIGITS]


def _host(url: str) -> str:
    """Host and port of a URL in lower case, without the scheme's default port."""
    scheme, _, rest = url.lower().partition("://")
    return rest.partition("/")[0].removesuffix(_DEFAULT_PORTS.get(scheme, ""))
