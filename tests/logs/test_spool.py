"""The spool: exact bytes, private files, a ring, and a disk that fails."""

from __future__ import annotations

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.logs.fakes import PROPERTY
from tui.logs.lines.levels import CUT, NOTICE
from tui.logs.segment import retire
from tui.logs.spool import Spool


def add(spool: Spool, *lines: bytes) -> None:
    spool.append(lines, bytes(len(lines)), bytes(len(lines)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "spool"
    made.mkdir(mode=0o700)
    return made


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Writing beyond `size` bytes fails, as on a full disk: a short write, then an error."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


LINES = st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=20)


@PROPERTY
@given(st.lists(LINES, max_size=20), st.booleans())
def test_what_goes_in_comes_out(batches: list[list[bytes]], noticed: bool) -> None:
    spool = Spool(None, ring=1 << 30, memory=1 << 30)
    expected: list[bytes] = []
    for batch in batches:
        add(spool, *batch)
        expected += batch
        if noticed:
            expected.append(b"")
            spool.insert(b"", NOTICE, 0)
    assert spool.lines(0, spool.end) == expected
    assert [spool.line(row) for row in range(spool.end)] == expected


def test_a_piece_and_a_notice_keep_their_places(folder: Path) -> None:
    spool = Spool(folder)
    add(spool, b"one", b"")
    spool.insert(b"half", CUT, 3)
    spool.insert(b"", NOTICE, 3)
    add(spool, b"two")
    assert spool.lines(0, 5) == [b"one", b"", b"half", b"", b"two"]
    assert [spool.data(row) for row in range(5)] == [b"one\n", b"\n", b"half\n", b"", b"two\n"]
    assert [spool.mark(row) for row in range(5)] == [0, 0, CUT, NOTICE, 0]
    assert spool.tag(2) == 3


def test_blocks_cover_every_row_once_in_both_directions(folder: Path) -> None:
    spool = Spool(folder, ring=1 << 30)
    for number in range(50):
        add(spool, *(b"%d %d" % (number, n) for n in range(number)))
    forwards, row = [], spool.first
    while row < spool.end:
        block = spool.block(row, 7, 100)
        forwards += block.lines()
        row = block.end
    backwards, row = [], spool.end
    while row > spool.first:
        block = spool.block_before(row, 7, 100)
        backwards += reversed(block.lines())
        row = block.first
    assert forwards == backwards[::-1] == spool.lines(0, spool.end)


def test_a_block_takes_a_line_that_is_larger_than_a_block(folder: Path) -> None:
    spool = Spool(folder)
    add(spool, b"a", b"x" * 5000, b"b")
    assert spool.block(1, 10, 100).lines() == [b"x" * 5000]
    assert spool.block_before(2, 10, 100).lines() == [b"x" * 5000]


def test_the_ring_drops_the_oldest_and_counts_them(folder: Path) -> None:
    spool = Spool(folder, ring=64 * 1024)
    for number in range(4000):
        add(spool, b"%06d %s" % (number, b"x" * 60))
    assert spool.size <= 64 * 1024
    assert spool.end == 4000
    assert spool.dropped == spool.first > 0
    assert spool.line(spool.first).startswith(b"%06d" % spool.first)
    assert len(spool.lines(0, 4000)) == 4000 - spool.first
    with pytest.raises(IndexError):
        spool.line(spool.first - 1)


def test_a_flood_of_empty_lines_is_bounded_too(folder: Path) -> None:
    spool = Spool(folder, ring=64 * 1024)
    for _ in range(100):
        add(spool, *[b""] * 1000)
    assert spool.end - spool.first < 64 * 1024 / 48 + 2000


def test_memory_per_row_is_six_bytes(folder: Path) -> None:
    spool, lines = Spool(folder, ring=1 << 30), [b"x" * 200] * 1000
    tracemalloc.start()
    try:
        for _ in range(100):
            add(spool, *lines)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held <= 7 * 100_000 + 50_000  # arrays grow ahead of their use


def test_nothing_is_left_on_disk_not_even_while_it_is_used(folder: Path) -> None:
    spool = Spool(folder)
    add(spool, b"private")
    assert os.listdir(folder) == []
    assert spool.line(0) == b"private"
    spool.close()


def test_kept_files_are_private_and_exact(folder: Path) -> None:
    spool = Spool(folder, stem="CA_x", keep=True)
    add(spool, b"caf\xe9", b"\x1b[2J")
    spool.insert(b"ha", CUT, 0)
    spool.insert(b"", NOTICE, 0)
    add(spool, b"end")
    spool.close()
    (name,) = os.listdir(folder)
    assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    assert (folder / name).read_bytes() == b"caf\xe9\n\x1b[2J\nha\nend\n"


@pytest.mark.parametrize("mask", [0, 0o022, 0o777])
def test_private_whatever_the_umask(folder: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        add(Spool(folder, keep=True), b"x")
    finally:
        os.umask(before)
    (name,) = os.listdir(folder)
    assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_planted_links_and_files_are_left_alone(folder: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (folder / "log-000.log").symlink_to(victim)
    (folder / "log-001.log").symlink_to(tmp_path / "made-by-us")
    (folder / "log-002.log").write_text("somebody's")
    spool = Spool(folder, keep=True)
    add(spool, b"line")
    assert spool.trouble == ""
    assert victim.read_text() == "precious"
    assert not (tmp_path / "made-by-us").exists()
    assert (folder / "log-002.log").read_text() == "somebody's"
    assert (folder / "log-003.log").read_text() == "line\n"


@pytest.mark.parametrize("mode", [0o755, 0o777, 0o1777, 0o770])
def test_a_folder_open_to_others_is_not_used(folder: Path, mode: int) -> None:
    folder.chmod(mode)
    spool = Spool(folder, keep=True)
    add(spool, b"line")
    assert os.listdir(folder) == []
    assert f"{folder} is open to others; run: chmod 700" in spool.trouble
    assert spool.line(0) == b"line"


def test_a_folder_that_is_a_link_is_not_used(folder: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(folder)
    spool = Spool(link, keep=True)
    add(spool, b"line")
    assert os.listdir(folder) == []
    assert "a link?" in spool.trouble
    assert spool.line(0) == b"line"


def test_a_missing_folder_falls_back_to_memory(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "none")
    add(spool, b"line")
    assert spool.trouble.endswith("does not exist")
    assert spool.line(0) == b"line"


def test_a_full_disk_loses_no_line_and_says_so(folder: Path) -> None:
    spool = Spool(folder, ring=1 << 20, memory=1 << 20)
    lines = [b"%05d %s" % (n, b"x" * 50) for n in range(2000)]
    with no_file_larger_than(30_000):
        for start in range(0, len(lines), 100):
            add(spool, *lines[start : start + 100])
    assert spool.trouble
    assert spool.lines(0, spool.end) == lines


@pytest.mark.parametrize(
    ("number", "said"), [(errno.EDQUOT, "no space left in {}"), (errno.EROFS, "{} is read-only")]
)
def test_a_quota_that_is_used_up_loses_no_line_and_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int, said: str
) -> None:
    spool = Spool(folder)
    add(spool, b"on disk")

    def refused(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", refused)
        add(spool, b"in memory")
    assert spool.trouble == said.format(folder)
    assert spool.lines(0, spool.end) == [b"on disk", b"in memory"]


def test_after_a_full_disk_the_memory_ring_is_bounded_and_the_disk_is_used_again(folder: Path) -> None:
    spool = Spool(folder, ring=1 << 20, memory=64 * 1024)
    add(spool, b"on disk")
    with no_file_larger_than(0):
        for n in range(1, 5000):
            add(spool, b"%05d %s" % (n, b"x" * 100))
        assert spool.trouble
        assert spool.size <= 64 * 1024
        assert spool.end == 5000
        assert spool.dropped == spool.first
    for n in range(5000, 6000):
        add(spool, b"%05d %s" % (n, b"x" * 100))
    assert spool.trouble == ""
    assert spool.line(5999).startswith(b"05999")


def test_the_ring_removes_kept_files_too(folder: Path) -> None:
    spool = Spool(folder, ring=64 * 1024, keep=True)
    for number in range(64):
        add(spool, b"%d " % number + b"x" * 4000)
    spool.close()
    held = sum((folder / name).stat().st_size for name in os.listdir(folder))
    assert spool.dropped > 0
    assert 0 < held <= 64 * 1024


def test_kept_files_go_when_their_days_are_over_and_nothing_else_does(folder: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim.log"
    victim.write_text("precious")
    (folder / "link.log").symlink_to(victim)
    for name in ("old.log", "new.log", "old.txt"):
        (folder / name).write_text("")
    for path in (folder / "old.log", folder / "old.txt", victim):
        os.utime(path, (1_000, 1_000))
    os.utime(folder / "link.log", (1_000, 1_000), follow_symlinks=False)
    retire(folder, before=2_000.0)
    assert sorted(os.listdir(folder)) == ["link.log", "new.log", "old.txt"]
    (tmp_path / "link").symlink_to(tmp_path)
    retire(tmp_path / "link", before=2_000.0)
    assert victim.exists()


def test_killed_it_leaves_nothing(folder: Path) -> None:
    """Not even SIGKILL leaves lines behind: the file has no name while it is used."""
    program = (
        "import os, pathlib, signal, sys; from tui.logs.spool import Spool\n"
        "spool = Spool(pathlib.Path(sys.argv[1])); spool.append([b'private'], bytes(1), bytes(1))\n"
        "assert not spool.trouble; os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(folder)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert os.listdir(folder) == []
