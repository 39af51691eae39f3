"""What changes of ten thousand agents or dispatches tell is derived beside the loop, and is the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.history.fleets import Life
from tui.api.models import Dispatch
from tui.clock import Moment
from tui.fleet.past import Kind, Severity
from tui.fleet.state import Fleet
from tui.fleet.store import Change
from tui.history import timeline
from tui.history.events.derive import Input, Reported, State, Step, Tick
from tui.history.timeline import History

EPOCH = 1_786_000_000.0


@pytest.fixture(autouse=True)
def _everything_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "MANY", 0)


def inputs(seed: int) -> list[Input]:
    """A life, with ticks and a note in it."""
    life, before, found = Life(seed), Fleet(), list[Input]()
    for number in range(40):
        fleet = life.step()
        at = Moment(EPOCH + life.at, life.at)
        fields = frozenset(name for name, value in vars(fleet).items() if value != vars(before)[name])
        if fields:
            found.append(Change(before, fleet, fields, at))
        if number % 5 == 0:
            found.append(Tick(fleet, at))
        if number == 20:
            found.append(Reported("note1", EPOCH + life.at, Kind.NOTE, Severity.INFO, "hello"))
        before = fleet
    return found


class Followed:
    """A history and all that it told."""

    def __init__(self) -> None:
        self.history = History(State(run="r-"))
        self.steps: list[Step] = []
        self.all_told = asyncio.Event()
        self.wanted = 0
        self.history.follow(self.see)

    def see(self, step: Step) -> None:
        """Keep it."""
        self.steps.append(step)
        if len(self.steps) == self.wanted:
            self.all_told.set()

    def told(self) -> list[tuple[object, ...]]:
        """All of it, in order."""
        return [(step.events, step.transitions, step.failed, step.job_counts) for step in self.steps]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let it take in large changes in a thread."""
        task = asyncio.create_task(self.history.run())
        await asyncio.sleep(0)
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_derived_beside_the_loop_is_the_same_in_the_same_order(seed: int) -> None:
    at_once, beside, everything = Followed(), Followed(), inputs(seed)
    beside.wanted = len(everything)
    async with beside.running():
        for happened in everything:
            at_once.history.take(happened)
            beside.history.take(happened)
        assert len(beside.steps) < len(everything), "the loop waits for none of it"
        await beside.all_told.wait()
        assert beside.told() == at_once.told()
        assert any(step.is_late for step in beside.steps)
        assert beside.history.past.events == at_once.history.past.events


async def test_since_when_is_not_said_until_it_is_derived() -> None:
    """The fleet is shown at once: how an agent is would stand beside since when it was another."""
    followed, everything = Followed(), inputs(1)
    async with followed.running():
        first, *more = (item for item in everything if isinstance(item, Change) and "agents" in item.fields)
        followed.wanted = 1
        followed.history.take(first)
        await followed.all_told.wait()
        known = [id for id in first.after.index if followed.history.past.since(id)]
        assert known
        followed.history.take(more[0])
        assert not any(followed.history.past.since(id) for id in known)


async def test_what_waits_at_the_end_is_not_lost() -> None:
    at_once, beside, everything = Followed(), Followed(), inputs(2)
    async with beside.running():
        for happened in everything:
            at_once.history.take(happened)
            beside.history.take(happened)
    assert beside.told() == at_once.told()


async def test_answers_about_rooms_with_many_dispatches_are_derived_beside_the_loop_too() -> None:
    """Since when agents have their status is said all the while."""
    followed = Followed()
    held = {"r": (Dispatch(id="AD_1"),)}
    many = Change(Fleet(), Fleet(dispatches=held), frozenset({"dispatches"}), Moment(EPOCH, 1.0))
    async with followed.running():
        past = followed.history.past
        followed.wanted = 1
        followed.history.take(many)
        assert not followed.steps and followed.history.past is past
        await followed.all_told.wait()
        assert followed.steps[0].is_late and followed.steps[0].happened is many
