"""Logs on real sockets: simulator, client, streams, log. Cut at any byte of the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random

import pytest

from tests.logs.transcript import runs_of
from tui.api import transport
from tui.api.auth import Credentials
from tui.api.budget import Budget
from tui.api.caller import Endpoint
from tui.api.client import Client
from tui.clock import SystemClock
from tui.logs import stream
from tui.logs.hub import LogHub
from tui.logs.log import Kind, Log
from tui.logs.source import LogSource, StreamPhase
from tui.logs.watch import Watch
from tui.secret import Secret
from tui.sim.http.orders import LogOrder
from tui.sim.http.server import Simulator, serve
from tui.sim.scenarios.specs import AgentSpec, DeploymentSpec, FaultSpec, Scenario

AGENT = "CA_p7KxWmR3sVbQ"
SOURCE = LogSource(AGENT, region="us-east", server_region="us-east")


class QuickClock(SystemClock):
    """Real time, except that waiting to reconnect is short."""

    async def sleep(self, seconds: float) -> None:
        """Wait, but not long."""
        await asyncio.sleep(min(seconds, 0.02))


@asynccontextmanager
async def served(status: str = "Scheduling", **switches: object) -> AsyncIterator[tuple[Simulator, Client]]:
    """A frozen world with one agent that prints only what `say` gives it, and the real client."""
    plan = Scenario(
        agents=[AgentSpec(id=AGENT, name="a", deployments=[DeploymentSpec(status=status)])], switches=switches
    )
    clock = SystemClock()
    async with serve(plan, speed=0) as simulator:
        endpoint = Endpoint(
            simulator.url, simulator.url, Credentials(simulator.key, Secret(simulator.secret))
        )
        client = Client(endpoint, budget=Budget(10_000, clock), clock=clock)
        try:
            yield simulator, client
        finally:
            await client.aclose()


@asynccontextmanager
async def hub_on(client: Client) -> AsyncIterator[LogHub]:
    """A hub that has received nothing yet."""
    hub = LogHub(client, clock=QuickClock(), random=Random(1), folder=None)
    try:
        yield hub
    finally:
        await hub.aclose()


@asynccontextmanager
async def opened(status: str = "Scheduling", **switches: object) -> AsyncIterator[tuple[Simulator, LogHub]]:
    """Such a world and a hub on it."""
    async with served(status, **switches) as (simulator, client), hub_on(client) as hub:
        yield simulator, hub


async def until(log: Log, done: Callable[[], bool]) -> None:
    """Wait for something about a log, woken by its changes."""
    changed = asyncio.Event()
    log.listeners.append(changed.set)
    try:
        async with asyncio.timeout(15):
            while not done():
                await changed.wait()
                changed.clear()
    finally:
        log.listeners.remove(changed.set)


def holds(log: Log, line: bytes) -> Callable[[], bool]:
    return lambda: any(found.raw == line for found in log.lines(log.end - 50, log.end))


def say(simulator: Simulator, *lines: str) -> None:
    simulator.control.logs(LogOrder(agent_id=AGENT, lines=list(lines)))


async def whole(watch: Watch, lines: list[bytes]) -> None:
    """Wait for the last of the lines, then see that there is every one, or a mark."""
    await until(watch.log, holds(watch.log, lines[-1]))
    text = b"\n".join((b"", *lines, b""))
    for run in runs_of(watch.log):
        assert not run or b"\n".join((b"", *run, b"")) in text


async def test_lines_flow_from_the_socket_to_the_log() -> None:
    async with opened() as (simulator, hub):
        say(simulator, "one", "two")
        watch = hub.watch([SOURCE])
        await until(watch.log, holds(watch.log, b"two"))
        say(simulator, "three", "", "caf\u00e9 \u2028 not a line")
        await whole(watch, [b"one", b"two", b"three", b"", "caf\u00e9 \u2028 not a line".encode()])
        assert watch.log.counts.received == 5
        assert watch.log.streams[0].phase is StreamPhase.OPEN


@pytest.mark.parametrize("raw", [False, True], ids=["body", "connection"])
async def test_cut_at_any_byte_of_body_or_connection(raw: bool) -> None:
    """Inside UTF-8, inside the header, inside the framing of a chunk: joined, or marked."""
    async with served(log_backlog=10_000) as (simulator, client):
        lines = [f"{n} caf\u00e9 \U0001f600" for n in range(40)]
        say(simulator, *lines)
        every = [line.encode() for line in lines]
        size = sum(map(len, every)) + len(every) + (400 if raw else 0)
        for at in range(1, size, 23):
            simulator.faults.clear()
            simulator.faults.add(FaultSpec(path="/logs", action="cut", at=at, raw=raw, times=2))
            async with hub_on(client) as hub:
                await whole(hub.watch([SOURCE]), every)


async def test_a_black_hole_is_left_and_nothing_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection stays open and brings nothing more: the silence is noticed, another is opened."""
    monkeypatch.setitem(transport.Transport.stream.__wrapped__.__kwdefaults__, "quiet", 0.4)
    monkeypatch.setattr(stream, "SILENCE", 0.3)
    async with opened() as (simulator, hub):
        lines = [f"07:06:{n:02}.000 line" for n in range(40)]
        say(simulator, *lines)
        simulator.faults.add(FaultSpec(path="/logs", action="stall", at=200, times=1))
        watch = hub.watch([SOURCE])
        await whole(watch, [each.encode() for each in lines])
        assert watch.log.counts.received == 40
        assert watch.log.counts.gaps == 0
        assert not watch.log.notices


async def test_a_server_without_backlog_leaves_a_mark() -> None:
    async with opened(log_backlog=0) as (simulator, hub):
        watch = hub.watch([SOURCE])
        await until(watch.log, lambda: watch.log.streams[0].phase is StreamPhase.OPEN)
        say(simulator, "one", "two", "three")
        await until(watch.log, holds(watch.log, b"three"))
        simulator.control.logs(LogOrder(agent_id=AGENT, end=True))
        await until(watch.log, lambda: bool(watch.log.notices))
        simulator.world.book(simulator.world.agents[AGENT], "").ended = False
        await until(watch.log, lambda: watch.log.streams[0].phase is StreamPhase.OPEN)
        say(simulator, "four")
        await until(watch.log, holds(watch.log, b"four"))
        assert [notice.kind for notice in watch.log.notices.values()] == [Kind.GAP]


async def test_a_backlog_that_was_rotated_meanwhile_is_joined_or_marked() -> None:
    """Whether the oldest line that the server still has was received is all that can be told."""
    async with opened(log_backlog=20) as (simulator, hub):
        say(simulator, *(f"line {n}" for n in range(20)))
        watch = hub.watch([SOURCE])
        book = simulator.world.book(simulator.world.agents[AGENT], "")
        for first, last in ((20, 30), (30, 80)):
            await until(watch.log, holds(watch.log, f"line {first - 1}".encode()))
            simulator.control.logs(LogOrder(agent_id=AGENT, end=True))
            await until(watch.log, lambda: watch.log.streams[0].phase is not StreamPhase.OPEN)
            say(simulator, *(f"line {n}" for n in range(first, last)))
            book.ended = False
        await until(watch.log, holds(watch.log, b"line 79"))
        assert [run[0] for run in runs_of(watch.log)] == [b"line 0", b"line 60"]
        assert sum(map(len, runs_of(watch.log))) == 30 + 20, "none twice"
        assert [notice.kind for notice in watch.log.notices.values()].count(Kind.GAP) == 1


async def test_a_sleeping_agent_an_unknown_one_and_bad_credentials_are_told_apart() -> None:
    async with opened(status="Sleeping") as (simulator, hub):
        asleep = hub.watch([SOURCE])
        await until(asleep.log, lambda: asleep.log.streams[0].phase is StreamPhase.ASLEEP)
        unknown = hub.watch([LogSource("CA_unknown00000")])
        await until(unknown.log, lambda: unknown.log.streams[0].phase is StreamPhase.GONE)
        simulator.faults.add(FaultSpec(path="/logs", code="unauthenticated", message="permissions denied"))
        refused = hub.watch([LogSource("CA_other0000000")])
        await until(refused.log, lambda: refused.log.streams[0].phase is StreamPhase.REFUSED)
        texts = [next(iter(watch.log.notices.values())).text for watch in (asleep, unknown, refused)]
        assert len(set(texts)) == 3


async def test_a_build_log_is_read_to_its_end() -> None:
    async with opened() as (_, hub):
        build = LogSource(AGENT, region="us-east", log_type="build")
        watch = hub.watch([SOURCE, build])
        watch.open(build)
        await until(watch.log, lambda: watch.log.counts.received > 3 and bool(watch.log.notices))
        assert watch.log.streams[1].phase is StreamPhase.ENDED


async def test_a_flood_through_the_socket_is_whole() -> None:
    async with opened() as (simulator, hub):
        watch = hub.watch([SOURCE])
        await until(watch.log, lambda: watch.log.streams[0].phase is StreamPhase.OPEN)
        count = 20_000
        simulator.control.logs(LogOrder(agent_id=AGENT, numbered=count, prefix="n"))
        await whole(watch, [f"n {n}".encode() for n in range(count)][-5000:])
        assert watch.log.end - watch.log.first >= 5000
