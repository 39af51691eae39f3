"""Long answers: one at a time in memory, and those that are too long for that are passed on part by part."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from typing import Protocol

LONG = 4 * 1_048_576
"""Bytes beyond which an answer waits until no other long one is in memory."""


PART = 1 << 18
"""Bytes of a long answer that are passed on at once."""


class Receiver(Protocol):
    """Takes in a long answer part by part, so that it is never in memory as a whole."""

    def feed(self, part: bytes) -> Iterator[None]:
        """Take in the next part, with a pause now and then."""

    @property
    def is_full(self) -> bool:
        """Nothing more is wanted."""


class Turn:
    """Lets in one long answer at a time: until it is decoded, it takes several times its size."""

    def __init__(self, lock: asyncio.Lock) -> None:
        """`lock` is the same for all of them."""
        self._lock = lock
        self._is_mine = False

    async def take(self) -> None:
        """Wait until no other long answer is in memory."""
        if not self._is_mine:
            self._is_mine = await self._lock.acquire()

    def end(self) -> None:
        """This answer is decoded, or will never be."""
        if self._is_mine:
            self._is_mine = False
            self._lock.release()


async def pass_on(
    beginning: BytesIO,
    parts: AsyncIterator[bytes],
    limit: int,
    receiver: Receiver,
    timer: asyncio.Timeout | None,
) -> None:
    """Give a receiver what has come of a body and what still comes, up to `limit` bytes of it.

    `beginning` is closed. The `timer` is for the server: it stands still while the receiver works.
    """
    left = limit
    clock = asyncio.get_running_loop().time

    async def give(part: bytes) -> None:
        nonlocal left
        end = timer.when() if timer is not None else None
        still = None if end is None else end - clock()
        if timer is not None:
            timer.reschedule(None)
        for _ in receiver.feed(part[:left]):
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        left -= len(part)
        if timer is not None and still is not None:
            timer.reschedule(clock() + still)

    beginning.seek(0)
    while not receiver.is_full and (part := beginning.read(PART)):
        await give(part)
    beginning.close()  # it is large
    while not receiver.is_full and left > 0 and (part := await anext(parts, b"")):
        await give(part)
