"""Decides which rooms are asked for dispatches. No call lists all of them, so rooms are asked in turn.

Rooms on the screen are asked more often, and no room is left out. All of it takes no more of the request
budget than the other sources leave.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from tui.api.errors import ApiError, NotFound, Unknown
from tui.api.models import Dispatch
from tui.fleet.listings import Listings
from tui.fleet.state import Coverage, Fleet, Selection

AT_ONCE = 4
"""ListDispatch calls under way at the same time."""
BURST = 8
"""Most rooms asked about in one round."""
RESERVE = 10
"""Requests of a minute's budget that are kept for what the operator asks for."""
TRICKLE = 10.0
"""Seconds after which one room is asked about even without spare budget, so that the tree moves on."""
AGAIN = 4.0
"""Seconds after which a room is asked about again at the earliest."""
SELECTED, IN_VIEW, ELSEWHERE = 8.0, 4.0, 1.0
"""Factor by which the age of an answer counts, so that visible rooms are asked sooner."""
NEVER = 1e9
"""Age of a room that was never asked about, seconds."""

NO_NODE_ANSWERS = "listed, but no node answers for it"
"""Why the dispatches of a room are not known whose node is gone, as long as ListRooms has it."""

NO_NODE = "no node answers for the rooms"
"""Why nothing is known of any room that is listed."""


@dataclass
class Round:
    """What came of asking for the dispatches of some rooms."""

    found: dict[str, tuple[Dispatch, ...]] = field(default_factory=dict)
    """Of the rooms that answered."""
    failed: dict[str, str] = field(default_factory=dict)
    """Rooms that brought no answer, each with the reason in words."""
    problem: ApiError | None = None
    """What ended the round early: it is no matter of one room."""
    unanswered: ApiError | None = None
    """What was said last of a room for which no node answers."""


def no_node_answers(error: ApiError) -> bool:
    """Whether no node answers for a room: it does not exist, or its node is gone (PROTOCOL.md, Errors)."""
    return error.status == 503 and (
        isinstance(error, NotFound) or "no response from servers" in error.message
    )


class RoomScheduler:
    """Which rooms were asked about when, and which are next. Times are monotonic."""

    def __init__(self) -> None:
        # apart from the answers, so that a room which cannot be read does not hold up the others
        self._asked: dict[str, float] = {}
        self._credit = float(BURST)
        self._credited = 0.0

    def keep(self, rooms: Iterable[str]) -> None:
        """Forget all other rooms."""
        for gone in self._asked.keys() - set(rooms):
            del self._asked[gone]

    def next(
        self, rooms: Iterable[str], selection: Selection, now: float, *, spare: float | None, left: int
    ) -> list[str]:
        """The rooms to ask about now, the most urgent first.

        `spare` is the requests a minute that nothing else is expected to need, or None to ask as many as may
        go at once; `left` is how many may go now.
        """
        weight = dict.fromkeys(selection.rooms_in_view, IN_VIEW) | {selection.room: SELECTED}

        def age(room: str) -> float:
            return now - self._asked[room] if room in self._asked else NEVER

        due = [room for room in rooms if age(room) >= AGAIN]
        due.sort(key=lambda room: (-age(room) * weight.get(room, ELSEWHERE), room))
        return due[: self._allowance(now, spare, left)]

    def _allowance(self, now: float, spare: float | None, left: int) -> int:
        if spare is None:
            return max(0, min(BURST, left - RESERVE))
        rate = max(0.0, spare - RESERVE) / 60
        self._credit = min(float(BURST), self._credit + rate * (now - self._credited))
        self._credited = now
        if left > RESERVE and self._credit >= 1:
            return min(int(self._credit), left - RESERVE)
        rested = now - max(self._asked.values(), default=-NEVER)
        return 1 if left and rested >= TRICKLE else 0

    async def ask(self, client: Listings, rooms: Iterable[str], now: float, *, wary: bool) -> Round:
        """What came of asking these rooms.

        With `wary`, after a failure, rooms are asked one at a time: the first tells if the outage is over.
        """
        done = Round()
        gate = asyncio.Semaphore(1 if wary else AT_ONCE)

        async def ask(room: str) -> None:
            async with gate:
                if done.problem:
                    return
                self._asked[room] = now
                self._credit = max(0.0, self._credit - 1)
                try:
                    done.found[room] = (await client.list_dispatches(room)).items
                except ApiError as error:
                    _note(done, room, error)

        outcomes = await asyncio.gather(*map(ask, rooms), return_exceptions=True)
        for fault in outcomes:
            if fault is not None:
                raise fault
        return done


def _note(done: Round, room: str, error: ApiError) -> None:
    if no_node_answers(error):
        done.failed[room] = NO_NODE_ANSWERS
        done.unanswered = Unknown(NO_NODE, error.method, error.host, error.code, error.status)
    elif isinstance(error, NotFound):  # it closed meanwhile
        done.found[room] = ()
    else:
        done.problem = error
        if isinstance(error, Unknown):
            done.failed[room] = str(error)


def coverage(fleet: Fleet) -> Coverage:
    """How many of the listed rooms are known, and how old the oldest answer is."""
    known = [at for fresh in fleet.room_freshness.values() if (at := fresh.dispatches_at) is not None]
    return Coverage(len(known), len(fleet.rooms), min(known, default=None))
