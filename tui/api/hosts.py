"""The hosts of a project, and which addresses may see its token."""

from __future__ import annotations

import ipaddress
import re
import socket
from enum import StrEnum
from urllib.parse import urlsplit

from tui.api.errors import BadTarget
from tui.api.text.clean import clean
from tui.api.text.masking import masked


class Host(StrEnum):
    """Which of a project's hosts serves a request. On a self-hosted server they may be the same machine."""

    PROJECT = "project"
    """Rooms, participants and dispatches."""
    AGENTS = "agents"
    """The Cloud Agents API: agents, versions, secrets, logs and builds."""


_REGION = re.compile(r"[a-z0-9-]{1,40}")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def is_loopback(host: str) -> bool:
    """Whether a host name can only mean this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Reach(StrEnum):
    """Where an address leads."""

    LOOPBACK = "this machine"
    PRIVATE = "a private network"
    PUBLIC = "the internet"


_HOLDING_IPV4 = (
    ipaddress.IPv6Network("::/96"),
    ipaddress.IPv6Network("::ffff:0:0/96"),
    ipaddress.IPv6Network("::ffff:0:0:0/96"),
    ipaddress.IPv6Network("64:ff9b::/96"),
)
"""Networks whose addresses end in one of IPv4: compatible, mapped, translated, and that of NAT64."""
_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that is given out for the internet."""
_UNSPECIFIED = ipaddress.IPv4Network("0.0.0.0/8")


def reach(address: str) -> Reach | None:
    """Where an IP address leads, also one of IPv4 within one of IPv6; None for what is no address.

    The short, octal and hexadecimal spellings of IPv4 are addresses too, as resolvers read them.
    """
    found = literal(address)
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.sixtofour or (found.teredo or (None, None))[1]
        if any(found in network for network in _HOLDING_IPV4):
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return reach(str(inner))
        if found not in _UNICAST:
            return Reach.PRIVATE
    if found is None:
        return None
    # a connection to the unspecified address goes to this machine
    if found.is_loopback or (found.version == 4 and found in _UNSPECIFIED):
        return Reach.LOOPBACK
    return Reach.PUBLIC if found.is_global and not found.is_multicast else Reach.PRIVATE


def literal(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that a host is, in any spelling that resolvers read; None for a name."""
    text = text.removesuffix(".")  # proxies take it for the same
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(text))
    except (OSError, UnicodeEncodeError):
        return None


def is_here(host: str) -> bool:
    """Whether a host is this machine in any spelling of its address or of its reserved name.

    It is never asked through a proxy.
    """
    is_local_name = f".{host.removesuffix('.')}".endswith(".localhost")
    return is_local_name or is_loopback(host) or reach(host) is Reach.LOOPBACK


def is_host(host: str) -> bool:
    """Whether a host is a plain name or an address, and nothing that a proxy may read as another one."""
    return bool(_NAME.fullmatch(host)) or literal(host) is not None


def base(url: str) -> str:
    """The URL to which paths are appended: ws to http, no trailing slash. Raises `BadTarget`.

    Plain http is for this machine only, and nothing but scheme, host, port and path may be in it.
    """
    text = url.strip()
    for ws, http in (("ws://", "http://"), ("wss://", "https://")):
        if text.lower().startswith(ws):
            text = http + text[len(ws) :]
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadTarget(f"not an address: {_shown(text)}") from None
    named = bool(_NAME.fullmatch(host)) or _is_address(host)
    if parts.username or parts.password or parts.query or parts.fragment or not named:
        raise BadTarget(f"not an address that may be sent a token: {_shown(parts.netloc or text)}")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise BadTarget(f"{clean(host, limit=80)}: only https, or http to this machine, may be sent a token")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}{f':{port}' if port else ''}{parts.path.rstrip('/')}"


def unsigned(url: str) -> str:
    """The URL if it may be asked without a token, such as that of a worker's metrics. Raises `BadTarget`.

    Plain http to any host is allowed, because nothing secret is sent.
    """
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise BadTarget(f"not an address: {_shown(url)}") from None
    named = bool(_NAME.fullmatch(host)) or _is_address(host)
    if parts.scheme not in ("http", "https") or parts.username or parts.password or not named:
        raise BadTarget(f"not an address that can be asked: {_shown(url)}")
    return parts.geturl()


def _shown(address: str) -> str:
    """An invalid URL, without parts that may be a password or a token."""
    return clean(re.split(r"[?#]", address, maxsplit=1)[0].rpartition("@")[2], limit=80)


def regional(agents_url: str, server_region: str) -> str:
    """The base for `/logs` of one cluster: `https://REGION.agents.…` (PROTOCOL.md, Hosts and paths).

    The region comes out of an answer and becomes a host name, so it must be a single plain label; an agents
    host that is this machine, or an IP address, has no regions. Raises `BadTarget`.
    """
    root = base(agents_url)
    host = urlsplit(root).hostname or ""
    if not server_region or is_loopback(host) or _is_address(host):
        return root
    if not _REGION.fullmatch(server_region):
        shown = clean(masked(server_region), limit=60)
        raise BadTarget(f"the server named a region that is no region: {shown!r}")
    scheme, _, rest = root.partition("://")
    return f"{scheme}://{server_region}.{rest}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
