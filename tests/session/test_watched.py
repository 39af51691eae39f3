"""What every watched project offers: one contract, held for the live session and for the recorded one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from tests.fixtures.clocks import ManualClock
from tests.fixtures.session import running, until, watched
from tui.api.changes import RESTART_AGENT
from tui.api.client import Client
from tui.api.errors import NotSent
from tui.fleet.polling.sources import AGENTS, VERSIONS
from tui.fleet.store import Change
from tui.fleet.view import Selection
from tui.session.replayed import Replay
from tui.session.watched import Watched

Kind = Callable[[], AbstractAsyncContextManager[Watched]]


@asynccontextmanager
async def live() -> AsyncIterator[Watched]:
    """A session at work that knows the agents, their details and the rooms."""
    async with watched("incident", read_only=True) as (_, session):
        await until(session, lambda fleet: bool(fleet.agents and fleet.rooms))
        agent_id = session.store.fleet.agents[0].agent_id
        session.select(Selection(agent_id=agent_id))
        await until(session, lambda fleet: agent_id in fleet.versions and agent_id in fleet.secrets)
        yield session


@asynccontextmanager
async def replayed() -> AsyncIterator[Watched]:
    """What such a session knew, recorded."""
    async with live() as session:
        recorded = Replay(session.project, session.store.fleet, clock=ManualClock())
    async with running(recorded):
        yield recorded


each_kind = pytest.mark.parametrize("kind", [live, replayed])


@each_kind
async def test_what_is_known_is_in_the_store_which_tells_of_changes(kind: Kind) -> None:
    async with kind() as session:
        assert session.store.fleet.agents and session.store.fleet.rooms
        assert session.project.name == "t"
        told: list[Change] = []
        session.store.subscribe(told.append)
        session.select(Selection(agent_id=session.store.fleet.agents[1].agent_id))
        await until(session, lambda fleet: bool(told))


@each_kind
async def test_the_details_become_those_of_what_is_selected(kind: Kind) -> None:
    async with kind() as session:
        second = session.store.fleet.agents[1].agent_id
        session.select(Selection(agent_id=second))
        fleet = await until(session, lambda fleet: fleet.fresh("versions").subject == second)
        assert fleet.fresh("versions").at is not None


@each_kind
async def test_asking_now_is_always_possible(kind: Kind) -> None:
    async with kind() as session:
        session.nudge()
        session.nudge(AGENTS, VERSIONS)


@each_kind
async def test_an_item_of_a_listing_is_had_as_it_was_received_or_not_at_all(kind: Kind) -> None:
    async with kind() as session:
        agent = session.store.fleet.agents[0]
        raw = session.raw(agent)
        assert bool(raw) != bool(session.refusal), "a recording has what was decoded, and says so"
        assert not raw or json.loads(raw)["agent_id"] == agent.agent_id


@each_kind
async def test_the_link_names_the_host_and_stays_equal_while_nothing_happens(kind: Kind) -> None:
    async with kind() as session:
        link = session.link()
        assert session.project.url.removeprefix("http://") in link.hosts
        assert link == session.link()


@each_kind
async def test_requests_are_answered_or_refused_with_the_reason(kind: Kind) -> None:
    async with kind() as session:
        agent_id = session.store.fleet.agents[0].agent_id
        assert (session.client_of(Client) is None) == bool(session.refusal)
        assert session.client_of(int) is None
        if session.refusal:
            with pytest.raises(NotSent, match="nothing more can be asked"):
                await session.remote.list_agents()
            with pytest.raises(NotSent, match="nothing more can be asked"):
                await session.remote.change(RESTART_AGENT, {"agent_id": agent_id}, request_id="r")
        else:
            assert (await session.remote.list_agents(agent_id)).items


@each_kind
async def test_a_read_only_project_may_be_unlocked_where_anything_can_be_changed(kind: Kind) -> None:
    async with kind() as session:
        assert session.link().unlocked == 0
        session.unlock(60.0)
        assert bool(session.link().unlocked) != bool(session.refusal)
        session.lock()
        assert session.link().unlocked == 0


@each_kind
async def test_it_runs_until_cancelled_and_what_keeps_it_open_ends_later(kind: Kind) -> None:
    async with kind() as session:
        async with session.kept():
            await asyncio.sleep(0)
        assert session.store.fleet.agents
