"""The simulator answers like the real servers whose replies are recorded, in every situation."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.peers.recording import FOLDER, RecordedStop, Reply, read
from tests.sim.caller import START, Caller, token
from tui.sim.http.orders import NodeOrder, PersonOrder, WorkerOrder
from tui.sim.http.server import Simulator, serve
from tui.sim.scenarios.selfhosted import SWITCHES
from tui.sim.scenarios.specs import AgentSpec, DispatchSpec, RoomSpec, Scenario

NODE = "ND_2"
Dispatch = Callable[[str], Awaitable[Reply]]
Steps = AsyncIterator[str]
"""The names of the stops, each once the world has come there."""


class World:
    """A simulator like the recorded servers, and who asks it what they were asked."""

    def __init__(self, simulator: Simulator, caller: Caller) -> None:
        self.simulator = simulator
        self.control = simulator.control
        self.sent: list[Reply] = []
        self.room = "lobby"
        self.secret = ""
        self._caller = caller

    async def ask(self, service: str, method: str, **request: str | bool) -> Reply:
        """A call as recorded."""
        made = token(self.simulator, room=str(request.get("room", "")), secret=self.secret)
        answer = await self._caller.http.post(
            f"/twirp/livekit.{service}/{method}", json=request, headers={"Authorization": f"Bearer {made}"}
        )
        return Reply(method, request, answer.status_code, "", answer.text, 0.0)

    async def dispatch(self) -> None:
        """Dispatch the agent to the room."""
        self.sent.append(
            await self.ask("AgentDispatchService", "CreateDispatch", room=self.room, agent_name="one")
        )

    async def look(self) -> list[Reply]:
        """What is asked at every stop."""
        return [
            await self.ask("RoomService", "ListRooms"),
            await self.ask("AgentDispatchService", "ListDispatch", room=self.room),
            await self.ask("RoomService", "ListParticipants", room=self.room),
        ]

    def worker(self, *, alive: bool) -> None:
        """Let the worker register, or kill it."""
        self.control.worker(WorkerOrder(name="one", alive=alive))

    def person(self, identity: str, *acts: str) -> None:
        """Let somebody come, publish or go."""
        for act in acts:
            self.control.person(PersonOrder(room=self.room, identity=identity, act=act))


def shape(reply: Reply) -> object:
    """What of an answer does not depend on ids, times and whether the agent speaks."""
    if reply.status != 200:
        said = re.sub(r"127\.0\.0\.1:\d+", "<redis>", re.sub(r"ey[\w-]+(\.[\w-]+){2}", "<token>", reply.body))
        return reply.method, reply.status, json.loads(said) if said.startswith("{") else said
    body = json.loads(reply.body)
    if reply.method == "ListRooms":
        return [room["name"] for room in body["rooms"]]
    if reply.method == "ListParticipants":
        return sorted(_participant(person) for person in body["participants"])
    if reply.method == "ListDispatch":
        return sorted(
            (item["agent_name"], sorted(map(_job, item["state"]["jobs"])))
            for item in body["agent_dispatches"]
        )
    return reply.method, sorted(body)


def _participant(person: dict[str, object]) -> tuple[object, ...]:
    identity, attributes = str(person["identity"]), person["attributes"]
    assert isinstance(attributes, dict)
    names = attributes.get("lk.agent.name"), attributes.get("lk.agent_name")
    return identity[:9], person["state"], person["kind"], person["kind_details"], names


def _job(job: dict[str, object]) -> tuple[object, ...]:
    state, person = job["state"], job.get("participant")
    assert isinstance(state, dict) and (person is None or isinstance(person, dict))
    return (
        job["type"],
        state["status"],
        state["error"],
        state["participant_identity"] in ("", f"agent-{job['id']}") and bool(state["participant_identity"]),
        state["started_at"] == state["ended_at"],
        state["ended_at"] == "0",
        bool(state["worker_id"]),
        state["agent_id"],
        person and (person["identity"], person["state"], person["is_publisher"]),
        job["agent_name"],
    )


# what happened on the real servers, in the simulator


async def new_room(world: World) -> Steps:
    yield "before"
    await world.dispatch()
    yield "dispatched"
    world.simulator.advance(7)
    yield "joined"


async def rejected(world: World) -> Steps:
    await world.dispatch()
    world.simulator.advance(7)
    yield "refused"


async def gone_at_once(world: World) -> Steps:
    await world.dispatch()
    world.simulator.advance(7)
    yield "young"
    world.simulator.advance(17)
    yield "later"


async def slow_start(world: World) -> Steps:
    await world.dispatch()
    world.simulator.advance(7)
    yield "accepted"
    world.simulator.advance(17)
    yield "still starting"
    world.simulator.advance(18)
    yield "joined"


async def late_worker(world: World) -> Steps:
    world.worker(alive=False)
    await world.dispatch()
    world.simulator.advance(6)
    yield "nobody"
    world.worker(alive=True)
    world.simulator.advance(6)
    yield "registered"
    await world.dispatch()
    world.simulator.advance(7)
    yield "dispatched again"


async def joined(world: World) -> None:
    await world.dispatch()
    world.simulator.advance(7)


async def killed_worker(world: World) -> Steps:
    await joined(world)
    yield "joined"
    world.worker(alive=False)
    world.simulator.advance(2)
    yield "killed"
    world.simulator.advance(17)
    yield "gone"


async def killed_node(world: World) -> Steps:
    await joined(world)
    yield "joined"
    world.worker(alive=False)
    world.control.node(NodeOrder(node=NODE))
    yield "killed"
    world.simulator.advance(20)
    yield "later"
    await world.dispatch()
    yield "dispatched again"


async def moved_room(world: World) -> Steps:
    await joined(world)
    yield "joined"
    world.control.node(NodeOrder(node=NODE))
    yield "killed"
    world.simulator.advance(20)
    room = world.simulator.world.rooms[world.room]
    for person in list(room.participants.values()):
        world.simulator.app.rooms.join(room, person)
    yield "moved"


async def redis_gone(world: World) -> Steps:
    await joined(world)
    yield "joined"
    world.control.switch({"store": "gone"})
    yield "gone"
    world.control.switch({"store": "emptied"})
    yield "back"


async def redis_gone_while_waiting(world: World) -> Steps:
    world.worker(alive=False)
    await world.dispatch()
    world.simulator.advance(6)
    yield "waiting"
    world.control.switch({"store": "gone"})
    world.simulator.advance(40)
    yield "gone"


async def wrong_secret(world: World) -> Steps:
    world.secret = "x" * 40
    await world.dispatch()
    yield "refused"


async def no_auto_create(world: World) -> Steps:
    world.control.switch({"auto_create": False})
    yield "before"
    await world.dispatch()
    yield "dispatched"


async def publisher_left(world: World) -> Steps:
    await world.dispatch()
    world.simulator.advance(6)
    yield "nobody publishes"
    world.person("bob", "join", "publish")
    world.simulator.advance(7)
    yield "bob publishes"
    world.person("eve", "join", "publish")
    world.simulator.advance(2)
    yield "eve too"
    world.person("bob", "leave")
    world.simulator.advance(3)
    yield "bob left"


WORKERS = {
    "rejected": AgentSpec(name="one", refuses=True),
    "raised": AgentSpec(name="one", entrypoint="raises"),
    "returned": AgentSpec(name="one", entrypoint="returns"),
    "slow_start": AgentSpec(name="one", join_seconds=40.0),
    "publisher_left": AgentSpec(name="one", job_type="publisher"),
}
PLAYS: dict[str, Callable[[World], Steps]] = {
    "raised": gone_at_once,
    "returned": gone_at_once,
    **{
        play.__name__: play
        for play in (
            new_room,
            rejected,
            slow_start,
            late_worker,
            killed_worker,
            killed_node,
            moved_room,
            redis_gone,
            redis_gone_while_waiting,
            wrong_secret,
            no_auto_create,
            publisher_left,
        )
    },
}


def test_every_recording_is_played() -> None:
    assert set(PLAYS) == {path.stem for path in FOLDER.glob("*.json")}


@pytest.mark.parametrize("situation", sorted(PLAYS))
async def test_the_simulator_answers_like_the_recorded_server(situation: str) -> None:
    stops = read(situation).stops
    plan = Scenario(agents=[WORKERS.get(situation, AgentSpec(name="one"))])
    if situation in ("killed_node", "moved_room"):
        plan.rooms = [RoomSpec(name=stops[0].room, node=NODE, dispatches=[DispatchSpec()])]
    plan.switches = {**SWITCHES, "missing_room_seconds": 0.0}
    async with serve(plan, speed=0, start_time=START) as simulator, Caller(simulator) as caller:
        world = World(simulator, caller)
        world.room = stops[0].room
        passed = iter(stops)
        async for name in PLAYS[situation](world):
            stop: RecordedStop = next(passed)
            assert (stop.name, list(map(shape, stop.sent))) == (name, list(map(shape, world.sent)))
            world.sent.clear()
            assert list(map(shape, await world.look())) == list(map(shape, stop.replies)), name
        assert next(passed, None) is None
