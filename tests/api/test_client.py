"""The client against a LiveKit made of the official messages, on real sockets."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Literal

import pytest
from google.protobuf.message import Message

from tests.api.calls import CHANGES, READS
from tests.api.messages import expected
from tests.api.scripted import connected
from tests.api.test_wire import assert_clean
from tests.fixtures.clocks import ManualClock
from tui.api import errors
from tui.api.changes import (
    CREATE_AGENT,
    CREATE_DISPATCH,
    CREATE_LINK,
    DELETE_AGENT,
    DELETE_DEPLOYMENT,
    DELETE_DISPATCH,
    DEPLOY_AGENT,
    DESTROY_LINK,
    PROMOTE_AGENT,
    RESTART_AGENT,
    ROLLBACK_AGENT,
    UPDATE_AGENT,
    UPDATE_SECRETS,
    secret_message,
)
from tui.api.client import Client
from tui.api.hosts import Host
from tui.api.models import Agent, Dispatch, Participant, PrivateLink, Room, SecretInfo, Version, Wire
from tui.api.transport import WriteGuard
from tui.secret import Secret
from tui.sim.http.server import Simulator, serve
from tui.sim.scenarios.specs import FaultSpec

NEW_AGENT = {"secrets": [], "regions": ["us-east"]}

START = 1_786_000_000.0


@asynccontextmanager
async def cloud(
    scenario: str = "incident", switches: Mapping[str, Any] | None = None, *, gate: WriteGuard | None = None
) -> AsyncIterator[tuple[Simulator, Client]]:
    """A frozen world and a client of it that lives at the same time."""
    async with serve(scenario, speed=0, start_time=START, **(switches or {})) as simulator:
        clock = ManualClock(START)
        async with connected(
            simulator.url, key=simulator.key, secret=simulator.secret, clock=clock, gate=gate
        ) as client:
            yield simulator, client


def meant(messages: Iterable[Message], kind: type[Wire]) -> list[Wire]:
    """Models of messages, in the order of their texts."""
    return sorted((expected(message, kind) for message in messages), key=repr)


def got(items: Iterable[Wire]) -> list[Wire]:
    """The same order for what was received."""
    return sorted(items, key=repr)


FORMS: list[dict[str, object]] = [{}, {"camel_json": True}, {"time_unit": "s"}]


@pytest.mark.parametrize("form", FORMS, ids=["as Go prints", "camelCase", "seconds"])
async def test_every_listing_says_what_is_there(form: dict[str, object]) -> None:
    async with cloud(switches=form) as (simulator, client):
        world = simulator.world
        records = list(world.agents.values())
        agents = await client.list_agents()
        assert got(agents.items) == meant((record.info for record in records), Agent)
        assert agents.unreadable == 0 and len(records) > 5
        for record in records[:6]:
            assert (await client.list_agents(record.id)).items == (expected(record.info, Agent),)
            versions = await client.list_versions(record.id)
            assert got(versions.items) == meant(record.versions.values(), Version)
            secrets = await client.list_secrets(record.id)
            assert got(secrets.items) == meant(record.secrets.values(), SecretInfo)
        assert got((await client.list_rooms()).items) == meant(
            (room.info for room in world.rooms.values()), Room
        )
        for name, room in world.rooms.items():
            people = await client.list_participants(name)
            assert got(people.items) == meant(room.participants.values(), Participant)
            dispatches = await client.list_dispatches(name)
            assert got(dispatches.items) == meant(room.dispatches.values(), Dispatch)
        assert await client.settings() == world.settings


async def test_one_dispatch_can_be_asked_for() -> None:
    async with cloud() as (simulator, client):
        room = next(room for room in simulator.world.rooms.values() if len(room.dispatches))
        dispatch = next(iter(room.dispatches.values()))
        found = await client.list_dispatches(room.info.name, dispatch.id)
        assert found.items == (expected(dispatch, Dispatch),)
        assert (await client.list_dispatches(room.info.name, "AD_none")).items == ()


async def test_a_self_hosted_server_has_no_cloud_agents() -> None:
    async with cloud("selfhosted", {"missing_room_seconds": 0.01}) as (_, client):
        with pytest.raises(errors.NoSuchService, match="does not offer this API"):
            await client.list_agents()
        assert {room.name for room in (await client.list_rooms()).items} >= {"lobby", "desk-1"}
        with pytest.raises(errors.NotFound, match="room not found or not active"):
            await client.list_dispatches("gone")
        assert (await client.list_participants("gone")).items == ()
        with pytest.raises(errors.NotFound, match=r"^dispatch ID not found"):
            await client.change(DELETE_DISPATCH, {"room": "lobby", "dispatch_id": "AD_none"}, request_id="1")


async def test_a_missing_room_in_the_cloud_is_not_found_at_once() -> None:
    async with cloud() as (_, client):
        for ask in (client.list_dispatches, client.list_participants):
            with pytest.raises(errors.NotFound, match="requested room does not exist"):
                await ask("gone")


async def test_an_unknown_agent_is_an_empty_list_or_an_error() -> None:
    """Cloud reports it as an internal error: not proof that it is gone (PROTOCOL.md, Errors)."""
    async with cloud() as (_, client):
        assert (await client.list_agents("CA_none")).items == ()
        for ask in (client.list_versions, client.list_secrets):
            with pytest.raises(errors.Unknown, match="failed to get agent"):
                await ask("CA_none")


async def test_hostile_names_are_harmless_and_lead_to_their_rooms() -> None:
    """What is shown is cleaned, what is asked for is what the server knows."""
    async with cloud("hostile") as (simulator, client):
        agents = await client.list_agents()
        assert len(agents.items) == len(simulator.world.agents) and agents.unreadable == 0
        rooms = await client.list_rooms()
        assert rooms.unreadable <= 1, "the one without a name"
        for item in (*agents.items, *rooms.items):
            assert_clean(item)
        changed = 0
        for room in rooms.items:
            batch = await client.list_dispatches(room.name)
            await client.list_participants(room.name)
            for dispatch in batch.items:
                assert_clean(dispatch)
            asked = simulator.control.requests()[-1]["claims"]
            assert isinstance(asked, dict)
            exact = asked["video"]["room"]
            assert exact in simulator.world.rooms
            changed += exact != room.name
        assert changed > 15
        hostile = next(room for room in rooms.items if "␛" in room.name)
        made = await client.change(CREATE_DISPATCH, {"room": hostile.name, "agent_name": "n"}, request_id="1")
        effect = simulator.control.effects()[-1]
        assert effect["effect"] == "CreateDispatch" and "\x1b" in str(effect["room"])
        assert made.id == effect["id"]


async def test_what_is_shown_can_be_had_as_it_came() -> None:
    async with cloud("hostile") as (_, client):
        for item in (*(await client.list_agents()).items, *(await client.list_rooms()).items):
            assert client.raw(item).startswith(b"{")
        assert client.raw(Agent(agent_id="CA_none")) == b""


async def test_what_is_not_kept_as_it_came_is_asked_for_again() -> None:
    async with cloud() as (_, client):
        for room in (await client.list_rooms()).items:
            for dispatch in (await client.list_dispatches(room.name)).items:
                assert client.raw(dispatch) == b"", "a hundred thousand jobs are not kept twice"
                found = json.loads(await client.raw_dispatch(room.name, dispatch.id))
                assert found["id"] == dispatch.id and len(found["state"]["jobs"]) == len(dispatch.jobs)
                for job in dispatch.jobs[:1]:
                    told = json.loads(await client.raw_dispatch(room.name, dispatch.id, job.id))
                    assert told == found["state"]["jobs"][0] and "namespace" in told, "also what is not read"
        assert await client.raw_dispatch(room.name, "AD_none") == b""


async def test_an_unchanged_world_costs_nothing() -> None:
    async with cloud() as (_, client):
        agents, rooms = await client.list_agents(), await client.list_rooms()
        dispatches = {room.name: await client.list_dispatches(room.name) for room in rooms.items}
        assert await client.list_agents() is agents
        assert await client.list_rooms() is rooms
        for name, batch in dispatches.items():
            assert await client.list_dispatches(name) is batch


# ---- changes -------------------------------------------------------------------------------------------


async def test_every_change_does_what_it_says_once() -> None:
    async with cloud("incident") as (simulator, client):
        world = simulator.world
        await client.change(CREATE_AGENT, NEW_AGENT, request_id="c")
        record = next(
            r for r in world.agents.values() if len(r.versions) > 1 and r.info.version in r.versions
        )
        agent_id, tag = record.id, min(tag for tag in record.versions if tag != record.info.version)
        secret = secret_message("TOKEN", Secret("hunter2"))
        await client.change(UPDATE_SECRETS, {"agent_id": agent_id, "secrets": [secret]}, request_id="1")
        await client.change(UPDATE_SECRETS, {"agent_id": agent_id, "remove": ["TOKEN"]}, request_id="2")
        await client.change(UPDATE_AGENT, {"agent_id": agent_id, "secrets": [secret]}, request_id="3")
        await client.change(RESTART_AGENT, {"agent_id": agent_id}, request_id="4")
        await client.change(ROLLBACK_AGENT, {"agent_id": agent_id, "version": tag}, request_id="5")
        canary = {"agent_id": agent_id, "deployment": "canary", "attributes": {"git_commit": "x"}}
        deploying = await client.change(DEPLOY_AGENT, canary, request_id="6")
        assert deploying.presigned_req is not None and deploying.presigned_req.url.startswith("http")
        new = {
            "room": "new",
            "agent_name": "n",
            "metadata": "{}",
            "deployment": "d",
            "attributes": {"k": "v"},
        }
        made = await client.change(CREATE_DISPATCH, new, request_id="7")
        assert made == expected(world.rooms["new"].dispatches[made.id], Dispatch)
        deleted = await client.change(
            DELETE_DISPATCH, {"room": "new", "dispatch_id": made.id}, request_id="8"
        )
        assert deleted.id == made.id
        pg = {"name": "pg", "region": "us-east", "port": 5432, "endpoint": "e"}
        link = (await client.change(CREATE_LINK, pg, request_id="9")).private_link
        assert link is not None
        assert (await client.list_links()).items == (
            expected(world.links[link.private_link_id], PrivateLink),
        )
        status = await client.link_status(link.private_link_id)
        assert status.status == "PRIVATE_LINK_STATUS_PROVISIONING"
        await client.change(DESTROY_LINK, {"private_link_id": link.private_link_id}, request_id="10")
        await client.change(DELETE_AGENT, {"agent_id": agent_id, "deployment": ""}, request_id="11")
        names = [effect["effect"] for effect in simulator.control.effects() if effect.get("by") is None]
        assert names == [
            "CreateAgent",
            "UpdateAgentSecrets",
            "UpdateAgentSecrets",
            "UpdateAgent",
            "RestartAgent",
            "RollbackAgent",
            "DeployAgent",
            "CreateDispatch",
            "DeleteDispatch",
            "CreatePrivateLink",
            "DestroyPrivateLink",
            "DeleteAgent",
        ]
        with pytest.raises(errors.NotDone, match="agent is being deleted") as caught:
            await client.change(RESTART_AGENT, {"agent_id": agent_id}, request_id="12")
        assert caught.value.request_id == "12"


async def test_a_deployment_is_promoted_and_deleted_by_its_name() -> None:
    async with cloud() as (simulator, client):
        record = next(r for r in simulator.world.agents.values() if any(r.deployments))
        name = next(name for name in record.deployments if name)
        done = await client.change(
            PROMOTE_AGENT,
            {"agent_id": record.id, "src_deployment": name, "dst_deployment": ""},
            request_id="1",
        )
        assert done.version_tag == record.rows(name)[0].version
        await client.change(DELETE_DEPLOYMENT, {"agent_id": record.id, "deployment": name}, request_id="2")
        effect = simulator.control.effects()[-1]
        assert (effect["effect"], effect["deployment"]) == ("DeleteAgent", name)
        with pytest.raises(errors.NotDone, match="does not exist"):
            unknown = {"agent_id": record.id, "deployment": "none"}
            await client.change(DELETE_DEPLOYMENT, unknown, request_id="3")


async def test_a_new_agent_says_where_its_source_goes() -> None:
    for variant in ("put", "post"):
        async with cloud(switches={"upload": variant}) as (_, client):
            made = await client.change(CREATE_AGENT, NEW_AGENT, request_id="1")
            assert made.agent_id.startswith("CA_") and made.server_regions
            form = made.presigned_post_request
            assert bool(made.presigned_url) is (variant == "put") and (form is not None) is (
                variant == "post"
            )
            assert form is None or set(form.values) >= {"key"}


async def test_read_only_sends_nothing_that_changes() -> None:
    """Seen from the server: every call is tried, only reads arrive."""
    async with cloud(gate=WriteGuard(read_only=True)) as (simulator, client):
        for call in (*CHANGES, *READS):
            try:
                await call.run(client)
            except errors.ReadOnly:
                assert call.changes
            except errors.ApiError:
                assert not call.changes
        assert simulator.control.effects() == []
        seen = simulator.control.requests()
        assert len(seen) == len(READS)
        words = ("/List", "/Get", "/logs")
        assert all(any(word in str(request["path"]) for word in words) for request in seen)


# ---- refusals and faults -------------------------------------------------------------------------------


async def test_wrong_credentials_are_told_from_missing_grants() -> None:
    """Distinct words, the server's own."""
    async with cloud() as (simulator, _):
        cases = {
            ("nobody", simulator.secret): "invalid API key",
            (simulator.key, "wrong" * 10): "token signature is invalid: signature is invalid",
        }
        for (key, secret), words in cases.items():
            clock = ManualClock(START)
            async with connected(simulator.url, key=key, secret=secret, clock=clock) as client:
                with pytest.raises(errors.Unauthorized, match=words):
                    await client.list_agents()


@pytest.mark.parametrize("skew", [-600.0, -45.0, 45.0, 600.0])
async def test_a_server_with_another_clock_is_understood(skew: float) -> None:
    """With the official rules for `nbf` and `exp`."""
    async with serve("calm", agents=1) as simulator:
        simulator.clock.skew = skew
        async with connected(simulator.url, key=simulator.key, secret=simulator.secret) as client:
            await client.list_agents()
            await client.list_rooms()
            assert len(simulator.control.requests()) == 2 + (abs(skew) > 60)
            assert client.health(Host.AGENTS).skew == pytest.approx(skew, abs=3)


@pytest.mark.parametrize("action", ["close", "reset", "html", "timeout", "garbage"])
async def test_a_change_whose_answer_is_lost_happened_once_and_is_unknown(
    action: Literal["close", "reset", "html", "timeout", "garbage"],
) -> None:
    """The server did it; we cannot know; nobody sends it again."""
    async with cloud() as (simulator, client):
        fault = FaultSpec(path="*/CreateDispatch", action=action, after_effect=True)
        simulator.faults.add(fault)
        with pytest.raises(errors.Unknown):
            await client.change(CREATE_DISPATCH, {"room": "r", "agent_name": "n"}, request_id="1")
        done = [effect for effect in simulator.control.effects() if effect["effect"] == "CreateDispatch"]
        assert len(done) == 1


async def test_both_hosts_are_named() -> None:
    async with cloud() as (simulator, client):
        assert {client.address(host) for host in Host} == {simulator.url.removeprefix("http://")}
