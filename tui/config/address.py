"""URLs of projects: which may receive a token, and which host gets the agent calls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, urlsplit

from tui.config.files import FieldError

LOCAL_URL: Final = "http://localhost:7880"
"""The default URL of LiveKit's own tools."""

_SCHEMES: Final = {"ws": "http", "wss": "https", "http": "http", "https": "https"}
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_PROXY_VARIABLES: Final = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/?")


def http_url(text: str, field: str) -> str:
    """`text` as a plain http(s) URL: `ws` becomes `http`, no trailing slash, no default port.

    Raises FieldError naming `field`, never the text, which may hold credentials. Plain http is for
    loopback only, since others can read a token sent over it.
    """
    parts = _split(text, field)
    # a dot at the end would make it another project for every comparison, and is the same host
    scheme, host = _SCHEMES[parts.scheme], (parts.hostname or "").lower().removesuffix(".")
    if scheme == "http" and not _is_loopback(host):
        raise FieldError(field, "plain http and ws are allowed to this machine only; use https:// or wss://")
    netloc = f"[{host}]" if ":" in host else host
    if parts.port is not None and parts.port != _DEFAULT_PORTS[scheme]:
        netloc = f"{netloc}:{parts.port}"
    return f"{scheme}://{netloc}{parts.path.rstrip('/')}"


def proxy_url(text: str, field: str) -> str:
    """A forward proxy's URL; raises FieldError. Without credentials, since the URL is shown on the screen."""
    parts = _split(text, field)
    if parts.scheme not in ("http", "https"):
        raise FieldError(field, "needs the form http://HOST:PORT")
    return text.rstrip("/")


def _split(text: str, field: str) -> SplitResult:
    """The parts of a URL that may have only scheme, host, port and path."""
    # urlsplit drops tabs and line ends, so the checked text would differ from the written one
    if not text.isascii() or any(character <= " " or character in "\\\x7f" for character in text):
        raise FieldError(field, "holds a space, a control character or a letter that no URL has")
    try:
        parts = urlsplit(text)
        port_is_legal = parts.port is None or parts.port > 0
    except ValueError:
        raise FieldError(field, "is not a URL") from None
    if parts.scheme not in _SCHEMES or not parts.hostname or not port_is_legal:
        raise FieldError(field, "needs the form wss://HOST or https://HOST")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise FieldError(field, "must hold no user, password, query or fragment")
    if not (_NAME.fullmatch(parts.hostname) or _is_ip(parts.hostname)) or not _PATH.fullmatch(parts.path):
        raise FieldError(field, "the host or path is malformed")
    return parts


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    """localhost, 127.0.0.0/8 or ::1; other spellings depend on the resolver."""
    if host in ("localhost", "::1"):
        return True
    return _is_ip(host) and ":" not in host and ip_address(host).is_loopback


def is_loopback(url: str) -> bool:
    """Whether a URL that `http_url` made stays on this machine."""
    return _is_loopback(urlsplit(url).hostname or "")


def unused_proxy(environ: Mapping[str, str], url: str) -> str:
    """The variable that names a proxy for this URL, as other programs read it; empty if there is none."""
    name = next((name for name in _PROXY_VARIABLES if environ.get(name)), "")
    if not name or is_loopback(url):
        return ""
    excepted = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    target = urlsplit(url).hostname or ""
    for word in excepted.lower().replace(",", " ").split():
        if word == "*" or f".{target}".endswith(f".{word.removeprefix('*').removeprefix('.')}"):
            return ""
    return name


def host(url: str) -> str:
    """Host and port of a URL, for display and comparison."""
    return urlsplit(url).netloc


def subdomain(url: str) -> str:
    """The first host label, by which livekit.toml names a project; empty for a bare name."""
    label, dot, _ = host(url).partition(".")
    return label if dot else ""


def short_name(url: str) -> str:
    """The name of a project without one: the first label for LiveKit Cloud, else the whole host."""
    name = host(url)
    return subdomain(url) if name.endswith(".livekit.cloud") else name


def agents_url(url: str) -> str:
    """The host of the Cloud Agents calls, logs and builds of a project (PROTOCOL.md, Hosts and paths).

    The first label becomes `agents`, as in `p.livekit.cloud`. An IP address or a bare name stays. So does a
    name directly below a public suffix, such as `example.com` or `example.co.uk`: LiveKit's own tools would
    turn those into `agents.com` and `agents.co.uk`, which belong to others.
    """
    parts = urlsplit(url)
    name = parts.hostname or ""
    parent = name.partition(".")[2]
    labels = parent.rstrip(".").split(".")
    country_suffix = len(labels) == 2 and len(labels[1]) == 2 and len(labels[0]) <= 3
    if _is_ip(name) or len(labels) < 2 or country_suffix:
        return url
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://agents.{parent}{port}{parts.path}"
