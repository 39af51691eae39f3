"""The hub of logs: reconnecting, final failures, several streams at once, returning to a log."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from tests.logs.fakes import EPOCH, TRACEBACK, TestClient, TestClock, line, settle, source
from tui.api import errors
from tui.logs.hub import FULL, KEPT, LogHub
from tui.logs.lines.times import time_of
from tui.logs.log import Kind, Log, Notice
from tui.logs.rows import FoundRows
from tui.logs.search import Criteria, LogFilter, OfKind
from tui.logs.source import LogSource, StreamPhase, StreamState, coverage
from tui.logs.spool import Spool
from tui.logs.stream import Ping
from tui.logs.watch import MOST, SLICE, Watch


class HubRig:
    """A hub with a clock and a client that the test controls."""

    def __init__(self, folder: Path | None, ping: Ping | None) -> None:
        self.clock = TestClock()
        self.client = TestClient()
        self.hub = LogHub(self.client, clock=self.clock, random=Random(1), folder=folder, ping=ping)

    async def follow(self, *sources: LogSource) -> Watch:
        """Follow these; their streams are open when this returns."""
        watch = self.hub.watch(sources or [source()])
        await self.clock.advance(0.1)
        return watch


@asynccontextmanager
async def hub_rig(folder: Path | None = None, ping: Ping | None = None) -> AsyncIterator[HubRig]:
    made = HubRig(folder, ping)
    try:
        yield made
    finally:
        await made.hub.aclose()


def raws(log: Log) -> list[bytes]:
    return [line.raw for line in log.lines(log.first, log.end) if not line.notice]


def words(log: Log) -> list[str]:
    return [f"{notice.text} ({notice.reason}) | {notice.outcome}" for notice in log.notices.values()]


def stream(watch: Watch, tag: int = 0) -> StreamState:
    return watch.log.streams[tag]


async def test_lines_arrive_and_listeners_are_called() -> None:
    async with hub_rig() as rig:
        watch = await rig.follow()
        ends = []
        watch.log.listeners.append(lambda: ends.append(watch.log.end))
        rig.client.wire.lines(b"one", line("two"))
        await rig.clock.advance(0.1)
        assert raws(watch.log) == [b"one", line("two")]
        assert ends[-1] == 2
        assert watch.log.counts.received == 2
        assert (rig.client.wire.agent_id, rig.client.wire.server_region) == ("CA_test", "us-east")


async def test_a_cut_is_joined_and_reported_in_the_log() -> None:
    async with hub_rig() as rig:
        watch = await rig.follow()
        rig.client.wire.lines(b"1", b"2", b"3")
        rig.client.wire.end(errors.Unknown("the connection broke while reading the answer"))
        await rig.clock.advance(0.3)
        assert stream(watch).phase is StreamPhase.WAITING
        assert words(watch.log) == [
            "us-east: stream lost (the connection broke while reading the answer) | reconnecting"
        ]
        await rig.clock.advance(1.0)
        rig.client.wire.lines(b"1", b"2", b"3", b"4")
        await rig.clock.advance(0.1)
        assert raws(watch.log) == [b"1", b"2", b"3", b"4"]
        assert words(watch.log)[0].endswith("| nothing missed, unless it was restarted")
        assert stream(watch).phase is StreamPhase.OPEN


async def test_the_end_of_a_stream_is_not_the_end_of_the_log() -> None:
    async with hub_rig() as rig:
        watch = await rig.follow()
        rig.client.wire.lines(b"1")
        rig.client.wire.end()
        await rig.clock.advance(0.2)
        assert words(watch.log) == ["us-east: stream ended by the server () | reconnecting"]
        await rig.clock.advance(1.0)
        assert rig.client.calls == 2


async def test_back_off_doubles_with_jitter_up_to_half_a_minute() -> None:
    async with hub_rig() as rig:
        rig.client.refusals = [errors.Unreachable("no connection in time") for _ in range(12)]
        watch = await rig.follow()
        waits, before, calls = [], rig.clock.monotonic(), 1
        while rig.client.calls < 12:
            await rig.clock.advance(0.05)
            if rig.client.calls > calls:
                waits.append(rig.clock.monotonic() - before)
                before, calls = rig.clock.monotonic(), rig.client.calls
        for number, wait in enumerate(waits):
            ideal = min(30.0, 0.5 * 2**number)
            assert 0.75 * ideal - 0.2 <= wait <= 1.25 * ideal + 0.2
        assert len({round(wait / min(30.0, 0.5 * 2**n), 2) for n, wait in enumerate(waits)}) > 5
        assert words(watch.log) == [
            "us-east: log not reachable (no connection in time) | reconnecting, 12 tries"
        ]


@pytest.mark.parametrize(
    ("error", "phase", "shown", "again"),
    [
        (
            errors.Refused("The agent has shut down due to inactivity. It will automatically start again."),
            StreamPhase.ASLEEP,
            "us-east: agent asleep () | opens again when it wakes",
            (20, 40),
        ),
        (
            errors.Unauthorized("permissions denied"),
            StreamPhase.REFUSED,
            "us-east: log refused (permissions denied) | next try in 60 s",
            (44, 80),
        ),
        (
            errors.Unknown("failed to get agent", code="internal", status=500),
            StreamPhase.GONE,
            "us-east: no log (failed to get agent) | press W to retry",
            None,
        ),
        (
            errors.NotFound("deployment 'x' does not exist"),
            StreamPhase.GONE,
            "us-east: no log (deployment 'x' does not exist) | press W to retry",
            None,
        ),
        (
            errors.RateLimited("slow down", retry_after=7),
            StreamPhase.WAITING,
            "us-east: log put off (slow down) | reconnecting",
            (5, 9),
        ),
        (
            errors.ReadOnly("refused: this session is read-only"),
            StreamPhase.REFUSED,
            "us-east: log not requested (refused: this session is read-only) | press W to retry",
            None,
        ),
    ],
)
async def test_every_refusal_has_its_own_words_and_patience(
    error: errors.ApiError, phase: StreamPhase, shown: str, again: tuple[int, int] | None
) -> None:
    async with hub_rig() as rig:
        rig.client.refusals = [error]
        watch = await rig.follow()
        assert stream(watch).phase is phase
        assert words(watch.log) == [shown]
        if again is None:
            await rig.clock.advance(600)
            assert rig.client.calls == 1
            watch.nudge(phase)
            await rig.clock.advance(0.1)
            assert stream(watch).phase is StreamPhase.OPEN
            return
        await rig.clock.advance(again[0])
        assert rig.client.calls == 1
        await rig.clock.advance(again[1] - again[0])
        assert rig.client.calls == 2
        assert stream(watch).phase is StreamPhase.OPEN


async def test_a_sleeping_agent_that_wakes_is_opened_at_once() -> None:
    async with hub_rig() as rig:
        rig.client.refusals = [errors.Refused("shut down due to inactivity")]
        watch = await rig.follow()
        assert stream(watch).phase is StreamPhase.ASLEEP
        rig.hub.nudge("CA_test")
        await rig.clock.advance(0.1)
        assert stream(watch).phase is StreamPhase.OPEN


async def test_a_build_log_ends_and_stays_ended() -> None:
    async with hub_rig() as rig:
        watch = await rig.follow()
        watch.offer([source(), source(log_type="build")])
        assert [s.log_type for s in watch.opened] == ["deploy"]
        watch.open(source(log_type="build"))
        await rig.clock.advance(0.1)
        rig.client.wire.send(b"#1 step\nBUILD ERROR: no Dockerfile")
        rig.client.wire.end()
        await rig.clock.advance(600)
        assert stream(watch, 1).phase is StreamPhase.ENDED
        assert raws(watch.log) == [b"#1 step", b"BUILD ERROR: no Dockerfile"]
        assert words(watch.log) == ["us-east build: end of the build log () | "]
        assert rig.client.calls == 2


async def test_a_build_that_is_looked_at_again_is_not_repeated() -> None:
    build = source(log_type="build")
    async with hub_rig() as rig:
        for _ in range(3):
            watch = await rig.follow(build)
            rig.client.wire.send(b"#1 FROM\n#2 RUN\n#3 COPY\n#4 DONE")
            rig.client.wire.end()
            await rig.clock.advance(5)
            rig.hub.leave()
        assert [(line.raw, line.cut) for line in watch.log.lines(0, 4)] == [
            (b"#1 FROM", False),
            (b"#2 RUN", False),
            (b"#3 COPY", False),
            (b"#4 DONE", False),
        ]
        assert words(watch.log) == ["us-east build: end of the build log () | "]
        watch = await rig.follow(build)
        rig.client.wire.send(b"#1 FROM other\n#2 RUN\n")
        rig.client.wire.end()
        await rig.clock.advance(5)
        assert raws(watch.log)[4:] == [b"#1 FROM other", b"#2 RUN"]
        assert words(watch.log)[0] == "us-east build: end of the build log () | another build follows"
        assert watch.log.counts.gaps == 0


async def test_a_build_is_opened_once_and_is_a_log_of_its_own() -> None:
    async with hub_rig() as rig:
        running = await rig.follow(source())
        rig.client.wire.lines(b"running")
        await rig.clock.advance(0.1)
        build = await rig.follow(source("us", log_type="build"), source("eu", log_type="build"))
        assert [s.region for s in build.opened] == ["us"]
        assert build.log is not running.log
        assert (await rig.follow(source())).log is running.log


class Pings:
    def __init__(self, *errors_to_raise: errors.ApiError) -> None:
        self.count = 0
        self.look: Callable[[], object] = lambda: None
        """What the screen shows meanwhile."""
        self.seen: list[object] = []
        self._errors = list(errors_to_raise)

    async def __call__(self, about: LogSource) -> None:
        self.count += 1
        self.seen.append(self.look())
        if self._errors:
            raise self._errors.pop(0)


async def test_a_silent_stream_of_a_healthy_service_is_reopened_without_a_word() -> None:
    lines = [line(f"{n}", at=EPOCH + n) for n in range(4)]
    ping = Pings()
    async with hub_rig(ping=ping) as rig:
        watch = await rig.follow()
        ping.look = lambda: stream(watch).phase
        rig.client.wire.lines(*lines[:3])
        await rig.clock.advance(75)
        rig.client.wire.end(errors.Unknown("no answer in time"))
        await rig.clock.advance(0.1)
        assert (ping.count, rig.client.calls) == (1, 2)
        assert ping.seen == [StreamPhase.OPEN], "what is only made sure of does not show: no bytes for it"
        rig.client.wire.lines(*lines)
        await rig.clock.advance(0.1)
        assert raws(watch.log) == lines
        assert words(watch.log) == []


async def test_a_silent_stream_of_a_service_that_is_not_there_is_lost() -> None:
    async with hub_rig(ping=Pings(errors.Unreachable("no connection in time"))) as rig:
        watch = await rig.follow()
        rig.client.wire.lines(b"1")
        await rig.clock.advance(75)
        rig.client.wire.end(errors.Unknown("no answer in time"))
        await rig.clock.advance(0.1)
        assert stream(watch).phase is StreamPhase.WAITING
        assert words(watch.log) == ["us-east: log not reachable (no connection in time) | reconnecting"]


async def test_a_new_version_is_announced_and_its_instance_followed() -> None:
    async with hub_rig() as rig:
        watch = await rig.follow(source(version="20261121091300"))
        rig.client.wire.lines(line("old", at=EPOCH))
        await rig.clock.advance(0.1)
        watch.offer([source(version="20261122100000")])
        await rig.clock.advance(0.1)
        assert rig.client.calls == 2
        assert rig.client.wires[0].closed
        assert words(watch.log) == [
            "us-east: new version 20261122100000, was 20261121091300 () | latest instance follows"
        ]
        rig.client.wire.lines(line("new", at=EPOCH + 9))
        await rig.clock.advance(1.0)
        assert raws(watch.log)[-1] == line("new", at=EPOCH + 9)
        assert watch.log.streams[0].source.version == "20261122100000"


async def test_several_sources_are_merged_by_time() -> None:
    async with hub_rig() as rig:
        watch = await rig.follow(source("us-east"), source("eu-central"), source("eu-west"))
        us, eu, west = (rig.client.of(region) for region in ("us-east", "eu-central", "eu-west"))
        for n in range(0, 30, 3):
            west.lines(line(f"{n + 2}", at=EPOCH + n + 2))
            us.lines(line(f"{n}", at=EPOCH + n))
        for n in range(0, 30, 3):
            eu.lines(line(f"{n + 1}", at=EPOCH + n + 1))
        await rig.clock.advance(0.2)
        assert watch.log.end == 0
        await rig.clock.advance(0.3)
        assert raws(watch.log) == [line(f"{n}", at=EPOCH + n) for n in range(30)]
        assert [s.tag for s in watch.log.streams.values()] == ["us", "eu", "ew"]
        assert coverage(watch.log.streams.values()) == "latest instance per region, 3 of 3 open"


async def test_what_was_printed_before_is_merged_though_one_answers_late_in_a_traceback() -> None:
    async with hub_rig() as rig:
        watch = await rig.follow(source("us"), source("eu"), source("silent"))
        rig.client.of("us").lines(*(line(f"{n}", at=EPOCH - 60 + n) for n in range(0, 30, 2)))
        await rig.clock.advance(0.6)
        traced = [b"  frame", b"KeyError", *(line(f"{n}", at=EPOCH - 60 + n) for n in range(3, 30, 2))]
        rig.client.of("eu").lines(*traced)
        assert watch.log.end == 0
        await rig.clock.advance(0.5)
        shown = raws(watch.log)
        assert shown[:4] == [line("0", at=EPOCH - 60), line("2", at=EPOCH - 58), *traced[:2]]
        assert shown[4:] == [line(f"{n}", at=EPOCH - 60 + n) for n in range(3, 30)]


async def test_where_times_go_back_the_merged_log_is_in_time_order() -> None:
    async with hub_rig() as rig:
        watch = await rig.follow(source("us"), source("eu"))
        jumps = [line(f"{n}", at=EPOCH + (-n if n % 2 else n)) for n in range(20)]
        rig.client.of("us").lines(*jumps)
        rig.client.of("eu").lines(b"no time", line("x", at=EPOCH + 5.5), b"no time either")
        await rig.clock.advance(1.0)
        of_us = [found.raw for found in watch.log.lines(0, watch.log.end) if found.tag == 0]
        of_eu = [found.raw for found in watch.log.lines(0, watch.log.end) if found.tag == 1]
        assert of_us == sorted(jumps, key=lambda each: time_of(each) or 0.0)
        assert of_eu == [b"no time", line("x", at=EPOCH + 5.5), b"no time either"]
        shown = raws(watch.log)
        assert shown[shown.index(of_eu[1]) - 1] == line("4", at=EPOCH + 4)


async def test_a_traceback_stays_with_its_record_among_lines_of_the_same_time() -> None:
    async with hub_rig() as rig:
        watch = await rig.follow(source("us"), source("eu"))
        record = line("failed", level="ERROR", at=EPOCH)
        frames = [b"2026-11-18T11:06:45.000Z Traceback (most recent call last):", b"  File x", b"KeyError: 1"]
        rig.client.of("us").lines(record, frames[0])
        await rig.clock.advance(0.05)
        rig.client.of("eu").lines(line("other", at=EPOCH), line("later", at=EPOCH + 1))
        await rig.clock.advance(0.05)
        rig.client.of("us").lines(*frames[1:])
        await rig.clock.advance(1.0)
        others = [line("other", at=EPOCH), line("later", at=EPOCH + 1)]
        assert raws(watch.log) == [record, *frames, *others]


async def test_a_notice_of_one_source_stays_between_its_lines() -> None:
    async with hub_rig() as rig:
        watch = await rig.follow(source("us"), source("eu"))
        rig.client.of("us").lines(*(line(f"{n}", at=EPOCH + n) for n in range(4)))
        rig.client.of("us").end(errors.Unknown("reset"))
        await rig.clock.advance(2.0)
        rig.client.of("us").lines(*(line(f"{n}", at=EPOCH + n) for n in range(6)))
        await rig.clock.advance(1.0)
        of_us = [found for found in watch.log.lines(0, watch.log.end) if found.tag == 0]
        shown = [found.notice.outcome if found.notice else found.raw for found in of_us]
        expected: list[bytes | str] = [line(f"{n}", at=EPOCH + n) for n in range(6)]
        expected.insert(4, "nothing missed")
        assert shown == expected


async def test_at_most_six_are_open_and_the_rest_can_be_chosen() -> None:
    async with hub_rig() as rig:
        sources = [source(f"r{n}") for n in range(9)]
        watch = await rig.follow(*sources)
        assert len(watch.opened) == MOST
        assert not watch.open(sources[8])
        watch.close(sources[0])
        assert watch.open(sources[8])
        await rig.clock.advance(0.1)
        assert {s.region for s in watch.opened} == {"r1", "r2", "r3", "r4", "r5", "r8"}
        assert len({s.tag for s in watch.log.streams.values()}) == len(watch.log.streams)


async def test_of_several_agents_every_notice_says_whose_it_is() -> None:
    async with hub_rig() as rig:
        whose = [
            source("us", agent_id="CA_1", agent="inbound"),
            source("us", agent_id="CA_2", agent="outbound"),
        ]
        watch = await rig.follow(*whose)
        for wire in tuple(rig.client.wires):
            wire.end()
        await rig.clock.advance(2.0)
        assert {text.split(":")[0] for text in words(watch.log)} == {"inbound us", "outbound us"}
        assert coverage(watch.log.streams.values(), watch.candidates).endswith(
            " of 2 open, latest instance per region"
        )


async def test_a_source_that_vanishes_is_closed() -> None:
    async with hub_rig() as rig:
        watch = await rig.follow(source("us"), source("eu"))
        watch.offer([source("us")])
        await settle()
        assert [s.region for s in watch.opened] == ["us"]
        assert rig.client.of("eu").closed


async def test_coming_back_to_a_log_finds_it_and_goes_on() -> None:
    lines = [line(f"{n}", at=EPOCH + n) for n in range(4)]
    async with hub_rig() as rig:
        first = await rig.follow(source(agent_id="CA_a"))
        rig.client.wire.lines(*lines[:3])
        await rig.clock.advance(0.1)
        other = await rig.follow(source(agent_id="CA_b"))
        assert rig.client.wires[0].closed
        assert other.log is not first.log
        await rig.clock.advance(100)
        again = await rig.follow(source(agent_id="CA_a"))
        assert again is first
        rig.client.wire.lines(*lines)
        await rig.clock.advance(1.0)
        assert raws(again.log) == lines
        assert words(again.log) == []


async def test_coming_back_too_late_is_marked() -> None:
    async with hub_rig() as rig:
        await rig.follow(source(agent_id="CA_a"))
        rig.client.wire.lines(b"1", b"2", b"3")
        await rig.clock.advance(0.1)
        await rig.follow(source(agent_id="CA_b"))
        await rig.clock.advance(100)
        again = await rig.follow(source(agent_id="CA_a"))
        rig.client.wire.lines(b"80", b"81")
        await rig.clock.advance(1.0)
        (notice,) = again.log.notices.values()
        assert notice.kind is Kind.GAP
        assert notice.text == "us-east: not followed"
        assert notice.outcome == "100 s may be missing"


async def test_a_log_that_made_room_for_others_says_so_when_it_is_looked_at_again() -> None:
    async with hub_rig() as rig:
        first = await rig.follow(source(agent_id="CA_0"))
        rig.client.wire.lines(b"1")
        await rig.clock.advance(0.1)
        for n in range(1, KEPT):
            await rig.follow(source(agent_id=f"CA_{n}"))
        assert (await rig.follow(source(agent_id="CA_0"))) is first
        for n in range(KEPT):
            await rig.follow(source(agent_id=f"CB_{n}"))
        again = await rig.follow(source(agent_id="CA_0"))
        assert again is not first
        (text,) = words(again.log)
        assert text.startswith("what was received before was let go")


async def test_logs_make_room_by_their_size_and_not_by_a_glance_at_others() -> None:
    clock, client = TestClock(), TestClient()
    hub = LogHub(client, clock=clock, random=Random(1), folder=None, ring=100_000)
    logs = []
    for n in range(FULL + 2):
        logs.append(hub.watch([source(agent_id=f"CA_{n}")]).log)
        await clock.advance(0.1)
        client.wire.lines(*[b"x" * 900] * 90)
        await clock.advance(0.2)
    hub.watch([source(agent_id="CA_glance")])
    assert [log.end > 0 and len(log.lines(0, log.end)) for log in logs] == [0, 0, *[90] * FULL]
    await hub.aclose()


async def test_a_flood_is_taken_in_slices_and_everything_else_has_its_turn_in_between() -> None:
    async with hub_rig() as rig:
        watch = await rig.follow()
        rig.client.wire.lines(b"first")
        await rig.clock.advance(1.0)
        chunk = b"".join(b"%08d\n" % n for n in range(10_000))
        total = watch.log.counts.size + 30 * len(chunk)
        turns, steps = 0, list[tuple[int, int]]()
        watch.log.listeners.append(lambda: steps.append((turns, watch.log.counts.size)))

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        other = asyncio.create_task(others())
        rig.client.wire.send(*[chunk] * 30)
        while watch.log.counts.size < total:
            await rig.clock.advance(0.1)
        other.cancel()
        grown = [size - before for (_, before), (_, size) in pairwise(steps)]
        assert len(chunk) < max(grown) <= SLICE + len(chunk)
        assert len({turn for turn, _ in steps}) == len(steps)


async def test_errors_are_counted_by_kind_as_they_come() -> None:
    async with hub_rig() as rig:
        watch = await rig.follow(source(version="v1"))
        rig.client.wire.lines(*(line(f"no slot {n}", level="ERROR", at=EPOCH + n) for n in range(200)))
        await rig.clock.advance(2.0)
        (kind,) = watch.log.signatures.ranked()
        assert (kind.count, kind.first_version, kind.last_row) == (200, "v1", 199)
        assert watch.log.counts.errors == 200


async def test_a_plain_traceback_is_one_error_of_one_kind() -> None:
    async with hub_rig() as rig:
        watch = await rig.follow()
        for number in (14, 99):
            rig.client.wire.lines(b"before", *TRACEBACK.replace("14", str(number)).encode().split(b"\n"))
        await rig.clock.advance(0.5)
        (kind,) = watch.log.signatures.ranked()
        assert (kind.count, kind.key.exception, kind.key.frame) == (2, "ValueError", "tools.py:book")
        assert kind.key.message == "ValueError: no such slot: <n>"
        assert watch.log.counts.errors == 2
        found = FoundRows(watch.log, Criteria(filters=(LogFilter(OfKind(kind.key)),)))
        while found.step(rig.clock.monotonic):
            pass
        assert len(found) == 2


async def test_a_bug_in_a_stream_ends_run_with_it() -> None:
    class Broken(TestClient):
        def logs(
            self, agent_id: str, *, log_type: str = "deploy", deployment: str = "", server_region: str = ""
        ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
            raise ZeroDivisionError("a bug")

    hub = LogHub(Broken(), clock=TestClock(), random=Random(1), folder=None)
    hub.watch([source()])
    with pytest.raises(ZeroDivisionError):
        await hub.run()


async def test_closing_the_hub_closes_streams_and_leaves_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "spool"
    async with hub_rig(folder) as rig:
        await rig.follow()
        rig.client.wire.lines(b"1")
        await rig.clock.advance(0.1)
        assert folder.stat().st_mode & 0o777 == 0o700
    assert rig.client.wire.closed
    assert list(folder.iterdir()) == []


async def test_kept_lines_lie_in_private_files_under_a_dated_name(tmp_path: Path) -> None:
    clock, client = TestClock(), TestClient()
    hub = LogHub(client, clock=clock, random=Random(1), folder=tmp_path / "spool", days=7)
    hub.watch([source()])
    await clock.advance(0.1)
    client.wire.lines(b"1", b"caf\xe9")
    await clock.advance(0.1)
    await hub.aclose()
    (path,) = (tmp_path / "spool").iterdir()
    assert path.name.startswith("deploy-CA_test-2026")
    assert path.read_bytes() == b"1\ncaf\xe9\n"
    assert path.stat().st_mode & 0o777 == 0o600
    again = LogHub(TestClient(), clock=TestClock(), random=Random(1), folder=tmp_path / "spool", days=7)
    os.utime(path, (1_000, 1_000))
    again.watch([source()])
    assert not path.exists()
    await again.aclose()


async def test_a_disk_that_cannot_be_written_is_reported_in_the_log(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    async with hub_rig(blocked / "spool") as rig:
        watch = await rig.follow()
        rig.client.wire.lines(b"1", b"2")
        await rig.clock.advance(0.1)
        assert raws(watch.log) == [b"1", b"2"]
        (text,) = words(watch.log)
        assert text.startswith(f"log file not written: {blocked / 'spool'}")
        assert "16 MiB are kept in memory" in text


async def test_it_is_reported_also_where_the_log_begins_with_a_notice(tmp_path: Path) -> None:
    log = Log(Spool(tmp_path / "none"))
    log.notify(Notice("us-east: log not reachable", Kind.TROUBLE, 0, EPOCH))
    log.append([b"1"], bytes(1), bytes(1), EPOCH)
    log.append_piece(b"2", 0, EPOCH)
    texts = words(log)
    assert len(texts) == 2
    assert texts[1].startswith(f"log file not written: {tmp_path / 'none'} does not exist")
