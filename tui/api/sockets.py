"""Socket options that detect a peer that is gone silently, as behind a NAT or a dropped VPN."""

from __future__ import annotations

import socket
from typing import Final


def _keepalive() -> list[tuple[int, int, int]]:
    options = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    wanted = (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 30_000))
    for name, value in wanted:  # seconds, but the last in milliseconds; not every system has all of them
        if (option := getattr(socket, name, None)) is not None:
            options.append((socket.IPPROTO_TCP, option, value))
    return options


KEEPALIVE: Final = _keepalive()
"""For every connection: probe after 15 s of silence, give up after 30 s without an acknowledgement."""
