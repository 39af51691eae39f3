"""Samples on disk: every one comes back as it was, from whole files, from torn ones and beside a writer."""

from __future__ import annotations

import os
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from tests.history.fleets import Life
from tui.api.models import Dispatch, DispatchState, Job, JobState
from tui.clock import Moment
from tui.fleet.reason import LoggedError
from tui.fleet.room_freshness import RoomFreshness
from tui.fleet.state import Fleet, Freshness
from tui.history.files import sample_writer as samples
from tui.history.files.database import UnknownSchema
from tui.history.files.privacy import Privacy, Recorded
from tui.history.files.sample_files import sample_files
from tui.history.files.sample_reader import DAMAGED, NOT_RECORDED, SampleReader
from tui.history.files.sample_writer import FileFull, SampleLimits, SampleWriter
from tui.history.records import Run

EPOCH = 1_786_000_000.0
HOUR = 3600.0
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJBUElrZXkifQ.c2lnbmF0dXJl"


class Recorder:
    """Records a life, and remembers what every sample was."""

    def __init__(self, folder: Path, seed: int = 1) -> None:
        self.folder = folder
        self.life = Life(seed)
        self.kept: dict[int, Fleet] = {}
        self.news: list[int] = []
        """Numbers of those that are not quiet."""
        self._runs = 0
        self.limits = SampleLimits()
        self.now = EPOCH
        self.start()

    def start(self) -> None:
        """Another run of the program."""
        self._runs += 1
        self.recorded = Recorded(Privacy(b"k" * 32))
        run = Run(f"run{self._runs}", self.now, self.life.at, "host", "1")
        self.writer = SampleWriter(self.folder, run, self.limits)

    def step(self, count: int = 1, *, by: float = 0.0) -> None:
        """So many more fleets, each committed."""
        for _ in range(count):
            before = self.life.at
            fleet = self.recorded.of(self.life.step())
            self.now += self.life.at - before + by
            seq = self.writer.add(fleet, Moment(self.now, self.now - EPOCH), 1.5)
            self.writer.commit()
            if seq is not None:
                self.kept[seq] = fleet


@pytest.fixture
def recorder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorder:
    monkeypatch.setattr(samples, "KEY_EVERY", 40.0)
    monkeypatch.setattr(samples, "QUIET_EVERY", 3.0)
    return Recorder(tmp_path)


def forwards(recording: SampleReader) -> dict[int, Fleet]:
    """Every sample from the first one on, next by next."""
    first = recording.first
    assert first is not None
    sample = recording.seek(first.at)
    found: dict[int, Fleet] = {}
    while sample is not None:
        found[sample.stamp.seq] = sample.fleet
        sample = recording.after(sample.stamp.seq)
    return found


def test_every_sample_comes_back_over_hours_and_restarts(recorder: Recorder) -> None:
    for _ in range(3):
        recorder.step(60)
        recorder.step(12, by=HOUR / 4)
        recorder.writer.close()
        recorder.start()
    recorder.writer.close()
    assert len(sample_files(recorder.folder)) > 6
    recording = SampleReader(recorder.folder)
    found = forwards(recording)
    assert len(found) > 100
    for seq, fleet in found.items():
        assert fleet == recorder.kept[seq], seq
    assert set(recorder.kept) > set(found), "quiet samples are stepped over"
    backwards, seq = [], max(found) + 1
    while (sample := recording.before(seq)) is not None:
        seq = sample.stamp.seq
        assert sample.fleet == recorder.kept[seq]
        backwards.append(seq)
    assert backwards == sorted(found, reverse=True)
    for stamp in recording.stamps(0.0, recorder.now + 9):
        sought = recording.seek(stamp.at)
        assert sought is not None and sought.fleet == recorder.kept[sought.stamp.seq]
        assert sought.stamp.at == pytest.approx(sought.stamp.unix + 1.5)
    recording.close()


def test_a_reader_follows_the_writer_and_sees_quiet_times_too(recorder: Recorder) -> None:
    recorder.step(30)
    recording = SampleReader(recorder.folder)
    for _ in range(20):
        recorder.step(by=HOUR / 9)
        last = recording.last
        assert last is not None and last.seq == max(recorder.kept)
        sample = recording.seek(last.at)
        assert sample is not None and sample.fleet == recorder.kept[last.seq]
    recording.close()
    recorder.writer.close()


def test_files_are_private_and_one_file_each_when_closed(recorder: Recorder) -> None:
    recorder.step(9, by=HOUR / 3)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in recorder.folder.iterdir())
    recorder.writer.close()
    assert {path.suffix for path in recorder.folder.iterdir()} == {".samples"}
    names = sample_files(recorder.folder)
    with sqlite3.connect(names[1]) as found:
        assert ("previous", names[0].name) in found.execute("SELECT * FROM meta").fetchall()


def test_read_only_media_are_enough(recorder: Recorder) -> None:
    recorder.step(20)
    recorder.writer.close()
    for path in (*recorder.folder.iterdir(), recorder.folder):
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        assert forwards(SampleReader(recorder.folder))
        assert forwards(SampleReader(sample_files(recorder.folder)[0])), "an hour's file alone"
    finally:
        recorder.folder.chmod(0o700)


def test_a_restart_begins_with_a_gap_and_goes_on_in_the_same_hour(recorder: Recorder) -> None:
    recorder.step(30)
    recorder.writer.close()
    before = max(recorder.kept)
    recorder.start()
    recorder.step(20)
    recorder.writer.close()
    assert len(sample_files(recorder.folder)) == 1
    recording = SampleReader(recorder.folder)
    sample = recording.after(before)
    assert sample is not None and sample.gap == NOT_RECORDED and sample.stamp.run == "run2"
    after = recording.after(sample.stamp.seq)
    assert after is not None and not after.gap


def test_a_damaged_row_is_a_gap_until_the_next_key(recorder: Recorder) -> None:
    recorder.step(80)
    recorder.writer.close()
    path = sample_files(recorder.folder)[0]
    with sqlite3.connect(path) as found:
        keys = [row[0] for row in found.execute("SELECT DISTINCT seq FROM key ORDER BY seq")]
        found.execute("UPDATE sample SET delta = x'00' WHERE seq = ?", (keys[1] + 3,))
    found.close()
    recording = SampleReader(recorder.folder)
    readable = forwards(recording)
    assert all(fleet == recorder.kept[seq] for seq, fleet in readable.items())
    assert not any(keys[1] + 3 <= seq < keys[2] for seq in readable)
    assert any(seq >= keys[2] for seq in readable)
    sample = recording.after(keys[1] + 2)
    assert sample is not None and sample.gap == DAMAGED and sample.stamp.seq >= keys[2]
    sought = recording.seek(readable_at(recording, keys[1] + 5))
    assert sought is not None and sought.stamp.seq == keys[1] + 2, "the newest readable one before it"


def readable_at(recording: SampleReader, seq: int) -> float:
    """When a sample was, by its number."""
    stamps = recording.stamps(0.0, EPOCH * 2)
    return next(stamp.at for stamp in stamps if stamp.seq >= seq)


def test_a_key_that_is_not_whole_does_not_count(recorder: Recorder) -> None:
    recorder.step(80)
    recorder.writer.close()
    with sqlite3.connect(sample_files(recorder.folder)[0]) as found:
        keys = [row[0] for row in found.execute("SELECT DISTINCT seq FROM key ORDER BY seq")]
        found.execute("DELETE FROM key WHERE seq = ? AND part = 1", (keys[1],))
        found.execute("UPDATE key SET blob = x'00' WHERE seq = ?", (keys[2],))
    found.close()
    readable = forwards(SampleReader(recorder.folder))
    assert readable.keys() == {seq for seq in recorder.kept if seq in readable}
    assert any(keys[1] <= seq < keys[2] for seq in readable) and max(readable) > keys[2]
    assert all(fleet == recorder.kept[seq] for seq, fleet in readable.items())


def test_what_a_killed_writer_left_is_tidied_up_and_its_numbers_are_not_used_again(
    recorder: Recorder,
) -> None:
    recorder.step(20)
    numbers = set(recorder.kept)
    (recorder.folder / "000000000999-20260101T000000Z.samples.new").write_bytes(b"torn")
    damaged = recorder.folder / "000000000900-20260101T000000Z.samples"
    damaged.write_bytes(b"no database, but a file of some length")
    recorder.start()  # as if the one before had been killed
    recorder.step(20)
    recorder.writer.close()
    assert numbers < set(recorder.kept) and min(set(recorder.kept) - numbers) > 1_000_000
    assert not list(recorder.folder.glob("*.new"))
    recording = SampleReader(recorder.folder)
    assert [problem.partition(":")[0] for problem in recording.problems] == [damaged.name]
    assert all(fleet == recorder.kept[seq] for seq, fleet in forwards(recording).items())


def test_a_file_takes_a_quarter_of_the_limit_and_the_next_hour_goes_on(recorder: Recorder) -> None:
    recorder.limits = SampleLimits(size=4 * 60_000)
    recorder.start()
    with pytest.raises(FileFull):
        recorder.step(3000)
    recorder.step(by=HOUR)
    recorder.writer.close()
    assert len(sample_files(recorder.folder)) == 2


def test_another_schema_is_refused_with_a_line(recorder: Recorder) -> None:
    recorder.step(5)
    recorder.writer.close()
    path = sample_files(recorder.folder)[0]
    with sqlite3.connect(path) as found:
        found.execute("UPDATE meta SET value = '99' WHERE name = 'schema'")
    found.close()
    with pytest.raises(UnknownSchema, match=r"another version of lktop .schema 99, this one reads 1"):
        SampleReader(path)
    other = recorder.folder / "x.samples"
    sqlite3.connect(other).close()
    with pytest.raises(UnknownSchema, match="not a recording of lktop"):
        SampleReader(other)
    os.symlink(path, recorder.folder / "y.samples")
    with pytest.raises(OSError, match=r"symbolic link|Too many levels"):
        SampleReader(recorder.folder / "y.samples")


def test_errors_that_an_older_version_kept_as_they_came_are_masked_when_they_are_read(
    recorder: Recorder,
) -> None:
    """Secret values of that time are known to nobody any more; tokens and signatures tell themselves."""
    said = f"400: authorization Bearer {TOKEN} X-Amz-Signature=0123456789abcdef"
    job = Job(id="AJ_1", state=JobState(error=said))
    quoted = replace(
        Fleet(),
        log_errors={"CA_1": LoggedError(said)},
        room_freshness={"r": RoomFreshness().failed(1.0, said)},
        freshness={"agents": Freshness().failed(said, 1.0)},
        dispatches={"r": (Dispatch(id="AD_1", state=DispatchState(jobs=(job,))),)},
    )
    later = replace(quoted, freshness={"agents": Freshness().failed(said + " again", 2.0)})
    for number, fleet in enumerate((quoted, later)):  # a whole fleet, and a difference
        recorder.writer.add(fleet, Moment(EPOCH + 9 + number, 9.0 + number), 0.0)
    recorder.writer.commit()
    shown = "400: authorization Bearer *** X-Amz-Signature=***"
    for path in (recorder.folder, sample_files(recorder.folder)[0]):
        first, second = forwards(SampleReader(path)).values()
        assert [found.freshness["agents"].error for found in (first, second)] == [shown, shown + " again"]
        assert first.log_errors["CA_1"].text == first.room_freshness["r"].error == shown
        state = first.dispatches["r"][0].jobs[0].state
        assert state is not None and state.error == shown
