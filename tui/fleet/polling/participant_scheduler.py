"""Decides which room is asked for its participants now. Pure, sends nothing; times are monotonic seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Set
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from tui.fleet.view import Selection


class Need(IntEnum):
    """Why the participants of a room are worth asking for; the more urgent, the higher."""

    NONE = 0
    """No job of it needs anybody to be there."""
    RUNNING = 1
    """Only the presence of its agent tells whether a job still runs."""
    PROBLEM = 2
    """A job failed."""
    DOUBTFUL = 3
    """The participant of a running job was not there."""
    YOUNG = 4
    """A job waits or began just now: its agent joins soon, or fails to."""


WITHIN: Final = {Need.RUNNING: 60.0, Need.PROBLEM: 30.0, Need.DOUBTFUL: 15.0, Need.YOUNG: 10.0}
"""Seconds after which a room is asked again, by need."""
SELECTED_WITHIN: Final = 8.0
"""Seconds after which the selected room is asked again, if that takes a third of the requests at most."""
MOST: Final = 20
"""Requests a minute at most, even where the budget would allow more."""
NEVER: Final = 1e9
"""Age of an answer that never came, seconds."""


@dataclass(slots=True)
class _Turn:
    need: Need = Need.NONE
    asked_at: float = -NEVER


class ParticipantScheduler:
    """Which rooms were asked for their participants when, and which of them is next."""

    def __init__(self) -> None:
        self._turns: dict[str, _Turn] = {}
        self._asked: deque[float] = deque(maxlen=MOST)
        """When the newest requests went out."""

    def keep(self, rooms: Set[str]) -> None:
        """Forget all other rooms."""
        for gone in self._turns.keys() - rooms:
            del self._turns[gone]

    def note(self, room: str, need: Need) -> None:
        """Note how much a room needs it."""
        self._turns.setdefault(room, _Turn()).need = need

    def asked(self, room: str, now: float) -> None:
        """Note that a question about a room goes out."""
        self._turns.setdefault(room, _Turn()).asked_at = now
        self._asked.append(now)

    def next(self, selection: Selection, now: float, *, per_minute: float) -> str | None:
        """The room that is latest by its interval; None if none is due or so many a minute do not allow it.

        A room that was just selected is asked at once.
        """
        if len(self._asked) == MOST and now - self._asked[0] < 60:
            return None
        spacing = 60 / max(1.0, min(per_minute, MOST))
        age = now - (self._turns.get(selection.room) or _Turn()).asked_at
        if selection.room and age >= NEVER:
            return selection.room
        if self._asked and now - self._asked[-1] < spacing:
            return None
        if selection.room and age >= max(SELECTED_WITHIN, 3 * spacing):
            return selection.room
        late = {name: _lateness(turn, now) for name, turn in self._turns.items()}
        room = max(late, key=late.__getitem__, default="")
        return room if room and late[room] >= 1 else None


def _lateness(turn: _Turn, now: float) -> float:
    """How many of its intervals a room has waited."""
    return 0.0 if turn.need is Need.NONE else (now - turn.asked_at) / WITHIN[turn.need]
