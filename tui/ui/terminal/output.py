"""Writes to the terminal without blocking the event loop. Knows nothing of the content.

Python's own stream blocks in the kernel when the terminal stops reading, as on a dead SSH link. No other
write could then get through, not even the one that restores the terminal.
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
"""Queued pieces, three to a frame; further ones are dropped."""
WRITE_TIMEOUT: Final = 0.5
"""Seconds in which a terminal must take the last bytes."""
_STALLED: Final = 0.1
"""Seconds between two attempts to write to a terminal that does not read."""
_FLAGS: Final = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC


class Output(threading.Thread):
    """A queue to the terminal, written by a thread.

    `caught_up` is called when the terminal reads again after output was dropped; `reset` restores the
    terminal and is written in any case.
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
        """Drop queued output, to make room for what restores the terminal."""
        with contextlib.suppress(Empty):
            while True:
                self._queue.get_nowait()

    def stop(self) -> None:
        """End the thread when all is written; a terminal that does not read gets the reset by force."""
        deadline = time.monotonic() + WRITE_TIMEOUT
        with contextlib.suppress(Full):
            self._queue.put(None, timeout=WRITE_TIMEOUT)
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
        """Write until stopped; after a hang-up, drop everything."""
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
    """The terminal of standard error, opened for non-blocking writes; None if there is none.

    It is a descriptor of its own: making fd 2 non-blocking would change it for the shell too.
    """
    paths = ["/dev/tty"]
    with contextlib.suppress(OSError):
        paths.insert(0, os.ttyname(2))
    for path in paths:
        try:
            return os.open(path, _FLAGS)
        except OSError:  # such as the terminal of the user before `sudo`
            continue
    return None


def force(terminal: int, data: bytes) -> None:
    """Write to a terminal that may not read; discards unread output. Gives up after a while.

    Raises OSError or termios.error if the terminal is gone.
    """
    deadline = time.monotonic() + WRITE_TIMEOUT
    while time.monotonic() < deadline:
        termios.tcflush(terminal, termios.TCOFLUSH)
        try:
            os.write(terminal, data)
        except BlockingIOError:
            time.sleep(0.005)
        else:
            return


def _question_marks(error: UnicodeError) -> tuple[str, int]:
    """One `?` per cell of the characters that cannot be encoded, so that columns stay aligned."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "?" * cell_len(error.object[error.start : error.end]), error.end


codecs.register_error("cells", _question_marks)
