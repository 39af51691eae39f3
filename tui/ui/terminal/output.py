"""Writes to the terminal without ever waiting for it in the event loop. Must not know what is written.

Python's own stream would block the writing thread inside the kernel when the terminal stops reading, as on a
dead SSH link; no other write could get past it, not even one that restores the terminal.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import sys
import termios
import threading
import time
from collections.abc import Callable
from queue import Empty, Full, Queue
from typing import Final

from rich.cells import cell_len

MAX_QUEUED: Final = 30
"""Pieces that may wait, three to a frame; what comes on top is dropped."""
PATIENCE: Final = 0.5
"""Seconds that a terminal has to take the last bytes."""
_STALLED: Final = 0.1
"""Seconds between two looks at a terminal that does not read."""
_FLAGS: Final = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC


class Output(threading.Thread):
    """A queue to the terminal.

    `caught_up` is called when it reads again after something was dropped; `reset` is what it must get.
    """

    def __init__(self, caught_up: Callable[[], None], reset: str) -> None:
        super().__init__(name="terminal-output", daemon=True)
        self._caught_up = caught_up
        self._reset = reset
        self._queue: Queue[str | None] = Queue(MAX_QUEUED)
        self._encoding = sys.__stderr__.encoding if sys.__stderr__ is not None else "ascii"
        self._terminal = open_terminal()
        self._behind = False
        self._abandoned = self._terminal is None

    def write(self, text: str) -> None:
        """Queue text, or drop it when the terminal is behind. Returns at once."""
        try:
            self._queue.put_nowait(text)
        except Full:
            self._behind = True

    def skip(self) -> None:
        """Forget what still waits, to make room for what restores the terminal."""
        with contextlib.suppress(Empty):
            while True:
                self._queue.get_nowait()

    def stop(self) -> None:
        """End the thread when all is written; a terminal that does not take it gets the reset by force."""
        deadline = time.monotonic() + PATIENCE
        with contextlib.suppress(Full):
            self._queue.put(None, timeout=PATIENCE)
            self.join(max(0.0, deadline - time.monotonic()))
        stuck = self.is_alive()
        if stuck:
            self.skip()
            self._abandoned = True
            self._queue.put(None)
            self.join()
        if self._terminal is not None:
            if stuck:
                with contextlib.suppress(OSError, termios.error):
                    force(self._terminal, self._reset.encode())
            os.close(self._terminal)
            self._terminal = None

    def run(self) -> None:
        """Write until stopped; after a hang-up, take and forget."""
        while (text := self._queue.get()) is not None:
            self._send(text.encode(self._encoding, "cells"))
            if self._behind and self._queue.empty() and not self._abandoned:
                self._behind = False
                self._caught_up()

    def _send(self, data: bytes) -> None:
        view = memoryview(data)
        while view and not self._abandoned and self._terminal is not None:
            try:
                view = view[os.write(self._terminal, view) :]
            except BlockingIOError:
                select.select([], [self._terminal], [], _STALLED)
            except OSError:
                self._abandoned = True


def open_terminal() -> int | None:
    """The terminal that standard error shows, for non-blocking writes; None if there is none any more.

    A descriptor of its own: changing fd 2 to non-blocking would change it for the shell, too.
    """
    paths = ["/dev/tty"]
    with contextlib.suppress(OSError):
        paths.insert(0, os.ttyname(2))
    for path in paths:
        try:
            return os.open(path, _FLAGS)
        except OSError:  # such as a terminal of the user we were before `sudo`
            continue
    return None


def force(terminal: int, data: bytes) -> None:
    """Write to a terminal that may not read, in place of what it has not read yet. Gives up after a moment.

    Raises OSError or termios.error if the terminal is gone.
    """
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        termios.tcflush(terminal, termios.TCOFLUSH)
        try:
            os.write(terminal, data)
        except BlockingIOError:
            time.sleep(0.005)
        else:
            return


def _as_wide(error: UnicodeError) -> tuple[str, int]:
    """As many `?` as the characters that cannot be encoded would have taken cells, so that columns stay."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "?" * cell_len(error.object[error.start : error.end]), error.end


codecs.register_error("cells", _as_wide)
