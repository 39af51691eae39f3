"""A session: client, store and poller together, on real sockets."""

from __future__ import annotations

import asyncio
import random

import pytest
from msgspec import structs

from tests.api.messages import expected
from tests.api.scripted import KEY, SECRET
from tests.fixtures.clocks import ManualClock
from tests.fixtures.session import until, watched
from tui.api.errors import BadTarget
from tui.api.models import Agent, Deployment, Dispatch
from tui.clock import SystemClock
from tui.fleet.polling.sources import AGENTS
from tui.fleet.state import Freshness, with_agents
from tui.fleet.view import Selection
from tui.project import REQUESTS_PER_MINUTE, Project
from tui.secret import Secret
from tui.session.live import Session
from tui.sim.http.orders import CrashOrder
from tui.sim.http.server import serve
from tui.sim.scenarios.specs import FaultSpec


async def test_what_the_server_knows_arrives_in_the_store() -> None:
    async with watched("incident") as (simulator, session):
        fleet = await until(session, lambda fleet: fleet.coverage.polled >= 8)
        records = simulator.world.agents
        assert fleet.index == {key: expected(record.info, Agent) for key, record in records.items()}
        assert {room.name for room in fleet.rooms} == set(simulator.world.rooms)
        for room, dispatches in fleet.dispatches.items():
            there = simulator.world.rooms[room].dispatches.values()
            assert set(map(repr, dispatches)) == {repr(expected(item, Dispatch)) for item in there}
        agent, room = fleet.agents[0], fleet.rooms[0].name
        session.select(Selection(agent_id=agent.agent_id, room=room))
        details = (agent.agent_id, agent.agent_id, room)
        fleet = await until(
            session,
            lambda fleet: all(
                key in known
                for key, known in zip(
                    details, (fleet.versions, fleet.secrets, fleet.participants), strict=True
                )
            ),
        )
        assert len(fleet.versions[agent.agent_id]) == len(records[agent.agent_id].versions)
        link = session.link()
        assert link.hosts == simulator.url.removeprefix("http://")
        assert link.used > 10 and link.budget == REQUESTS_PER_MINUTE


async def test_a_change_there_is_a_change_here_and_nothing_else_is() -> None:
    async with watched("calm") as (simulator, session):
        before = await until(session, lambda fleet: bool(fleet.agents))
        agent = before.agents[3]
        simulator.control.crash(CrashOrder(agent_id=agent.agent_id))
        session.nudge(AGENTS)
        after = await until(session, lambda fleet: session.past.has_changes)
        changes = {item.agent_id: session.past.changed(item.agent_id) for item in after.agents}
        assert [key for key, change in changes.items() if change] == [agent.agent_id]
        change = changes[agent.agent_id]
        assert change is not None and change.before is agent
        since = session.past.since(agent.agent_id)
        assert since is not None and since.at is not None
        same = [new is old for new, old in zip(after.agents, before.agents, strict=True)]
        assert same.count(False) == 1 and after.rooms is before.rooms


async def test_an_outage_is_said_and_survived() -> None:
    async with watched("calm") as (simulator, session):
        before = await until(session, lambda fleet: bool(fleet.agents))
        simulator.faults.add(FaultSpec(path="/twirp/*", action="html"))
        session.nudge()
        during = await until(session, lambda fleet: fleet.fresh("agents").stale)
        assert during.agents is before.agents and "502" in during.fresh("agents").error
        simulator.faults.clear()
        session.nudge()
        after = await until(session, lambda fleet: not fleet.fresh("agents").failures)
        assert after.agents is before.agents


def target(url: str, agents_url: str = "", per_minute: int = 60) -> Project:
    """A project at an address."""
    secret = Secret(SECRET)
    return Project("t", url, agents_url or url, KEY, secret, "test", requests_per_minute=per_minute)


async def test_the_configured_cap_holds_for_every_address_and_a_429_lowers_the_rate() -> None:
    clock = ManualClock()
    session = Session(target("http://127.0.0.1:7880"), clock=clock, chance=random.Random(1), refresh=2.0)
    assert (session.link().budget, session.link().slowed_to) == (60, None)
    session.client.budget.limited(5)
    assert (session.link().budget, session.link().slowed_to) == (60, 30)
    clock.advance(90)
    assert session.link().slowed_to == 40, "in steps"
    clock.advance(100)
    assert session.link().slowed_to is None
    await session.client.aclose()


def test_a_session_is_not_made_for_an_address_that_may_not_see_a_token() -> None:
    with pytest.raises(BadTarget):
        Session(target("http://lk.example"), clock=ManualClock(), chance=random.Random(1), refresh=2.0)
    assert SECRET not in repr(target("http://lk.example")) and KEY not in repr(target("http://lk.example"))


async def test_who_follows_is_told_too_when_an_event_is_only_replaced_by_that_of_another_process() -> None:
    clock = ManualClock()
    session = Session(target("http://127.0.0.1:7880"), clock=clock, chance=random.Random(1), refresh=2.0)
    told: list[int] = []
    session.follow(lambda: told.append(len(session.past.events)))
    for status in ("Running", "CrashLoop"):
        clock.advance(10.0)
        agents = (Agent(agent_id="CA_1", agent_deployments=(Deployment(status=status),)),)
        fresh = Freshness(at=clock.monotonic())
        session.store.freshen("agents", fresh, lambda fleet, agents=agents: with_agents(fleet, agents))
    (own,) = session.past.events
    theirs = [structs.replace(own, id="other-1", at=own.at + 2.0)]
    session._history.add(theirs)
    assert [event.id for event in session.past.events] == ["other-1"] and told == [1, 1]
    session._history.add(theirs)
    assert told == [1, 1], "nothing is new"
    await session.client.aclose()


async def test_connections_stay_open_until_the_work_that_needs_them_is_done() -> None:
    async with serve("calm", speed=0) as simulator:
        session = Session(
            Project("t", simulator.url, simulator.url, simulator.key, Secret(simulator.secret), "test"),
            clock=SystemClock(),
            chance=random.Random(1),
            refresh=2.0,
        )
        task = asyncio.create_task(session.run())
        await until(session, lambda fleet: bool(fleet.agents))
        async with session.kept():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert (await session.remote.list_agents()).items
        with pytest.raises(RuntimeError, match="closed"):
            await session.remote.list_agents()
