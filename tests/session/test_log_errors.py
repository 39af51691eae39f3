"""What logs say of agents: counted once, the newest remembered; and whose logs are looked into."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime

from tests.fixtures.clocks import StillClock
from tests.logs.fakes import TestClient, TestClock, settle
from tui.api.models import Agent, Deployment, instant
from tui.api.text.masking import SentSecrets
from tui.fleet.reason import LoggedError
from tui.fleet.state import with_agents
from tui.fleet.store import Store
from tui.history.records import ErrorCount
from tui.logs.hub import LogHub
from tui.logs.lines.records import LogRecord
from tui.logs.lines.signatures import key_of
from tui.logs.read_error import ReadError
from tui.logs.source import LogSource
from tui.session.log_errors import FRESH, LogErrors
from tui.session.log_sources import sources
from tui.session.suspect_logs import STREAMS, SuspectLogs

MINUTE = 60 * 20_000_000.0
DEPLOYED = datetime(2026, 11, 29, 1, 22, tzinfo=UTC)
SOURCE = LogSource("CA_1", server_region="us", deployed_at=100.0)


def error(text: str, at: float | None = MINUTE, source: LogSource = SOURCE) -> ReadError:
    """An error of a log."""
    record = LogRecord(text, body=(text,))
    return ReadError(source, at, key_of(record), record)


def test_errors_are_counted_per_agent_minute_and_signature_with_the_newest_line() -> None:
    tally = LogErrors(StillClock())
    for number in range(3):
        tally.found(error(f"job {number} failed", MINUTE + number))
    tally.found(error("job 9 failed", MINUTE + 60))
    tally.found(error("job 9 failed", None))
    tally.found(error("build broke", source=replace_type(SOURCE)))
    assert tally.has_news.is_set()
    counts, newest = tally.take()
    now = int(StillClock().now() // 60)
    assert counts == [
        ErrorCount("CA_1", 20_000_000, "job <n> failed", 3, "job 2 failed"),
        ErrorCount("CA_1", 20_000_001, "job <n> failed", 1, "job 9 failed"),
        ErrorCount("CA_1", now, "job <n> failed", 1, "job 9 failed"),
    ]
    assert newest == {"CA_1": LoggedError("job 9 failed", 100.0)}
    assert tally.take() == ([], newest) and not tally.has_news.is_set()


def test_a_secret_that_was_sent_is_not_in_what_is_kept_of_a_log() -> None:
    """An agent prints where it could not connect to; sent after it was read, too."""
    url = "postgresql://app:S3cr3t-Passw0rd@db.internal/app"
    sent = SentSecrets()
    tally = LogErrors(StillClock(), sent)
    tally.found(error(f"cannot connect to {url}"))
    sent.add(url)
    (count,), newest = tally.take()
    assert (count.line, newest["CA_1"].text) == ("cannot connect to ***",) * 2
    assert count.signature == "cannot connect to ***"


def replace_type(source: LogSource) -> LogSource:
    """The build's log."""
    return LogSource(source.agent_id, log_type="build")


def test_what_a_glance_and_a_log_have_both_read_is_counted_once() -> None:
    for is_glance_first in (True, False):
        tally = LogErrors(StillClock())
        both = [error("a", MINUTE), error("a", MINUTE + 1), error("b", MINUTE + 1)]
        for is_glance in (is_glance_first, not is_glance_first):
            if is_glance:
                tally.glanced(both)
            else:
                for item in both:
                    tally.found(item)
        tally.found(error("a", MINUTE + 2))
        assert [(item.signature, item.count) for item in tally.take()[0]] == [("a", 3), ("b", 1)]


def test_an_exception_stays_the_newest_until_it_is_old_and_a_deploy_ends_what_was_read() -> None:
    tally = LogErrors(StillClock())
    tally.read(SOURCE)
    assert tally.take()[1] == {"CA_1": LoggedError("", 100.0)}, "it was read, and has no error"
    for text, at, known in (
        ("plain", 0.0, "plain"),
        ("KeyError: 'X'", 1.0, "KeyError: 'X'"),
        ("worker exited", 2.0, "KeyError: 'X'"),
        ("TypeError: y", 3.0, "TypeError: y"),
        ("worker exited", 3.0 + FRESH + 1, "worker exited"),
    ):
        tally.found(error(text, MINUTE + at))
        tally.read(SOURCE)
        assert tally.take()[1]["CA_1"].text == known
    later = LogSource("CA_1", server_region="us", deployed_at=200.0)
    tally.read(later)
    assert tally.take()[1] == {"CA_1": LoggedError("", 200.0)}


def agent(number: int, status: str) -> Agent:
    """One of a few."""
    row = Deployment(status=status, region="us-east", server_region="us")
    return Agent(agent_id=f"CA_{number}", version="v1", deployed_at=DEPLOYED, agent_deployments=(row,))


async def test_logs_of_agents_that_break_are_looked_into_once_and_two_at_a_time() -> None:
    client, clock = TestClient(), TestClock()
    store = Store(clock)
    hub = LogHub(client, clock=clock, random=random.Random(1), folder=None)
    tally = LogErrors(clock)
    running = asyncio.create_task(SuspectLogs(client, store, hub, tally, clock).run())
    await settle()
    followed = agent(4, "Error")
    hub.watch(sources(followed))
    await settle()
    opened = len(client.wires)
    broken = [agent(number, "CrashLoop") for number in range(4)]
    others = [agent(5, "Build Failed"), agent(6, "Server Error"), agent(7, "Running")]
    store.update(lambda fleet: with_agents(fleet, (*broken, followed, *others), 1.0))
    await settle()
    assert len(client.wires) == opened + STREAMS
    client.wire.lines("ERROR boom")
    await clock.advance(5.1)
    await clock.advance(5.1)
    read = [wire.agent_id for wire in client.wires[opened:]]
    assert sorted(read) == ["CA_0", "CA_1", "CA_2", "CA_3"], "neither what is followed nor what says nothing"
    counts, newest = tally.take()
    assert newest == {read[1]: LoggedError("ERROR boom", instant(DEPLOYED))}, "no line is: not read"
    assert [count.count for count in counts] == [1]
    again = (agent(0, "Running"), *store.fleet.agents[1:])
    store.update(lambda fleet: with_agents(fleet, again, 20.0))
    await settle()
    assert len(client.wires) == opened + 4
    store.update(lambda fleet: with_agents(replace(fleet, rooms=()), (broken[0], *again[1:]), 30.0))
    await settle()
    assert client.wire.agent_id == "CA_0" and len(client.wires) == opened + 5, "it broke again"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await hub.aclose()
    assert all(wire.closed for wire in client.wires)
