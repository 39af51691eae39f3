"""What is shown of answers that real servers gave: the rules of `rules`, without any server."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.clocks import ManualClock
from tests.peers import recording
from tests.peers.desk import desk
from tests.peers.replay import replaying
from tests.peers.rules import RULES, check
from tests.peers.site import WRONG_SECRET
from tests.peers.situations import AGENT, SITUATIONS


def test_each_situation_is_recorded_and_has_rules_for_each_stop() -> None:
    assert RULES.keys() == SITUATIONS.keys() == {path.stem for path in recording.FOLDER.glob("*.json")}
    for name, rules in RULES.items():
        assert tuple(rules) == tuple(stop.name for stop in recording.read(name).stops)


@pytest.mark.parametrize("situation", SITUATIONS)
async def test_what_is_shown_is_true(situation: str, tmp_path: Path) -> None:
    recorded = recording.read(situation)
    clock = ManualClock(recorded.stops[0].at)
    async with replaying() as replay, desk(AGENT, replay.server.url, WRONG_SECRET, clock, tmp_path) as it:
        replay.stop = recording.read("new_room").stops[0]  # a server without rooms
        for stop in recorded.stops:
            replay.after = stop
            for sent in stop.sent:
                await it.dispatch(stop.room, str(sent.request["metadata"]))
            replay.stop = stop
            clock.advance(max(0.0, stop.at - clock.now()))
            await it.look(stop.room)
            check(situation, stop.name, it)


async def test_a_room_that_is_known_not_to_exist_is_not_asked_for_its_dispatches(tmp_path: Path) -> None:
    """A self-hosted server answers that after three seconds."""
    before, after = recording.read("new_room").stops[:2]
    clock = ManualClock(before.at)
    async with replaying() as replay, desk(AGENT, replay.server.url, WRONG_SECRET, clock, tmp_path) as it:
        replay.stop, replay.after = before, after
        await it.look(before.room)
        await it.dispatch(before.room)
        assert it.outcome.startswith("done: ")
        asked = [request.method for request in replay.server.requests]
        assert "ListDispatch" not in asked[: asked.index("CreateDispatch")]
