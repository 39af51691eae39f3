"""Request bodies, read up to a limit: what is too large is not kept in memory."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

TOGETHER: Final = 256 * 1024 * 1024
"""Bytes of all bodies that one server reads at a time: whoever sends many slowly needs no token."""


class TooLarge(Exception):
    """A body beyond the limit."""


class BodyReader:
    """Reads the bodies of one server's requests, and counts how much of them is in memory."""

    def __init__(self, together: int = TOGETHER) -> None:
        self._together = together
        self._size = 0
        """Bytes of bodies that are not read to their end."""

    async def read(self, request: Request, limit: int) -> bytes:
        """A request's body; raises TooLarge beyond `limit` bytes, or where all together are too much."""
        body = bytearray()
        try:
            async for chunk in request.stream():
                if len(body) + len(chunk) > limit or self._size + len(chunk) > self._together:
                    raise TooLarge
                body += chunk
                self._size += len(chunk)
            return bytes(body)
        finally:
            self._size -= len(body)
