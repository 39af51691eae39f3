"""Runs the simulator as a child process, for `lktop demo`. Knows only its command line."""

from __future__ import annotations

import importlib.util
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import tui
from tui.privatefile import private_folder
from tui.process import child_env

START_SECONDS: Final = 15.0
"""Seconds that the simulator may take to listen."""
STOP_SECONDS: Final = 3.0
"""Seconds that it may take to end before it is killed."""
LEFT_FOR: Final = 86_400.0
"""Seconds after which the history of a demo that was killed is removed."""
NEEDS: Final = ("starlette", "uvicorn", "python_multipart", "livekit.protocol")
"""Packages of the `sim` extra."""
API_KEY: Final = "devkey"
API_SECRET: Final = "secret"
"""LiveKit's development key pair, so that `lk --dev` works with the demo."""
MISSING: Final = "the simulator is not installed; run: pip install 'lktop[sim]'"

HOME: Final = str(Path(tui.__file__).parent.parent)
"""Where this program is; the simulator is started with this alone as its `PYTHONPATH`."""

_LINE = re.compile(rb"listening on (http://127\.0\.0\.1:[0-9]{1,5})\r?\n")
_FIRST_LINE_BYTES: Final = 4096


class DemoError(Exception):
    """Why the simulator does not run, in one line."""


def is_installed() -> bool:
    """Whether the simulator's packages are installed; does not import them.

    The namespace `livekit` alone proves nothing, since LiveKit's other libraries share it.
    """
    try:
        return all(importlib.util.find_spec(name) for name in NEEDS)
    except ModuleNotFoundError:  # not even the namespace
        return False


@contextmanager
def simulator(options: Sequence[str], seconds: float = START_SECONDS) -> Iterator[str]:
    """Run the simulator on a free loopback port; yields its URL and ends it afterwards.

    Raises DemoError. The child gets a restricted environment and imports from this program's location, not
    from the current directory. It watches its parent, so it also ends when this process is killed.
    """
    if not is_installed():
        raise DemoError(MISSING)
    command = [sys.executable, "-P", "-m", "tui", "sim", "--host", "127.0.0.1", "--port", "0", *options]
    keys = {"LIVEKIT_API_KEY": API_KEY, "LIVEKIT_API_SECRET": API_SECRET}
    with (
        _for_errors() as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            bufsize=0,  # buffered input would be hidden from select
            cwd=HOME,
            env=child_env({**keys, "PYTHONPATH": HOME}),
            start_new_session=True,  # ctrl+c must not reach it
        ) as child,
    ):
        try:
            yield _address(child, errors, seconds)
        finally:
            _stop(child)


def _for_errors() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile()
    except OSError as error:
        raise DemoError(f"no temporary file can be made: {(error.strerror or str(error)).lower()}") from None


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """A private folder for the history of one demo, whose project is another one each time.

    What demos that were killed have left in `folder` is removed after a day. Raises `OSError`.
    """
    private_folder(folder)
    for left in folder.iterdir():
        if left.lstat().st_mtime < time.time() - LEFT_FOR:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as path:
        yield Path(path)


def _address(child: subprocess.Popen[bytes], errors: IO[bytes], seconds: float) -> str:
    """The URL of the line that the simulator prints once it accepts."""
    assert child.stdout is not None
    line = _first_line(child.stdout, seconds)
    if line is None:
        raise DemoError(f"the simulator did not start within {seconds:.0f} s; try again, or run: lktop sim")
    if match := _LINE.fullmatch(line):
        return match[1].decode()
    child.kill()
    child.wait()
    errors.seek(0)
    words = errors.read(65_536).decode(errors="replace").strip().splitlines()
    raise DemoError(f"the simulator did not start: {words[-1] if words else 'it said nothing'}")


def _first_line(pipe: IO[bytes], seconds: float) -> bytes | None:
    """Bytes up to the first line end, or to the end of the stream; None if neither comes in time."""
    deadline, line = time.monotonic() + seconds, b""
    while not line.endswith(b"\n") and len(line) < _FIRST_LINE_BYTES:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            return None
        byte = pipe.read(1)
        if not byte:
            break
        line += byte
    return line


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
