"""Under which address a client reaches this server: what it listens on, such as 0.0.0.0, may lead nowhere."""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Final

_HOST: Final = re.compile(r"(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::(?P<port>[0-9]{1,5}))?")
_address: ContextVar[str] = ContextVar("address", default="")


def remember(host: str) -> None:
    """The `Host` header of the request being answered; what is no host and port counts for nothing."""
    found = _HOST.fullmatch(host)
    sane = found is not None and 0 < int(found["port"] or 80) < 65_536
    _address.set(f"http://{host}" if sane else "")


def base_url(listening: str) -> str:
    """Where the client of the request that is being answered reaches the server that listens there."""
    return _address.get() or listening
