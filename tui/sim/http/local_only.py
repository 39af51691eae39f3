"""Which requests come from a program on this machine, and not from a web page or from elsewhere."""

from __future__ import annotations

import ipaddress

from starlette.requests import Request

from tui.sim.http import request_url

BY_HAND = "none"
"""`Sec-Fetch-Site` of a browser whose user typed the address; programs send no such header."""


def is_local(request: Request) -> bool:
    """Whether a program on this machine sent the request, to a name that only means this machine.

    A page of any site can let a browser here send requests: `Origin` or `Sec-Fetch-Site` give it away, and so
    does the `Host` where the site has pointed a name of its own to this machine.
    """
    peer = request.client.host if request.client is not None else ""
    hosts = request.headers.getlist("host")
    named = request_url.hostname(hosts[0]) if len(hosts) == 1 else ""
    from_page = "origin" in request.headers or request.headers.get("sec-fetch-site", BY_HAND) != BY_HAND
    return not from_page and _is_loopback(peer) and (named == "localhost" or _is_loopback(named))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
