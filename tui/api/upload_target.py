"""Where a service says that a source is to be uploaded (PROTOCOL.md, Uploads). Sends nothing.

The address, or the form that comes with it, is the permission, and therefore a secret: no more than the host
is ever shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import httpx

from tui.api import errors
from tui.api.clean import clean
from tui.api.hosts import is_loopback
from tui.secret import Secret


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
        absolute = bool(parts.hostname) and (parts.port or 1) > 0 and bool(httpx.URL(url).host)
    except (ValueError, httpx.InvalidURL):  # either may quote the address
        absolute = False
    if not absolute or parts.username or parts.password or not (url.isascii() and url.isprintable()):
        raise errors.BadTarget("the address to upload to is none; nothing was uploaded", host=host)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise errors.BadTarget(
            f"{host}: source code goes out by https only, or by http to this machine; nothing was uploaded",
            host=host,
        )
