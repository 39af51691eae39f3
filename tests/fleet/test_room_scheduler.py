"""Which rooms are asked next: the goals on a clock that takes no time, and what holds whatever happens."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tui.api.budget import Pace
from tui.api.models import Room
from tui.fleet.coverage import live_within
from tui.fleet.polling.participant_scheduler import Need, ParticipantScheduler
from tui.fleet.polling.room_polling import AHEAD, BURST
from tui.fleet.polling.room_scheduler import AGAIN, FAILING_AT_ONCE, Activity, RoomScheduler, intervals
from tui.fleet.view import Selection

CAP = 120
"""Requests a minute of a console with the default settings."""
OTHERS = 1.5
"""Requests a minute for the versions on the screen."""


def rooms(count: int) -> list[Room]:
    """So many rooms."""
    return [Room(name=f"room-{number:04d}", sid=f"RM_{number}") for number in range(count)]


@dataclass
class Fleet:
    """Rooms of which some change, a console that lists them, and what it has seen of the changes."""

    count: int
    changing: float
    """Share of the rooms that change in a minute, so that ListRooms shows it."""
    late: float
    """Seconds until ListRooms shows a change."""
    running: int = 0
    selection: Selection = field(default_factory=Selection)
    delays: list[float] = field(default_factory=list)
    """Seconds from each change until the room was asked."""
    oldest: float = 0.0
    """The greatest age of an answer, seconds, after the first three minutes."""
    oldest_running: float = 0.0
    asked: int = 0

    def live(self, minutes: int) -> Fleet:
        """Let so much time pass."""
        chance, scheduler, pace = random.Random(1), RoomScheduler(), Pace(BURST, AHEAD)
        now_listed = {room.name: room for room in rooms(self.count)}
        names, answered = list(now_listed), dict.fromkeys(now_listed, 0.0)
        shown: list[tuple[float, str]] = []
        unseen: dict[str, float] = {}
        lists_every = 4 if self.count <= 200 else 6
        next_listing = 0.0
        per_minute = CAP - OTHERS - 60 / lists_every - (10 if self.count <= 50 else 5)
        for second in range(minutes * 60):
            if chance.random() < self.count * self.changing / 60:
                name = chance.choice(names)
                unseen.setdefault(name, second)
                shown.append((second + self.late, name))
            if second >= next_listing:
                next_listing += lists_every
                for at, name in [change for change in shown if change[0] <= second]:
                    shown.remove((at, name))
                    room = now_listed[name]
                    now_listed[name] = structs.replace(room, num_participants=room.num_participants + 1)
                scheduler.listed(tuple(now_listed.values()), second)
            chosen = scheduler.intervals(self.selection, per_minute)
            changed, _ = scheduler.unseen()
            most = pace.allows(per_minute - chosen.participants, second, left=BURST, urgent=changed)
            for name in scheduler.next(self.selection, second, chosen, most=most):
                scheduler.asked(name, second)
                pace.count()
                self.asked += 1
                kind = Activity.RUNNING if int(name[-4:]) < self.running else Activity.QUIET
                scheduler.answered(name, kind, second)
                answered[name] = second
                if name in unseen:
                    self.delays.append(second - unseen.pop(name))
            if second > 180:
                self.oldest = max(self.oldest, second - min(answered.values()))
                kept = [answered[name] for name in names[: self.running]]
                self.oldest_running = max(self.oldest_running, second - min(kept, default=second))
        return self

    def seen_within(self, seconds: float) -> float:
        """Share of the changes seen so soon."""
        return sum(delay <= seconds for delay in self.delays) / len(self.delays)


def in_view(count: int) -> Selection:
    """The first rooms are on the screen, and the very first is selected."""
    return Selection(room="room-0000", rooms_in_view=tuple(room.name for room in rooms(count)))


@pytest.mark.parametrize("late", [0, 5])
@pytest.mark.parametrize(
    ("count", "changing", "running", "seen", "oldest"),
    [(10, 0.5, 10, 10, 12), (50, 0.05, 50, 10, 45), (100, 0.05, 50, 10, 90), (1000, 0.02, 50, 15, 1e9)],
)
def test_the_goals(count: int, changing: float, running: int, seen: int, oldest: float, late: float) -> None:
    """With twelve rooms in view, one of them selected, and the versions of an agent on the screen."""
    fleet = Fleet(count, changing, late, running, in_view(12)).live(8)
    assert fleet.seen_within(seen) >= 0.95
    assert fleet.oldest <= oldest and (count > 100 or fleet.oldest_running <= 60)
    assert fleet.asked <= 8 * 98 + BURST, "the rest of the cap is for the other sources"


@pytest.mark.parametrize("count", [1, 2, 13, 30, 66, 99])
def test_a_tree_of_up_to_a_hundred_rooms_is_live(count: int) -> None:
    assert Fleet(count, 0.05, 5, count // 2, in_view(12)).live(6).oldest <= live_within(count)


@settings(max_examples=50)
@given(
    st.dictionaries(st.sampled_from(list(Activity)), st.integers(0, 3000)),
    st.integers(0, 40),
    st.floats(0, 1000),
)
def test_intervals_are_sane_whatever_there_is(
    counts: dict[Activity, int], in_view: int, per_minute: float
) -> None:
    found = intervals(counts, in_view=in_view, per_minute=per_minute)
    quiet = found.by_activity[Activity.QUIET]
    for interval in (found.selected, found.in_view, *found.by_activity.values()):
        assert AGAIN <= interval < 1e7
    assert found.by_activity[Activity.RUNNING] <= quiet and found.by_activity[Activity.UNSETTLED] <= quiet
    assert found.selected <= quiet and found.in_view <= quiet
    assert 0 <= found.participants <= max(2.0, per_minute)


def scheduler_of(count: int, now: float = 0.0) -> RoomScheduler:
    """A scheduler of so many rooms, each of which was asked at this time."""
    made = RoomScheduler()
    made.listed(rooms(count), now)
    for room in rooms(count):
        made.asked(room.name, now)
        made.answered(room.name, Activity.QUIET, now)
    return made


def due(
    scheduler: RoomScheduler, now: float, selection: Selection | None = None, *, most: int = 100
) -> list[str]:
    """The rooms that are asked next with the default cap."""
    selection = selection or Selection()
    return scheduler.next(selection, now, scheduler.intervals(selection, 97.0), most=most)


def test_what_changed_comes_before_what_is_in_view_and_that_before_the_rest() -> None:
    scheduler, selection = scheduler_of(40), Selection(room="room-0005", rooms_in_view=("room-0006",))
    listed = rooms(40)
    listed[7] = structs.replace(listed[7], num_publishers=1)
    listed[8] = structs.replace(listed[8], metadata="{}")
    listed[9] = structs.replace(listed[9], sid="RM_other")
    scheduler.listed((*listed, Room(name="new")), 20.0)
    assert scheduler.unseen() == (4, 20.0)
    found = due(scheduler, 20.0, selection)
    assert set(found[:4]) == {"new", "room-0007", "room-0008", "room-0009"}
    assert set(found[4:6]) == {"room-0005", "room-0006"}
    for room in found[:4]:
        scheduler.asked(room, 20.0)
        assert room not in due(scheduler, 20.0 + AGAIN - 1) or scheduler.unseen()[0]
        scheduler.answered(room, Activity.QUIET, 20.0)
    assert scheduler.unseen() == (0, None)


def test_a_change_during_the_answer_is_not_seen_by_it() -> None:
    scheduler, listed = scheduler_of(1), rooms(1)
    scheduler.asked("room-0000", 20.0)
    scheduler.listed([structs.replace(listed[0], num_participants=1)], 21.0)
    scheduler.answered("room-0000", Activity.QUIET, 20.0)
    assert scheduler.unseen() == (1, 21.0) and due(scheduler, 21.0) == ["room-0000"]


def test_rooms_that_nobody_answers_for_do_not_hold_up_the_others() -> None:
    scheduler = scheduler_of(60)
    for number in range(40):
        scheduler.failed(f"room-{number:04d}")
    found = due(scheduler, 500.0, most=10)
    assert sum(int(name[-4:]) < 40 for name in found) <= FAILING_AT_ONCE and len(found) == 10
    scheduler.answered("room-0003", Activity.QUIET, 500.0)
    assert scheduler.unseen()[0] == 39, "one answers again: the others are asked at once"


def test_many_changes_do_not_starve_what_is_in_view() -> None:
    scheduler = scheduler_of(200)
    selection = Selection(rooms_in_view=("room-0199",))
    asked: Counter[str] = Counter()
    for second in range(1, 300):
        changed = [structs.replace(room, num_participants=second) for room in rooms(199)]
        scheduler.listed((*changed, rooms(200)[199]), second)
        for name in due(scheduler, second, selection, most=2):
            asked[name] += 1
            scheduler.asked(name, second)
            scheduler.answered(name, Activity.QUIET, second)
    assert asked["room-0199"] >= 3 and len(asked) == 200


# ---- participants ---------------------------------------------------------------------------------------


def asked_for_people(
    needs: dict[str, Need], seconds: int, *, per_minute: float, room: str = ""
) -> Counter[str]:
    """How often each room is asked in so many seconds."""
    scheduler, found = ParticipantScheduler(), Counter[str]()
    for name, need in needs.items():
        scheduler.note(name, need)
    for now in range(0, seconds, 3):
        if chosen := scheduler.next(Selection(room=room), float(now), per_minute=per_minute):
            scheduler.asked(chosen, now)
            found[chosen] += 1
    return found


def test_participants_are_asked_for_where_jobs_need_them_and_not_only_where_one_looks() -> None:
    needs = {
        "young": Need.YOUNG,
        "doubt": Need.DOUBTFUL,
        "bad": Need.PROBLEM,
        "runs": Need.RUNNING,
        "no": Need.NONE,
    }
    found = asked_for_people(needs, 600, per_minute=60, room="selected")
    assert found["young"] > found["doubt"] > found["bad"] > found["runs"] > 5 and not found["no"]
    assert found["selected"] > 50 and found.total() <= 200, "at most twenty a minute"


def test_participants_take_what_is_left() -> None:
    needs = {f"r{number}": Need.DOUBTFUL for number in range(50)}
    found = asked_for_people(needs, 1200, per_minute=1.5, room="selected")
    assert 25 <= found.total() <= 32 and 6 <= found["selected"] <= 12
    assert asked_for_people(needs, 1200, per_minute=0.0).total() <= 21


def test_a_room_that_was_just_selected_is_asked_at_once() -> None:
    scheduler = ParticipantScheduler()
    scheduler.asked("a", 10.0)
    assert scheduler.next(Selection(room="a"), 11.0, per_minute=1.5) is None
    assert scheduler.next(Selection(room="b"), 11.0, per_minute=1.5) == "b"
