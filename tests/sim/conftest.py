"""A calm, frozen world and somebody who calls it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.sim.caller import START, Caller
from tui.sim.http.server import Simulator, serve


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    """Three healthy agents; time moves only when pushed."""
    async with serve("calm", agents=3, speed=0, start_time=START) as simulator:
        yield simulator


@pytest.fixture
async def caller(simulator: Simulator) -> AsyncIterator[Caller]:
    """Calls that world with a token for everything."""
    async with Caller(simulator) as caller:
        yield caller
