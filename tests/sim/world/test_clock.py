"""The world's clock: frozen, pushed, paced, and never backwards."""

from __future__ import annotations

import asyncio

import pytest

from tui.sim.world.clock import WorldClock


class Hand:
    """A monotonic clock moved by hand."""

    def __init__(self) -> None:
        self.value = 100.0

    def __call__(self) -> float:
        return self.value


def test_world_time_is_real_time_times_speed() -> None:
    hand = Hand()
    clock = WorldClock(1000.0, 3.0, hand)
    hand.value += 2
    assert clock.now() == 1006.0


def test_a_change_of_speed_does_not_move_the_present() -> None:
    hand = Hand()
    clock = WorldClock(1000.0, 1.0, hand)
    hand.value += 10
    clock.speed = 5.0
    assert clock.now() == 1010.0
    hand.value += 1
    assert clock.now() == 1015.0


def test_a_frozen_clock_moves_only_when_pushed() -> None:
    hand = Hand()
    clock = WorldClock(1000.0, 0.0, hand)
    hand.value += 50
    assert clock.now() == 1000.0
    clock.advance(7)
    assert clock.now() == 1007.0
    assert clock.real_seconds_until(1010) is None


def test_skew_is_what_the_outside_sees() -> None:
    clock = WorldClock(1000.0, 0.0)
    clock.skew = 90
    assert (clock.now(), clock.shown()) == (1000.0, 1090.0)


@pytest.mark.parametrize("push", [-1.0, -0.001])
def test_time_does_not_run_backwards(push: float) -> None:
    clock = WorldClock(1000.0, 0.0)
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(push)
    with pytest.raises(ValueError, match="backwards"):
        clock.speed = push


async def test_a_sleeper_wakes_by_a_push_and_not_before() -> None:
    clock = WorldClock(1000.0, 0.0)
    sleeper = asyncio.create_task(clock.sleep(10))
    await asyncio.sleep(0)
    clock.advance(9)
    await asyncio.sleep(0)
    assert not sleeper.done()
    clock.advance(1)
    await asyncio.wait_for(sleeper, 5)


async def test_a_sleeper_wakes_by_itself_when_time_runs() -> None:
    clock = WorldClock(1000.0, 1000.0)
    await asyncio.wait_for(clock.sleep(10), 5)
    assert clock.now() >= 1010
