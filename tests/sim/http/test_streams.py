"""`GET /logs`: recent lines, then new ones; cut, cancelled and refused (PROTOCOL.md, Logs)."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.sim.caller import START, Caller, refusal
from tui.sim.http.orders import LogOrder
from tui.sim.http.server import Simulator, serve
from tui.sim.scenarios.hostile import LOGS
from tui.sim.scenarios.specs import AgentSpec, DeploymentSpec, Scenario

AGENT = "CA_p7KxWmR3sVbQ"


class Reader:
    """Reads a stream line by line."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._chunks = response.aiter_raw()
        self._rest = b""

    async def until(self, last: bytes) -> list[bytes]:
        """Lines up to the one that equals `last`."""
        lines: list[bytes] = []
        async with asyncio.timeout(10):
            while last not in lines:
                *whole, self._rest = (self._rest + await anext(self._chunks)).split(b"\n")
                lines += whole
        return lines

    async def to_the_end(self) -> bytes:
        """Whatever is left."""
        async with asyncio.timeout(10):
            return self._rest + b"".join([chunk async for chunk in self._chunks])


@contextlib.asynccontextmanager
async def opened(
    agent: AgentSpec | None = None, **switches: object
) -> AsyncIterator[tuple[Simulator, Caller]]:
    """A frozen world of one agent that does not chatter unless it runs."""
    plan = Scenario(agents=[agent or quiet()], switches=switches)
    async with serve(plan, speed=0, start_time=START) as simulator, Caller(simulator) as caller:
        yield simulator, caller


def quiet(status: str = "Running", logs: list[str] | None = None) -> AgentSpec:
    """An agent whose program prints only what it is told to."""
    return AgentSpec(
        id=AGENT, name="a", quiet=True, deployments=[DeploymentSpec(status=status)], logs=logs or []
    )


@contextlib.asynccontextmanager
async def reading(caller: Caller, **params: str) -> AsyncIterator[Reader]:
    query = {"agent_id": AGENT, **params}
    async with caller.http.stream("GET", "/logs", params=query, headers=caller.headers()) as response:
        assert response.status_code == 200
        yield Reader(response)


def say(simulator: Simulator, *lines: str) -> None:
    simulator.control.logs(LogOrder(agent_id=AGENT, lines=list(lines)))


async def test_the_past_comes_first_and_then_what_is_printed_now() -> None:
    async with opened(quiet(logs=["one", "two"])) as (simulator, caller), reading(caller) as reader:
        assert await reader.until(b"two") == [b"one", b"two"]
        say(simulator, "three", "", "four")
        assert await reader.until(b"four") == [b"three", b"", b"four"]


async def test_the_past_is_bounded() -> None:
    async with opened(log_backlog=3) as (simulator, caller):
        say(simulator, *map(str, range(10)))
        async with reading(caller) as reader:
            assert await reader.until(b"9") == [b"7", b"8", b"9"]


async def test_two_readers_see_the_same() -> None:
    async with opened(AgentSpec(id=AGENT, name="a")) as (simulator, caller):
        say(simulator, "mark")
        async with reading(caller) as one, reading(caller) as other:
            assert await one.until(b"mark") == await other.until(b"mark")
            simulator.advance(60)
            say(simulator, "end")
            first, second = await one.until(b"end"), await other.until(b"end")
            assert first == second
            assert len(first) > 10


async def test_routine_lines_are_json_as_livekit_agents_prints_it_and_plain_text() -> None:
    async with opened(AgentSpec(id=AGENT, name="a"), log_backlog=500) as (simulator, caller):
        say(simulator, "end")
        async with reading(caller) as reader:
            lines = await reader.until(b"end")
    records = [json.loads(line) for line in lines if line.startswith(b"{")]
    assert 50 < len(records) < len(lines) - 1
    assert all({"message", "level", "name", "timestamp"} <= set(record) for record in records)
    stamps = [record["timestamp"] for record in records]
    assert stamps == sorted(stamps)
    assert all(stamp.endswith("+00:00") for stamp in stamps)


async def test_a_stream_ends_when_the_program_does() -> None:
    async with opened() as (simulator, caller), reading(caller) as reader:
        simulator.control.logs(LogOrder(agent_id=AGENT, lines=["last"], end=True))
        assert await reader.to_the_end() == b"last\n"


async def test_a_flood_is_numbered_and_loses_nothing() -> None:
    async with opened() as (simulator, caller), reading(caller) as reader:
        simulator.control.logs(LogOrder(agent_id=AGENT, flood=1000, seconds=3, prefix="n"))
        lines = [f"n {number}".encode() for number in range(1, 3001)]
        for _ in range(6):
            simulator.advance(0.7)
        assert await reader.until(b"n 3000") == lines


async def test_bytes_that_are_no_text_arrive_as_they_are() -> None:
    async with opened() as (simulator, caller), reading(caller) as reader:
        simulator.control.logs(LogOrder(agent_id=AGENT, raw=[b"\xff\xfe\xc3("], lines=["end"]))
        assert await reader.until(b"\xff\xfe\xc3(") == [b"end", b"\xff\xfe\xc3("]


async def test_cancelling_a_stream_leaves_the_server_well() -> None:
    async with opened() as (simulator, caller):
        for _ in range(20):
            async with reading(caller) as reader:
                say(simulator, "x")
                await reader.until(b"x")
        assert (await caller.http.get("/")).status_code == 200


@pytest.mark.parametrize(
    ("agent", "params", "expected"),
    [
        (quiet(), {"agent_id": "CA_no"}, (500, "internal", "failed to get agent")),
        (quiet(), {"agent_id": ""}, (500, "internal", "failed to get agent")),
        (quiet(), {"deployment": "nope"}, (404, "not_found", "deployment 'nope' does not exist")),
        (quiet(), {"log_type": "x"}, (400, "invalid_argument", "unknown log type 'x'")),
        (
            quiet("Sleeping"),
            {},
            (
                412,
                "failed_precondition",
                "The agent has shut down due to inactivity. "
                "It will automatically start again when a new session begins.",
            ),
        ),
        (
            AgentSpec(id=AGENT, versions=[]),
            {},
            (404, "not_found", "no logs: nothing was deployed yet"),
        ),
    ],
)
async def test_logs_that_cannot_be_had_say_why(
    agent: AgentSpec, params: dict[str, str], expected: tuple[int, str, str]
) -> None:
    async with opened(agent) as (_, caller):
        query = {"agent_id": AGENT, **params}
        response = await caller.http.get("/logs", params=query, headers=caller.headers())
        assert refusal(response) == expected


@pytest.mark.parametrize(("status", "word"), [("Running", b"DONE"), ("Build Failed", b"ERROR")])
async def test_build_logs_are_finite(status: str, word: bytes) -> None:
    async with opened(quiet(status)) as (_, caller), reading(caller, log_type="build") as reader:
        text = await reader.to_the_end()
        assert text.startswith(b"#1 [internal] load build definition from Dockerfile\n")
        assert word in text.splitlines()[-1]


async def test_hostile_lines_are_served_byte_by_byte_and_short_enough_for_lk() -> None:
    async with serve("hostile", speed=0) as simulator, Caller(simulator) as caller:
        wanted = [line.encode(errors="surrogateescape") for line in LOGS]
        served = await caller.lines(
            "/logs", sum(line.count(b"\n") + 1 for line in wanted), agent_id="CA_hostileLogs22"
        )
        assert b"\n".join(served) == b"\n".join(wanted)
        assert max(map(len, served)) < 65536
