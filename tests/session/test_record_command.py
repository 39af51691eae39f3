"""`lktop record`: real processes, one of which records; killed, suspended and ended."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.fixtures.session import running, until
from tests.ptyrun import ROOT, terminal_env
from tui.clock import SystemClock
from tui.fleet.past import Event, Kind
from tui.history import writer_loop
from tui.history.files.folder_place import FolderPlace
from tui.history.files.folder_store import FolderReader
from tui.history.store import Writer
from tui.history.timeline import History
from tui.project import Project
from tui.record_options import RecordOptions
from tui.secret import Secret
from tui.session.live import Session
from tui.sim.http.server import Simulator, serve

pytestmark = pytest.mark.anyio

QUICK = """\
import sys
import tui.history.writer_loop as writer_loop
import tui.record
writer_loop.BEAT, writer_loop.SILENT_AFTER, tui.record.LINE_EVERY = 0.05, 0.5, 0.1
from tui.cli import main
sys.exit(main(["record", "--verbose", "--refresh", "0.5"]))
"""
"""What takes seconds takes less."""


class Recording:
    """A process that records."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said: list[str] = []

    async def until(self, words: str) -> None:
        """Until it says so."""
        assert self.process.stdout is not None
        async with asyncio.timeout(20):
            while not (self.said and words in self.said[-1]):
                self.said.append((await self.process.stdout.readline()).decode())
                assert self.said[-1], f"it ended: {self.said}"

    def signal(self, number: int) -> None:
        self.process.send_signal(number)


@asynccontextmanager
async def recording(simulator: Simulator, home: Path) -> AsyncIterator[Recording]:
    """`lktop record`, in a home of its own."""
    env = terminal_env(
        HOME=str(home),
        LIVEKIT_URL=simulator.url,
        LK_AGENTS_URL=simulator.url,
        LIVEKIT_API_KEY=simulator.key,
        LIVEKIT_API_SECRET=simulator.secret,
    )
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", QUICK), env=env, cwd=ROOT, stdout=pipe, stderr=asyncio.subprocess.STDOUT
    )
    try:
        yield Recording(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_two_processes_record_once_and_one_takes_over_from_the_other(tmp_path: Path) -> None:
    async with serve("incident", speed=0) as simulator, recording(simulator, tmp_path) as first:
        await first.until("recording")
        async with recording(simulator, tmp_path) as second:
            await second.until("another lktop of yours records this project")
            first.signal(signal.SIGSTOP)
            await second.until("has not written since")
            first.signal(signal.SIGCONT)
            await second.until("another lktop of yours records this project")
            first.signal(signal.SIGKILL)
            await second.until("recording, ")
            second.signal(signal.SIGTERM)
            assert await asyncio.wait_for(second.process.wait(), 10) == 0
    folders = os.listdir(tmp_path / ".local/state/lktop/history")
    assert len(folders) == 1
    reader = FolderReader(tmp_path / ".local/state/lktop/history" / folders[0])
    stamps = reader.samples.stamps(0.0, float("inf"))
    runs = [stamp.run for stamp in stamps]
    assert sorted(runs, key=runs.index) == runs and len(set(runs)) == 2, "one after the other, not both"
    assert [stamp.seq for stamp in stamps] == sorted({stamp.seq for stamp in stamps})
    assert all(reader.samples.seek(stamp.at) is not None for stamp in stamps)
    assert len(reader.gaps("agents", 0.0, float("inf"))) <= 1
    reader.close()


async def test_one_that_does_not_record_shows_what_is_recorded_in_place_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    came, opened = asyncio.Event(), threading.Event()
    add, open_place = History.add, FolderPlace.open

    def heard(history: History, events: Sequence[Event]) -> None:
        add(history, events)
        came.set()

    def opening(place: FolderPlace) -> Writer:
        opened.set()
        return open_place(place)

    monkeypatch.setattr(History, "add", heard)
    monkeypatch.setattr(FolderPlace, "open", opening)
    monkeypatch.setattr(writer_loop, "BEAT", 0.05)
    root = tmp_path / ".local/state/lktop/history"
    async with serve("incident", speed=0) as simulator, recording(simulator, tmp_path) as first:
        await first.until("recording, ")
        secret = Secret(simulator.secret)
        project = Project("t", simulator.url, simulator.url, simulator.key, secret, "test")
        second = Session(
            project,
            clock=SystemClock(),
            chance=random.Random(1),
            refresh=0.5,
            history_dir=root,
            record=RecordOptions(),
        )
        async with running(second):
            fleet = await until(second, lambda fleet: bool(fleet.agents))
            running_agent = next(a for a in fleet.agents if a.agent_deployments[0].status == "Running")
            record = simulator.world.agents[running_agent.agent_id]
            for row in record.rows(""):
                row.status = "CrashLoop"
            simulator.world.touch(record)

            def told() -> list[str]:
                events = second.past.events
                return [
                    event.id
                    for event in events
                    if event.kind is Kind.STATUS and event.subject.agent_id == running_agent.agent_id
                ]

            reader = FolderReader(root / project.key)
            async with asyncio.timeout(20):
                while not (recorded := [e.id for e in reader.events(0.0, float("inf")) if e.id in told()]):
                    came.clear()
                    await came.wait()
            reader.close()
            assert told() == recorded and len(recorded) == 1, "its own is dropped"
            first.signal(signal.SIGKILL)
            assert await asyncio.to_thread(opened.wait, 5.0), "it takes over"
            assert told() == recorded


async def test_what_is_not_to_be_recorded_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".config/lktop").mkdir(parents=True)
    config = tmp_path / ".config/lktop/config.toml"
    config.write_text("record = false\n")
    config.chmod(0o600)
    async with serve("incident", speed=0) as simulator, recording(simulator, tmp_path) as refused:
        await refused.until("not to be recorded: record = false")
        assert await asyncio.wait_for(refused.process.wait(), 10) == 2
