"""Programs started by a test: waited for by what they log, and killed with all their children."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

EVERY = 0.05
"""Seconds between looks at a log."""
LINES_SHOWN = 20
"""Lines of the log in the message of what did not happen."""


class NotInTime(Exception):
    """A program did not come so far in the time allowed."""


class Process:
    """A running program in a session of its own."""

    def __init__(
        self, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._log = folder / f"{name}.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={"PATH": os.environ["PATH"], "HOME": str(folder), **(environment or {})},
                start_new_session=True,  # so that its children can be killed with it
            )

    @property
    def log(self) -> str:
        """All that it said so far."""
        return self._log.read_text("utf-8", "replace")

    async def says(self, words: str, seconds: float = 30.0) -> None:
        """Wait until these words are in its log. Raises `NotInTime`, also if it ends before."""
        until = time.monotonic() + seconds
        while words not in self.log:
            if self._process.poll() is not None or time.monotonic() > until:
                last = "\n".join(self.log.splitlines()[-LINES_SHOWN:])
                raise NotInTime(
                    f"{self.name} did not say {words!r} (exit {self._process.returncode}):\n{last}"
                )
            await asyncio.sleep(EVERY)

    async def end_by_line(self) -> None:
        """Send a line, on which it ends by itself."""
        await asyncio.to_thread(self._process.communicate, b"\n", 20.0)

    def kill(self) -> None:
        """SIGKILL it and all its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on, neither TCP nor UDP."""
    found: list[int] = []
    with contextlib.ExitStack() as held:  # held together, so that none is found twice
        while len(found) < count:
            stream = held.enter_context(socket.socket())
            stream.bind(("127.0.0.1", 0))
            port: int = stream.getsockname()[1]
            datagram = held.enter_context(socket.socket(type=socket.SOCK_DGRAM))
            with contextlib.suppress(OSError):
                datagram.bind(("127.0.0.1", port))
                found.append(port)
    return found
