"""A disk that is full or read-only while a project is recorded: real ones, where a user may mount them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.fixtures.clocks import EPOCH
from tests.history.fleets import Life
from tests.test_disk import READ_ONLY, run_on
from tui.clock import Moment
from tui.fleet.past import Event, Kind, Severity
from tui.history.files.folder_store import FolderWriter
from tui.history.records import Run
from tui.history.store import Batch, Taken
from tui.record_options import RecordOptions

SMALL = 'mount -t tmpfs -o size=512k tmpfs "$1"'
PROGRAM = """
import asyncio, sqlite3, sys, threading
from dataclasses import replace
from pathlib import Path
from tests.history.fleets import Life
from tui.clock import Moment, SystemClock
from tui.fleet.past import Event, Kind, Severity
from tui.fleet.store import Change
from tui.history import writer_loop
from tui.history.events.derive import State, Step
from tui.history.files.folder_place import FolderPlace
from tui.history.files.folder_store import FolderReader, FolderWriter
from tui.history.files.privacy import Privacy, recorded
from tui.history.recorder import Recorder
from tui.history.records import Run
from tui.record_options import RecordOptions

writer_loop.BEAT = writer_loop.RETRY = 0.02
writer_loop.GATHER = 0.0
where = Path(sys.argv[1]) / "history"
tried, kept, said = threading.Semaphore(0), [], []
write = FolderWriter.write

def noting(writer, batch):
    try:
        write(writer, batch)
        kept.append(batch)
    finally:
        tried.release()

FolderWriter.write = noting
begin, now = writer_loop.WriterLoop._begin, SystemClock().now()

def beginning(work, moment):
    try:
        begin(work, moment)
    finally:
        tried.release()

writer_loop.WriterLoop._begin = beginning

async def main():
    life = Life(1, agents=60)
    place = FolderPlace(where, "project", RecordOptions(), Run("r1-", now, life.at, "h", "1"), gap_after=60.0)
    recorder = Recorder(
        place, clock=SystemClock(), skew=lambda: 0.0, report=said.append, received=lambda events: None
    )
    recorder.start()
    numbers = iter(range(100_000))

    async def more(until):
        before = life.fleet
        async with asyncio.timeout(30):
            while not until():
                number = next(numbers)
                after = replace(life.step(), unreadable=number)
                at = Moment(now + life.at, life.at)
                recorder.record(Change(before, after, frozenset({"unreadable", "agents"}), at))
                event = Event(f"r1-{number}", at.unix, Kind.STATUS, Severity.INFO, "text")
                recorder.told(Step(State(), (event,)))
                before = after
                await asyncio.to_thread(tried.acquire, timeout=1)

    await more(lambda: said)
    failed = next(numbers)
    if (where / "project").exists() and "full" in said[0]:
        print(bool(kept), "something was kept before")
        await more(lambda: next(numbers) > failed + 20)
        (where / "ballast").unlink()
        count = len(kept)
        await more(lambda: len(kept) > count + 5)
        print(recorder.status)
    else:
        print(recorder.status == f"not recording: {where}/project is read-only")
    await recorder.stop()

if sys.argv[2] == "full":
    (where / "project").mkdir(mode=0o700, parents=True)
    (where / "ballast").write_bytes(bytes(256 << 10))
asyncio.run(main())
print(*said, sep="\\n")
if kept:
    reader, privacy = FolderReader(where / "project"), Privacy((where / "project/digest.key").read_bytes())
    events = {event.id for event in reader.events(0.0, float("inf"), 100_000)}
    print(reader.samples.problems, {event.id for batch in kept for event in batch.events} <= events)
    samples = [taken for batch in kept for taken in batch.samples]
    wrong = [
        taken
        for taken in samples
        if (found := reader.samples.seek(taken.moment.unix)) is None
        or found.fleet != recorded(taken.fleet, privacy)
    ]
    print(bool(samples), wrong)
    for path in where.glob("project/*s*[es]"):
        if path.suffix in (".samples", ".sqlite"):
            print(sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone())
"""


def test_a_full_disk_is_said_once_and_what_was_acknowledged_is_there(tmp_path: Path) -> None:
    assert run_on(SMALL, tmp_path, PROGRAM, "full") == [
        "True something was kept before",
        "recording",
        f"history is not recorded: the disk is full ({tmp_path}/history/project)",
        "[] True",
        "True []",
        "('ok',)",
        "('ok',)",
    ]


def test_a_read_only_disk_is_said_once_and_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "history" / "project").mkdir(mode=0o700, parents=True)
    (tmp_path / "history").chmod(0o700)
    project = f"{tmp_path}/history/project"
    said = run_on(READ_ONLY, tmp_path, PROGRAM, "read-only")
    assert said == [
        "True",
        f"history is not recorded: {project} is read-only",
    ]
    assert os.listdir(project) == []


KILLED = """
import sys
from pathlib import Path
from tui.history.files.folder_store import FolderReader
from tui.history.files.sample_reader import SampleReader

where = Path(sys.argv[1]) / "project"
reader = FolderReader(where)
print(reader.samples.last.seq, [event.text for event in reader.events(0.0, 1e12)])
reader.close()
(hour,) = where.glob("*.samples")
print(SampleReader(hour).last.seq, len(list(where.iterdir())))
"""


def test_what_a_killed_recorder_wrote_last_is_read_from_read_only_media_too(tmp_path: Path) -> None:
    where = tmp_path / "history" / "project"
    where.mkdir(mode=0o700, parents=True)
    life = Life(1)
    writer = FolderWriter(where.parent, "project", RecordOptions(), Run("r", EPOCH, 0.0, "host", "1"))
    samples = [Taken(life.step(), Moment(EPOCH + 60 * n, 60.0 * n), 0.0) for n in range(5)]
    event = Event("r1", EPOCH, Kind.NOTE, Severity.INFO, "the newest")
    writer.write(Batch(samples=samples, events=[event]))
    left = tmp_path / "left"
    shutil.copytree(where, left / "project")  # as a kill leaves it
    writer.close()
    assert any(path.name.endswith("-wal") and path.stat().st_size for path in (left / "project").iterdir())
    for path in (left / "project").glob("*-shm"):
        path.unlink()
    left.chmod(0o700)
    count = len(list((left / "project").iterdir()))
    assert run_on(READ_ONLY, left, KILLED) == ["5 ['the newest']", f"5 {count}"]
