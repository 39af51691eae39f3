"""A part of a recording in one file: the same samples and events, and digests of its own."""

from __future__ import annotations

import os
import stat
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.history.fleets import Life
from tui import privatefile
from tui.api.models import Agent, Deployment
from tui.clock import Moment
from tui.fleet.past import Event, JobCount, Kind, Severity, Transition, deployment_key
from tui.fleet.state import Fleet, with_agents
from tui.fleet.transitions import in_order
from tui.history.files import export
from tui.history.files.folder_store import FolderReader, FolderWriter
from tui.history.files.sample_files import sample_files
from tui.history.records import Run
from tui.history.store import Batch, Reader, Taken
from tui.record_options import RecordOptions
from tui.session.recordings import exported, newest, opened
from tui.session.watched import NoHistory

EPOCH = 1_786_000_000.0


def recorded(root: Path) -> list[Taken]:
    """A project's folder with two runs, eighty samples in all."""
    (root / "p").mkdir(mode=0o700)
    life, found = Life(7), []
    for run in ("r1", "r2"):
        writer = FolderWriter(root, "p", RecordOptions(), Run(run, EPOCH + life.at, life.at, "host", "1"))
        taken = [Taken(life.step(), Moment(EPOCH + life.at, life.at), 0.0) for _ in range(40)]
        events = [Event(f"{run}1", taken[5].moment.unix, Kind.NOTE, Severity.INFO, "the bad deploy")]
        counts = [JobCount(run, int(taken[5].moment.unix // 60) - 1, 3)]
        writer.write(Batch(samples=taken, events=events, job_counts=counts))
        writer.close()
        found += taken
        life.at += 300.0
    return found


def fleets(reader: Reader) -> list[Fleet]:
    """Every sample, from the first one on."""
    sample, found = reader.samples.seek(0.0), []
    while sample is not None:
        found.append(sample.fleet)
        sample = reader.samples.after(sample.stamp.seq)
    return found


def people(found: list[Fleet]) -> set[str]:
    """Digests of people."""
    return {
        person.identity
        for fleet in found
        for room in fleet.participants.values()
        for person in room
        if person.identity.startswith("~")
    }


def test_an_export_shows_the_same_and_names_people_by_other_digests(tmp_path: Path) -> None:
    taken = recorded(tmp_path)
    path = tmp_path / "part.lktop"
    since, until = taken[10].moment.unix, taken[60].moment.unix
    count = exported(FolderReader(tmp_path / "p"), since, until, path, RecordOptions())
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as archive:
        assert not any("key" in name or "lock" in name for name in archive.namelist())
    whole, part = opened(tmp_path / "p"), opened(path)
    before, after = fleets(whole), fleets(part)
    assert len(after) >= count - 2 and {fleet.agents for fleet in after} <= {fleet.agents for fleet in before}
    first, last = part.samples.first, part.samples.last
    assert first is not None and last is not None and first.at <= since < last.at <= until
    assert [event.text for event in part.events(0.0, EPOCH * 2)] == ["the bad deploy"], "of the second run"
    assert [item.agent_name for item in part.job_counts(0.0)] == ["r2"], "of that time"
    assert len(whole.job_counts(0.0)) == 2
    assert people(before) and not people(before) & people(after)
    part.close()
    whole.close()
    with pytest.raises(NoHistory, match="is there already"):
        exported(FolderReader(tmp_path / "p"), since, until, path, RecordOptions())
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o777)
    with pytest.raises(NoHistory, match="shared/x: is open to others; run: chmod 700"):
        exported(FolderReader(tmp_path / "p"), since, until, tmp_path / "shared" / "x", RecordOptions())
    with pytest.raises(NoHistory, match="nothing was recorded in that time"):
        exported(FolderReader(tmp_path / "p"), 1.0, 2.0, tmp_path / "none", RecordOptions())


def test_an_export_knows_since_when_from_what_happened_before_it(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir(mode=0o700)
    rows = tuple(Deployment(deployment=name, region="us-east", status="Error") for name in ("", "staging"))
    fleet = with_agents(Fleet(), (Agent(agent_id="CA_1", agent_deployments=rows),), 100.0)
    row = deployment_key("CA_1", "us-east", "staging")
    steps = [
        Transition(id, "Running", "Error", None, EPOCH + at)
        for id, at in (("CA_1", 20.0), (row, 20.0), (row, 500.0), ("CA_2", 20.0))
    ]
    writer = FolderWriter(tmp_path, "p", RecordOptions(), Run("r", EPOCH, 0.0, "host", "1"))
    taken = [Taken(fleet, Moment(EPOCH + at, at), 0.0) for at in (0.0, 100.0, 200.0)]
    writer.write(Batch(samples=taken, transitions=in_order(steps)))
    writer.close()
    path = tmp_path / "part.lktop"
    exported(FolderReader(tmp_path / "p"), EPOCH + 90.0, EPOCH + 210.0, path, RecordOptions())
    part = opened(path)
    assert part.newest_transitions(["CA_1", row, "CA_2"], EPOCH * 2) == {
        "CA_1": steps[:1],
        row: steps[1:2],
        "CA_2": [],
    }
    part.close()


def test_what_an_export_is_made_of_is_closed_to_others_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a temporary folder that is closed, too."""
    recorded(tmp_path)
    modes: list[int] = []

    class Seen(FolderWriter):
        def __init__(self, root: Path, project: str, options: RecordOptions, run: Run) -> None:
            modes.extend(stat.S_IMODE(place.stat().st_mode) for place in (root, root / project))
            super().__init__(root, project, options, run)

    monkeypatch.setattr(export, "FolderWriter", Seen)
    mask = os.umask(0o022)  # as where the program is not what sets it
    try:
        export.write(FolderReader(tmp_path / "p"), 0.0, EPOCH * 2, tmp_path / "x.lktop", RecordOptions())
    finally:
        os.umask(mask)
    assert modes and set(modes) == {0o700}


def test_an_hours_file_alone_shows_its_samples_and_no_events(tmp_path: Path) -> None:
    recorded(tmp_path)
    reader = opened(sample_files(tmp_path / "p")[0])
    assert fleets(reader) and reader.events(0.0, EPOCH * 2) == []
    reader.close()


def test_what_is_no_recording_is_refused_in_one_line(tmp_path: Path) -> None:
    text, foreign = tmp_path / "text", tmp_path / "foreign.zip"
    text.write_text("hello")
    with zipfile.ZipFile(foreign, "w") as archive:
        archive.writestr("hello.txt", b"x")
    for path in (text, foreign, tmp_path / "absent", tmp_path):
        with pytest.raises(NoHistory) as refused:
            opened(path)
        assert "\n" not in str(refused.value), path
    with pytest.raises(NoHistory, match="nothing was recorded"):
        newest(tmp_path / "absent")
    with pytest.raises(NoHistory, match="nothing was recorded"):
        newest(tmp_path)
    recorded(tmp_path)
    assert newest(tmp_path) == tmp_path / "p"


def test_of_a_hostile_export_nothing_is_unpacked_beside_it_and_nothing_fills_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, scratch = tmp_path / "hostile.lktop", tmp_path / "deep" / "scratch"
    scratch.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    names = ("../escaped.samples", "../../escaped.samples", f"{tmp_path}/escaped.samples", "a/b.samples")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("000000000001-20260811T090412Z.samples", *names):
            archive.writestr(name, bytes(1000))
    for most, made in ((1000, ["000000000001-20260811T090412Z.samples"]), (999, [])):
        monkeypatch.setattr(export, "MOST_BYTES", most)
        unpacked: list[str] = []
        create = privatefile.create

        def noted(path: Path, unpacked: list[str] = unpacked, create: Callable[[Path], int] = create) -> int:
            unpacked.append(str(path.relative_to(path.parent)))
            return create(path)

        with monkeypatch.context() as patch:
            patch.setattr(privatefile, "create", noted)
            with pytest.raises(NoHistory):
                opened(path)
        assert unpacked == made
    assert not list(tmp_path.rglob("*escaped*")) and os.listdir(scratch) == []


def test_the_project_recorded_last_is_found_beside_folders_of_which_nothing_is_left(tmp_path: Path) -> None:
    recorded(tmp_path)
    for name in ("empty", "forgotten", "broken"):
        (tmp_path / name).mkdir()
    (tmp_path / "forgotten" / "recorder.lock").touch()
    (tmp_path / "broken" / "1-20260806T070640Z.samples").symlink_to(tmp_path / "absent")
    assert newest(tmp_path) == tmp_path / "p"
