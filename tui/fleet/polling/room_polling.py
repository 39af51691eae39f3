"""Asks rooms for their dispatches and participants, as the schedulers say and the request budget allows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

from tui.api.budget import Pace
from tui.api.decoding.batch import Batch
from tui.api.errors import ApiError, NotFound, Throttled, Unknown
from tui.api.models import Dispatch, Participant, Room
from tui.clock import Moment
from tui.fleet.coverage import Coverage
from tui.fleet.polling.activity import activity
from tui.fleet.polling.listings import Listings
from tui.fleet.polling.participant_scheduler import MOST, ParticipantScheduler
from tui.fleet.polling.room_scheduler import RoomScheduler
from tui.fleet.room_freshness import NO_NODE_ANSWERS
from tui.fleet.state import Fleet
from tui.fleet.view import Selection

AT_ONCE: Final = 4
"""ListDispatch calls under way at the same time."""
BURST: Final = 12
"""Most rooms asked in one round: as many as are in sight."""
AHEAD: Final = 4
"""Rooms that changed which are asked before it is their time; the others wait the longer."""
LEFT_FREE: Final = 1
"""Requests of a minute's budget that are left to the other sources, and to rooms that changed: more come free
twice a second."""
NO_NODE: Final = "no node answers for the rooms"
"""Why nothing is known of any room that is listed."""


@dataclass
class Round:
    """What came of asking some rooms for their dispatches."""

    found: dict[str, Batch[Dispatch]] = field(default_factory=dict)
    """Of the rooms that answered."""
    failed: dict[str, str] = field(default_factory=dict)
    """Rooms that brought no answer, each with the reason in words."""
    missing: set[str] = field(default_factory=set)
    """Rooms that do not exist, or whose node is gone: servers say the same of both."""
    problem: ApiError | None = None
    """What ended the round early: it is no matter of one room."""
    unanswered: ApiError | None = None
    """Set when no node answers for some room."""


def no_node_answers(error: ApiError) -> bool:
    """Whether no node answers for a room: it does not exist, or its node is gone (PROTOCOL.md, Errors)."""
    return error.status == 503 and (
        isinstance(error, NotFound) or "no response from servers" in error.message
    )


class RoomPolling:
    """What is remembered of the rooms between polls."""

    def __init__(self) -> None:
        self._dispatches = RoomScheduler()
        self._participants = ParticipantScheduler()
        self._pace = Pace(BURST, AHEAD, LEFT_FREE)
        self._is_outage = False
        """No room answers."""
        self.for_participants = float(MOST)
        """Requests a minute that the turns of the rooms leave for participants."""

    def listed(self, rooms: Sequence[Room], now: float, unlisted: Set[str] = frozenset()) -> bool:
        """Note a listing of rooms, and return whether some are to be asked for what changed in them.

        `unlisted` are those that it lacks and that may be open. `now` is monotonic, as in all that follows.
        """
        self._dispatches.listed(rooms, now, unlisted)
        self._participants.keep({room.name for room in rooms})
        return self._dispatches.unseen()[0] > 0

    # ---- dispatches -----------------------------------------------------------------------------------

    def due(self, client: Listings, selection: Selection, now: float, spare: float | None) -> list[str]:
        """The rooms to ask for their dispatches now.

        `spare` is how many requests a minute the other sources leave; None to ask as many as may go at once.
        While no room answers, one is asked in any case.
        """
        per_minute = client.budget.rate if spare is None else spare
        chosen = self._dispatches.intervals(selection, per_minute)
        self.for_participants = chosen.participants
        changed, _ = self._dispatches.unseen()
        paced = per_minute - chosen.participants - LEFT_FREE
        left = client.budget.left()
        allowed = self._pace.allows(paced, now, left=left, urgent=changed)
        most = min(left - LEFT_FREE, BURST) if spare is None else allowed
        found = self._dispatches.next(selection, now, chosen, most=most)
        if self._is_outage and most > 0:
            first = self._dispatches.probe()
            return first + [room for room in found if room not in first][: most - 1]
        return found

    async def ask(self, client: Listings, rooms: Iterable[str], now: float) -> Round:
        """What came of asking these rooms.

        While no room answers, the first is asked alone: it tells if the outage is over.
        """
        done = Round()
        gate = asyncio.Semaphore(AT_ONCE)

        async def ask(room: str) -> None:
            async with gate:
                if done.problem:
                    return
                try:
                    done.found[room] = await client.list_dispatches(room)
                except Throttled as error:  # it was not asked, and its turn is not over
                    done.problem = error
                    return
                except ApiError as error:
                    _note(done, room, error)
                self._dispatches.asked(room, now)
                self._pace.count()

        first, *others = rooms
        if self._is_outage:
            await ask(first)
        together = others if self._is_outage else (first, *others)
        outcomes = await asyncio.gather(*map(ask, together), return_exceptions=True)
        for fault in outcomes:
            if fault is not None:
                raise fault
        return done

    def is_over(self, done: Round) -> bool:
        """Whether this round ended an outage, so that what failed in it means nothing any more."""
        return self._is_outage and bool(done.found)

    def asked(self, done: Round, fleet: Fleet, asked_at: float, now: Moment, *, is_outage: bool) -> None:
        """Note what a round that began at `asked_at` told; `fleet` has it in it.

        `is_outage` tells that no room answered, and that this is no matter of the rooms asked.
        """
        if self.is_over(done):
            self._dispatches.recover(asked_at)
        self._is_outage = is_outage
        for room in done.found:
            dispatches, people = fleet.dispatches.get(room, ()), fleet.participants.get(room)
            how, need = activity(dispatches, people, now.unix)
            self._dispatches.answered(room, how, asked_at)
            self._participants.note(room, need)
        for room, why in done.failed.items():
            if why == NO_NODE_ANSWERS or not is_outage:  # else it is no matter of this room
                self._dispatches.failed(room)

    # ---- participants ---------------------------------------------------------------------------------

    def due_for_participants(self, selection: Selection, now: float) -> str | None:
        """The room to ask for its participants now; None if none is due or no request is left for it."""
        return self._participants.next(selection, now, per_minute=self.for_participants)

    async def ask_participants(
        self, client: Listings, room: str, now: float
    ) -> tuple[Participant, ...] | None:
        """The participants of a room; None when no node answers for it, or not all can be read or kept."""
        try:
            batch = await client.list_participants(room)
        except Throttled:  # it was not asked, and its turn is not over
            raise
        except ApiError as error:
            self._participants.asked(room, now)
            if no_node_answers(error):
                return None
            if isinstance(error, NotFound):
                return ()
            raise
        self._participants.asked(room, now)
        return batch.items if batch.has_all_rows else None

    def present(self, room: str, fleet: Fleet, now: Moment) -> None:
        """Note what the participants of a room told; `fleet` has them in it."""
        dispatches, people = fleet.dispatches.get(room, ()), fleet.participants.get(room)
        self._participants.note(room, activity(dispatches, people, now.unix)[1])

    # ---- coverage -------------------------------------------------------------------------------------

    def coverage(self, fleet: Fleet) -> Coverage:
        """How much of what the rooms hold is known, and how old it is."""
        known, unread, failing, polled = [], [], 0, 0
        for room in fleet.rooms:
            fresh = fleet.fresh_room(room.name)
            if fresh.failing_since is not None:
                failing += 1
            elif fresh.dispatches_at is None:
                unread.append(room.name)
            else:
                known.append(fresh.dispatches_at)
            polled += fresh.dispatches_at is not None
        changed, changed_since = self._dispatches.unseen()
        return Coverage(
            polled=polled,
            total=len(fleet.rooms),
            oldest=min(known, default=None),
            failing=failing,
            unread=len(unread),
            unread_since=self._dispatches.listed_at(unread),
            changed=changed,
            changed_since=changed_since,
        )


def _note(done: Round, room: str, error: ApiError) -> None:
    if no_node_answers(error):
        done.missing.add(room)
        done.failed[room] = NO_NODE_ANSWERS
        done.unanswered = Unknown(NO_NODE, error.method, error.host, error.code, error.status)
    elif isinstance(error, NotFound):  # it closed meanwhile
        done.missing.add(room)
        done.found[room] = Batch(listed=True)
    else:
        done.problem = error
        if isinstance(error, Unknown):
            done.failed[room] = str(error)
