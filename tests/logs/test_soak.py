"""Hours of log in minutes: memory flat, counters true, nothing lost. Run with `-m campaign`."""

from __future__ import annotations

import gc
from pathlib import Path
from random import Random

import psutil
import pytest

from tests.logs.fakes import EPOCH, TestClient, TestClock, line, source
from tui.logs.hub import LogHub
from tui.logs.rows import FoundRows
from tui.logs.search import Criteria, LogFilter, Pattern

MIB = 1024 * 1024


def resident() -> float:
    """MiB of this process."""
    gc.collect()
    return psutil.Process().memory_info().rss / MIB


@pytest.mark.campaign
@pytest.mark.parametrize(("rate", "seconds"), [(20_000, 60), (200, 3600)])
async def test_memory_stays_flat_and_counters_true(tmp_path: Path, rate: int, seconds: int) -> None:
    clock, client = TestClock(), TestClient()
    hub = LogHub(client, clock=clock, random=Random(1), folder=tmp_path / "spool")
    watch = hub.watch([source()])
    await clock.advance(0.1)
    rows = FoundRows(watch.log, Criteria(filters=(LogFilter(Pattern.of("turn 7")),)))
    sent, after_start = 0, 0.0
    for second in range(seconds):
        client.wire.lines(
            *(
                line(
                    f"turn {n}",
                    at=EPOCH + second,
                    level="ERROR" if n % 1000 == 0 else "INFO",
                    job_id=f"AJ_{n % 50}",
                )
                for n in range(sent, sent + rate)
            )
        )
        sent += rate
        await clock.advance(1.0)
        while rows.step(clock.monotonic):
            pass
        if second == seconds // 5:
            after_start = resident()
    await clock.advance(5.0)
    log = watch.log
    assert log.counts.received == sent
    assert log.counts.errors == (sent + 999) // 1000
    assert log.end == sent
    assert log.dropped == log.first
    assert log.spool.size <= 64 * MIB
    assert resident() - after_start < 20
    await hub.aclose()


@pytest.mark.campaign
async def test_reconnecting_for_hours_costs_nothing(tmp_path: Path) -> None:
    clock, client = TestClock(), TestClient()
    hub = LogHub(client, clock=clock, random=Random(1), folder=tmp_path / "spool")
    watch = hub.watch([source()])
    await clock.advance(0.1)
    files = psutil.Process().num_fds()
    before = resident()
    for n in range(3000):
        client.wire.lines(*(line(f"turn {n + k}", at=EPOCH + n + k) for k in range(-4, 1)))
        await clock.advance(1.0)
        client.wire.end()
        client.wires.clear()
        await clock.advance(31.0)
    assert watch.log.counts.received == 3004
    assert watch.log.counts.gaps == 0
    assert len(watch.log.notices) <= 3001
    assert psutil.Process().num_fds() <= files + 2
    assert resident() - before < 20
    await hub.aclose()
