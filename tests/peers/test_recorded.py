"""What is shown of answers that real servers gave: the rules of `rules`, without any server."""

from __future__ import annotations

import pytest

from tests.fixtures.clocks import ManualClock
from tests.peers import recording
from tests.peers.desk import desk
from tests.peers.replay import replaying
from tests.peers.rules import RULES, check
from tests.peers.site import WRONG_SECRET
from tests.peers.situations import SITUATIONS


def test_each_situation_is_recorded_and_has_rules_for_each_stop() -> None:
    assert RULES.keys() == SITUATIONS.keys() == {path.stem for path in recording.FOLDER.glob("*.json")}
    for name, rules in RULES.items():
        assert tuple(rules) == tuple(stop.name for stop in recording.read(name).stops)


@pytest.mark.parametrize("situation", SITUATIONS)
async def test_what_is_shown_is_true(situation: str) -> None:
    recorded = recording.read(situation)
    clock = ManualClock(recorded.stops[0].at)
    async with replaying() as replay, desk(replay.server.url, WRONG_SECRET, clock) as it:
        for stop in recorded.stops:
            replay.stop = stop
            clock.advance(max(0.0, stop.at - clock.now()))
            await it.look(stop.room)
            check(situation, stop.name, it)
