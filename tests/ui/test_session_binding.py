"""When the screen is given what is known: by the second while data is stale, in coarse steps otherwise."""

from __future__ import annotations

from tests.fixtures.clocks import StillClock
from tests.fixtures.screen import playing
from tests.scenes import Scene, looks, settled
from tui.ui.session_binding import COARSE, WAVER


async def test_what_is_stale_grows_old_by_the_second_and_what_is_not_does_not() -> None:
    async with playing(Scene("watching")) as (app, pilot):
        clock, session = app.clock, app.session
        assert isinstance(clock, StillClock) and session is not None

        async def second() -> str:
            clock.at += 1.0
            app.session_binding.tick()
            await settled(pilot)
            return looks(app)[1]

        assert len({await second() for _ in range(3)}) == 1
        fresh = session.store.fleet.fresh("agents")
        for _ in range(2):
            fresh = fresh.failed("connection refused", clock.monotonic() + 30)
        session.store.freshen("agents", fresh)
        await settled(pilot)
        told = [await second() for _ in range(3)]
        assert len(set(told)) == 3 and all("STALE" in line for line in told)
        session.store.freshen("agents", fresh.good(clock.monotonic()))
        await settled(pilot)
        assert len({await second() for _ in range(3)}) == 1


async def test_the_time_that_ages_are_reckoned_from_does_not_waver_with_the_servers_clock() -> None:
    """The skew is measured in whole seconds; only a clock that was set goes back on the screen."""
    async with playing(Scene("watching")) as (app, pilot):
        clock = app.clock
        assert isinstance(clock, StillClock)
        shown, answered = [], set()
        just_after_a_step = COARSE - clock.at % COARSE + 0.5
        for step in (0.0, just_after_a_step, 1.0 - WAVER, -3600.0):
            clock.at += step
            app.session_binding.draw()
            await settled(pilot)
            shown.append(app.main.view.now)
            answered.add(app.main.view.unix(1000.0))
        assert shown[0] < shown[1] == shown[2] > shown[3]
        assert len(answered) == 1, "the time of an answer does not move in steps"
