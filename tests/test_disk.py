"""What is kept on a file system that is read-only or full: real ones, where a user may mount them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ptyrun import terminal_env

READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1"'
SMALL = 'mount -t tmpfs -o size=256k tmpfs "$1"'
PROGRAM = """
import os, sys
from pathlib import Path
from tui.clock import SystemClock
from tui.config import state_dir
from tui.logs.spool import Spool
from tui.operations.journal.journal import Journal, JournalError
from tui.ui.terminal import screenshot

home = Path(sys.argv[1])
found = state_dir({"HOME": str(home), "XDG_RUNTIME_DIR": sys.argv[2]})
print(found.path == Path(sys.argv[2]) / "lktop", found.notice)
state = home / ".local/state/lktop"
try:
    Journal(state / "journal.jsonl", SystemClock()).intent("restart", "CA_1", project="prod")
except JournalError as error:
    print(error)
spool = Spool(state)
spool.append([b"kept"], b"\\0", b"\\0")
print(spool.trouble, spool.line(0))
try:
    screenshot.save("<svg/>", state / "screenshots" / "one.svg")
except OSError as error:
    print(error.strerror)
"""


FULL = """
import sys
from pathlib import Path
from tui.clock import SystemClock
from tui.logs.spool import Spool
from tui.operations.journal.journal import Journal, JournalError, Verdict
from tui.ui.terminal import screenshot

state = Path(sys.argv[1]) / ".local/state/lktop"
state.mkdir(mode=0o700, parents=True)
journal, spool = Journal(state / "journal.jsonl", SystemClock()), Spool(state)
journal.outcome(journal.intent("restart", "CA_1", project="prod"), Verdict.DONE)
with open(state / "ballast", "wb", buffering=0) as ballast:
    try:
        while ballast.write(bytes(4096)):
            pass
    except OSError as error:
        print(error.strerror)
try:
    while True:
        journal.intent("restart", "CA_2", project="prod")
except JournalError as error:
    print(str(error).removeprefix(f"not saved in the journal: {state}"))
for number in range(200):
    spool.append([b"%d" % number + b"x" * 1000], b"\\0", b"\\0")
print(spool.trouble.replace(str(state), "STATE"), spool.line(199)[:3])
try:
    screenshot.save("<svg/>" * 1000, state / "screenshots" / "one.svg")
except OSError as error:
    print(error.strerror)
(state / "ballast").unlink()
journal.outcome(journal.intent("restart", "CA_3", project="prod"), Verdict.DONE)
found = [entry.intent.target for entry in Journal(state / "journal.jsonl", SystemClock()).entries()]
print(found[0], found[-1], len(list(state.rglob("*.svg"))))
"""


def run_on(mount: str, folder: Path, program: str, *arguments: str) -> list[str]:
    """What a program prints that finds another file system at a folder; skips where none may be mounted."""
    enter = ["unshare", "-rm", "sh", "-c", f'{mount} && shift && exec "$@"', "sh", str(folder)]
    may_mount = (
        shutil.which("unshare")
        and not subprocess.run([*enter, "true"], capture_output=True, check=False).returncode
    )
    if not may_mount:
        pytest.skip("no mount in a user namespace here")
    done = subprocess.run(
        [*enter, sys.executable, "-c", program, str(folder), *arguments],
        env=terminal_env(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_nothing_is_lost_silently_on_a_read_only_disk(tmp_path: Path) -> None:
    home, runtime = tmp_path / "home", tmp_path / "runtime"
    state = home / ".local" / "state" / "lktop"
    state.mkdir(mode=0o700, parents=True)
    runtime.mkdir(mode=0o700)
    instead = f"the journal lasts only until reboot, in {runtime}/lktop"
    assert run_on(READ_ONLY, home, PROGRAM, str(runtime)) == [
        f"True ~/.local/state/lktop: cannot be written; {instead}",
        f"not saved in the journal: {state}/journal.jsonl.lock: read-only file system",
        f"{state} is read-only b'kept'",
        "Read-only file system",
    ]
    assert os.listdir(state) == []


def test_a_full_disk_is_said_and_leaves_whole_files(tmp_path: Path) -> None:
    assert run_on(SMALL, tmp_path, FULL) == [
        "No space left on device",
        "/journal.jsonl: no space left on device",
        "no space left in STATE b'199'",
        "No space left on device",
        "CA_3 CA_1 0",
    ]
