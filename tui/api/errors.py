"""Errors of calls to LiveKit (PROTOCOL.md, Errors).

    ApiError
    ├── NotSent               the request certainly did not run
    │   ├── Unreachable       DNS, refused, TLS, connect timeout, no free connection
    │   ├── ReadOnly          refused here: the client is read-only and the method changes things
    │   ├── BadTarget         refused here: the address must not receive the token
    │   └── Throttled         refused here: the project's request budget or a server's Retry-After
    ├── Refused               the server says no; of a change only where the answer proves it (`proof`)
    │   ├── Unauthorized      401 or 403: credentials, clock or grant
    │   ├── NotFound          404 with a Twirp body
    │   ├── NoSuchService     404 without one: a server without this API
    │   ├── RateLimited       429
    │   └── NotDone           200 with `success: false`: its word alone, so look
    └── Unknown               it may have run: no answer, a broken one, or one that proves nothing

The class alone says what may be sent again: `NotSent` always, `Refused` never unchanged, `Unknown` only if
the call is a read.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(eq=False)
class ApiError(Exception):
    """A failed call. Every text in it is already cleaned for display and free of secrets."""

    message: str
    """One line for the operator, in LiveKit's words where it sent any."""
    method: str = ""
    """What was called, such as `CloudAgent/ListAgents`."""
    host: str = ""
    """The host that was, or would have been, called."""
    code: str = ""
    """The Twirp code, such as `not_found`; empty when the answer had none."""
    status: int = 0
    """The HTTP status; 0 when there was no answer."""
    request_id: str = ""
    """The `X-Livekit-Request-Id` of the call; empty for reads."""
    retry_after: float = 0.0
    """Seconds that the server asked us to wait; 0 when it did not."""

    def __str__(self) -> str:
        where = f" ({self.status} {self.code})" if self.status and self.code else ""
        where = where or (f" (HTTP {self.status})" if self.status else "")
        return f"{self.message}{where}"


class NotSent(ApiError):
    """The request did not run."""


class Unreachable(NotSent):
    """No connection: DNS, refused, TLS, connect timeout or an exhausted pool."""


class ReadOnly(NotSent):
    """The client is read-only and the method is not a read."""


class BadTarget(NotSent):
    """The address may not receive this project's token."""


class Throttled(NotSent):
    """Not sent, because of the request budget or a pause that the server asked for."""


class Refused(ApiError):
    """The server says no. A change that was refused was not begun: another no is `Unknown`."""


class Unauthorized(Refused):
    """Bad credentials, a wrong clock or a missing grant; 401 and 403 alike."""


class NotFound(Refused):
    """The thing named does not exist."""


class NoSuchService(Refused):
    """This server does not offer the API at all, as a self-hosted LiveKit has no Cloud Agents."""


class RateLimited(Refused):
    """429: too many requests for the project."""


class NotDone(Refused):
    """HTTP 200 with `success: false`: the handler ran, and says that it did not do it."""


class Unknown(ApiError):
    """It is unknown whether the call ran: no answer, a broken one, or one that proves nothing."""
