"""Where a service says that a source is to be uploaded, and whether it may be (PROTOCOL.md, Uploads).

Sends nothing. The address comes out of an answer, so it is judged by where it leads: an answer must not make
this program send anything to this machine or into a private network that the project itself is not in.

The address, or the form that comes with it, is the permission, and therefore a secret: no more than the
host is ever shown.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

import httpx

from tui.api import errors
from tui.api.hosts import Reach, is_here, is_host, is_loopback, literal, reach
from tui.api.text.clean import clean
from tui.secret import Secret

RESOLVE: Final = 10.0
"""Seconds to look up a name."""
MOST_FIELDS: Final = 100
"""Fields of a form; those of object stores have about ten."""
LARGEST_FORM: Final = 1 << 17
"""Characters of a form's names and values: each is sent before the file, and looked for in texts."""
TRIED: Final = 4
"""Addresses of one name that are tried."""


@dataclass(frozen=True, slots=True)
class UploadTarget:
    """Where to upload: a form to POST with, or an address to PUT to."""

    url: Secret
    fields: tuple[tuple[str, Secret], ...] | None = None
    """The form's fields, sent before the file; None for PUT."""

    @property
    def host(self) -> str:
        """The host, which may be shown; empty if the URL has none."""
        try:
            return clean(urlsplit(self.url.reveal()).hostname or "", limit=120)
        except ValueError:
            return ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """All parts of the address and the form that are part of the permission."""
        pieces = re.split(r"[?&=]", self.url.reveal())[1:]
        values = (value.reveal() for _, value in self.fields or ())
        return (*pieces, *(unquote(piece) for piece in pieces), *values)


def upload_target(
    presigned_url: str = "", post_url: str = "", fields: Mapping[str, str] | None = None
) -> UploadTarget:
    """The target of a reply's presigned parts; the form wins over the address. Raises `BadTarget`."""
    if post_url:
        pairs = tuple((name, Secret(value)) for name, value in (fields or {}).items())
        target = UploadTarget(Secret(post_url), pairs)
    else:
        target = UploadTarget(Secret(presigned_url))
    judge(target)
    return target


def judge(target: UploadTarget) -> None:
    """Raise `BadTarget` for an address that source code may not be sent to, as far as its text tells."""
    if not target.url:
        raise errors.BadTarget("the service named no address to upload to; nothing was uploaded")
    url, host = target.url.reveal(), target.host
    try:
        parts = urlsplit(url)
        absolute = (parts.port or 1) > 0 and is_host(httpx.URL(url).host) and is_host(parts.hostname or "")
    except (ValueError, httpx.InvalidURL):  # either may quote the address
        absolute = False
    if not absolute or parts.username or parts.password or not (url.isascii() and url.isprintable()):
        raise errors.BadTarget("the address to upload to is none; nothing was uploaded", host=host)
    size = sum(len(name) + len(value) for name, value in target.fields or ())
    if len(target.fields or ()) > MOST_FIELDS or size > LARGEST_FORM:
        raise errors.BadTarget(
            "the form to upload with is too large to be one; nothing was uploaded", host=host
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise errors.BadTarget(
            f"{host}: source code goes out by https only, or by http to this machine; nothing was uploaded",
            host=host,
        )


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the host of a target."""

    address: str
    """What to connect to: an IP address, or the host's name for a proxy."""
    proxy: str | None = None


def is_judged(target: UploadTarget, proxy: str | None) -> bool:
    """Whether it can be told where the target leads: a proxy looks names up by itself."""
    return proxy is None or is_here(target.host) or reach(target.host) is not None


async def ways(target: UploadTarget, *, peer: str, proxy: str | None) -> tuple[Way, ...]:
    """The ways to a target that may be gone, to be tried in turn. A name is looked up once, here.

    `peer` is the address that the project's own connection went to, empty if that is not known. Raises
    `BadTarget` if the target leads only where the project is not, `Unreachable` if its name is not known.
    """
    judge(target)
    url = httpx.URL(target.url.reveal())
    proxy = None if is_here(url.host) else proxy
    if proxy is not None and reach(url.host) is None:
        return (Way(url.host, proxy),)
    address = literal(url.host)
    found = [str(address)] if address is not None else await _addresses(target, url)
    allowed = [address for address in found if _may_be_sent_to(address, peer, plain=url.scheme == "http")]
    if not allowed:
        where = reach(found[0]) or ""
        raise errors.BadTarget(
            f"{target.host} leads to {where}, where the project itself is not; nothing was uploaded",
            host=target.host,
        )
    return tuple(Way(address, proxy) for address in allowed[:TRIED])


def _may_be_sent_to(address: str, peer: str, *, plain: bool) -> bool:
    where = reach(address)
    if plain and where is not Reach.LOOPBACK:
        return False
    return where is Reach.PUBLIC or where is reach(peer)


async def _addresses(target: UploadTarget, url: httpx.URL) -> list[str]:
    try:
        async with asyncio.timeout(RESOLVE):
            found = await asyncio.get_running_loop().getaddrinfo(
                url.host, url.port or 443, type=socket.SOCK_STREAM
            )
    except (OSError, UnicodeError) as error:  # gaierror and TimeoutError are OSErrors
        why = "no answer in time" if isinstance(error, TimeoutError) else "the host name is not known"
        raise errors.Unreachable(
            f"upload to {target.host}: {why}; nothing was uploaded", host=target.host
        ) from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
