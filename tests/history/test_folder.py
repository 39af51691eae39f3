"""A project's folder: one process writes, its key is its own, and it does not grow beyond its limits."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from tui.history.files import folder, retention
from tui.history.files.event_file import NAME
from tui.history.files.folder import Lock, digest_key, network_file_system
from tui.history.files.folder_place import FolderPlace
from tui.history.files.retention import expire, forget
from tui.history.files.sample_files import sample_files
from tui.history.records import Run
from tui.record_options import RecordOptions

NOW = 1_786_000_000.0


def test_one_records_and_another_takes_over(tmp_path: Path) -> None:
    first, second = Lock(tmp_path), Lock(tmp_path)
    assert first.take() and first.take() and not second.take()
    os.utime(tmp_path / folder.LOCK, (1.0, 1.0))
    assert second.last_beat() == 1.0
    first.beat()
    beat = second.last_beat()
    assert beat is not None and beat > 1.0
    first.release()
    assert second.take() and second.is_held and not first.take()
    second.release()
    assert stat.S_IMODE((tmp_path / folder.LOCK).stat().st_mode) == 0o600


def test_the_key_is_made_once_and_is_private(tmp_path: Path) -> None:
    key = digest_key(tmp_path)
    assert len(key) == 32 and digest_key(tmp_path) == key
    path = tmp_path / folder.KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_bytes(b"torn")
    assert len(digest_key(tmp_path)) == 32 and digest_key(tmp_path) != key
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(OSError, match=r"symbolic|levels"):
        digest_key(tmp_path)


def hour(where: Path, number: int, age: float, size: int = 1000) -> Path:
    """A file of samples that was written last so many hours ago."""
    where.mkdir(exist_ok=True)
    path = where / f"{number:012d}-20260101T000000Z.samples"
    path.write_bytes(b"x" * size)
    os.utime(path, (NOW - age * 3600, NOW - age * 3600))
    return path


def numbers(where: Path) -> list[int]:
    return [int(path.name.partition("-")[0]) for path in sample_files(where)]


def test_the_oldest_files_go_first_with_what_is_beside_them(tmp_path: Path) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    for number, age in enumerate((30, 25, 20, 10, 5, 0), 1):
        hour(own, number, age)
    (own / "000000000003-20260101T000000Z.samples-wal").write_bytes(b"x")
    hour(other, 1, 30)
    hour(other, 2, 1)
    for name, age in ((other, 20), (tmp_path / "gone", 40)):
        name.mkdir(exist_ok=True)
        (name / NAME).write_bytes(b"x")
        os.utime(name / NAME, (NOW - age * 86_400, NOW - age * 86_400))
    left = expire(tmp_path, "own", hours=24, size=2500, days=30, now=NOW)
    assert left == sample_files(own) and numbers(own) == [5, 6]
    assert not list(own.glob("*-wal"))
    assert numbers(other) == [2] and (other / NAME).exists() and not (tmp_path / "gone" / NAME).exists()
    expire(tmp_path, "own", hours=24, size=10, days=30, now=NOW)
    assert numbers(own) == [6], "the present file stays"


def test_all_projects_together_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "TOTAL", 4000)
    for number in range(1, 4):
        hour(tmp_path / "own", number, 2)
        hour(tmp_path / "other", number, 1)
    expire(tmp_path, "own", hours=24, size=99_999, days=30, now=NOW)
    assert numbers(tmp_path / "own") == [3] and numbers(tmp_path / "other") == [1, 2, 3]


def test_nothing_is_left_of_what_is_forgotten(tmp_path: Path) -> None:
    hour(tmp_path, 1, 0)
    digest_key(tmp_path)
    (tmp_path / NAME).write_bytes(b"x")
    (tmp_path / f"{NAME}-wal").write_bytes(b"x")
    (tmp_path / "inbox-1.jsonl").write_bytes(b"x")
    lock = Lock(tmp_path)
    lock.take()
    forget(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [folder.LOCK]
    lock.release()


def test_a_used_up_quota_is_a_full_disk(tmp_path: Path) -> None:
    place = FolderPlace(tmp_path, "project", RecordOptions(), Run("r1", 0.0, 0.0, "h", "1"), gap_after=9.0)
    for number in (errno.ENOSPC, errno.EDQUOT):
        assert place.words(OSError(number, "")) == f"the disk is full ({tmp_path}/project)"


@pytest.mark.parametrize(
    ("kind", "found"), [("ext4", ""), ("nfs4", "nfs4"), ("fuse.sshfs", "fuse.sshfs"), ("fuse.other", "")]
)
def test_network_file_systems_are_told_by_the_nearest_mount(tmp_path: Path, kind: str, found: str) -> None:
    home = tmp_path / "my home"
    (home / "state").mkdir(parents=True)
    point = str(home).replace(" ", "\\040")
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "21 1 0:1 / / rw - overlay overlay rw\n"
        f"22 21 0:2 / {tmp_path} rw,relatime shared:1 - tmpfs tmpfs rw\n"
        f"23 22 0:3 / {point} rw - {kind} server:/home rw\n"
        f"24 22 0:4 / {tmp_path}/my\\040home2 rw - nfs server:/x rw\n"
    )
    assert network_file_system(home / "state", mounts) == found
    assert network_file_system(home / "state", tmp_path / "absent") is None
