"""Programs under a pseudo-terminal, with the time of every byte: output, key presses, quiet. Knows no case.

Output is only stamped while a program runs; whatever is slow, such as emulating a screen, is done afterwards,
so that the measuring does not take the processor from the measured.
"""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import pyte

from tests.bench.usage import Usage, usage
from tests.ptyrun import ROOT, terminal_env

COLUMNS: Final = 120
ROWS: Final = 40
PATIENCE: Final = 90.0
"""Seconds after which a program that shows nothing of what is waited for has failed."""
FRAME_END: Final = b"\x1b[?2026l"
"""Where a frame of Textual ends, on a terminal that understands synchronised output."""

_ANSWERS: Final = (
    (re.compile(rb"\x1b\[\?2026\$p"), b"\x1b[?2026;2$y"),
    (re.compile(rb"\x1b\[\?2048\$p"), b"\x1b[?2048;0$y"),
    (re.compile(rb"\x1b\[0?c"), b"\x1b[?62;22c"),
    (re.compile(rb"\x1b\[6n"), b"\x1b[1;1R"),
)
"""What a terminal says when asked for synchronised output, sizes in band, its kind, the cursor's place."""
_SEQUENCE: Final = re.compile(
    rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1bP.*?\x1b\\"
    rb"|\x1b[()][0-9A-B]|\x1b[=>78cDEHM]",
    re.DOTALL,
)
_NOT_FOR_PYTE: Final = re.compile(
    r"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$[a-z]|\x1bP.*?\x1b\\|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|\x1b\[\?u|\x1b\[[?>][0-9;]*m",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one read brought."""

    at: float
    """`time.perf_counter` of the read."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a key press led to."""

    first: float
    """Milliseconds to the end of the first frame, or to the first byte of a program without frames."""
    last: float
    """Milliseconds to the last byte before the quiet."""
    size: int
    """Bytes in all."""
    frames: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a program did over a while."""

    seconds: float
    cpu: float
    """Per cent of one core."""
    rate: float
    """Bytes a second."""
    wakeups: float
    """A second: voluntary context switches of all its threads."""
    size: int
    """Bytes in all."""
    frames: int
    after: Usage
    """Its resources at the end."""


class Terminal:
    """A program and its terminal. Leave the `with` block to end both."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        columns: int = COLUMNS,
        rows: int = ROWS,
        cwd: Path | None = None,
    ) -> None:
        self.columns, self.rows = columns, rows
        self.chunks: list[Chunk] = []
        self.size = 0
        """Bytes so far."""
        self._ended = False
        self._tail = b""
        self._master, slave = pty.openpty()
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.set_blocking(self._master, False)
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=dict(terminal_env() if env is None else env),
            cwd=cwd or ROOT,  # where `python -m tui` finds this checkout
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - only possible there
        )
        os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        deadline = time.perf_counter() + 2.0
        while self.process.poll() is None and time.perf_counter() < deadline:
            self.read(0.05)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._master)

    # ---- reading --------------------------------------------------------------------------------------

    def read(self, seconds: float) -> bool:
        """Wait up to `seconds` for output and take what there is; whether there was any."""
        if self._ended or not select.select([self._master], [], [], max(0.0, seconds))[0]:
            return False
        try:
            data = os.read(self._master, 1 << 20)
        except OSError:  # EIO: the program has gone
            data = b""
        if not data:
            self._ended = True
            return False
        self.chunks.append(Chunk(time.perf_counter(), data))
        self.size += len(data)
        if b"\x1b" in data:
            self._answer(data)
        return True

    def _answer(self, data: bytes) -> None:
        """Say what a terminal says when it is asked, also when the question came in two reads."""
        known = len(self._tail)
        asked = self._tail + data
        for question, answer in _ANSWERS:
            for match in question.finditer(asked):
                if match.end() > known:
                    self.write(answer)
        self._tail = asked[-16:]

    def write(self, data: bytes) -> None:
        """Type, as fast as the program reads."""
        while data and not self._ended:
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                self.read(0.001)

    def pump(self, seconds: float) -> None:
        """Read for so long."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0 and not self._ended:
            self.read(left)

    def settle(self, quiet: float, seconds: float = PATIENCE) -> None:
        """Read until nothing has come for `quiet` seconds, or at the most for `seconds`."""
        end = time.perf_counter() + seconds
        while self.read(min(quiet, max(0.0, end - time.perf_counter()))):
            pass

    def until(self, text: str, seconds: float = PATIENCE, *, since: int = 0) -> float:
        """Read until a text was written after chunk `since`; when that was. Raises TimeoutError.

        Looks at the bytes without their escape sequences: a text that was drawn in pieces is not found.
        """
        wanted = text.encode()
        end = time.perf_counter() + seconds
        seen = b""
        done = since
        while True:
            while done < len(self.chunks):
                chunk = self.chunks[done]
                seen = seen[-20_000:] + chunk.data
                done += 1
                if wanted in chunk.data or wanted in _SEQUENCE.sub(b"", seen):
                    return chunk.at
            if self._ended or time.perf_counter() > end:
                raise TimeoutError(f"no {text!r} on the screen:\n" + "\n".join(self.screen()))
            self.read(0.05)

    # ---- acting and watching --------------------------------------------------------------------------

    def press(self, keys: bytes, *, quiet: float = 0.12, seconds: float = 3.0) -> Reaction:
        """Type, then read until `quiet` seconds after the last output, or at the most for `seconds`."""
        while self.read(0.0):
            pass
        before = len(self.chunks)
        pressed = time.perf_counter()
        self.write(keys)
        end = pressed + seconds
        while (now := time.perf_counter()) < end and not self._ended:
            got = self.read(min(0.02, end - now))
            if not got and len(self.chunks) > before and now - self.chunks[-1].at >= quiet:
                break
        return self._reaction(before, pressed)

    def _reaction(self, before: int, pressed: float) -> Reaction:
        new = self.chunks[before:]
        data = b"".join(chunk.data for chunk in new)
        first = next(
            (chunk.at for chunk in new if FRAME_END in chunk.data), new[0].at if new else float("nan")
        )
        last = new[-1].at if new else float("nan")
        return Reaction(
            (first - pressed) * 1e3, (last - pressed) * 1e3, len(data), data.count(FRAME_END), data
        )

    def watch(self, seconds: float) -> Stretch:
        """Let it run, reading along, and say what that took."""
        before, start, chunk = usage(self.process.pid), time.perf_counter(), len(self.chunks)
        self.pump(seconds)
        took, after = time.perf_counter() - start, usage(self.process.pid)
        data = b"".join(item.data for item in self.chunks[chunk:])
        return Stretch(
            seconds=took,
            cpu=100 * (after.cpu - before.cpu) / took,
            rate=len(data) / took,
            wakeups=(after.switches - before.switches) / took,
            size=len(data),
            frames=data.count(FRAME_END),
            after=after,
        )

    def usage(self) -> Usage:
        """What it takes now."""
        return usage(self.process.pid)

    # ---- afterwards -----------------------------------------------------------------------------------

    def painted(self) -> float:
        """Milliseconds from the start to the first screen that is not blank; NaN if there was none."""
        for at, screen in self._replay():
            if _is_painted(screen):
                return (at - self.started) * 1e3
        return float("nan")

    def screen(self) -> list[str]:
        """The lines shown now."""
        screens = [screen for _, screen in self._replay()]  # of one and the same screen
        return _lines(screens[-1]) if screens else []

    def since_start(self, at: float) -> float:
        """Milliseconds from the start to a moment."""
        return (at - self.started) * 1e3

    def _replay(self) -> Iterator[tuple[float, pyte.Screen]]:
        screen = pyte.Screen(self.columns, self.rows)
        stream = pyte.Stream(screen)
        decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        for chunk in self.chunks:
            stream.feed(_NOT_FOR_PYTE.sub("", decode(chunk.data)))
            yield chunk.at, screen


def _lines(screen: pyte.Screen) -> list[str]:
    # not `screen.display`, which fails where the left half of a wide character was overwritten
    return ["".join(screen.buffer[y][x].data for x in range(screen.columns)) for y in range(screen.lines)]


def _is_painted(screen: pyte.Screen) -> bool:
    return any(
        cell.data.strip() or cell.bg != "default" or cell.reverse
        for line in screen.buffer.values()
        for cell in line.values()
    )
