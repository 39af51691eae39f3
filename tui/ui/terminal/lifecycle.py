"""Restores the terminal on every exit: signals, hang-up, a blocked event loop. Knows no application.

Textual handles none of these. A signal handler of the event loop is not enough: a terminal that does not read
can block the loop, so a watchdog thread ends the process when an orderly exit takes too long.
"""

from __future__ import annotations

import asyncio
import logging
import os
import select
import signal
import sys
import termios
import threading
import time
from types import FrameType, TracebackType
from typing import Final, Protocol, Self

from tui.ui.terminal.output import force, open_terminal

GRACE: Final = 1.5
"""Seconds that an orderly exit may take before the watchdog ends the process."""

ENDING: Final = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGALRM,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
"""Signals that end the program in an orderly way. By default each would leave the terminal raw."""
_OF_THE_DRIVER: Final = (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH, signal.SIGTTIN, signal.SIGTTOU)

MOUSE_OFF: Final = "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
RESET: Final = (
    f"\x1b[?2026l{MOUSE_OFF}\x1b[?2004l\x1b[?1004l\x1b[?2048l\x1b[<u\x1b[?7h\x1b[0m\x1b[?1049l\x1b[?25h"
)
"""Undoes every terminal mode that the program sets."""

Attributes = list[int | list[bytes | int]]
"""Terminal attributes, as `termios` has them."""


class Program(Protocol):
    """The program that is asked to exit."""

    def on_terminate(self, number: int) -> None:
        """Called when a signal ends the program, as it may be the last call that runs."""

    def exit(self, result: None = None, return_code: int = 0) -> None:
        """Exit in an orderly way."""


class Lifecycle:
    """Context manager of signal handlers, watchdog and the terminal's original attributes."""

    def __init__(self, program: Program, loop: asyncio.AbstractEventLoop, grace: float = GRACE) -> None:
        self.number = 0
        """The signal that ended the program; 0 if none did."""
        self._program = program
        self._loop = loop
        self._attributes = _attributes()
        self._watchdog = Watchdog(self._attributes, grace)
        self._handlers: dict[int, signal._HANDLER] = {}
        self._standard = [descriptor for descriptor in (0, 1, 2) if os.isatty(descriptor)]

    def __enter__(self) -> Self:
        self._watchdog.start()
        # Also signals that the parent ignores: under nohup an abandoned console would run for ever.
        for number in ENDING:
            self._handlers[number] = signal.signal(number, self._on_signal)
        for number in _OF_THE_DRIVER:
            self._handlers[number] = signal.getsignal(number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        left = _attributes()
        if left is None and self._attributes is not None:
            self._forget_terminal()
        elif kind is not None or left != self._attributes:
            restore_terminal(self._attributes)
        if self.number:
            # The process has the rest of the grace period. Another signal (a hang-up brings several) must not
            # kill it meanwhile, not even after Python has removed its handlers.
            for late in ENDING:
                signal.signal(late, signal.SIG_IGN)
            return
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._watchdog.disarm()

    def start_exit(self, status: int) -> None:
        """Start the grace period: the program was asked to exit."""
        self._watchdog.arm(status)

    def _forget_terminal(self) -> None:
        """After a hang-up: send buffered output to /dev/null, or Python would exit with status 120."""
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in self._standard:
            os.dup2(nowhere, descriptor)
        os.close(nowhere)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        # Runs between two instructions of the main thread: it must take no lock and start no thread.
        if self.number:
            return
        self.number = number
        self._watchdog.arm(128 + number)
        try:
            self._program.on_terminate(number)
        except Exception:  # the terminal must be restored in any case
            logging.getLogger("lktop").exception("flushing before the end failed")
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._program.exit, None, 128 + number)


class Watchdog(threading.Thread):
    """Ends the process if it still runs a grace period after it was asked to exit."""

    def __init__(self, attributes: Attributes | None, grace: float) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._attributes = attributes
        self._grace = grace
        self._status = 1
        self._armed = False
        self._reader, self._writer = os.pipe()

    def arm(self, status: int) -> None:
        """Start the grace period; safe in a signal handler. Later calls do nothing."""
        if not self._armed:
            self._armed = True
            self._status = status
            os.write(self._writer, b"!")

    def disarm(self) -> None:
        """Stop: the program exited in time."""
        os.write(self._writer, b".")
        self.join()
        os.close(self._reader)
        os.close(self._writer)

    def run(self) -> None:
        """Wait for `arm`, then for `disarm` or the end of the grace period."""
        if os.read(self._reader, 1) == b".":
            return
        deadline = time.monotonic() + self._grace
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self._reader], [], [], left)[0] and os.read(self._reader, 1) == b".":
                return
        restore_terminal(self._attributes)
        os._exit(self._status)


def restore_terminal(attributes: Attributes | None) -> None:
    """Restore the terminal, from any thread, without waiting for one that does not read."""
    terminal = open_terminal()
    if terminal is None:
        return
    # In the background, changing the terminal would stop the process.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        if attributes is not None:
            termios.tcsetattr(terminal, termios.TCSANOW, attributes)
        force(terminal, RESET.encode())
    except (OSError, termios.error):
        pass  # the terminal is gone
    finally:
        os.close(terminal)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _attributes() -> Attributes | None:
    try:
        return termios.tcgetattr(sys.__stdin__) if sys.__stdin__ is not None else None
    except (termios.error, ValueError, OSError):
        return None
