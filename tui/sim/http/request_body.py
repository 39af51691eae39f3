"""Request bodies, read up to a limit: what is too large is not kept in memory."""

from __future__ import annotations

from starlette.requests import Request


class TooLarge(Exception):
    """A body beyond the limit."""


async def read_body(request: Request, limit: int) -> bytes:
    """A request's body; raises TooLarge beyond `limit` bytes."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge
    return bytes(body)
