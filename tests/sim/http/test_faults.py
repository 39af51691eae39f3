"""Injected faults: each happens exactly where and as often as asked."""

from __future__ import annotations

import asyncio
import time
from random import Random
from typing import get_args

import httpx
import pytest
from livekit.protocol import agent_dispatch as dispatch_pb
from livekit.protocol import cloud_agent as cloud_pb

from tests.sim.caller import Caller, refusal
from tui.sim.http.faults import Faults
from tui.sim.http.orders import LogOrder
from tui.sim.http.server import Simulator
from tui.sim.scenarios.specs import FaultSpec
from tui.sim.wire.codes import STATUS, Code

LIST = cloud_pb.ListAgentsRequest()
CREATE = dispatch_pb.CreateAgentDispatchRequest(agent_name="agent-0000", room="r")
DISPATCH = "AgentDispatchService/CreateDispatch"
DONE: list[object] = ["CreateRoom", "CreateDispatch"]


async def listed(caller: Caller) -> httpx.Response:
    return await caller.post("CloudAgent/ListAgents", LIST, "json")


def effects(simulator: Simulator) -> list[object]:
    return [effect["effect"] for effect in simulator.control.effects()]


async def test_an_error_has_code_status_and_retry_after(simulator: Simulator, caller: Caller) -> None:
    simulator.faults.add(FaultSpec(code="resource_exhausted", message="slow down", retry_after="7", times=1))
    response = await listed(caller)
    assert refusal(response) == (429, "resource_exhausted", "slow down")
    assert response.headers["retry-after"] == "7"
    assert (await listed(caller)).status_code == 200


async def test_a_fault_hits_its_path_only_and_can_be_cleared(simulator: Simulator, caller: Caller) -> None:
    simulator.faults.add(FaultSpec(path="*/CreateDispatch", code="unavailable"))
    assert (await listed(caller)).status_code == 200
    assert (await caller.post(DISPATCH, CREATE)).status_code == 503
    assert effects(simulator) == []
    simulator.faults.clear()
    assert (await caller.post(DISPATCH, CREATE)).status_code == 200


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (FaultSpec(action="html"), 502, "text/html"),
        (FaultSpec(action="html", status=504), 504, "text/html"),
        (FaultSpec(action="timeout"), 408, "text/plain"),
        (FaultSpec(action="garbage"), 200, "application/json"),
        (FaultSpec(action="error", code="deadline_exceeded"), 408, "application/json"),
    ],
    ids=["502", "504", "408", "garbage", "error"],
)
async def test_another_answer_comes_in_place_of_the_real_one(
    simulator: Simulator, caller: Caller, fault: FaultSpec, status: int, kind: str, after_effect: bool
) -> None:
    fault.after_effect = after_effect
    simulator.faults.add(fault)
    response = await caller.post(DISPATCH, CREATE)
    assert (response.status_code, response.headers["content-type"].split(";")[0]) == (status, kind)
    assert effects(simulator) == (DONE if after_effect else [])


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (FaultSpec(action="close"), httpx.RemoteProtocolError),
        (FaultSpec(action="reset"), httpx.ReadError),
        (FaultSpec(action="cut", at=0), httpx.RemoteProtocolError),
        (FaultSpec(action="cut", at=30, raw=True), httpx.RemoteProtocolError),
        (FaultSpec(action="silence"), httpx.ReadTimeout),
        (FaultSpec(action="stall", at=3), httpx.ReadTimeout),
    ],
    ids=["close", "reset", "cut", "cut in the headers", "silence", "stall"],
)
async def test_a_reply_gets_lost(
    simulator: Simulator,
    caller: Caller,
    fault: FaultSpec,
    error: type[Exception],
    after_effect: bool,
) -> None:
    fault.after_effect = after_effect
    simulator.faults.add(fault)
    caller.http.timeout = httpx.Timeout(0.2)
    with pytest.raises(error):
        await caller.post(DISPATCH, CREATE)
    # A broken-off answer is by nature one that follows the effect.
    happened = after_effect or fault.action in ("cut", "stall")
    assert effects(simulator) == (DONE if happened else [])
    seen = simulator.control.requests()[-1]
    assert seen["fault"] == fault.action


async def raw(caller: Caller, request: bytes) -> bytes:
    """Every byte of the answer on a connection of its own."""
    host, port = caller.simulator.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(request)
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_stream_can_be_cut_at_every_byte(simulator: Simulator, caller: Caller) -> None:
    agent_id = next(iter(simulator.world.agents))
    book = simulator.world.book(simulator.world.agents[agent_id], "")
    book.rest(simulator.world.now)
    simulator.control.switch({"log_backlog": 2})
    simulator.control.logs(LogOrder(agent_id=agent_id, lines=["é ï", "last"], end=True))
    lines = [f"GET /logs?agent_id={agent_id} HTTP/1.1", "Host: sim", "Connection: close"]
    lines += [f"Authorization: {caller.headers()['Authorization']}", "", ""]
    request = "\r\n".join(lines).encode()
    whole = await raw(caller, request)
    assert whole.endswith(b"0\r\n\r\n")
    for at in range(1, len(whole)):
        simulator.faults.add(FaultSpec(path="/logs", action="cut", at=at, raw=True, times=1))
        assert await raw(caller, request) == whole[:at]


async def test_a_stream_can_stall_in_the_middle(simulator: Simulator, caller: Caller) -> None:
    agent_id = next(iter(simulator.world.agents))
    simulator.control.logs(LogOrder(agent_id=agent_id, numbered=50))
    simulator.faults.add(FaultSpec(path="/logs", action="stall", at=100))
    caller.http.timeout = httpx.Timeout(0.2)
    got = b""
    with pytest.raises(httpx.ReadTimeout):
        async with caller.http.stream(
            "GET", "/logs", params={"agent_id": agent_id}, headers=caller.headers()
        ) as response:
            async for chunk in response.aiter_raw():
                got += chunk
    assert len(got) == 100


async def test_latency_comes_before_the_answer(simulator: Simulator, caller: Caller) -> None:
    simulator.faults.add(FaultSpec(action="latency", seconds=0.15))
    before = time.monotonic()
    assert (await listed(caller)).status_code == 200
    assert time.monotonic() - before >= 0.15


async def test_a_drip_is_whole_in_the_end(simulator: Simulator, caller: Caller) -> None:
    expected = (await listed(caller)).content
    simulator.faults.add(FaultSpec(action="drip", seconds=0.0))
    assert (await listed(caller)).content == expected


async def test_the_server_goes_on_after_any_fault(simulator: Simulator, caller: Caller) -> None:
    for fault in (
        FaultSpec(action="close"),
        FaultSpec(action="reset"),
        FaultSpec(action="cut", at=5),
        FaultSpec(action="garbage"),
    ):
        fault.times = 1
        simulator.faults.add(fault)
    for _ in range(4):
        try:
            await listed(caller)
        except httpx.TransportError:
            continue
    assert (await listed(caller)).json()["agents"]


def test_chance_comes_from_the_seed_and_times_are_counted() -> None:
    def hits(seed: int) -> list[bool]:
        faults = Faults([FaultSpec(share=0.3, times=20)], Random(seed))
        return [faults.hit("/x") is not None for _ in range(200)]

    assert hits(1) == hits(1) != hits(2)
    assert sum(hits(1)) == 20


def test_every_code_of_twirp_has_its_status() -> None:
    assert set(get_args(Code)) == set(STATUS)
