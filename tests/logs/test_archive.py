"""Logs on the disk: which there are, and how one is read back, newest lines first."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.logs.fakes import PROPERTY
from tui.logs import archive as module
from tui.logs import spool
from tui.logs.archive import Archive, NotOpened, log_files
from tui.logs.lines.levels import Level
from tui.logs.spool import Spool


@PROPERTY
@given(
    # what is full of NULs is no text and not opened
    st.lists(st.binary(max_size=40).map(lambda raw: raw.translate(None, b"\n\0")), min_size=1, max_size=60),
    st.booleans(),
)
def test_every_line_comes_back_exactly(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], ended: bool
) -> None:
    path = tmp_path_factory.mktemp("log") / "x.log"
    data = b"\n".join(lines) + (b"\n" if ended or not lines[-1] else b"")
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "GLANCE", 64)
        patch.setattr(module, "SLICE", 100)
        patch.setattr(module, "LONGEST", 256)
        patch.setattr(module, "NULS", 0)  # any bytes are a log here
        patch.setattr(module, "PACKED", {})
        patch.setattr(module, "WIDE", {})
        archive = Archive("x", [path])
        while archive.step():
            pass
    log = archive.log
    assert [found.raw for found in log.lines(log.first, 0)] == lines
    assert (log.first, log.end, archive.progress) == (-len(lines), 1, 1.0)
    assert b"".join(log.spool.data(row) for row in range(log.first, 0)) == data
    assert list(log.notices) == [0]
    archive.close()


def test_a_traceback_through_the_beginning_of_a_stretch_is_one_error(tmp_path: Path) -> None:
    lines = [
        b"x" * 100,
        b"Traceback (most recent call last):",
        b'  File "a.py", line 1',
        b"BookingFailed: no",
    ]
    (tmp_path / "a.log").write_bytes(b"\n".join(lines) + b"\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "GLANCE", 20)
        patch.setattr(module, "SLICE", 20)
        archive = Archive("a", [tmp_path / "a.log"])
        while archive.step():
            pass
    log = archive.log
    assert [log.line(row).level for row in range(log.first, 0)] == [Level.NONE, *[Level.ERROR] * 3]
    assert log.counts.errors == 1
    archive.close()


def test_tokens_and_signed_addresses_are_masked_and_every_line_stays_where_it_is(tmp_path: Path) -> None:
    token = b"eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJkZXZrZXkifQ.Wq_3-hZfXJmJmWl0b9Q"
    named = (b"X-Amz-Credential", b"x-goog-token", b"sig", b"AWSAccessKeyId", b"access_token")
    lines = [
        *(b"one", b"joined with " + token + b" now", b"PUT /x?X-Amz-Signature=0123456789abcdef", b"four"),
        *(b"GET /%b?%b=0123456789" % (name, name) for name in named),
    ]
    (tmp_path / "a.log").write_bytes(b"\n".join(lines) + b"\n")
    archive = Archive("a", [tmp_path / "a.log"])
    while archive.step():
        pass
    assert [found.raw for found in archive.log.lines(archive.log.first, 0)] == [
        b"one",
        b"joined with " + b"*" * len(token) + b" now",
        b"PUT /x?X-Amz-Signature=****************",
        b"four",
        *(b"GET /%b?%b=**********" % (name, name) for name in named),
    ]
    archive.close()


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.touch()
    archive = Archive("x", [path])
    assert not archive.step()
    assert (archive.log.first, archive.log.end, list(archive.log.notices)) == (0, 1, [0])
    archive.close()


def test_parts_are_read_as_one_and_a_huge_log_from_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GLANCE", 8)
    monkeypatch.setattr(module, "SLICE", 8)
    paths = [tmp_path / name for name in ("a", "b", "c")]
    for number, path in enumerate(paths):
        path.write_bytes(b"".join(b"%d line %d\n" % (number, n) for n in range(5 * (number != 1))))
    everything = b"".join(path.read_bytes() for path in paths)

    def read() -> Archive:
        archive = Archive("x", paths)
        while archive.step():
            pass
        return archive

    archive = read()
    rows = range(archive.log.first, 0)
    assert b"".join(map(archive.log.spool.data, rows)) == everything
    assert archive.read == archive.size == len(everything)
    archive.close()
    monkeypatch.setattr(module, "MOST", 50)
    archive = read()
    assert -10 < archive.log.first < -5
    assert archive.log.line(-1).raw == b"2 line 4"
    assert (archive.read, archive.size) == (50, len(everything))
    archive.close()


def test_a_line_without_an_end_does_not_fill_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GLANCE", 64)
    monkeypatch.setattr(module, "SLICE", 100)
    monkeypatch.setattr(module, "LONGEST", 200)
    path = tmp_path / "x.log"
    path.write_bytes(b"x" * 5000)
    archive = Archive("x", [path])
    while archive.step():
        pass
    pieces = [archive.log.line(row).raw for row in range(archive.log.first, 0)]
    assert b"".join(pieces) == b"x" * 5000
    assert max(map(len, pieces)) <= 400
    archive.close()


def unfit(folder: Path) -> dict[Path, str]:
    """Things that are no log, and why they are not opened."""
    (folder / "target").write_text("x\n")
    (folder / "link").symlink_to(folder / "target")
    os.mkfifo(folder / "pipe")
    (folder / "packed.gz").write_bytes(gzip.compress(b"x\n"))
    (folder / "memory").write_bytes(b"\x00\x01 text \x00\x00\n" * 100)
    return {
        folder / "missing.log": "no such file or directory",
        folder: "is a directory",
        folder / "link": "is a link; give the file that it leads to",
        folder / "pipe": "is no ordinary file",
        folder / "packed.gz": "is packed (gzip); unpack it first",
        folder / "memory": "is no text",
    }


def test_what_is_no_log_is_not_opened(tmp_path: Path) -> None:
    before = set(os.listdir("/proc/self/fd"))
    for path, why in unfit(tmp_path).items():
        with pytest.raises(NotOpened) as refused:
            Archive("x", [path])
        assert str(refused.value).startswith(f"not opened: {path}")
        assert str(refused.value).endswith(why)
    with pytest.raises(NotOpened, match="null character"):
        Archive("x", [Path("a\0b")])
    assert set(os.listdir("/proc/self/fd")) == before


def test_a_path_cannot_steer_the_terminal(tmp_path: Path) -> None:
    with pytest.raises(NotOpened, match="␛"):
        Archive("x", [tmp_path / "no\x1b[2J"])
    (tmp_path / "a\x1b[2J.log").write_text("x\n")
    archive = Archive("a\x1b[2J.log", [tmp_path / "a\x1b[2J.log"])
    assert archive.name == "a␛[2J.log"
    assert "\x1b" not in archive.log.notices[0].text
    archive.close()


def test_parts_of_a_kept_log_are_one_in_the_order_written(tmp_path: Path) -> None:
    """A ring takes the number of a part again that it has dropped."""
    tmp_path.chmod(0o700)
    held = Spool(tmp_path, stem="deploy-CA_x-20261116T110640Z", ring=16 * 1024, keep=True)
    for n in range(600):
        held.append([b"%04d " % n + b"x" * 60], b"\0", b"\0")
        newest = max(tmp_path.iterdir(), key=lambda path: path.stat().st_size and path.stat().st_mtime_ns)
        os.utime(newest, ns=(n, n))
    rest = b"".join(held.lines(held.first, held.end))
    held.close()
    assert spool.PARTS > 10
    (log,), _ = log_files(tmp_path, tmp_path / "none")
    assert log.name == "deploy-CA_x-20261116T110640Z" and log.kept
    assert b"".join(path.read_bytes() for path in log.paths).replace(b"\n", b"") == rest
    assert list(log.paths) != sorted(log.paths)


def test_only_logs_of_ours_are_listed(tmp_path: Path) -> None:
    kept, saved = tmp_path / "spool", tmp_path / "logs"
    for folder in (kept, saved):
        folder.mkdir()
        (folder / "link.log").symlink_to("/etc/hostname")
        (folder / "notes.txt").write_text("x")
        os.mkfifo(folder / "pipe-000.log")
    (kept / "deploy-A-000.log").touch()  # a log that never had a line
    for name, moment in (("old.log", 100), ("new.log", 200)):
        (saved / name).write_text("x\n")
        os.utime(saved / name, (moment, moment))
    assert [(log.name, log.kept, log.written) for log in log_files(kept, saved)[0]] == [
        ("new.log", False, 200.0),
        ("old.log", False, 100.0),
    ]
    assert log_files(None, tmp_path / "none") == ([], []), "a folder that is not there holds none"
    assert log_files(saved / "new.log", tmp_path) == ([], [f"{saved / 'new.log'} (not a directory)"])
