"""Writing the files of a project: whole or not at all, whatever happens meanwhile."""

from __future__ import annotations

import errno
import os
import random
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tui.packaging.files import create_file, replace_file


def test_a_new_file_never_takes_the_place_of_another(tmp_path: Path) -> None:
    target, path = tmp_path / "target", tmp_path / "Dockerfile"
    path.symlink_to(target)
    with pytest.raises(FileExistsError):
        create_file(path, b"ours")
    assert not target.exists(), "a link that leads nowhere is not followed"


def test_what_is_replaced_keeps_its_mode_and_a_link_stays_one(tmp_path: Path) -> None:
    target, path = tmp_path / "target", tmp_path / "livekit.toml"
    target.write_text("old")
    target.chmod(0o640)
    path.symlink_to(target)
    replace_file(path, b"new")
    assert path.is_symlink() and target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert sorted(tmp_path.iterdir()) == [path, target], "nothing is left behind"


WRITER = """
import sys
from pathlib import Path
from tui.packaging.files import replace_file
print("ready", flush=True)
while True:
    for letter in (b"a", b"b"):
        replace_file(Path(sys.argv[1]), letter * 100_000)
"""


def killed_writes(path: Path, rounds: int) -> None:
    """Kill a process that writes all the time; the file is whole after each."""
    chance = random.Random(1)
    for _ in range(rounds):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(chance.uniform(0.005, 0.03))
            child.kill()
        data = path.read_bytes()
        assert len(data) == 100_000 and len(set(data)) == 1


def test_a_killed_write_leaves_the_old_file_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "state"
    replace_file(path, b"o" * 100_000)
    killed_writes(path, rounds=5)


@pytest.mark.campaign
def test_many_killed_writes(tmp_path: Path) -> None:
    path = tmp_path / "state"
    replace_file(path, b"o" * 100_000)
    killed_writes(path, rounds=500)


@pytest.mark.parametrize("tells", ["write", "sync"])
def test_a_full_disk_keeps_the_old_file_and_leaves_no_half_of_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tells: str
) -> None:
    """A network file system or a quota may say so only once the data has to be on the disk."""
    path = tmp_path / "state"
    replace_file(path, b"old")

    def full(file: int) -> None:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    if tells == "sync":
        monkeypatch.setattr("os.fsync", full)
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        for write, name in ((replace_file, "state"), (create_file, "new")):
            with pytest.raises(OSError, match=r"File too large|Disk quota exceeded"):
                write(tmp_path / name, b"new" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_system_that_cannot_sync_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(file: int) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr("os.fsync", unknown)
    replace_file(tmp_path / "state", b"new")
    assert (tmp_path / "state").read_bytes() == b"new"
