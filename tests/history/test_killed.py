"""A writer that is killed while it records: what it acknowledged is there, and every file opens."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.history.fleets import Life
from tests.ptyrun import ROOT, terminal_env
from tui.fleet.state import Fleet
from tui.history.files.compare import difference, is_news
from tui.history.files.event_file import NAME
from tui.history.files.folder_store import FolderReader
from tui.history.files.privacy import Privacy, Recorded
from tui.history.files.sample_files import sample_files

DRIVER = """\
import sys
from pathlib import Path
from random import Random
from tests.history.fleets import Life
from tui.clock import Moment
from tui.fleet.past import Event, Kind, Severity
from tui.history.files import sample_writer
from tui.history.files.folder_store import FolderWriter
from tui.history.records import Run
from tui.history.store import Batch, Taken
from tui.record_options import RecordOptions

root, run, seed = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
sample_writer.KEY_EVERY, sample_writer.QUIET_EVERY = 20.0, 2.0
life, now = Life(seed), float(sys.argv[4])
writer = FolderWriter(root, "project", RecordOptions(), Run(run, now, life.at, "h", "1"))
for number in range(100_000):
    fleet = life.step()
    at = now + life.at * 20
    event = Event(f"{run}-{number}", at, Kind.STATUS, Severity.INFO, "text")
    writer.write(Batch(samples=[Taken(fleet, Moment(at, life.at), 0.0)], events=[event]))
    if number % 20 == 0:
        writer.tend(Moment(at, life.at))
    writer.trim()
    print(number, flush=True)
"""
"""Records a life, and says what is acknowledged."""


def killed(root: Path, run: str, seed: int, chance: random.Random) -> int:
    """Record until killed at some moment; the number of the last step that was acknowledged."""
    command = [sys.executable, "-c", DRIVER, str(root), run, str(seed), str(time.time() - 86_400)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, env=terminal_env()) as process:
        assert process.stdout is not None
        for _ in range(chance.randrange(1, 120)):
            process.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.01))  # anywhere within a step
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().splitlines()
    lines = [line for line in rest if line]
    return int(lines[-1]) if lines else -1


def test_no_acknowledged_row_is_lost_and_every_file_opens(tmp_path: Path) -> None:
    recorded_and_killed(tmp_path, seed=0, times=2)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(1, 51))
def test_nothing_is_lost_however_often_it_is_killed(tmp_path: Path, seed: int) -> None:
    recorded_and_killed(tmp_path, seed, times=4)


def recorded_and_killed(root: Path, seed: int, times: int) -> None:
    """Record one run after the other, each until it is killed, and look at what is there each time."""
    chance = random.Random(seed)
    (root / "project").mkdir(mode=0o700)
    for number in range(times):
        last = killed(root, f"r{number}", seed, chance)
        check(root / "project", f"r{number}", seed, last)


def check(where: Path, run: str, seed: int, last: int) -> None:
    """Hold what is on the disk against the life that was recorded."""
    for path in (*sample_files(where), where / NAME):
        with sqlite3.connect(path) as found:
            assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found.close()
    reader = FolderReader(where)
    assert not reader.samples.problems
    ids = {event.id for event in reader.events(0.0, float("inf"), 1_000_000)}
    assert {f"{run}-{number}" for number in range(last + 1)} <= ids
    stamps = {stamp.mono: stamp for stamp in reader.samples.stamps(0.0, float("inf")) if stamp.run == run}
    life, keeper, before = Life(seed), Recorded(Privacy((where / "digest.key").read_bytes())), Fleet()
    for _ in range(last + 1):
        after = keeper.of(life.step())
        stamp = stamps.get(life.at)
        assert stamp is not None or not is_news(difference(before, after)[0], before)
        if stamp is not None:
            sample = reader.samples.seek(stamp.at)
            assert sample is not None and sample.stamp == stamp and sample.fleet == after
        before = after
    reader.close()
