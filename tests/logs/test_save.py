"""Saving a log: exact, private, never over anything, and clear about what went wrong."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from pathlib import Path

import pytest

from tests.logs.fakes import EPOCH
from tests.logs.test_spool import no_file_larger_than
from tui.logs.log import Kind, Line, Log, Notice
from tui.logs.rows import HANDED, AllRows
from tui.logs.save import NotSaved, save
from tui.logs.spool import Spool

LINES = [b"one", b"caf\xe9 \x1b[2J", b"", b"a\xe2\x80\xa8b"]


@pytest.fixture
def log() -> Log:
    made = Log(Spool(None))
    made.append(LINES, bytes(4), bytes(4), EPOCH)
    made.notify(Notice("us: stream lost", Kind.GAP, 0, EPOCH))
    made.append_piece(b"half", 0, EPOCH)
    made.append([b"end"], b"\0", b"\0", EPOCH)
    return made


async def test_exact_bytes_and_no_words_of_ours(log: Log, tmp_path: Path) -> None:
    saved = await save(log, AllRows(log), tmp_path / "x.log")
    assert saved.path.read_bytes() == b"\n".join([*LINES, b"half", b"end"]) + b"\n"
    assert (saved.lines, saved.size) == (6, saved.path.stat().st_size)
    assert stat.S_IMODE(saved.path.stat().st_mode) == 0o600


async def test_as_worded_with_notices(log: Log, tmp_path: Path) -> None:
    def worded(line: Line) -> str:
        return line.notice.text if line.notice else "line"

    saved = await save(log, AllRows(log), tmp_path / "x.log", worded)
    assert saved.path.read_text() == "line\n" * 4 + "us: stream lost\n" + "line\n" * 2


async def test_rows_that_were_dropped_are_left_out(tmp_path: Path) -> None:
    log = Log(Spool(None, ring=16 * 1024, memory=16 * 1024))
    for n in range(1000):
        log.append([b"%d" % n], b"\0", b"\0", EPOCH)
    first = log.first
    saving = asyncio.create_task(save(log, AllRows(log), tmp_path / "x.log"))
    await asyncio.sleep(0)
    for n in range(1000):
        log.append([b"later %d" % n], b"\0", b"\0", EPOCH)
    assert log.first >= 1000
    saved = await saving
    assert saved.lines == HANDED
    assert saved.dropped == 1000 - first - HANDED > 0


@pytest.mark.parametrize("kind", ["file", "link", "dangling link", "directory"])
async def test_nothing_that_exists_is_touched(log: Log, tmp_path: Path, kind: str) -> None:
    victim, path = tmp_path / "victim", tmp_path / "x.log"
    victim.write_text("precious")
    if kind == "file":
        path.write_text("precious")
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to(victim if kind == "link" else tmp_path / "made-by-us")
    with pytest.raises(NotSaved, match=r"^not saved: .*x\.log exists already; give another name$"):
        await save(log, AllRows(log), path)
    assert victim.read_text() == "precious"
    assert not (tmp_path / "made-by-us").exists()


async def test_our_own_folder_is_no_link_and_not_open_to_others(log: Log, tmp_path: Path) -> None:
    """Elsewhere the operator named the place: there a link is followed, as in every other program."""
    (tmp_path / "victim").mkdir()
    own = tmp_path / "logs"
    own.symlink_to("victim")
    with pytest.raises(NotSaved, match=r"logs/x\.log: a link in place of a folder is not followed"):
        await save(log, AllRows(log), own / "x.log", own=own)
    assert os.listdir(tmp_path / "victim") == []
    assert (await save(log, AllRows(log), own / "x.log", own=tmp_path)).lines == 6
    own.unlink()
    own.mkdir()
    own.chmod(0o777)
    with pytest.raises(NotSaved, match="is open to others; run: chmod 700"):
        await save(log, AllRows(log), own / "x.log", own=own)
    own.chmod(0o700)
    assert (await save(log, AllRows(log), own / "x.log", own=own)).lines == 6


async def test_a_full_disk_leaves_no_half_log(log: Log, tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    with no_file_larger_than(10), pytest.raises(NotSaved, match=r"^not saved: .* was removed$"):
        await save(log, AllRows(log), path)
    assert not path.exists()


async def test_a_quota_that_is_used_up_may_be_said_late(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a network file system, which takes every byte."""

    def used_up(file: int) -> None:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    monkeypatch.setattr(os, "fsync", used_up)
    with pytest.raises(NotSaved, match=r"^not saved: disk quota exceeded after .* was removed$"):
        await save(log, AllRows(log), tmp_path / "x.log")
    assert os.listdir(tmp_path) == []


async def test_half_a_log_that_cannot_be_removed_is_not_said_to_be(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that became read-only."""

    def read_only(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    for name in ("write", "close", "unlink"):
        monkeypatch.setattr(f"os.{name}", read_only)
    with pytest.raises(NotSaved, match=r"^not saved: read-only file system after 0 .* could not be removed$"):
        await save(log, AllRows(log), tmp_path / "x.log")


async def test_a_place_that_cannot_be_written_is_named(log: Log, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotSaved, match="give another place"):
        await save(log, AllRows(log), tmp_path / "file" / "x.log")


async def test_given_up_in_the_middle_leaves_no_half_log(tmp_path: Path) -> None:
    log = Log(Spool(None))
    log.append([b"x"] * 5000, bytes(5000), bytes(5000), EPOCH)
    saving = asyncio.create_task(save(log, AllRows(log), tmp_path / "x.log"))
    await asyncio.sleep(0)  # the file is there from its first step on
    assert os.listdir(tmp_path) == ["x.log"]
    saving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await saving
    assert os.listdir(tmp_path) == []
