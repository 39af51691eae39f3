"""Where a tail's events wait for the pump, in order. Bounded: a flood slows its stream down."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from tui.clock import Clock
from tui.logs.ends import End
from tui.logs.feed import Feed

UNREAD: Final = 4 * 1024 * 1024
"""Bytes that may lie unread before a stream is not read further."""


class Inlet:
    """The end of a tail that a log holds: what happened, in order, until the pump takes it."""

    def __init__(self, feed: Feed, clock: Clock, wake: Callable[[], None]) -> None:
        self.feed = feed
        self._clock = clock
        self._wake = wake
        self._events: deque[bytes | End | None] = deque()
        self.unread = 0
        """Bytes that wait."""
        self._room = asyncio.Event()

    def opened(self) -> None:
        """The stream is open."""
        self._put(None)

    async def chunk(self, data: bytes) -> None:
        """Bytes came; waits while too many lie unread."""
        self.unread += len(data)
        self._put(data)
        if self.unread > UNREAD:
            self._room.clear()
            await self._room.wait()

    def ended(self, end: End) -> None:
        """The stream ended or did not open."""
        self._put(end)

    def take(self, most: int) -> int:
        """Handle about `most` bytes of what came; returns how many are left for the next round."""
        now, wall = self._clock.monotonic(), self._clock.now()
        chunks: list[bytes] = []
        while self._events and most > 0:
            event = self._events.popleft()
            if isinstance(event, bytes):
                chunks.append(event)
                most -= len(event)
                self.unread -= len(event)
                continue
            self._pass(chunks, now, wall)
            if event is None:
                self.feed.opened(now, wall)
            else:
                self.feed.ended(event, now, wall)
        self._pass(chunks, now, wall)
        self.feed.tick(now, wall)
        if self.unread <= UNREAD // 2:
            self._room.set()
        return self.unread

    def _pass(self, chunks: list[bytes], now: float, wall: float) -> None:
        if chunks:
            self.feed.chunk(chunks[0] if len(chunks) == 1 else b"".join(chunks), now, wall)
            chunks.clear()

    def _put(self, event: bytes | End | None) -> None:
        self._events.append(event)
        self._wake()
