"""Agents that broke or changed a moment ago: which they are, and what is asked of them at what pace."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from tests.fixtures.clocks import BACKEND, QuickClock
from tests.fleet.fake_livekit import World, client_of
from tests.fleet.running_poller import running_poller
from tui.api import errors
from tui.api.models import Agent, Deployment
from tui.fleet.polling.sources import AGENTS, SUSPECTS
from tui.fleet.polling.suspect_polling import AFTER_FAILURE, AGAIN, PER_MINUTE, Detail, SuspectPolling, Wanted
from tui.fleet.state import Fleet, with_agents
from tui.fleet.suspects import MOST, WATCHED_FOR


@pytest.fixture
def anyio_backend() -> object:
    """Virtual time."""
    return BACKEND


def agent(number: int, status: str = "Running", version: str = "v1", day: int = 1) -> Agent:
    """One of many."""
    row = Deployment(status=status, region="us-east")
    at = datetime(2026, 11, day, tzinfo=UTC)
    return Agent(agent_id=f"CA_{number}", version=version, agent_deployments=(row,), deployed_at=at)


def listed(*listings: tuple[float, tuple[Agent, ...]]) -> Mapping[str, float]:
    """The suspects after these listings, each with its time."""
    fleet = Fleet()
    for at, agents in listings:
        fleet = with_agents(fleet, agents, at)
    return fleet.suspects


def test_who_breaks_or_gets_another_version_is_one_and_who_is_seen_first_only_if_broken() -> None:
    first = (agent(1), agent(2), agent(3, "Error"), agent(4))
    assert dict(listed((0, first))) == {"CA_3": 0}
    second = (agent(1, "CrashLoop"), agent(2, version="v2"), first[2], first[3])
    assert dict(listed((0, first), (9, second))) == {"CA_1": 9, "CA_2": 9, "CA_3": 0}
    third = (agent(1, "Error"), *second[1:])
    assert list(listed((0, first), (9, second), (20, third))) == ["CA_1", "CA_2", "CA_3"], "another error"


def test_who_is_well_again_stays_one_for_ten_minutes_and_who_is_gone_does_not() -> None:
    broken, well = (agent(1, "Error"), agent(2)), (agent(1), agent(2))
    other = (agent(1), agent(2, "Waking"))
    assert dict(listed((0, broken), (60, well))) == {"CA_1": 0}
    assert dict(listed((0, broken), (60, well), (WATCHED_FOR + 1, other))) == {}
    assert dict(listed((0, broken), (60, well[1:]))) == {}


def test_of_many_the_newest_are_and_of_those_seen_at_once_the_ones_deployed_last() -> None:
    many = tuple(agent(number, "Error", day=number) for number in range(1, 21))
    assert list(listed((0, many))) == [f"CA_{number}" for number in range(20, 20 - MOST, -1)]
    another = (*many, agent(99, "CrashLoop"))
    assert list(listed((0, many), (9, another)))[:2] == ["CA_99", "CA_20"]


async def test_what_is_asked_is_bounded_and_the_newest_come_first() -> None:
    polling, world = SuspectPolling(), World(clock := QuickClock())
    fleet = Fleet(suspects={f"CA_{number}": 0.0 for number in range(MOST)})
    found = []
    async with client_of(world, clock, 6000) as client:
        for second in range(59):
            if (wanted := polling.due(fleet, float(second), 80.0)) is not None:
                await polling.ask(client, wanted, float(second))
                found.append(wanted)
    assert found[:3] == [("CA_0", Detail.SECRETS), ("CA_0", Detail.VERSIONS), ("CA_1", Detail.SECRETS)]
    assert len(found) == PER_MINUTE
    assert polling.due(fleet, 61.0, 10.0) is None, "there is nothing to spare"
    assert polling.due(fleet, 61.0, 80.0) == ("CA_5", Detail.SECRETS)


async def test_details_are_asked_once_then_every_five_minutes_or_when_it_enters_again() -> None:
    polling, fleet = SuspectPolling(), Fleet(suspects={"CA_1": 0.0})
    world = World(clock := QuickClock())
    async with client_of(world, clock, 6000) as client:
        for detail in Detail:
            assert polling.due(fleet, 1.0, None) == ("CA_1", detail)
            assert await polling.ask(client, ("CA_1", detail), 1.0) is not None
        assert polling.due(fleet, AGAIN, None) is None
        assert polling.due(fleet, AGAIN + 1, None) == ("CA_1", Detail.SECRETS)
        assert polling.due(Fleet(suspects={"CA_1": 50.0}), 60.0, None) == ("CA_1", Detail.SECRETS)
        world.troubles["*"] = errors.Unknown("Bad Gateway", status=502)
        assert await polling.ask(client, ("CA_1", Detail.SECRETS), 60.0) is None
    assert polling.due(fleet, 60.0 + AFTER_FAILURE - 1, None) is None
    assert polling.due(fleet, 60.0 + AFTER_FAILURE, None) == ("CA_1", Detail.SECRETS)


async def test_a_detail_that_the_budget_did_not_let_ask_stays_due_and_takes_no_request() -> None:
    polling, fleet = SuspectPolling(), Fleet(suspects={"CA_1": 0.0})
    world = World(clock := QuickClock())
    world.troubles["*"] = errors.Throttled("budget used up", retry_after=1.0)
    async with client_of(world, clock, 6000) as client:
        for second in range(PER_MINUTE + 1):
            assert polling.due(fleet, float(second), None) == ("CA_1", Detail.SECRETS)
            assert await polling.ask(client, ("CA_1", Detail.SECRETS), float(second)) is None


async def test_what_is_known_is_asked_again_at_the_pace_that_the_rooms_leave() -> None:
    world = World(clock := QuickClock())
    fleet = Fleet(suspects={f"CA_{number}": 0.0 for number in range(MOST)})
    for left, requests in ((1.0, 15), (2.0, 20), (20.0, 32)):
        polling, again = SuspectPolling(), list[Wanted]()
        async with client_of(world, clock, 6000) as client:
            for second in range(900):
                if (wanted := polling.due(fleet, float(second), 80.0, left)) is not None:
                    await polling.ask(client, wanted, float(second))
                    again += [wanted] if second >= AGAIN else []
        assert requests - 1 <= len(again) <= requests + 1
        assert len(set(again)) == min(len(again), 2 * MOST), "each in its turn"


async def test_the_details_of_a_broken_agent_come_although_nobody_looks_at_it() -> None:
    async with running_poller(sources=(AGENTS, SUSPECTS)) as it:
        await it.run(30)
        assert not it.fleet.versions and not it.world.calls("ListAgentVersions"), "nothing is broken"
        rows = [{"agent_id": "CA_1", "status": "CrashLoop"}]
        it.world.troubles["ListAgentVersions"] = errors.Unknown("Bad Gateway", status=502)
        it.world.agents = [{"agent_id": "CA_1", "agent_name": "one", "agent_deployments": rows}]
        await it.run(20)
        assert [secret.name for secret in it.fleet.secrets["CA_1"]] == ["TOKEN"]
        assert "CA_1" not in it.fleet.versions and not it.fresh("suspects").failures
        it.world.troubles.clear()
        await it.run(AFTER_FAILURE + 2)
        assert [version.version for version in it.fleet.versions["CA_1"]] == ["CA_1-1"]
        assert len(it.world.calls("ListAgentSecrets")) == 1
