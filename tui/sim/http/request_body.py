"""Request bodies, read up to a limit: what is too large is not kept in memory."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

TOGETHER: Final = 256 * 1024 * 1024
"""Bytes of all bodies that are being read at a time: whoever sends many slowly needs no token."""


class TooLarge(Exception):
    """A body beyond the limit."""


class _UnderWay:
    """How much of bodies that are not read to their end is in memory."""

    size = 0
    """Bytes."""


async def read_body(request: Request, limit: int) -> bytes:
    """A request's body; raises TooLarge beyond `limit` bytes, or where all bodies together are too much."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            if len(body) + len(chunk) > limit or _UnderWay.size + len(chunk) > TOGETHER:
                raise TooLarge
            body += chunk
            _UnderWay.size += len(chunk)
        return bytes(body)
    finally:
        _UnderWay.size -= len(body)
