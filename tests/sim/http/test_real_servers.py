"""What was seen on real servers, by switches and scenarios, through the real `livekit-api` client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from livekit import api
from livekit.protocol.agent import JSR_NO_CAPACITY

from tests.sim.caller import START, token
from tests.sim.http.test_dispatchservice import GUEST, client, jobs, people, refused, wanted
from tui.sim.http.orders import NodeOrder, PersonOrder, WorkerOrder
from tui.sim.http.server import Simulator, serve
from tui.sim.scenarios.specs import (
    AgentSpec,
    DispatchSpec,
    JobSpec,
    PersonSpec,
    RoomSpec,
    Scenario,
)

SELF_HOSTED: dict[str, object] = {
    "cloud_agents": False,
    "missing_room": "oss",
    "missing_room_seconds": 0.0,
    "stale_jobs": True,
    "prefix_errors": True,
}
NO_RESPONSE = ("unavailable", 503, "twirp error unknown: no response from servers")


def one_agent(*, people: list[PersonSpec] | None = None, **facts: object) -> Scenario:
    """One room and one agent, whose spec differs from the usual by `facts`."""
    agent = AgentSpec(name="concierge")
    for name, value in facts.items():
        setattr(agent, name, value)
    return Scenario(agents=[agent], rooms=[RoomSpec(name="lobby", people=people or [GUEST])])


@asynccontextmanager
async def self_hosted(
    scenario: Scenario | None = None, **switches: object
) -> AsyncIterator[tuple[Simulator, api.LiveKitAPI]]:
    async with client(scenario, **{**SELF_HOSTED, **switches}) as (simulator, lk):
        yield simulator, lk


async def room(lk: api.LiveKitAPI, name: str = "lobby") -> api.Room:
    """A room as ListRooms shows it."""
    (found,) = (await lk.room.list_rooms(api.ListRoomsRequest(names=[name]))).rooms
    return found


# -- nodes and the store


async def test_rooms_of_a_dead_node_are_listed_but_nobody_answers_for_them() -> None:
    plan = one_agent()
    plan.rooms[0].node = "ND_2"
    async with self_hosted(plan) as (simulator, lk):
        simulator.control.node(NodeOrder(node="ND_2"))
        assert (await room(lk)).num_participants == 1
        who = api.RoomParticipantIdentity(room="lobby", identity="guest")
        for call in (
            lk.agent_dispatch.list_dispatch("lobby"),
            lk.agent_dispatch.delete_dispatch("AD_x", "lobby"),
            lk.agent_dispatch.create_dispatch(wanted()),
            lk.room.remove_participant(who),
            lk.room.delete_room(api.DeleteRoomRequest(room="lobby")),
        ):
            assert await refused(call) == NO_RESPONSE
        assert simulator.control.effects() == []
        assert list(await people(lk)) == ["guest"], "participants are read from the store"
        assert (await lk.room.get_participant(who)).identity == "guest"
        simulator.control.node(NodeOrder(node="ND_2", alive=True))
        assert list(await people(lk)) == ["guest"]


async def test_the_silence_of_a_dead_node_takes_its_time() -> None:
    plan = one_agent()
    plan.rooms[0].node, plan.dead_nodes = "ND_2", ["ND_2"]
    async with (
        self_hosted(plan, missing_room_seconds=60) as (simulator, _),
        httpx.AsyncClient(base_url=simulator.url, timeout=0.2, trust_env=False) as http,
    ):
        with pytest.raises(httpx.ReadTimeout):
            await http.post(
                "/twirp/livekit.AgentDispatchService/ListDispatch",
                json={"room": "lobby"},
                headers={"Authorization": f"Bearer {token(simulator, room='lobby')}"},
            )


@pytest.mark.parametrize("moves", [True, False])
async def test_a_dispatch_moves_the_room_of_a_long_dead_node_by_switch(moves: bool) -> None:
    plan = one_agent()
    plan.rooms[0].node, plan.dead_nodes = "ND_2", ["ND_2"]
    async with self_hosted(plan, dead_node_rooms_move=moves) as (_, lk):
        call = lk.agent_dispatch.create_dispatch(wanted())
        if not moves:
            assert await refused(call) == NO_RESPONSE
            return
        made = await call
        assert [found.id for found in await lk.agent_dispatch.list_dispatch("lobby")] == [made.id]
        assert list(await people(lk)) == ["guest"]


async def test_a_store_that_is_gone_fails_everything_and_an_emptied_one_lists_nothing() -> None:
    async with self_hosted(store="gone") as (simulator, lk):
        lists = lk.room.list_rooms(api.ListRoomsRequest())
        assert (await refused(lists))[:2] == ("unknown", 500)
        assert (await refused(lk.agent_dispatch.create_dispatch(wanted())))[:2] == ("unknown", 500)
        assert await refused(lk.agent_dispatch.list_dispatch("lobby")) == NO_RESPONSE
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.get(simulator.url)).status_code == 406
        simulator.control.switch({"store": "emptied"})
        assert list((await lk.room.list_rooms(api.ListRoomsRequest())).rooms) == []
        assert list(await people(lk)) == []
        assert await lk.agent_dispatch.list_dispatch("lobby") == []


async def test_without_auto_create_a_self_hosted_server_says_that_nobody_answers() -> None:
    async with self_hosted(auto_create=False) as (simulator, lk):
        assert await refused(lk.agent_dispatch.create_dispatch(wanted(room="new"))) == NO_RESPONSE
        assert simulator.control.effects() == []


@pytest.mark.parametrize("late", [0.0, 5.0])
async def test_the_counters_of_a_room_are_as_late_as_the_switch_says(late: float) -> None:
    async with self_hosted(room_counters_late_seconds=late) as (simulator, lk):
        simulator.control.person(PersonOrder(room="lobby", identity="bob"))
        simulator.control.person(PersonOrder(room="lobby", identity="bob", act="publish"))
        assert len(await people(lk)) == 2
        if late:
            assert ((await room(lk)).num_participants, (await room(lk)).num_publishers) == (1, 1)
            simulator.advance(late)
        assert ((await room(lk)).num_participants, (await room(lk)).num_publishers) == (2, 2)
        simulator.control.person(PersonOrder(room="lobby", identity="bob", act="leave"))
        simulator.control.person(PersonOrder(room="lobby", identity="guest", act="leave"))
        simulator.advance(20)
        assert list((await lk.room.list_rooms(api.ListRoomsRequest())).rooms) == []


# -- tokens


@pytest.mark.parametrize(
    ("secret", "expires", "reason"),
    [
        ("x" * 40, 300.0, "token signature is invalid: signature is invalid"),
        ("", -120.0, "token has invalid claims: token is expired"),
    ],
)
async def test_a_released_server_echoes_the_token_that_it_refuses(
    secret: str, expires: float, reason: str
) -> None:
    for echo in (True, False):
        async with (
            serve("calm", agents=1, echo_token=echo) as simulator,
            httpx.AsyncClient(trust_env=False) as http,
        ):
            made = token(simulator, secret=secret, expires=expires)
            answer = await http.post(
                f"{simulator.url}/twirp/livekit.RoomService/ListRooms",
                headers={"Authorization": f"Bearer {made}"},
            )
            assert answer.status_code == 401
            before = f"invalid token: {made}, error" if echo else "invalid authorization token"
            assert answer.text == f"{before}: {reason}"


# -- jobs


@pytest.mark.parametrize("switches", [SELF_HOSTED, {}], ids=["self-hosted", "cloud"])
async def test_a_refused_job_is_a_success_without_time_or_agent(switches: dict[str, object]) -> None:
    async with client(one_agent(refuses=True), **switches) as (simulator, lk):
        await lk.agent_dispatch.create_dispatch(wanted())
        simulator.advance(2)
        (job,) = await jobs(lk)
        assert (job.state.status, job.state.participant_identity) == (api.JS_SUCCESS, "")
        assert START * 1e9 < job.state.started_at == job.state.ended_at
        assert list(await people(lk)) == ["guest"]


@pytest.mark.parametrize(("entrypoint", "on_cloud"), [("raises", api.JS_FAILED), ("returns", api.JS_SUCCESS)])
async def test_an_entrypoint_that_raises_or_returns_is_only_seen_on_cloud(
    entrypoint: str, on_cloud: int
) -> None:
    for switches, status in ((SELF_HOSTED, api.JS_RUNNING), ({}, on_cloud)):
        async with client(one_agent(entrypoint=entrypoint), **switches) as (simulator, lk):
            await lk.agent_dispatch.create_dispatch(wanted())
            simulator.advance(3600)
            (job,) = await jobs(lk)
            assert (job.state.status, bool(job.state.error)) == (status, status == api.JS_FAILED)
            assert job.state.participant_identity == f"agent-{job.id}"
            assert list(await people(lk)) == ["guest"]


async def test_a_slow_worker_takes_a_job_long_before_its_agent_joins() -> None:
    async with self_hosted(one_agent(join_seconds=40.0)) as (simulator, lk):
        await lk.agent_dispatch.create_dispatch(wanted())
        simulator.advance(30)
        (job,) = await jobs(lk)
        assert job.state.status == api.JS_RUNNING
        assert list(await people(lk)) == ["guest"]
        simulator.advance(12)
        agent = (await people(lk))[f"agent-{job.id}"]
        assert (agent.kind, list(agent.kind_details)) == (api.ParticipantInfo.AGENT, [])


async def test_a_worker_that_registers_late_is_never_offered_the_job() -> None:
    async with self_hosted(one_agent(registers=10.0)) as (simulator, lk):
        await lk.agent_dispatch.create_dispatch(wanted())
        simulator.advance(60)
        assert await jobs(lk) == []
        await lk.agent_dispatch.create_dispatch(wanted())
        simulator.advance(2)
        assert len(await jobs(lk)) == 1
        simulator.control.worker(WorkerOrder(name="concierge", alive=False))
        await lk.agent_dispatch.create_dispatch(wanted())
        simulator.control.worker(WorkerOrder(name="concierge"))
        simulator.advance(60)
        assert len(await jobs(lk)) == 1


async def test_the_agent_of_a_killed_worker_lingers_and_its_job_runs_on_for_ever() -> None:
    async with self_hosted(killed_worker_seconds=18.0) as (simulator, lk):
        await lk.agent_dispatch.create_dispatch(wanted())
        simulator.advance(2)
        simulator.control.worker(WorkerOrder(name="concierge", alive=False))
        simulator.advance(17)
        assert len(await people(lk)) == 2
        simulator.advance(2)
        assert list(await people(lk)) == ["guest"]
        assert [job.state.status for job in await jobs(lk)] == [api.JS_RUNNING]


async def test_a_publisher_worker_waits_for_somebody_to_publish_and_its_job_is_a_snapshot() -> None:
    plan = one_agent(job_type="publisher", people=[PersonSpec(identity="guest", publishes=False)])
    async with self_hosted(plan) as (simulator, lk):
        await lk.agent_dispatch.create_dispatch(wanted())
        simulator.advance(60)
        assert await jobs(lk) == []
        for _ in range(2):
            simulator.control.person(PersonOrder(room="lobby", identity="guest", act="publish"))
        simulator.advance(2)
        (job,) = await jobs(lk)
        assert (job.type, job.participant.identity) == (api.JT_PUBLISHER, "guest")
        assert f"agent-{job.id}" in await people(lk)
        simulator.control.person(PersonOrder(room="lobby", identity="guest", act="leave"))
        (job,) = await jobs(lk)
        assert job.participant.state == api.ParticipantInfo.ACTIVE
        assert "guest" not in await people(lk)


@pytest.mark.parametrize("restarts", [True, False])
async def test_a_failed_job_is_started_again_by_switch(restarts: bool) -> None:
    async with client(one_agent(failure_rate=1.0), restarts_jobs=restarts) as (simulator, lk):
        await lk.agent_dispatch.create_dispatch(wanted())
        simulator.advance(50)
        found = await jobs(lk)
        assert (found[0].state.status, len(found) > 1) == (api.JS_FAILED, restarts)


async def test_newer_states_and_their_reasons_can_be_in_a_scenario() -> None:
    dispatch = DispatchSpec(
        jobs=[
            JobSpec(status="pending", reason="no_capacity"),
            JobSpec(status="cancelled", reason="room_closed"),
            JobSpec(status="refused"),
            JobSpec(joins=None),
            JobSpec(joins=40.0),
        ]
    )
    plan = Scenario(rooms=[RoomSpec(name="lobby", people=[GUEST], dispatches=[dispatch])])
    async with client(plan) as (simulator, lk):
        pending, cancelled, refused_, _, late = await jobs(lk)
        assert (pending.state.status, pending.state.reason) == (api.JS_PENDING, JSR_NO_CAPACITY)
        assert cancelled.state.status == 4 and cancelled.state.ended_at
        assert refused_.state.started_at == refused_.state.ended_at
        assert list(await people(lk)) == ["guest"]
        simulator.advance(40)
        assert set(await people(lk)) == {"guest", f"agent-{late.id}"}


async def test_a_job_that_is_not_listed_yet_ends_with_its_dispatch_and_its_worker() -> None:
    async with self_hosted(first_job_late_seconds=5.0) as (simulator, lk):
        made = await lk.agent_dispatch.create_dispatch(wanted())
        simulator.advance(2)
        assert (len(await jobs(lk)), len(await people(lk))) == (0, 2)
        await lk.agent_dispatch.delete_dispatch(made.id, "lobby")
        simulator.advance(3)
        assert list(await people(lk)) == ["guest"]
        simulator.control.worker(WorkerOrder(name="concierge"))
        await lk.agent_dispatch.create_dispatch(wanted())
        simulator.advance(2)
        simulator.control.worker(WorkerOrder(name="concierge", alive=False))
        assert list(await people(lk)) == ["guest"]
        simulator.advance(5)
        assert [job.state.status for job in await jobs(lk)] == [api.JS_RUNNING]
