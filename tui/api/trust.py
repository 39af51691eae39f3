"""Certificate authorities for TLS. The environment (SSL_CERT_FILE and the like) is ignored."""

from __future__ import annotations

import ssl
from functools import cache

import httpx

from tui.api.errors import BadTarget
from tui.api.text.clean import clean


def trust(ca_file: str | None) -> ssl.SSLContext:
    """The authorities of one PEM file, else httpx's public ones. Raises `BadTarget`.

    Reading the public ones takes as long as two or three frames, so they are read once.
    """
    if not ca_file:
        return _public()
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError:  # SSLError is one
        shown = clean(ca_file, limit=120)
        raise BadTarget(f"ca_file {shown} is not a readable file of PEM certificates") from None


@cache
def _public() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
