"""Ends a program under test as soon as it looks up or connects to anything but this machine."""

from __future__ import annotations

import os
import sys
from ipaddress import ip_address

CAUGHT = 97
"""Exit status of a program that was ended."""
_ADDRESSED = ("socket.connect", "socket.sendto", "socket.sendmsg")
_LOOKED_UP = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")


def elsewhere(event: str, args: tuple[object, ...]) -> str:
    """Where an audit event of Python leads, if that is not this machine; else empty."""
    if event in _ADDRESSED:
        address = args[1]
        host = address[0] if isinstance(address, tuple) else address
    elif event in _LOOKED_UP:
        host = args[0]
    else:
        return ""
    name = host.decode(errors="replace") if isinstance(host, bytes) else str(host)
    try:
        here = ip_address(name).is_loopback
    except ValueError:
        here = name == "localhost"
    return "" if here else f"{event} {name}"


def _guard(event: str, args: tuple[object, ...]) -> None:
    if event.startswith("socket.") and (found := elsewhere(event, args)):
        os.write(2, f"\r\nnot this machine: {found}\r\n".encode())
        os._exit(CAUGHT)


def install() -> None:
    """Watch this process from now on; cannot be undone."""
    sys.addaudithook(_guard)
