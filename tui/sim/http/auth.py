"""LiveKit's bearer tokens and their grants (PROTOCOL.md, Tokens and grants). Knows no methods.

The signature is checked here with the standard library, so that a client signing with its own library is
judged by another implementation.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

LEEWAY = 60.0
"""Seconds by which a token's times may be off."""
UNTRUSTED = "invalid authorization token"


class Denied(Exception):
    """A token that the middleware refuses: HTTP 401 with this bare text as its body."""


@dataclass(frozen=True)
class Claims:
    """What a valid token says."""

    payload: Mapping[str, object] = field(repr=False)
    size: int = 0
    """Characters of the token that says it."""

    def _grants(self, name: str) -> Mapping[str, object]:
        value = self.payload.get(name)
        return value if isinstance(value, dict) else {}

    @property
    def agent_admin(self) -> bool:
        """May use the whole CloudAgent service."""
        return self._grants("agent").get("admin") is True

    @property
    def room_list(self) -> bool:
        """May list rooms."""
        return self._grants("video").get("roomList") is True

    @property
    def room_create(self) -> bool:
        """May create and delete rooms."""
        return self._grants("video").get("roomCreate") is True

    def room_admin(self, room: str) -> bool:
        """May act in exactly this room: the server tests equality, also for an empty name."""
        video = self._grants("video")
        return video.get("roomAdmin") is True and video.get("room", "") == room


def verify(token: str, keys: Mapping[str, str], moments: tuple[float, ...], *, echo: bool) -> Claims:
    """The claims of a bearer token; raises Denied in the words of LiveKit's own server.

    `moments` are the clocks (Unix seconds) by which the token may be in time: the machine's and the world's,
    since a client need not live in the world's time. The first one words the refusal. With `echo` the refusal
    of a token whose key is known quotes it, as released servers do.
    """
    header, payload, signed, signature = _parse(token)
    issuer = payload.get("iss")
    secret = keys.get(issuer) if isinstance(issuer, str) else None
    if secret is None:
        raise Denied("invalid API key")
    intact = hmac.compare_digest(hmac.new(secret.encode(), signed, hashlib.sha256).digest(), signature)
    faults = [_untimely(payload, moment) for moment in moments]
    algorithm, reason = header.get("alg"), ""
    if algorithm != "HS256":
        reason = f"token signature is invalid: signing method {algorithm} is invalid"
    elif not intact:
        reason = "token signature is invalid: signature is invalid"
    elif all(faults):
        reason = f"token has invalid claims: {faults[0]}"
    if reason:
        raise Denied(f"invalid token: {token}, error: {reason}" if echo else f"{UNTRUSTED}: {reason}")
    return Claims(payload, len(token))


def _parse(token: str) -> tuple[dict[str, object], dict[str, object], bytes, bytes]:
    """Header, payload, signed bytes and signature of a token; raises Denied."""
    try:
        head, body, tail = token.encode("ascii").split(b".")
        header, payload = msgspec.json.decode(_unpadded(head)), msgspec.json.decode(_unpadded(body))
        signature = _unpadded(tail)
    except (ValueError, binascii.Error, RecursionError):
        raise Denied(UNTRUSTED) from None
    if not isinstance(header, dict) or not isinstance(payload, dict):
        raise Denied(UNTRUSTED)
    return header, payload, head + b"." + body, signature


def _unpadded(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _untimely(payload: Mapping[str, object], moment: float) -> str:
    """Why a token is not valid at `moment`, in golang-jwt's words; empty when it is."""
    expires = payload.get("exp")
    if expires is None:
        return "token is missing required claim: exp claim is required"
    # The leeway is added to the clock, for a number of a token may be too large to be added to.
    if not isinstance(expires, int | float) or moment - LEEWAY > expires:
        return "token is expired"
    starts = payload.get("nbf", 0)
    if not isinstance(starts, int | float) or moment + LEEWAY < starts:
        return "token is not valid yet"
    return ""
