"""A polled source is one entry: the poller, freshness and refreshing by hand need nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fixtures.clocks import BACKEND
from tests.fleet.running_poller import running_poller
from tui.api.hosts import Host
from tui.fleet.coverage import Coverage
from tui.fleet.polling.sources import (
    AGENTS,
    DISPATCHES,
    FEW_ROOMS,
    ROOMS,
    SOON,
    SOURCES,
    VERSIONS,
    FetchContext,
    Source,
)
from tui.fleet.state import Fleet
from tui.fleet.store import Merge
from tui.fleet.view import Selection


@pytest.fixture
def anyio_backend() -> object:
    """All of this happens in virtual time."""
    return BACKEND


async def test_a_source_is_added_by_one_entry_and_taken_away_with_it() -> None:
    async def read(context: FetchContext) -> Merge:
        batch = await context.client.list_versions("CA_a")
        return lambda fleet: replace(fleet, versions={**fleet.versions, "CA_a": batch.items})

    def always(fleet: Fleet, selection: object) -> str:
        return ""

    added = Source("extra", Host.AGENTS, lambda fleet, selection, refresh: 10.0, always, read)
    async with running_poller(sources=(*SOURCES, added)) as made:
        await made.run(1.0)
        assert made.fresh("extra").at is not None
        asked = made.fresh("extra").at
        assert "CA_a" in made.fleet.versions
        await made.run(15.0)
        again = made.fresh("extra").at
        assert asked is not None and again is not None and again >= asked + 10.0
    async with running_poller() as made:
        await made.run(1.0)
        assert made.fresh("extra").at is None
        assert "CA_a" not in made.fleet.versions


@pytest.mark.parametrize("pane", ["versions", "status"])
async def test_versions_on_the_screen_are_asked_for_when_another_one_becomes_the_current_one(
    pane: str,
) -> None:
    async with running_poller(sources=(AGENTS, ROOMS, VERSIONS)) as it:
        it.world.rooms = [f"room-{number}" for number in range(FEW_ROOMS + 1)]
        it.world.agents = [{"agent_id": "CA_1", "agent_name": "one", "version": "v1"}]
        await it.run(1)
        it.poller.select(Selection(agent_id="CA_1", panes_in_view=(pane,)))
        await it.run(62)
        regular = len(it.world.calls("ListAgentVersions"))
        assert regular == (2 if pane == "versions" else 1)
        it.world.agents = [{"agent_id": "CA_1", "agent_name": "one", "version": "v2"}]
        await it.run(13)
        assert len(it.world.calls("ListAgentVersions")) == regular + (pane == "versions")


def test_while_a_room_that_changed_waits_for_a_request_it_is_looked_for_one_more_often() -> None:
    waits, calm = (Fleet(coverage=Coverage(total=9, changed=count)) for count in (1, 0))
    for refresh, often in ((1.0, 1.0), (2.0, 1.0), (10.0, 5.0)):
        assert DISPATCHES.every(calm, Selection(), refresh) == often
        assert DISPATCHES.every(waits, Selection(), refresh) == SOON
