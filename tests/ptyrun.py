"""A program under a pseudo-terminal, as an operator has it: sizes, keys, signals, hang-ups, every byte."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from atexit import register
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Final, Self

import psutil
import pyte

from tests.loopback_guard import make_interpreter

ROOT: Final = Path(__file__).parents[1]
PATIENCE: Final = 20.0
"""Seconds that a healthy program may take on a busy machine before a test gives up on it."""

MODES: Final = (1000, 1002, 1003, 1004, 1006, 1015, 1016, 1049, 2004, 2026, 2048, 25, 7)
"""The private modes that we set: mouse, focus, alternate screen, paste, frames, sizes, cursor, wrap."""
RESET: Final = (
    *(f"\x1b[?{mode}l".encode() for mode in (1000, 1003, 1006, 1015, 2004, 1004, 1049)),
    b"\x1b[?25h",
    b"\x1b[<u",
)
"""What must have been sent for the next program to find a usable terminal."""

_GRAMMAR: Final = re.compile(
    r"\x1b\[(?:[0-9;:]*m"  # colours and attributes
    r"|\d+;\d+H"  # cursor to a cell
    r"|[0-3]?[JK]"  # erase
    rf"|\?(?:{'|'.join(map(str, MODES))})[hl]"
    r"|\?(?:2026|2048)\$p"  # "do you know this mode?"
    r"|>\d+u|<u)"  # kitty's keyboard protocol, on and off
    r"|\r?\n"
    r"|\r\x1b\[K"  # a line of words, wiped
)
_FORBIDDEN: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+.{0,20}", re.DOTALL
)
_UNFINISHED: Final = re.compile(r"\x1b[^A-Za-z]{0,30}\Z")
_NOT_FOR_PYTE: Final = re.compile(r"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$[a-z]")


def grammar_violations(output: bytes) -> list[str]:
    """Everything in the output that a terminal would obey and that is not ours to send."""
    violations: list[str] = []
    try:
        text = output.decode()
    except UnicodeDecodeError as error:
        violations.append(f"not UTF-8: {output[error.start : error.start + 8]!r}")
        text = output.decode(errors="replace")
    # A space in place of each sequence, or what stands around it could join into another.
    return violations + [repr(found) for found in _FORBIDDEN.findall(_GRAMMAR.sub(" ", text))]


class Screen:
    """What a terminal shows of the output fed to it."""

    def __init__(self, columns: int, rows: int) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.Stream(self._screen)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""

    def feed(self, output: bytes) -> None:
        """Take more output; a sequence that is not complete waits for its end."""
        text = self._rest + self._decode(output)
        cut = _UNFINISHED.search(text)
        text, self._rest = (text[: cut.start()], cut.group()) if cut else (text, "")
        self._stream.feed(_NOT_FOR_PYTE.sub("", text))

    def resize(self, columns: int, rows: int) -> None:
        """As the terminal does; the program has to draw anew."""
        self._screen.resize(rows or 24, columns or 80)

    @property
    def lines(self) -> list[str]:
        """The text of each line."""
        # Not `display`, which fails where the left half of a wide character was overwritten.
        screen = self._screen
        return ["".join(screen.buffer[y][x].data for x in range(screen.columns)) for y in range(screen.lines)]

    def ground(self, column: int, line: int) -> str:
        """The background of a cell."""
        return self._screen.buffer[line][column].bg


def render(output: bytes, columns: int, rows: int) -> list[str]:
    """The lines that a terminal shows after this output."""
    screen = Screen(columns, rows)
    screen.feed(output)
    return screen.lines


class Pty:
    """A running program and the other end of its terminal; `pump`, `until` and `wait` read what it writes."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        columns: int = 80,
        rows: int = 24,
        cwd: Path | None = None,
        controlling: bool = True,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        """Start `argv`; without `controlling`, a hang-up of the terminal raises no signal."""
        self.output = bytearray()
        """Every byte read so far."""
        self._screen = Screen(columns, rows)
        self._resizes: list[tuple[int, int, int]] = []
        self._fed = 0
        self._lines: list[str] = []
        """What the screen showed when all up to `_fed` had been fed."""
        self.hung_up = False
        self.master, slave = pty.openpty()
        self.resize(columns, rows)

        def in_child() -> None:
            if controlling:
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            if prepare is not None:
                prepare()

        self.before = self.attributes()
        self.process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=terminal_env() if env is None else env,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=in_child,  # noqa: PLW1509 - the terminal can be claimed only there
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.hang_up()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def pump(self, seconds: float = 0.0) -> bool:
        """Read what there is, waiting up to `seconds` for it; returns whether there was something."""
        if self.hung_up or not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            read = os.read(self.master, 65536)
        except OSError:  # EIO: nobody has the other end open
            return False
        self.output += read
        return bool(read)

    def until(self, what: bytes | Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Read until the output holds a marker or a condition is true.

        Raises TimeoutError, and EOFError if the program ends first.
        """
        condition = what if callable(what) else lambda: what in self.output
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"no {what!r} in {bytes(self.output[-2000:])!r}")
            if not self.pump(0.05) and self.process.poll() is not None:
                while self.pump(0.05):
                    pass
                if not condition():
                    raise EOFError(f"ended ({self.process.returncode}) without {what!r}: {self.tail()}")

    def send_until(self, data: bytes, what: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Type the same again and again, for a key that comes too early is not heard, until this is true.

        Raises TimeoutError.
        """
        deadline = time.monotonic() + seconds
        while not what():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{data!r} was typed in vain: {self.tail()}")
            self.send(data)
            pause = time.monotonic() + 0.3
            while time.monotonic() < pause and not what():
                self.pump(0.05)

    def mark(self) -> Callable[[bytes], Callable[[], bool]]:
        """A condition for `until` that looks only at what is written from now on."""
        start = len(self.output)
        return lambda marker: lambda: marker in self.output[start:]

    def send(self, data: bytes) -> None:
        """Type. Large input is fed as the program takes it, reading along."""
        view = memoryview(data)
        while view:
            if select.select([], [self.master], [], 0.05)[1]:
                view = view[os.write(self.master, view[:512]) :]
            self.pump()

    def offer(self, data: bytes, seconds: float) -> int:
        """Type as much as the program and its terminal take in this time; returns how many bytes that is."""
        deadline = time.monotonic() + seconds
        taken = 0
        while (left := deadline - time.monotonic()) > 0 and taken < len(data):
            if select.select([], [self.master], [], left)[1]:
                taken += os.write(self.master, data[taken : taken + 512])
        return taken

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size; the program gets SIGWINCH."""
        self._resizes.append((len(self.output), columns, rows))
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def kill(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        self.process.send_signal(number)

    def hang_up(self) -> None:
        """Close the terminal, as a dropped SSH connection does."""
        if not self.hung_up:
            self.hung_up = True
            os.close(self.master)

    def wait(self, seconds: float = PATIENCE, *, reading: bool = True) -> int:
        """Wait for the end; returns the exit status, negative for a signal. Raises TimeoutExpired."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            if not (reading and self.pump(0.02)):
                select.select([], [], [], 0.005)
        status = self.process.wait(max(0.0, deadline - time.monotonic()))
        while reading and self.pump():
            pass
        return status

    def attributes(self) -> list[object]:
        """The line discipline as the program has set it."""
        return list(termios.tcgetattr(self.master))

    def restored(self) -> list[str]:
        """What a person would still notice of the program after its end; empty when all is as before."""
        missing = [repr(sequence) for sequence in RESET if sequence not in self.output]
        return missing + (["attributes"] if self.attributes() != self.before else [])

    def screen(self) -> list[str]:
        """The lines shown now."""
        for at, columns, rows in self._resizes:
            self._screen.feed(self.output[self._fed : at])
            self._screen.resize(columns, rows)
            self._fed, self._lines = at, []
        self._resizes.clear()
        if self._fed != len(self.output) or not self._lines:
            self._screen.feed(self.output[self._fed :])
            self._fed = len(self.output)
            self._lines = self._screen.lines
        return self._lines

    def grounds(self, text: str) -> list[str]:
        """The background of the text in each line where it stands now, such as `2a3a52`."""
        lines = enumerate(self.screen())
        return [self._screen.ground(line.find(text), number) for number, line in lines if text in line]

    def shows(self, text: str) -> Callable[[], bool]:
        """A condition for `until`: the text stands on the screen."""
        return lambda: any(text in line for line in self.screen())

    def tail(self) -> str:
        """The end of the output, for a failing test."""
        return bytes(self.output[-1500:]).decode(errors="replace")

    def threads(self) -> int:
        """Threads that the program runs now."""
        return psutil.Process(self.process.pid).num_threads()

    def wake_ups(self) -> int:
        """How often its threads have begun to run after waiting."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/status")
        return sum(
            int(re.findall(r"^voluntary_ctxt_switches:\s*(\d+)", task.read_text(), re.MULTILINE)[0])
            for task in tasks
        )


def terminal_env(**extra: str) -> dict[str, str]:
    """The environment of an ordinary terminal, with nothing of this machine's but where programs are."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.environ.get("HOME", "/nonexistent"),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        **extra,
    }


START = """\
import os, runpy, sys
os.environ.pop("PYTHONPATH", None)
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""
"""Runs a module like `python -m`, as if the checkout were installed: lktop warns of `PYTHONPATH`."""


@cache
def guard() -> str:
    """Before `START`: the program ends if it looks up or connects to anything but this machine.

    So do those that it starts with its own interpreter, such as the simulator.
    """
    folder = Path(mkdtemp(prefix="lktop-guarded-"))
    register(rmtree, folder)
    return f"from tests import loopback_guard\nloopback_guard.install({make_interpreter(folder)!r})\n"


def python(module: str, *arguments: str, guarded: bool = False) -> list[str]:
    """The command that runs a module of this checkout; `guarded`, it may only connect to this machine."""
    return [sys.executable, "-c", (guard() if guarded else "") + START, module, *arguments]
