"""What is shown beside a real livekit-server with a real Redis and real workers: the rules of `rules`.

Run with `pytest -m peers -n 0 -s`; takes six to eight minutes.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.peers.desk import desk
from tests.peers.rules import check
from tests.peers.site import SECRET, WRONG_SECRET, missing, site, versions
from tests.peers.situations import AGENT, MAKES_NO_ROOMS, SITUATIONS
from tui.clock import SystemClock

NO_RESPONSE = 3.0
"""Seconds after which a server says that no node answers for a room."""
pytestmark = [pytest.mark.peers, pytest.mark.skipif(bool(missing()), reason=missing())]


@pytest.fixture(scope="module", autouse=True)
def which_versions() -> None:
    """Say what runs."""
    print(f"\n{versions()}")


@pytest.mark.parametrize("situation", SITUATIONS)
async def test_what_is_shown_is_true(situation: str, tmp_path: Path) -> None:
    clock = SystemClock()
    async with site(auto_create=situation != MAKES_NO_ROOMS) as place, AsyncExitStack() as held:
        desks = {
            secret: await held.enter_async_context(desk(AGENT, place.url(), secret, clock, tmp_path / secret))
            for secret in (SECRET, WRONG_SECRET)
        }

        async def dispatch(room: str, metadata: str, secret: str) -> None:
            await desks[secret].dispatch(room, metadata)

        async for stop in SITUATIONS[situation](place, dispatch):
            await desks[stop.secret].look(stop.room)
            check(situation, stop.name, desks[stop.secret])
        if situation == "new_room":
            assert desks[SECRET].took < NO_RESPONSE, "a room that is not listed is not waited for"
