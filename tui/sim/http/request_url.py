"""The URL under which the client of the present request reaches this server.

The address that it listens on, such as 0.0.0.0, is often not one that a client can use.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Final

_HOST: Final = re.compile(
    r"(?:\[(?P<address>[0-9A-Fa-f:.]{2,45})\]|(?P<name>[A-Za-z0-9._-]{1,253}))(?::(?P<port>[0-9]{1,5}))?"
)
_address: ContextVar[str] = ContextVar("address", default="")


def remember(host: str) -> None:
    """Keep the `Host` header of the request being answered; one that is not a host and port is ignored."""
    _address.set(f"http://{host}" if hostname(host) else "")


def hostname(host: str) -> str:
    """The name or address in a `Host` header, in lower case; empty for one that is not a host and port."""
    found = _HOST.fullmatch(host)
    if found is None or not 0 < int(found["port"] or 80) < 65_536:
        return ""
    return (found["address"] or found["name"]).lower()


def base_url(listening: str) -> str:
    """The base URL for the client of the present request; `listening` where it named no host."""
    return _address.get() or listening
