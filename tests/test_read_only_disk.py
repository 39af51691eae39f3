"""What is kept, on a file system that has become read-only: a real one, where a user may mount it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ptyrun import terminal_env

MOUNT = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1"'
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


def test_nothing_is_lost_silently_on_a_read_only_disk(tmp_path: Path) -> None:
    home, runtime = tmp_path / "home", tmp_path / "runtime"
    state = home / ".local" / "state" / "lktop"
    state.mkdir(mode=0o700, parents=True)
    runtime.mkdir(mode=0o700)
    enter = ["unshare", "-rm", "sh", "-c", f'{MOUNT} && shift && exec "$@"', "sh", str(home)]
    tried = (
        subprocess.run([*enter, "true"], capture_output=True, check=False)
        if shutil.which("unshare")
        else None
    )
    if tried is None or tried.returncode:
        pytest.skip("no mount in a user namespace here")
    done = subprocess.run(
        [*enter, sys.executable, "-c", PROGRAM, str(home), str(runtime)],
        env=terminal_env(),
        capture_output=True,
        text=True,
        check=False,
    )
    instead = f"the journal lasts only until reboot, in {runtime}/lktop"
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        f"True ~/.local/state/lktop: cannot be written; {instead}",
        f"not saved in the journal: {state}/journal.jsonl.lock: read-only file system",
        f"{state} is read-only b'kept'",
        "Read-only file system",
    ]
    assert os.listdir(state) == []
