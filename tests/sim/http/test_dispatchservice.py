"""Rooms and dispatches through the real `livekit-api` client, which knows nothing of a simulator."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable

import pytest
from livekit import api
from livekit.protocol.agent_dispatch import JRP_NEVER, JRP_ON_FAILURE, JobRestartPolicy

from tests.sim.caller import START, Caller
from tui.sim.http.server import Simulator, serve
from tui.sim.scenarios.specs import (
    AgentSpec,
    DeploymentSpec,
    DispatchSpec,
    JobSpec,
    PersonSpec,
    RoomSpec,
    Scenario,
)

GUEST = PersonSpec(identity="guest")


@contextlib.asynccontextmanager
async def client(
    scenario: Scenario | None = None, **switches: object
) -> AsyncIterator[tuple[Simulator, api.LiveKitAPI]]:
    """A frozen world with one agent and one room, and the official client for it."""
    plan = scenario or Scenario(
        agents=[AgentSpec(name="concierge", id="CA_p7KxWmR3sVbQ")],
        rooms=[RoomSpec(name="lobby", people=[GUEST])],
    )
    plan.switches = switches
    async with (
        serve(plan, speed=0, start_time=START) as simulator,
        api.LiveKitAPI(simulator.url, simulator.key, simulator.secret) as lk,
    ):
        yield simulator, lk


def wanted(
    name: str = "concierge",
    *,
    room: str = "lobby",
    deployment: str = "",
    metadata: str = "",
    restart_policy: JobRestartPolicy = JRP_ON_FAILURE,
    attributes: dict[str, str] | None = None,
) -> api.CreateAgentDispatchRequest:
    return api.CreateAgentDispatchRequest(
        agent_name=name,
        room=room,
        deployment=deployment,
        metadata=metadata,
        restart_policy=restart_policy,
        attributes=attributes,
    )


async def people(lk: api.LiveKitAPI, room: str = "lobby") -> dict[str, api.ParticipantInfo]:
    answer = await lk.room.list_participants(api.ListParticipantsRequest(room=room))
    return {person.identity: person for person in answer.participants}


async def jobs(lk: api.LiveKitAPI, room: str = "lobby") -> list[api.Job]:
    return [job for dispatch in await lk.agent_dispatch.list_dispatch(room) for job in dispatch.state.jobs]


# -- dispatch and job


async def test_a_dispatch_is_answered_at_once_and_its_job_follows() -> None:
    async with client() as (simulator, lk):
        made = await lk.agent_dispatch.create_dispatch(
            wanted(metadata='{"lang":"nl"}', restart_policy=JRP_NEVER, attributes={"tenant": "7"})
        )
        assert made.id.startswith("AD_")
        assert (made.room, made.metadata, made.restart_policy) == ("lobby", '{"lang":"nl"}', JRP_NEVER)
        assert made.state.created_at == START * 1e9
        assert list(made.state.jobs) == []
        simulator.advance(2)
        (job,) = await jobs(lk)
        assert (job.type, job.state.status) == (api.JT_ROOM, api.JS_RUNNING)
        assert (job.dispatch_id, job.agent_name, job.metadata) == (made.id, "concierge", '{"lang":"nl"}')
        assert dict(job.attributes) == {"tenant": "7"}
        assert START * 1e9 < job.state.started_at < (START + 2) * 1e9
        assert job.state.participant_identity == f"agent-{job.id}"
        assert job.state.agent_id == "CA_p7KxWmR3sVbQ"
        agent = (await people(lk))[f"agent-{job.id}"]
        assert agent.kind == api.ParticipantInfo.AGENT
        assert agent.attributes["lk.agent.name"] == "concierge"
        assert not job.HasField("participant")


async def test_a_dispatch_that_nobody_takes_never_gets_a_job() -> None:
    async with client() as (simulator, lk):
        await lk.agent_dispatch.create_dispatch(wanted("nobody"))
        await lk.agent_dispatch.create_dispatch(wanted(deployment="staging"))
        simulator.advance(3600)
        assert await jobs(lk) == []
        assert len(await lk.agent_dispatch.list_dispatch("lobby")) == 2


async def test_get_dispatch_finds_by_id_and_an_unknown_id_is_none() -> None:
    async with client() as (_, lk):
        made = await lk.agent_dispatch.create_dispatch(wanted())
        found = await lk.agent_dispatch.get_dispatch(made.id, "lobby")
        assert found is not None and found.id == made.id
        assert await lk.agent_dispatch.get_dispatch("AD_unknown", "lobby") is None


async def test_a_deleted_dispatch_is_gone_at_once_and_its_agent_within_three_seconds() -> None:
    async with client() as (simulator, lk):
        made = await lk.agent_dispatch.create_dispatch(wanted())
        simulator.advance(2)
        assert len(await people(lk)) == 2
        deleted = await lk.agent_dispatch.delete_dispatch(made.id, "lobby")
        assert (deleted.id, deleted.state.deleted_at) == (made.id, 0)
        assert await lk.agent_dispatch.list_dispatch("lobby") == []
        assert len(await people(lk)) == 2
        simulator.advance(3)
        assert list(await people(lk)) == ["guest"]


async def test_a_dispatch_into_a_missing_room_makes_the_room() -> None:
    async with client() as (simulator, lk):
        await lk.agent_dispatch.create_dispatch(wanted(room="new"))
        assert len(await lk.agent_dispatch.list_dispatch("new")) == 1
        assert [effect["effect"] for effect in simulator.control.effects()] == [
            "CreateRoom",
            "CreateDispatch",
        ]


async def test_without_auto_create_the_room_must_exist() -> None:
    async with client(auto_create=False) as (simulator, lk):
        with pytest.raises(api.ServerError) as caught:
            await lk.agent_dispatch.create_dispatch(wanted(room="new"))
        assert (caught.value.code, caught.value.status) == ("not_found", 404)
        assert simulator.control.effects() == []


async def test_a_new_room_gets_a_nameless_dispatch_by_switch() -> None:
    async with client(default_dispatch=True) as (_, lk):
        await lk.agent_dispatch.create_dispatch(wanted(room="new"))
        names = sorted(dispatch.agent_name for dispatch in await lk.agent_dispatch.list_dispatch("new"))
        assert names == ["", "concierge"]
        await lk.room.create_room(
            api.CreateRoomRequest(name="named", agents=[api.RoomAgentDispatch(agent_name="concierge")])
        )
        assert [d.agent_name for d in await lk.agent_dispatch.list_dispatch("named")] == ["concierge"]


async def test_times_in_seconds_by_switch() -> None:
    async with client(time_unit="s") as (simulator, lk):
        made = await lk.agent_dispatch.create_dispatch(wanted())
        simulator.advance(2)
        (job,) = await jobs(lk)
        assert (made.state.created_at, job.state.started_at) == (int(START), int(START) + 1)


async def test_a_publisher_worker_gets_a_job_for_everybody_who_publishes() -> None:
    people_ = [GUEST, PersonSpec(identity="host"), PersonSpec(identity="mute", publishes=False)]
    plan = Scenario(
        agents=[AgentSpec(name="notes", job_type="publisher")], rooms=[RoomSpec(name="lobby", people=people_)]
    )
    async with client(plan) as (simulator, lk):
        await lk.agent_dispatch.create_dispatch(wanted("notes"))
        simulator.advance(2)
        found = await jobs(lk)
        assert {job.participant.identity for job in found} == {"guest", "host"}
        assert {job.type for job in found} == {api.JT_PUBLISHER}


async def test_a_sleeping_agent_wakes_for_a_dispatch_while_its_job_is_pending() -> None:
    plan = Scenario(
        agents=[AgentSpec(name="tutor", deployments=[DeploymentSpec(status="Sleeping", replicas=0)])],
        rooms=[RoomSpec(name="lobby", people=[GUEST])],
    )
    async with client(plan) as (simulator, lk):
        (record,) = simulator.world.agents.values()
        await lk.agent_dispatch.create_dispatch(wanted("tutor"))
        assert [job.state.status for job in await jobs(lk)] == [api.JS_PENDING]
        assert record.info.agent_deployments[0].status == "Waking"
        simulator.advance(9)
        assert [job.state.status for job in await jobs(lk)] == [api.JS_RUNNING]
        assert record.info.agent_deployments[0].status == "Running"


async def test_a_job_that_fails_says_why_and_its_agent_is_gone() -> None:
    plan = Scenario(
        agents=[AgentSpec(name="concierge", failure_rate=1.0)], rooms=[RoomSpec(name="lobby", people=[GUEST])]
    )
    async with client(plan) as (simulator, lk):
        await lk.agent_dispatch.create_dispatch(wanted())
        simulator.advance(60)
        (job,) = await jobs(lk)
        assert job.state.status == api.JS_FAILED
        assert job.state.error
        assert job.state.started_at < job.state.ended_at == job.state.updated_at
        assert list(await people(lk)) == ["guest"]


async def test_job_states_go_stale_by_switch() -> None:
    plan = Scenario(
        agents=[AgentSpec(name="concierge", failure_rate=1.0)], rooms=[RoomSpec(name="lobby", people=[GUEST])]
    )
    async with client(plan, stale_jobs=True) as (simulator, lk):
        await lk.agent_dispatch.create_dispatch(wanted())
        simulator.advance(60)
        (job,) = await jobs(lk)
        assert (job.state.status, job.state.ended_at) == (api.JS_RUNNING, 0)
        assert list(await people(lk)) == ["guest"]


async def test_a_crash_of_the_program_fails_its_running_jobs() -> None:
    async with client() as (simulator, lk):
        await lk.agent_dispatch.create_dispatch(wanted())
        simulator.advance(2)
        (record,) = simulator.world.agents.values()
        simulator.app.agents.crash(record, "", "Traceback")
        (job,) = await jobs(lk)
        assert (job.state.status, job.state.error) == (api.JS_FAILED, "agent worker left the room")


# -- errors, as the client maps them


async def refused(call: Awaitable[object]) -> tuple[str, int, str]:
    with pytest.raises(api.ServerError) as caught:
        await call
    return str(caught.value.code), int(caught.value.status), str(caught.value.message)


async def test_errors_reach_the_client_with_code_status_and_message() -> None:
    async with client() as (_, lk):
        dispatch = lk.agent_dispatch
        missing = ("not_found", 404, "requested room does not exist")
        assert await refused(dispatch.list_dispatch("no")) == missing
        assert await refused(dispatch.delete_dispatch("AD_x", "no")) == missing
        assert await refused(dispatch.delete_dispatch("AD_x", "lobby")) == (
            "not_found",
            404,
            "dispatch ID not found",
        )
        assert await refused(lk.room.delete_room(api.DeleteRoomRequest(room="no"))) == missing
        assert await refused(lk.room.list_participants(api.ListParticipantsRequest(room="no"))) == missing


@pytest.mark.parametrize(
    ("deployment", "message"),
    [
        ("a_b", "deployment contains reserved character '_'"),
        ("x" * 65, "deployment exceeds 64 bytes"),
        ("é" * 33, "deployment exceeds 64 bytes"),
        ("ab c", "deployment contains whitespace or control byte at position 2"),
        ("a\x7f", "deployment contains whitespace or control byte at position 1"),
    ],
)
async def test_a_bad_deployment_name_is_an_invalid_argument(deployment: str, message: str) -> None:
    async with client() as (simulator, lk):
        call = lk.agent_dispatch.create_dispatch(wanted(deployment=deployment, room="new"))
        assert await refused(call) == ("invalid_argument", 400, message)
        assert simulator.control.effects() == []


async def test_a_deployment_name_of_64_bytes_with_odd_characters_is_fine() -> None:
    name = "a/b.é-" + "x" * 57
    async with client() as (_, lk):
        made = await lk.agent_dispatch.create_dispatch(wanted(deployment=name))
        assert made.deployment == name


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (wanted(metadata="x" * (512 * 1024 + 1)), "metadata size exceeds limits"),
        (wanted(attributes={"k": "v" * 64 * 1024}), "attribute size exceeds limits"),
    ],
    ids=["metadata", "attributes"],
)
async def test_oversized_metadata_and_attributes_are_refused(
    request_: api.CreateAgentDispatchRequest, message: str
) -> None:
    async with client() as (_, lk):
        call = lk.agent_dispatch.create_dispatch(request_)
        assert await refused(call) == ("invalid_argument", 400, message)


async def test_bad_credentials_are_unknown_to_the_client_but_401() -> None:
    async with client() as (simulator, _), api.LiveKitAPI(simulator.url, simulator.key, "x" * 40) as lk:
        # The body is plain text, which this client does not read.
        assert await refused(lk.room.list_rooms(api.ListRoomsRequest())) == ("unknown", 401, "")


@pytest.mark.parametrize(
    ("switch", "said"),
    [
        ("401", ("unauthenticated", 401, "permissions denied")),
        ("403", ("permission_denied", 403, "permissions denied")),
    ],
)
async def test_a_missing_grant_reaches_the_client_with_code_status_and_message(
    switch: str, said: tuple[str, int, str]
) -> None:
    async with client(grant_refusal=switch) as (simulator, _):
        grants = api.VideoGrants(room_list=True, room_admin=True, room="other")
        made = api.AccessToken(simulator.key, simulator.secret).with_grants(grants).to_jwt()
        async with api.LiveKitAPI(simulator.url, token=made) as lk:
            assert len((await lk.room.list_rooms(api.ListRoomsRequest())).rooms) == 1
            assert await refused(lk.agent_dispatch.create_dispatch(wanted())) == said
            assert await refused(lk.room.delete_room(api.DeleteRoomRequest(room="lobby"))) == said
        assert simulator.control.effects() == []


async def test_a_self_hosted_server_says_it_its_own_way() -> None:
    async with client(missing_room="oss", missing_room_seconds=0.0, prefix_errors=True) as (_, lk):
        assert await refused(lk.agent_dispatch.list_dispatch("no")) == (
            "unavailable",
            503,
            "twirp error unknown: no response from servers",
        )
        assert await people(lk, "no") == {}
        assert await refused(lk.agent_dispatch.delete_dispatch("AD_x", "lobby")) == (
            "not_found",
            404,
            "twirp error unknown: dispatch ID not found",
        )


# -- rooms


async def test_rooms_are_filtered_by_exact_name() -> None:
    plan = Scenario(rooms=[RoomSpec(name="lobby"), RoomSpec(name="lobby-2"), RoomSpec(name="Lobby")])
    async with client(plan) as (_, lk):
        names = [room.name for room in (await lk.room.list_rooms(api.ListRoomsRequest())).rooms]
        assert names == ["lobby", "lobby-2", "Lobby"]
        answer = await lk.room.list_rooms(api.ListRoomsRequest(names=["lobby", "lob"]))
        assert [room.name for room in answer.rooms] == ["lobby"]


async def test_create_room_is_idempotent() -> None:
    async with client() as (simulator, lk):
        made = await lk.room.create_room(api.CreateRoomRequest(name="new", metadata="m"))
        assert (made.empty_timeout, made.departure_timeout, made.metadata) == (300, 20, "m")
        again = await lk.room.create_room(api.CreateRoomRequest(name="new", metadata="other"))
        assert (again.sid, again.metadata) == (made.sid, "m")
        assert len(simulator.control.effects()) == 1
        assert await refused(lk.room.create_room(api.CreateRoomRequest())) == (
            "invalid_argument",
            400,
            "no room name",
        )
        long = lk.room.create_room(api.CreateRoomRequest(name="é" * 129))
        assert await refused(long) == ("invalid_argument", 400, "room name length exceeds limits")


async def test_counts_leave_agents_out_of_participants_but_not_of_publishers() -> None:
    plan = Scenario(
        rooms=[
            RoomSpec(
                name="lobby",
                people=[GUEST, PersonSpec(identity="EG_x", kind="egress", publishes=False)],
                dispatches=[DispatchSpec(agent_name="a", jobs=[JobSpec()])],
            )
        ]
    )
    async with client(plan) as (_, lk):
        (room,) = (await lk.room.list_rooms(api.ListRoomsRequest())).rooms
        assert (room.num_participants, room.num_publishers) == (1, 2)
        assert len(await people(lk)) == 3


async def test_delete_room_takes_everything_with_it() -> None:
    async with client() as (_, lk):
        await lk.agent_dispatch.create_dispatch(wanted())
        await lk.room.delete_room(api.DeleteRoomRequest(room="lobby"))
        assert list((await lk.room.list_rooms(api.ListRoomsRequest())).rooms) == []
        assert (await refused(lk.agent_dispatch.list_dispatch("lobby")))[1] == 404


async def test_removing_an_agent_ends_its_job_and_leaves_the_dispatch() -> None:
    async with client() as (simulator, lk):
        await lk.agent_dispatch.create_dispatch(wanted())
        simulator.advance(2)
        (job,) = await jobs(lk)
        who = api.RoomParticipantIdentity(room="lobby", identity=job.state.participant_identity)
        assert (await lk.room.get_participant(who)).identity == job.state.participant_identity
        await lk.room.remove_participant(who)
        (job,) = await jobs(lk)
        assert (job.state.status, job.state.error) == (api.JS_FAILED, "agent worker left the room")
        assert await refused(lk.room.get_participant(who)) == ("not_found", 404, "participant does not exist")
        assert await refused(lk.room.remove_participant(who)) == (
            "not_found",
            404,
            "participant does not exist",
        )


async def test_room_metadata_is_replaced() -> None:
    async with client() as (_, lk):
        changed = await lk.room.update_room_metadata(
            api.UpdateRoomMetadataRequest(room="lobby", metadata="new")
        )
        assert changed.metadata == "new"
        assert (await lk.room.list_rooms(api.ListRoomsRequest())).rooms[0].metadata == "new"


async def test_agents_do_not_keep_a_room_open() -> None:
    async with client() as (simulator, lk):
        await lk.agent_dispatch.create_dispatch(wanted(room="empty"))
        simulator.advance(299)
        names = [room.name for room in (await lk.room.list_rooms(api.ListRoomsRequest())).rooms]
        assert names == ["lobby", "empty"]
        simulator.advance(1)
        assert [room.name for room in (await lk.room.list_rooms(api.ListRoomsRequest())).rooms] == ["lobby"]


async def test_a_room_closes_soon_after_the_last_person_left() -> None:
    async with client() as (simulator, lk):
        await lk.agent_dispatch.create_dispatch(wanted())
        simulator.advance(2)
        await lk.room.remove_participant(api.RoomParticipantIdentity(room="lobby", identity="guest"))
        simulator.advance(5)
        assert [job.state.status for job in await jobs(lk)] == [api.JS_SUCCESS]
        simulator.advance(16)
        assert (await refused(lk.agent_dispatch.list_dispatch("lobby")))[1] == 404


async def test_a_repeated_dispatch_with_the_same_request_id_happens_once() -> None:
    async with client() as (simulator, _), Caller(simulator) as caller:
        headers = {"X-Livekit-Request-Id": "one"}
        first = await caller.post("AgentDispatchService/CreateDispatch", wanted(), headers=headers)
        simulator.advance(2)
        again = await caller.post("AgentDispatchService/CreateDispatch", wanted(), headers=headers)
        assert first.content == again.content
        other = await caller.post(
            "AgentDispatchService/CreateDispatch", wanted(), headers={"X-Livekit-Request-Id": "two"}
        )
        assert other.content != first.content
        effects = [effect for effect in simulator.control.effects() if effect["effect"] == "CreateDispatch"]
        assert len(effects) == 2
