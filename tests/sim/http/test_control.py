"""Control API of the simulator: what tests can see and do over HTTP, and who is refused."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec
import pytest
from livekit.protocol import agent_dispatch as dispatch_pb
from livekit.protocol import cloud_agent as cloud_pb
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Message

from tests.sim.caller import START, Caller, token
from tui.sim.http.local_only import is_local
from tui.sim.http.request_body import BodyReader, TooLarge
from tui.sim.http.server import Simulator, serve
from tui.sim.scenarios.scenarios import find_scenario

README = Path(__file__).parents[3] / "README.md"
FOREIGN_HOSTS = (
    "evil.example",
    "evil.com@127.0.0.1",
    "127.0.0.1#.evil.com",
    "127.0.0.1/.evil.com",
    "[::1",
    "127.0.0.1:99999",
    "",
)


def agent_id(simulator: Simulator) -> str:
    return next(iter(simulator.world.agents))


def status(simulator: Simulator) -> str:
    return simulator.world.agents[agent_id(simulator)].info.agent_deployments[0].status


async def ordered(caller: Caller, path: str, order: object) -> httpx.Response:
    return await caller.http.post(f"/_sim/{path}", json=order)


async def test_effects_are_told_in_order_with_what_they_were_about(caller: Caller) -> None:
    request = dispatch_pb.CreateAgentDispatchRequest(agent_name="agent-0001", room="r", metadata="m")
    made = await caller.call("AgentDispatchService/CreateDispatch", request, dispatch_pb.AgentDispatch)
    told = (await caller.http.get("/_sim/effects")).json()
    assert [effect["effect"] for effect in told] == ["CreateRoom", "CreateDispatch"]
    assert told[1] == {
        "seq": 2,
        "time": START,
        "effect": "CreateDispatch",
        "id": made.id,
        "room": "r",
        "agent_name": "agent-0001",
        "deployment": "",
        "metadata": "m",
    }


async def test_reading_has_no_effect(caller: Caller) -> None:
    await caller.post("CloudAgent/ListAgents", cloud_pb.ListAgentsRequest())
    assert (await caller.http.get("/_sim/effects")).json() == []


async def test_requests_are_remembered_with_claims_and_without_token(caller: Caller) -> None:
    headers = {"X-LIVEKIT-CLI-VERSION": "2.18.2", "X-Livekit-Request-Id": "abc"}
    await caller.post("CloudAgent/ListAgents", cloud_pb.ListAgentsRequest(), headers=headers)
    body = (await caller.http.get("/_sim/requests")).text
    seen = (await caller.http.get("/_sim/requests")).json()[0]
    assert (seen["method"], seen["path"], seen["status"]) == (
        "POST",
        "/twirp/livekit.CloudAgent/ListAgents",
        200,
    )
    assert seen["headers"]["x-livekit-cli-version"] == "2.18.2"
    assert seen["headers"]["x-livekit-request-id"] == "abc"
    assert seen["headers"]["authorization"] == "Bearer …"
    assert seen["claims"]["agent"] == {"admin": True}
    assert seen["claims"]["exp"] > seen["claims"]["nbf"]
    assert caller.headers()["Authorization"][:30] not in body


async def test_a_token_in_the_address_is_not_remembered_either(simulator: Simulator, caller: Caller) -> None:
    made = token(simulator)
    await caller.http.get(f"/?a=b&access_token={made}&c=d")
    (seen,) = simulator.control.requests()
    assert seen["query"] == "a=b&access_token=…&c=d" and made not in str(seen)


async def test_of_a_long_request_only_the_beginning_is_remembered(
    simulator: Simulator, caller: Caller
) -> None:
    """Ten thousand of them, which need no token, are not to take half a gigabyte."""
    names = {f"X-{number}": "" for number in range(2000)}
    for headers in ({"X-Long": "x" * 30_000}, names, caller.headers(**{"X-Short": "x" * 100})):
        await caller.http.get(f"/{'p' * 10_000}?{'q' * 10_000}", headers=headers)
    claims = {"attributes": {"a": "x" * 5000}}
    await caller.http.get("/", headers={"Authorization": f"Bearer {token(simulator, claims)}"})
    kept = simulator.control.requests()
    assert max(len(msgspec.json.encode(seen)) for seen in kept) < 8_000
    assert max(len(seen.headers) for seen in simulator.app.pipeline.seen) <= 40
    assert simulator.app.pipeline.seen[2].headers["x-short"] == "x" * 100
    assert simulator.app.pipeline.seen[2].claims["iss"] == simulator.key


async def test_the_clock_is_pushed_paced_and_skewed(simulator: Simulator, caller: Caller) -> None:
    assert (await ordered(caller, "clock", {"advance": 5.5, "skew": 90})).text == "done\n"
    state = (await caller.http.get("/_sim")).json()
    assert (state["now"], state["skew"], state["speed"]) == (START + 5.5, 90, 0)
    await ordered(caller, "clock", {"speed": 3, "skew": 0})
    assert simulator.clock.speed == 3


async def test_statuses_follow_a_script(simulator: Simulator, caller: Caller) -> None:
    walk = [[0, "Updating"], [5, "Error"], [9, "Running"]]
    await ordered(caller, "statuses", {"agent_id": agent_id(simulator), "walk": walk})
    seen = []
    for _ in range(10):
        seen.append(status(simulator))
        simulator.advance(1)
    assert seen == ["Updating"] * 5 + ["Error"] * 4 + ["Running"]


async def test_a_crash_on_order_is_counted(simulator: Simulator, caller: Caller) -> None:
    await ordered(caller, "crash", {"agent_id": agent_id(simulator)})
    (row,) = simulator.world.agents[agent_id(simulator)].info.agent_deployments
    assert (row.status, row.events[0].count, row.replicas) == ("Error", 1, 0)


async def test_faults_are_set_listed_and_cleared(simulator: Simulator, caller: Caller) -> None:
    await ordered(caller, "faults", {"path": "*/ListAgents", "code": "unavailable"})
    assert (await caller.post("CloudAgent/ListAgents", cloud_pb.ListAgentsRequest())).status_code == 503
    assert (await caller.http.get("/_sim/faults")).json()[0]["code"] == "unavailable"
    await caller.http.delete("/_sim/faults")
    assert (await caller.post("CloudAgent/ListAgents", cloud_pb.ListAgentsRequest())).status_code == 200
    await ordered(caller, "faults", {"path": "*", "code": "unavailable"})
    headers = {"Authorization": "Bearer none"}
    assert (await caller.http.get("/_sim/faults", headers=headers)).status_code == 200, "it is out of reach"


async def test_switches_turn_while_it_runs(simulator: Simulator, caller: Caller) -> None:
    await ordered(caller, "switches", {"upload": "put", "time_unit": "s"})
    assert (simulator.world.switches.upload, simulator.world.switches.time_unit) == ("put", "s")
    assert (await caller.http.get("/_sim")).json()["switches"]["upload"] == "put"


@pytest.mark.parametrize(
    ("path", "order", "said"),
    [
        ("switches", {"upload": "ftp"}, "Invalid enum value 'ftp'"),
        ("switches", {"nope": 1}, "unknown field `nope`"),
        ("switches", {"camel_json": True}, "set at the start"),
        ("clock", {"advance": -1}, "Expected `float` >= 0.0 - at `$.advance`"),
        ("clock", {"advance": 1e9}, "Expected `float` <= 604800.0"),
        ("clock", {"speed": 1e9}, "Expected `float` <= 10000.0"),
        ("clock", {"advance": "x"}, "Expected `float`"),
        ("faults", {"action": "explode"}, "Invalid enum value 'explode'"),
        ("faults", {"code": "nope"}, "Invalid enum value 'nope'"),
        ("faults", {"status": 7}, "Expected `int` >= 200"),
        ("faults", {"retry_after": "1\r\nX: y"}, "at `$.retry_after`"),
        ("statuses", {"agent_id": "CA_no", "walk": []}, "no agent 'CA_no'"),
        ("statuses", {"agent_id": "CA_first", "deployment": "no", "walk": []}, "has no deployment 'no'"),
        ("crash", {"agent_id": "CA_first", "deployment": "no"}, "has no deployment 'no'"),
        ("logs", {"agent_id": "CA_first", "deployment": "no"}, "has no deployment 'no'"),
        ("logs", {}, "missing required field `agent_id`"),
        ("workers", {"name": "no"}, "no workers of 'no' in deployment ''"),
        ("participants", {"room": "no", "identity": "x", "act": "leave"}, "no participant 'x' in 'no'"),
        ("builds", {"outcome": "great"}, "Invalid enum value 'great'"),
        ("builds", {"outcome": "ok", "agent_id": "CA_no"}, "no agent 'CA_no'"),
    ],
)
async def test_an_order_that_makes_no_sense_is_refused_in_words(
    caller: Caller, path: str, order: dict[str, object], said: str
) -> None:
    if order.get("agent_id") == "CA_first":
        order = {**order, "agent_id": agent_id(caller.simulator)}
    response = await ordered(caller, path, order)
    assert response.status_code == 400
    assert said in response.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-origin"},
        *({"Host": host} for host in FOREIGN_HOSTS),
    ],
    ids=str,
)
async def test_web_pages_may_not_give_orders(
    simulator: Simulator, caller: Caller, headers: dict[str, str]
) -> None:
    response = await caller.http.post("/_sim/clock", json={"advance": 5}, headers=headers)
    assert response.status_code == 403
    assert (await caller.http.get("/_sim/effects", headers=headers)).status_code == 403
    assert (await caller.http.delete("/_sim/faults", headers=headers)).status_code == 403
    assert simulator.world.now == START


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:7880", "127.9.9.9", "[::1]:7880"])
async def test_this_machine_has_several_names(caller: Caller, host: str) -> None:
    response = await caller.http.get("/_sim/effects", headers={"Host": host, "Sec-Fetch-Site": "none"})
    assert response.status_code == 200


@pytest.mark.parametrize(
    ("peer", "allowed"), [(("127.0.0.1", 1), True), (("192.0.2.7", 1), False), (None, False)], ids=str
)
def test_another_machine_may_not_give_orders(peer: tuple[str, int] | None, allowed: bool) -> None:
    scope = {"type": "http", "client": peer, "headers": [(b"host", b"localhost:7880")]}
    assert is_local(Request(scope)) is allowed


@pytest.mark.parametrize("other", ["localhost:7880", "evil.example"])
def test_a_request_to_two_hosts_may_not_give_orders(other: str) -> None:
    hosts = [(b"host", b"localhost:7880"), (b"host", other.encode())]
    scope = {"type": "http", "client": ("127.0.0.1", 1), "headers": hosts}
    assert not is_local(Request(scope))
    assert is_local(Request({**scope, "headers": hosts[:1]}))


async def test_an_order_that_is_too_large_is_refused(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.sim.http.control.ORDER_LIMIT", 100)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * 60

    response = await caller.http.post("/_sim/switches", content=chunks())
    assert (response.status_code, response.text) == (413, "an order has at most 100 bytes\n")


async def test_an_endless_body_is_read_only_up_to_its_limit() -> None:
    received = 0

    async def endless() -> Message:
        nonlocal received
        received += 65_536
        return {"type": "http.request", "body": bytes(65_536), "more_body": True}

    with pytest.raises(TooLarge):
        await BodyReader().read(Request({"type": "http"}, endless), 1_000_000)
    assert received < 1_100_000


async def test_all_bodies_that_a_server_reads_take_no_more_than_so_much_together() -> None:
    """Of many that come slowly, each within its limit; once they have ended there is room again.

    Another server in the same process counts for itself.
    """
    bodies, of_another = BodyReader(1000), BodyReader(1000)
    going_on = asyncio.Event()

    def body(size: int, *, waits: bool = False) -> Request:
        parts = iter([size, 0])

        async def receive() -> Message:
            size = next(parts)
            if waits and not size:
                await going_on.wait()
            return {"type": "http.request", "body": bytes(size), "more_body": bool(size)}

        return Request({"type": "http"}, receive)

    first = asyncio.create_task(bodies.read(body(900, waits=True), 900))
    await asyncio.sleep(0)
    with pytest.raises(TooLarge):
        await bodies.read(body(200), 900)
    assert len(await of_another.read(body(200), 900)) == 200
    assert len(await bodies.read(body(100), 900)) == 100
    going_on.set()
    assert len(await first) == 900
    assert len(await bodies.read(body(200), 900)) == 200


async def test_two_simulators_do_not_count_against_each_other() -> None:
    async with serve("calm", agents=1) as one, serve("calm", agents=1) as other:
        assert one.app.bodies is not other.app.bodies


async def test_the_readme_orders_what_can_be_ordered(caller: Caller, tmp_path: Path) -> None:
    text = README.read_text().partition("## The simulator")[2].partition("\n## ")[0]
    known = text.replace("CA_…", agent_id(caller.simulator)).replace('"concierge"', '"agent-0000"')
    orders = re.findall(r"^\| `(\w+)` \| `(\{.*?\})`", known, re.MULTILINE)
    orders += re.findall(r"/_sim/(\w+) -d '(.*)'$", known, re.MULTILINE)
    answered = [(await caller.http.post(f"/_sim/{path}", content=body)).text for path, body in orders]
    assert answered == ["done\n"] * len(orders)
    assert {path for path, _ in orders} == {
        str(route.path).removeprefix("/_sim/")
        for route in caller.simulator.control.routes()
        if isinstance(route, Route) and "POST" in (route.methods or ())
    }
    file = tmp_path / "mine.toml"
    file.write_text(text.partition("```toml\n")[2].partition("```")[0])
    assert find_scenario(file, 1, None).agents[-1].name == "walker"
