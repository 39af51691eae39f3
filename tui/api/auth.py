"""One short-lived token per request, with the one grant that it needs (PROTOCOL.md, Tokens and grants)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import jwt
from msgspec import Struct

from tui.secret import Secret

LIFETIME = 60.0
"""Seconds that a token of an ordinary request is valid."""
STREAM_LIFETIME = 300.0
"""Seconds for streams, whose opening may queue."""
BACKDATE = 10.0
"""Seconds by which `nbf` lies in the past, for clocks that differ."""


class Grant(Struct, frozen=True):
    """What a token allows: exactly one of these."""

    agent_admin: bool = False
    room_list: bool = False
    room: str | None = None
    """`roomAdmin` of this room: servers compare the names for equality."""

    def claims(self) -> dict[str, dict[str, bool | str]]:
        """The claims as LiveKit spells them."""
        if self.agent_admin:
            return {"agent": {"admin": True}}
        if self.room_list:
            return {"video": {"roomList": True}}
        return {"video": {"roomAdmin": True, "room": self.room or ""}}


@dataclass(frozen=True, slots=True)
class Credentials:
    """A project's key pair."""

    api_key: str
    api_secret: Secret

    def token(self, grant: Grant, *, now: float, lifetime: float = LIFETIME) -> str:
        """A signed token; `now` in Unix seconds by the server's clock as far as it is known."""
        claims = {
            "iss": self.api_key,
            "sub": "lktop",
            "nbf": int(now - BACKDATE),
            "exp": int(now + lifetime - BACKDATE),
            **grant.claims(),
        }
        with warnings.catch_warnings():
            # PyJWT warns of short keys; settings have checked the length already
            warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)
            return jwt.encode(claims, self.api_secret.reveal(), algorithm="HS256")
