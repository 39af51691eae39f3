"""Logs on the disk: what was kept and saved is listed, and opened with keys."""

from __future__ import annotations

import os
from pathlib import Path

from tui.logs import spool
from tui.logs.archive import log_files
from tui.logs.spool import Spool


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
    (log,) = log_files(tmp_path, tmp_path / "none")
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
    assert [(log.name, log.kept, log.written) for log in log_files(kept, saved)] == [
        ("new.log", False, 200.0),
        ("old.log", False, 100.0),
    ]
    assert log_files(None, tmp_path / "none") == []
