"""Decides which rooms are asked about now: no call lists the dispatches of all rooms. Pure, sends nothing.

ListRooms says what changed: these rooms come first. Every other room is asked again after an interval of its
own, the one that is latest by that measure first, so that no room is left out. Times are monotonic seconds.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import Enum
from typing import Final

from msgspec import Struct

from tui.api.models import Room
from tui.fleet.view import Selection

AGAIN: Final = 4.0
"""Seconds after which a room is asked again at the earliest, unless it changed."""
DUE: Final = 0.8
"""Share of its interval after which a room may be asked again."""
CHANGED: Final = (3.0, 4.0)
"""Intervals by which a room that changed is ahead, at first and at the most: who is that late goes first."""
WAITING: Final = 30.0
"""Seconds for which a change waits until the room is another interval ahead."""
UNREAD: Final = 2.0
"""Intervals by which a room that was there from the start and was never asked is ahead of the others."""
ALL_WITHIN: Final = (9.0, 0.84)
"""Every room is asked within so many seconds, or so many for each room, if there are requests for it."""
RUNNING_WITHIN: Final = 55.0
"""Seconds within which rooms with running jobs are asked: an agent may leave without a sign in ListRooms."""
RUNNING_MOST: Final = 50
"""Rooms with running jobs up to which that holds."""
SELECTED_WITHIN: Final = (5.0, 40.0)
"""Seconds within which the selected room is asked, if there are requests for it, and at the most."""
IN_VIEW_WITHIN: Final = 10.0
"""Seconds within which rooms on the screen are asked, if there are requests for it."""
UNSETTLED_WITHIN: Final = 12.0
"""Seconds within which rooms with young, waiting or doubtful jobs are asked, if there are requests for it."""
TREE_SHARE: Final = 0.7
"""Share of the requests that goes to the turns of all rooms, where less would keep the promise."""
CHANGES_SHARE: Final = 0.1
"""Share of the requests that is kept for rooms that change."""
PARTICIPANTS_LEAST: Final = 1.0
"""Requests a minute that are kept for participants, when all others are needed to keep the tree current."""
PARTICIPANTS_SHARE: Final = 0.1
"""Share of the requests that is for participants, when the tree cannot be kept current as a whole."""
FAILING_WITHIN: Final = 10.0
"""Seconds after which rooms that brought no answer are asked again, if there are requests for it."""
FAILING_SHARE: Final = 0.1
"""Share of the requests that rooms without an answer may take."""
FAILING_AT_ONCE: Final = 2
"""Rooms without an answer among those asked at once: each may take seconds to fail again."""


class Activity(Enum):
    """What is known of a room's jobs that decides how often it is asked."""

    QUIET = "quiet"
    """Nothing runs."""
    RUNNING = "running"
    """A job runs."""
    UNSETTLED = "unsettled"
    """A job or dispatch is young, waits, or is in doubt."""
    FAILING = "failing"
    """The newest question brought no answer."""


class Intervals(Struct, frozen=True):
    """Seconds after which rooms are asked again, and what is left for their participants."""

    selected: float
    in_view: float
    by_activity: Mapping[Activity, float]
    participants: float
    """Requests a minute that are left for participants."""


@dataclass(slots=True)
class _Turn:
    """What decides when a room is asked."""

    room: Room
    listed_at: float
    """When it was listed first."""
    changed_at: float | None
    """When ListRooms told of the first change that no answer has covered; None if there is none."""
    asked_at: float | None = None
    is_unlisted: bool = False
    """The newest listing does not have it, and it may be open."""
    activity: Activity = Activity.QUIET


class RoomScheduler:
    """Which rooms are listed, what changed in them, when they were asked, and which are next."""

    def __init__(self) -> None:
        self._turns: dict[str, _Turn] = {}
        self._has_listing = False

    # ---- what happened --------------------------------------------------------------------------------

    def listed(self, rooms: Sequence[Room], now: float, unlisted: Set[str] = frozenset()) -> None:
        """Note a listing: what is new or differs is to be asked, what is gone is forgotten.

        `unlisted` are rooms that it does not have and that may be open: asking them tells.
        """
        before, self._turns = self._turns, {}
        for room in rooms:
            turn = before.get(room.name)
            if turn is None:
                turn = _Turn(room, now, changed_at=now if self._has_listing else None)
            elif turn.room is not room:
                if differs(turn.room, room) and turn.changed_at is None:
                    turn.changed_at = now
                turn.room = room
            is_unlisted = room.name in unlisted
            if is_unlisted and not turn.is_unlisted and turn.changed_at is None:
                turn.changed_at = now
            turn.is_unlisted = is_unlisted
            self._turns[room.name] = turn
        self._has_listing = True

    def asked(self, room: str, now: float) -> None:
        """Note that a question about a room goes out."""
        if turn := self._turns.get(room):
            turn.asked_at = now

    def answered(self, room: str, activity: Activity, now: float) -> None:
        """Note what the answer to a question of `now` told of a room."""
        if turn := self._turns.get(room):
            if turn.activity is Activity.FAILING:
                self.recover(now)
            turn.activity = activity
            if turn.changed_at is not None and turn.changed_at <= now:
                turn.changed_at = None

    def failed(self, room: str) -> None:
        """Note that a question about a room brought no answer."""
        if turn := self._turns.get(room):
            turn.activity, turn.changed_at = Activity.FAILING, None

    def recover(self, now: float) -> None:
        """Note that rooms answer again: all that did not are asked at once."""
        for turn in self._turns.values():
            if turn.activity is Activity.FAILING and turn.changed_at is None:
                turn.changed_at = now

    # ---- what is next ---------------------------------------------------------------------------------

    def next(self, selection: Selection, now: float, chosen: Intervals, *, most: int) -> list[str]:
        """At most so many rooms that are due by these intervals, the most urgent first."""
        if most <= 0:
            return []
        in_view = frozenset(selection.rooms_in_view)
        healthy: list[tuple[float, bool, float, str]] = []
        failing: list[tuple[float, bool, float, str]] = []
        for name, turn in self._turns.items():
            interval = chosen.by_activity[turn.activity]
            is_seen = name in in_view or name == selection.room
            if is_seen and turn.activity is not Activity.FAILING:
                interval = min(interval, chosen.selected if name == selection.room else chosen.in_view)
            if (urgency := _urgency(turn, interval, now)) >= DUE:
                found = failing if turn.activity is Activity.FAILING else healthy
                found.append((-urgency, not is_seen, turn.changed_at or 0.0, name))
        due = heapq.nsmallest(FAILING_AT_ONCE, failing) + heapq.nsmallest(most, healthy)
        return [name for *_, name in sorted(due)[:most]]

    def probe(self) -> list[str]:
        """The room to ask first after a failure, whether it is due or not: one that answered before."""
        turns = self._turns
        return heapq.nsmallest(
            1, turns, key=lambda name: (turns[name].activity is Activity.FAILING, turns[name].asked_at or 0.0)
        )

    def intervals(self, selection: Selection, per_minute: float) -> Intervals:
        """How often to ask, with so many requests a minute for rooms."""
        counts = Counter(turn.activity for turn in self._turns.values())
        in_view = sum(name in self._turns for name in selection.rooms_in_view)
        return intervals(counts, in_view=in_view, per_minute=per_minute)

    # ---- what is not seen yet -------------------------------------------------------------------------

    def unseen(self) -> tuple[int, float | None]:
        """How many rooms changed since they were asked, and when the first of these changes was listed."""
        since = [at for turn in self._turns.values() if (at := turn.changed_at) is not None]
        return len(since), min(since, default=None)

    def listed_at(self, rooms: Iterable[str]) -> float | None:
        """When the first of these rooms was listed; None if none of them is."""
        return min((turn.listed_at for name in rooms if (turn := self._turns.get(name))), default=None)


def differs(before: Room, after: Room) -> bool:
    """Whether a listing shows a change in a room."""
    return (
        before.num_participants != after.num_participants
        or before.num_publishers != after.num_publishers
        or before.metadata != after.metadata
        or before.sid != after.sid
    )


def intervals(counts: Mapping[Activity, int], *, in_view: int, per_minute: float) -> Intervals:
    """How often the rooms of each kind are asked, by their numbers and the requests a minute for them.

    As long as there are requests for it, all rooms are asked within the promised time, and what is left is
    for those in sight and the unsettled ones. Else these get a quarter at most, rooms whose jobs run or are
    unsettled a fifth, and quiet rooms the rest.
    """
    rate = max(1.0, per_minute) / 60
    unsettled, failing = counts.get(Activity.UNSETTLED, 0), counts.get(Activity.FAILING, 0)
    total, busy = sum(counts.values()), counts.get(Activity.RUNNING, 0) + unsettled
    (least, each), (soon, most_selected) = ALL_WITHIN, SELECTED_WITHIN
    quiet = max(least, min(each * total, total / (TREE_SHARE * rate)))
    kept = min(quiet, RUNNING_WITHIN * max(1.0, busy / RUNNING_MOST))
    spare = rate * (1 - CHANGES_SHARE) - PARTICIPANTS_LEAST / 60 - busy / kept - (total - busy) / quiet
    if spare >= -CHANGES_SHARE * rate:
        spare = max(0.0, spare)
        people, watched = PARTICIPANTS_LEAST / 60 + 0.8 * spare, 0.2 * spare
    else:
        people = PARTICIPANTS_SHARE * rate
        watched = min(rate / 4, in_view / IN_VIEW_WITHIN + unsettled / UNSETTLED_WITHIN)
        kept = max(RUNNING_WITHIN, busy / (rate / 5))
        quiet = max(least, (total - busy) / max(rate / 5, rate - people - watched - busy / kept))
        kept = min(kept, quiet)
    share = watched / max(1, bool(unsettled) + bool(in_view))
    return Intervals(
        selected=min(most_selected, _stretched(soon, 1, watched / 3, quiet)),
        in_view=_stretched(IN_VIEW_WITHIN, in_view, share, quiet),
        by_activity={
            Activity.QUIET: quiet,
            Activity.RUNNING: kept,
            Activity.UNSETTLED: _stretched(UNSETTLED_WITHIN, unsettled, share, kept),
            Activity.FAILING: max(FAILING_WITHIN, failing / (FAILING_SHARE * rate)),
        },
        participants=60 * people,
    )


def _stretched(wanted: float, rooms: int, rate: float, most: float) -> float:
    """The interval wanted, or as long a one as lets rooms take no more than `rate` beyond their share."""
    possible = rooms / (rate + rooms / most) if rooms else wanted
    return min(most, max(wanted, possible))


def _urgency(turn: _Turn, interval: float, now: float) -> float:
    """How many of its intervals a room has waited; one that changed has a lead."""
    if turn.changed_at is not None:
        first, most = CHANGED
        return min(most, first + (now - turn.changed_at) / WAITING)
    if turn.asked_at is None:
        return UNREAD + (now - turn.listed_at) / interval
    age = now - turn.asked_at
    return age / interval if age >= AGAIN else 0.0
