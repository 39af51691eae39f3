"""What is opened of a recording: whole, in part, torn, or from another version; each with one clear line."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.fixtures.clocks import EPOCH
from tests.history.fleets import Life
from tui.clock import Moment
from tui.history.files.folder_store import FolderWriter
from tui.history.records import Run
from tui.history.store import Batch, Taken
from tui.record_options import RecordOptions
from tui.replay import beginning, project_of, watched
from tui.session.recordings import exported, opened
from tui.session.watched import NoHistory


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one hour's file."""
    root = tmp_path_factory.mktemp("history")
    where = root / "project"
    where.mkdir(mode=0o700)
    writer = FolderWriter(root, "project", RecordOptions(), Run("r", EPOCH, 0.0, "host", "1"))
    life = Life(1)
    taken = [Taken(life.step(), Moment(EPOCH + 60.0 * n, 60.0 * n), 0.0) for n in range(9)]
    writer.write(Batch(samples=taken))
    writer.close()
    return where


def hour(where: Path) -> Path:
    """Its file of samples."""
    (found,) = where.glob("*.samples")
    return found


def why_not(path: Path) -> str:
    """Why that cannot be replayed."""
    with pytest.raises(NoHistory) as raised:
        beginning(path, "")
    return str(raised.value)


def test_one_hours_file_alone_has_no_timeline_and_says_so(whole: Path, tmp_path: Path) -> None:
    export = tmp_path / "x.lktop"
    assert exported(opened(whole), 0.0, EPOCH * 2, export, RecordOptions()) > 3
    for path in (whole, export, hour(whole)):
        assert beginning(path, "3m ago") == pytest.approx(EPOCH + 300.0)
        reader = opened(path)
        assert bool(reader.untold) == (path == hour(whole))
        reader.close()


def test_what_cannot_be_read_is_named_with_the_reason(whole: Path, tmp_path: Path) -> None:
    export = tmp_path / "x.lktop"
    exported(opened(whole), 0.0, EPOCH * 2, export, RecordOptions())
    export.write_bytes(export.read_bytes()[:-300])
    assert "x.lktop: not a recording of lktop, or a damaged one" in why_not(export)
    newer = shutil.copytree(whole, tmp_path / "newer")
    with sqlite3.connect(hour(newer)) as found:
        found.execute("UPDATE meta SET value = '9' WHERE name = 'schema'")
    found.close()
    for path in (newer, hour(newer)):
        assert "recorded by another version of lktop (schema 9, this one reads 1)" in why_not(path)
    torn = shutil.copytree(whole, tmp_path / "torn")
    data = hour(torn).read_bytes()
    for size in (len(data) // 2, 100, 0):
        hour(torn).write_bytes(data[:size])
        for path in (torn, hour(torn)):
            assert hour(torn).name in why_not(path)
    (torn / "events.sqlite").write_bytes(b"SQLite format 3\0torn")
    assert f"{torn}: " in why_not(torn)


def test_the_header_names_the_file_that_is_shown_once(whole: Path) -> None:
    project = project_of(whole, None)
    session = watched(project, whole)
    assert (session.link().hosts, project.source) == ("recording", str(whole))
