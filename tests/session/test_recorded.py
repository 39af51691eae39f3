"""A project that is recorded while it is watched: what the next run knows of it, and what is on the disk."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fixtures.session import running, until
from tui.clock import SystemClock
from tui.fleet.past import Kind, Subject
from tui.fleet.polling.poller import Poller
from tui.history import timeline
from tui.history.files.folder_store import FolderReader
from tui.history.files.privacy import Privacy, recorded
from tui.history.recorder import Recorder
from tui.logs.source import LogSource
from tui.project import Project
from tui.record_options import RecordOptions
from tui.secret import Secret
from tui.session.live import Session
from tui.sim.http.server import Simulator, serve

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def watching(
    simulator: Simulator, root: Path, *, record: RecordOptions | None = None, project_record: bool = True
) -> AsyncIterator[Session]:
    """A run of the program."""
    project = Project("t", simulator.url, simulator.url, simulator.key, Secret(simulator.secret), "test")
    session = Session(
        replace(project, record=project_record),
        clock=SystemClock(),
        chance=random.Random(),
        refresh=2.0,
        history_dir=root,
        record=record or RecordOptions(),
    )
    async with running(session):
        yield session


async def test_nothing_is_counted_or_written_before_what_earlier_runs_knew_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was counted meanwhile would be in what is read, and be added to itself."""
    order: list[str] = []
    polled = asyncio.Event()

    async def load(recorder: Recorder) -> None:
        await asyncio.sleep(0)
        order.append("read")

    async def poll(poller: Poller) -> None:
        order.append("poll")
        polled.set()

    monkeypatch.setattr(Recorder, "load", load)
    monkeypatch.setattr(Recorder, "start", lambda recorder: order.append("write"))
    monkeypatch.setattr(Poller, "run", poll)
    project = Project("t", "http://127.0.0.1:1", "http://127.0.0.1:1", "k", Secret("s" * 32), "test")
    session = Session(
        project,
        clock=SystemClock(),
        chance=random.Random(),
        refresh=2.0,
        history_dir=tmp_path,
        record=RecordOptions(),
    )
    async with running(session):
        await asyncio.wait_for(polled.wait(), 10)
    assert order == ["read", "write", "poll"]
    assert session.recorder is not None
    assert session.recorder._skew() is None, "no answer has told the server's time, and no sample says so"


@pytest.mark.parametrize("many", [timeline.MANY, 0])
async def test_the_next_run_knows_since_when_and_what_happened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    """Also where a thread derives it."""
    monkeypatch.setattr(timeline, "MANY", many)
    async with serve("incident", speed=0) as simulator:
        async with watching(simulator, tmp_path) as first:
            fleet = await until(first, lambda fleet: bool(fleet.agents and fleet.rooms and fleet.dispatches))
            first.note("the bad deploy", Subject(), "mara")
            first.note("looks bad", Subject(agent_id=fleet.agents[0].agent_id), "mara")
            key = first.project.key
            last = first.store
        where = tmp_path / key
        reader = FolderReader(where)
        sample = reader.samples.seek(float("inf"))
        privacy = Privacy((where / "digest.key").read_bytes())
        assert sample is not None and sample.fleet == recorded(last.fleet, privacy)
        assert not reader.gaps("samples", 0.0, float("inf"))
        reader.close()
        broken = simulator.world.agents[fleet.agents[0].agent_id]
        was = first.past.since(fleet.agents[1].agent_id)
        for row in broken.rows(""):
            row.status = "CrashLoop" if row.status != "CrashLoop" else "Running"
        simulator.world.touch(broken)
        async with watching(simulator, tmp_path) as second:
            heard = asyncio.Event()
            second.follow(heard.set)
            await until(second, lambda fleet: bool(fleet.agents))
            while (since := second.past.since(fleet.agents[0].agent_id)) is None:
                heard.clear()
                await asyncio.wait_for(heard.wait(), 10)
            assert since.at is not None, "seen by both runs"
            assert second.past.since(fleet.agents[1].agent_id) == was
            texts = [event.text for event in second.past.events]
            assert any("the bad deploy" in text for text in texts) and len(texts) > 1
            assert {event.kind for event in second.past.events} >= {Kind.NOTE, Kind.STATUS}
            log = second.logs.watch([LogSource(agent_id=fleet.agents[0].agent_id)]).log
            assert "note: looks bad" in [mark.text for mark in log.marks.waiting], "also in its log"


async def test_nothing_is_on_the_disk_of_a_project_that_is_not_to_be_recorded(tmp_path: Path) -> None:
    async with (
        serve("incident", speed=0) as simulator,
        watching(simulator, tmp_path, project_record=False) as session,
    ):
        await until(session, lambda fleet: bool(fleet.agents))
        assert session.recorder is None and not os.listdir(tmp_path)
        assert await session.forget() == "", "what an earlier run has left"
