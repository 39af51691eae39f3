"""The worlds by name and from files; the same seed gives the same world."""

from __future__ import annotations

from pathlib import Path

import pytest
from livekit.protocol import agent as agent_pb
from livekit.protocol import agent_dispatch as dispatch_pb
from livekit.protocol import cloud_agent as cloud_pb
from livekit.protocol import room as room_pb

from tests.sim.caller import START, Caller
from tui.sim.http.server import Simulator, serve
from tui.sim.scenarios.hostile import STRINGS
from tui.sim.scenarios.scenarios import STATUSES, find_scenario
from tui.sim.wire.codec import SURROGATE


async def agents(caller: Caller) -> list[cloud_pb.AgentInfo]:
    answer = await caller.call(
        "CloudAgent/ListAgents", cloud_pb.ListAgentsRequest(), cloud_pb.ListAgentsResponse
    )
    return list(answer.agents)


def rows(infos: list[cloud_pb.AgentInfo]) -> dict[str, list[str]]:
    """Agent names by status."""
    found: dict[str, list[str]] = {}
    for info in infos:
        for row in info.agent_deployments:
            found.setdefault(row.status, []).append(info.agent_name)
    return found


def jobs(simulator: Simulator) -> dict[agent_pb.JobStatus, int]:
    """How many jobs there are of each status."""
    found: dict[agent_pb.JobStatus, int] = {}
    for room in simulator.world.rooms.values():
        for dispatch in room.dispatches.values():
            for job in dispatch.state.jobs:
                found[job.state.status] = found.get(job.state.status, 0) + 1
    return found


async def whole(simulator: Simulator, caller: Caller) -> list[bytes]:
    """Everything that clients can see of a world."""
    seen = [(await caller.post("CloudAgent/ListAgents", cloud_pb.ListAgentsRequest(), "json")).content]
    seen.append((await caller.post("RoomService/ListRooms", room_pb.ListRoomsRequest(), "json")).content)
    for name in list(simulator.world.rooms):
        request = dispatch_pb.ListAgentDispatchRequest(room=name)
        seen.append((await caller.post("AgentDispatchService/ListDispatch", request, "json")).content)
        people = room_pb.ListParticipantsRequest(room=name)
        seen.append((await caller.post("RoomService/ListParticipants", people, "json")).content)
    for record in simulator.world.agents.values():
        book = simulator.world.book(record, "")
        seen += book.snapshot(simulator.world.now, 100)[0]
    return seen


async def test_the_incident_has_everything_an_operator_may_meet() -> None:
    async with serve("incident", speed=0, start_time=START) as simulator, Caller(simulator) as caller:
        infos = await agents(caller)
        found = rows(infos)
        assert 40 <= len(infos) <= 60
        assert set(found) == {
            "Running",
            "CrashLoop",
            "Error",
            "Server Error",
            "Sleeping",
            "Waking",
            "Updating",
            "Building",
            "Build Failed",
            "Scheduling",
            "Setting Up",
        }
        assert found["CrashLoop"] == ["support-triage"] * 2
        assert len({row.region for info in infos for row in info.agent_deployments}) == 3
        assert any(row.deployment for info in infos for row in info.agent_deployments)
        kinds = {event.type for info in infos for row in info.agent_deployments for event in row.events}
        assert kinds == {1, 2, 3}
        assert any(v.draining for record in simulator.world.agents.values() for v in record.versions.values())
        assert 20 <= len(simulator.world.rooms) <= 30
        assert set(jobs(simulator)) == {
            agent_pb.JS_PENDING,
            agent_pb.JS_RUNNING,
            agent_pb.JS_SUCCESS,
            agent_pb.JS_FAILED,
        }
        nobody = [
            dispatch
            for room in simulator.world.rooms.values()
            for dispatch in room.dispatches.values()
            if dispatch.agent_name == "concierge-v2"
        ]
        assert len(nobody) == 1 and not nobody[0].state.jobs
        for record in simulator.world.agents.values():
            assert record.info.deployed_at.seconds <= START
            for version in record.versions.values():
                ran = version.status not in ("Building", "Build Failed")
                assert version.HasField("deployed_at") == ran


async def test_the_crash_loop_of_the_incident_goes_on_until_it_is_mended() -> None:
    async with serve("incident", speed=0, start_time=START) as simulator, Caller(simulator) as caller:

        async def crashes() -> int:
            return sum(
                event.count
                for info in await agents(caller)
                if info.agent_name == "support-triage"
                for event in info.agent_deployments[0].events
            )

        before = await crashes()
        simulator.advance(300)
        assert await crashes() >= before + 5
        (record,) = (r for r in simulator.world.agents.values() if r.info.agent_name == "support-triage")
        request = cloud_pb.RollbackAgentRequest(agent_id=record.id, version="latest")
        await caller.call("CloudAgent/RollbackAgent", request, cloud_pb.RollbackAgentResponse)
        simulator.advance(10)
        mended = await crashes()
        simulator.advance(60)
        assert "support-triage" in rows(await agents(caller))["Running"]
        assert await crashes() == mended


async def test_things_keep_happening_in_the_incident() -> None:
    async with serve("incident", speed=0, start_time=START) as simulator, Caller(simulator) as caller:
        seen = {tuple(await whole(simulator, caller))}
        for _ in range(12):
            simulator.advance(5)
            seen.add(tuple(await whole(simulator, caller)))
        assert len(seen) == 13


async def test_an_hour_of_the_incident_stays_a_believable_fleet() -> None:
    async with serve("incident", speed=0, start_time=START) as simulator, Caller(simulator) as caller:
        for _ in range(12):
            simulator.advance(300)
            found = rows(await agents(caller))
            assert len(found["Running"]) > 30
            assert "support-triage" in found["CrashLoop"]
            assert 10 <= len(simulator.world.rooms) <= 36
            assert jobs(simulator)[agent_pb.JS_RUNNING] > 5


@pytest.mark.parametrize("name", ["incident", "selfhosted", "hostile"])
async def test_the_same_seed_gives_the_same_world(name: str) -> None:
    async def run(seed: int) -> list[bytes]:
        count = 30 if name in ("huge", "calm") else None
        async with serve(
            name, seed=seed, agents=count, speed=0, start_time=START, missing_room_seconds=0.0
        ) as simulator:
            simulator.faults.clear()
            async with Caller(simulator) as caller:
                for seconds in (3, 17, 40):
                    simulator.advance(seconds)
                return await whole(simulator, caller)

    first = await run(1)
    assert first == await run(1)
    assert name == "empty" or first != await run(2)


async def test_the_same_calls_get_the_same_ids() -> None:
    async def run() -> list[str]:
        async with serve("calm", speed=0, start_time=START) as simulator, Caller(simulator) as caller:
            made = []
            for _ in range(3):
                request = dispatch_pb.CreateAgentDispatchRequest(agent_name="agent-0000", room="r")
                answer = await caller.call(
                    "AgentDispatchService/CreateDispatch", request, dispatch_pb.AgentDispatch
                )
                made.append(answer.id)
                simulator.advance(2)
            return made

    assert await run() == await run()


async def test_in_the_calm_nothing_ever_changes() -> None:
    async with serve("calm", agents=50, speed=0, start_time=START) as simulator, Caller(simulator) as caller:
        before = await caller.post("CloudAgent/ListAgents", cloud_pb.ListAgentsRequest(), "json")
        simulator.advance(86400)
        after = await caller.post("CloudAgent/ListAgents", cloud_pb.ListAgentsRequest(), "json")
        assert len(before.json()["agents"]) == 50
        assert before.content == after.content


async def test_there_is_one_agent_for_every_status() -> None:
    async with serve("statuses", speed=0) as simulator, Caller(simulator) as caller:
        assert list(rows(await agents(caller))) == list(STATUSES)
        simulator.advance(3600)
        assert list(rows(await agents(caller))) == list(STATUSES)


async def test_a_huge_world_has_the_proportions_asked_for() -> None:
    async with serve("huge", agents=200, speed=0) as simulator, Caller(simulator) as caller:
        assert len(await agents(caller)) == 200
        rooms = await caller.call(
            "RoomService/ListRooms", room_pb.ListRoomsRequest(), room_pb.ListRoomsResponse
        )
        assert len(rooms.rooms) == 20
        total = 0
        for room in rooms.rooms:
            request = dispatch_pb.ListAgentDispatchRequest(room=room.name)
            answer = await caller.call(
                "AgentDispatchService/ListDispatch", request, dispatch_pb.ListAgentDispatchResponse
            )
            total += sum(len(dispatch.state.jobs) for dispatch in answer.agent_dispatches)
        assert total == 2000
        again = await caller.call(
            "RoomService/ListRooms", room_pb.ListRoomsRequest(), room_pb.ListRoomsResponse
        )
        assert [(r.num_participants, r.num_publishers) for r in again.rooms] == [
            (r.num_participants, r.num_publishers) for r in rooms.rooms
        ]


async def test_only_what_changed_is_encoded_again() -> None:
    async with serve("huge", agents=300, speed=0) as simulator, Caller(simulator) as caller:
        before = (await caller.post("CloudAgent/ListAgents", cloud_pb.ListAgentsRequest(), "json")).json()[
            "agents"
        ]
        simulator.advance(5)
        after = (await caller.post("CloudAgent/ListAgents", cloud_pb.ListAgentsRequest(), "json")).json()[
            "agents"
        ]
        changed = [one["agent_id"] for one, other in zip(before, after, strict=True) if one != other]
        assert 1 <= len(changed) <= 10


async def test_hostile_text_is_in_every_field_and_on_the_wire() -> None:
    async with serve("hostile", speed=0) as simulator, Caller(simulator) as caller:
        response = await caller.post("CloudAgent/ListAgents", cloud_pb.ListAgentsRequest(), "json")
        listed = response.json()["agents"]
        names = {agent["agent_name"] for agent in listed}
        assert {text.replace(SURROGATE, "\ud800") for text in STRINGS} <= names
        assert max(map(len, names)) == 1_000_000
        row = next(agent for agent in listed if agent["agent_name"] == "[/]")["agent_deployments"][0]
        assert (row["region"], row["status"], row["cur_cpu"], row["mem_limit"]) == ("[/]",) * 4
        rooms = await caller.call(
            "RoomService/ListRooms", room_pb.ListRoomsRequest(), room_pb.ListRoomsResponse
        )
        for room in rooms.rooms[:-1]:
            request = dispatch_pb.ListAgentDispatchRequest(room=room.name)
            answer = await caller.post("AgentDispatchService/ListDispatch", request, "json")
            assert answer.json()["agent_dispatches"][0]["state"]["jobs"][1]["state"]["error"]


async def test_a_flaky_world_fails_often_but_not_always() -> None:
    async with serve("flaky", speed=0) as simulator:
        hits = [simulator.faults.hit("/twirp/livekit.CloudAgent/ListAgents") for _ in range(400)]
        actions = {hit.action for hit in hits if hit is not None}
        assert 60 < sum(hit is not None for hit in hits) < 280
        assert {"error", "html", "garbage", "reset", "close", "cut", "latency"} <= actions


FILE = """
base = "calm"
start_time = 1786000000.0
skew = 12.0

[switches]
missing_room = "oss"
missing_room_seconds = 0.5

[settings]
available_regions = "us-east"

[[agents]]
name = "walker"
id = "CA_walker"
secrets = ["KEY"]
walk = [[5.0, "Updating"], [9.0, "Running"]]
logs = ["hello"]
[[agents.deployments]]
name = ""
[[agents.deployments]]
name = "staging"
region = "eu-central"
[[agents.versions]]
age = 60.0
attributes = { git_commit = "1f2e3d4" }

[[rooms]]
name = "lobby"
people = [{ identity = "guest" }]
[[rooms.dispatches]]
agent_name = "walker"
jobs = [{ status = "failed", error = "boom" }]

[[faults]]
path = "*/RestartAgent"
action = "close"
after_effect = true
times = 1
"""


async def test_a_file_adds_to_a_world(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(FILE)
    async with serve(file, agents=2, speed=0) as simulator, Caller(simulator) as caller:
        assert simulator.world.now == START
        assert simulator.clock.skew == 12
        assert [info.agent_name for info in await agents(caller)] == ["agent-0000", "agent-0001", "walker"]
        assert simulator.world.switches.missing_room == "oss"
        assert simulator.world.settings["available_regions"] == "us-east"
        assert simulator.world.settings["python-min-sdk-version"]
        record = simulator.world.agents["CA_walker"]
        assert [(row.deployment, row.region) for row in record.info.agent_deployments] == [
            ("", "us-east"),
            ("staging", "eu-central"),
        ]
        simulator.advance(5)
        assert record.info.agent_deployments[0].status == "Updating"
        assert [fault.path for fault in simulator.faults.listed()] == ["*/RestartAgent"]
        (dispatch,) = simulator.world.rooms["lobby"].dispatches.values()
        assert dispatch.state.jobs[0].state.error == "boom"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nope = 1", "mine.toml:1: Object contains unknown field `nope`"),
        ("\n[[agents]]\nname = 5", "mine.toml:3: Expected `str`, got `int` - at `$.agents[0].name`"),
        (
            "[[agents]]\n[[agents.versions]]\n" * 2 + "[[agents.versions]]\nage = nan",
            "mine.toml:6: Expected `float` >= 0.0 - at `$.agents[1].versions[1].age`",
        ),
        (
            "[[agents]]\nname = 'a'\ndeployments = [{ name = '' },\n { version = -1 }]",
            "mine.toml:3: Expected `int` >= 0 - at `$.agents[0].deployments[1].version`",
        ),
        ("skew = 0\n[switches]\nupload = 'ftp'", "mine.toml:3: Invalid enum value 'ftp'"),
        ("[switches]\n\nnope = 1", "mine.toml:3: Object contains unknown field `nope` - at `$.switches`"),
        ("\n[[faults]]\ncode = 'nope'", "mine.toml:3: Invalid enum value 'nope' - at `$.faults[0].code`"),
        ("[crowd]\nrooms = -4", "mine.toml:2: Expected `int` >= 0"),
        ("skew = 1\nskew = 2\n[agents]\n", "mine.toml:2: not valid TOML: Cannot overwrite a value"),
        ("\nagents = [", "mine.toml:2: not valid TOML: Invalid value"),
        ("x = " + "[" * 2000, "mine.toml: nested too deeply"),
        ("\ufeff\ud800", "mine.toml: not UTF-8 text"),
        ('base = "nope"', "mine.toml: base: unknown scenario 'nope'"),
        ('base = "mine.toml"', "mine.toml: base: unknown scenario 'mine.toml'"),
        ("[[agents]]\nid = 'CA_x'\n[[agents]]\nid = 'CA_x'", "mine.toml: 2 agents with the id 'CA_x'"),
        ("[[rooms]]\nname = 'a'\n[[rooms]]\nname = 'a'", "mine.toml: 2 rooms with the name 'a'"),
    ],
)
def test_a_file_with_a_mistake_is_refused_in_words(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes(text.encode(errors="surrogatepass"))
    with pytest.raises(ValueError) as caught:
        find_scenario(file, 1, None)
    assert str(caught.value).startswith(f"{tmp_path}/{said}")


def test_a_missing_file_and_an_unknown_name_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No such file"):
        find_scenario(str(tmp_path / "no.toml"), 1, None)
    with pytest.raises(ValueError, match="unknown scenario 'nope': want one of incident, "):
        find_scenario("nope", 1, None)


async def test_the_self_hosted_server_has_what_its_operator_may_meet() -> None:
    async with (
        serve("selfhosted", speed=0, start_time=START, missing_room_seconds=0.0) as simulator,
        Caller(simulator) as caller,
    ):
        listed = await caller.call(
            "RoomService/ListRooms", room_pb.ListRoomsRequest(), room_pb.ListRoomsResponse
        )
        silent, found, present = set(), {}, {}
        for room in listed.rooms:
            request = dispatch_pb.ListAgentDispatchRequest(room=room.name)
            answer = await caller.post("AgentDispatchService/ListDispatch", request)
            if answer.status_code == 503:
                silent.add(room.name)
                continue
            dispatches = dispatch_pb.ListAgentDispatchResponse.FromString(answer.content).agent_dispatches
            found[room.name] = [job for dispatch in dispatches for job in dispatch.state.jobs]
            people = await caller.call(
                "RoomService/ListParticipants",
                room_pb.ListParticipantsRequest(room=room.name),
                room_pb.ListParticipantsResponse,
            )
            present[room.name] = {person.identity for person in people.participants}
        assert silent == {"desk-2"}
        absent = {
            room
            for room, jobs_ in found.items()
            for job in jobs_
            if job.state.status == agent_pb.JS_RUNNING and job.state.participant_identity not in present[room]
        }
        assert absent == {"desk-1", "desk-4", "desk-5"}
        (refused,) = found["desk-3"]
        assert refused.state.started_at == refused.state.ended_at
        assert found["night-desk"] == found["reading"] == []
        assert {job.participant.identity for job in found["standup"]} == {"ana", "bob", "cleo"}
        assert "cleo" not in present["standup"]
        simulator.advance(60)
        assert found["desk-5"][0].state.participant_identity in simulator.world.rooms["desk-5"].participants
        assert (
            not simulator.world.rooms["night-desk"]
            .dispatches[next(iter(simulator.world.rooms["night-desk"].dispatches))]
            .state.jobs
        )
