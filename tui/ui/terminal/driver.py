"""The driver: bytes to and from the terminal, where Textual's own crashes, spins or blocks. Knows no widgets.

Built on `textual.drivers.linux_driver`; `test_textual_seams.py` lists the private names that it relies on.
"""

from __future__ import annotations

import os
import select
import signal
import termios
import threading
import time
from codecs import getincrementaldecoder
from collections.abc import Callable
from typing import Final, TypeVar

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from tui.ui.terminal.keyboard import Keyboard
from tui.ui.terminal.lifecycle import MOUSE_OFF, RESET
from tui.ui.terminal.output import Output

IDLE: Final = 0.25
"""Seconds between two polls of the terminal without input: 4 wake-ups a second."""
TICK: Final = 0.05
"""The same shortly after a key, when an Escape may still be the start of a sequence."""
TYPING: Final = 0.5
"""Seconds after a key in which `TICK` applies."""
SLACK: Final = 0.1
"""Seconds by which a poll may be late before its input counts as typed earlier."""
CHUNK: Final = 4096
BATCH: Final = 256
"""Messages handed to the event loop before it must have handled them: input may come faster than that."""

ReturnType = TypeVar("ReturnType")


class SafeDriver(LinuxDriver):
    """Textual's driver with output that never blocks the event loop and input of any kind."""

    def __init__(
        self,
        app: App[ReturnType],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.exit_event: WakingEvent = WakingEvent()
        self._output: Output | None = None
        self.fell_behind = 0
        """How often the terminal was too slow, so that output was dropped and the screen repainted."""
        self._stopped = False
        """Suspended by SIGTSTP, and not resumed yet."""
        self._raw: list[int | list[bytes | int]] | None = None

    # Output

    def write(self, data: str) -> None:
        """Send to the terminal. Dropped while it does not read; the screen is repainted once it does."""
        if self._output is not None:
            self._output.write(data)

    def start_application_mode(self) -> None:
        """Enter application mode."""
        self._output = Output(self._caught_up, RESET)
        self._output.start()
        self.write(MOUSE_OFF)  # a program that was killed in this terminal may have left it on
        self._writer_thread = None
        start: Callable[[], None] = super().start_application_mode
        start()
        if self._writer_thread is None:  # we are in the background, or there is no terminal
            self.close()
            return
        self._writer_thread.stop()  # `Output` writes in its place
        self._stopped = False
        self._raw = self._attributes()

    def stop_application_mode(self) -> None:
        """Leave application mode."""
        if self._output is not None:
            self._output.skip()
        super().stop_application_mode()

    def close(self) -> None:
        """Wait until everything is written."""
        if self._output is not None:
            self._output.stop()
            self._output = None

    def set_mouse(self, on: bool) -> None:
        """Switch mouse reports on or off; off leaves selecting text to the terminal."""
        if not on:
            self.write(MOUSE_OFF)
        self._mouse = on
        self._enable_mouse_support()

    def _caught_up(self) -> None:
        self.fell_behind += 1
        self._later(self._app.refresh)  # from the output thread

    def _later(self, call: Callable[[], object]) -> None:
        """Call it in the event loop, unless that is closed."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call)

    def _get_terminal_size(self) -> tuple[int, int]:
        # Not from COLUMNS and LINES, which a shell may have exported before the last resize.
        try:
            size = os.get_terminal_size(2)
        except OSError:
            return 80, 24
        return size.columns or 80, size.lines or 24

    # Stopping and continuing

    def _sigtstp_application(self, *_: object) -> None:
        # Later, in the loop: the handler may have interrupted a write and would wait for it.
        self._later(self._stop)

    def _sigcont_application(self, *_: object) -> None:
        self._later(self._resume if self._stopped else self._reclaim)

    def _stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            self.suspend_application_mode()
            self._must_signal_resume = True
            os.kill(os.getpid(), signal.SIGSTOP)

    def _resume(self) -> None:
        if self._stopped:
            self.resume_application_mode()
            self._app.refresh()

    def _reclaim(self) -> None:
        """Set the terminal's modes again after a SIGCONT without a SIGTSTP.

        Entering application mode again would start a second set of threads, so only modes that a shell may
        have changed are set.
        """
        if self._output is None or self._raw is None:
            return
        try:
            termios.tcsetattr(self.fileno, termios.TCSANOW, self._raw)
        except termios.error:
            return  # hung up; the input thread will notice
        self.write("\x1b[?1049h\x1b[?25l\x1b[?1004h\x1b[?2004h\x1b[?7l")
        self._enable_mouse_support()
        self._app.refresh()

    # Input

    def run_input_thread(self) -> None:
        """Read keys until stopped. Notices a hang-up, and keys that waited while this thread did not run."""
        keyboard = Keyboard()
        # What is not UTF-8 is marked and not replaced: a field that takes it says so (`exact_text`).
        decode = getincrementaldecoder("utf-8")("surrogateescape").decode
        known_empty = time.monotonic()
        last_input = 0.0
        while not self.exit_event.is_set():
            timeout = TICK if time.monotonic() - last_input < TYPING else IDLE
            asked = time.monotonic()
            readable, _, _ = select.select([self.fileno, self.exit_event], [], [], timeout)
            now = time.monotonic()
            typed = now if now - known_empty <= timeout + SLACK else known_empty
            messages: list[Message] = []
            if self.fileno in readable:
                if (data := self._read()) is None:
                    os.kill(os.getpid(), signal.SIGHUP)
                    return
                last_input = now
                # A full buffer means that more input of the same age follows.
                known_empty = typed if len(data) == CHUNK else time.monotonic()
                messages += keyboard.feed(decode(data), now)
            elif now - asked <= timeout + SLACK:
                known_empty = now
            else:  # SIGCONT interrupts the wait, which then reports nothing without polling
                known_empty = asked
            messages += keyboard.tick(now)
            self._deliver(messages, typed)

    def _read(self) -> bytes | None:
        """The input; None after a hang-up, which raises no signal without a controlling terminal."""
        try:
            data = os.read(self.fileno, CHUNK)
        except OSError:
            data = b""
        if data:
            return data
        if not os.isatty(self.fileno):
            return None
        # End of file: a shell had changed the line discipline, or the process is in the background.
        self.exit_event.wait(TICK)
        return data

    def _deliver(self, messages: list[Message], typed: float) -> None:
        """Hand messages to the app in batches, each stamped with the earliest time at which it was typed."""
        for at in range(0, len(messages), BATCH):
            batch = messages[at : at + BATCH]
            for message in batch:
                message.time = min(message.time, typed)
                self.process_message(message)
            if len(batch) == BATCH:
                handled = threading.Event()
                self._app.call_later(handled.set)
                while not (handled.wait(TICK) or self.exit_event.is_set()):
                    pass

    def _attributes(self) -> list[int | list[bytes | int]] | None:
        try:
            return termios.tcgetattr(self.fileno)
        except termios.error:
            return None


class WakingEvent(threading.Event):
    """An event that `select` can wait for."""

    def __init__(self) -> None:
        super().__init__()
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)

    def __del__(self) -> None:
        os.close(self._reader)
        os.close(self._writer)

    def fileno(self) -> int:
        """Readable while the event is set."""
        return self._reader

    def set(self) -> None:
        """Set it and wake all waiters."""
        super().set()
        os.write(self._writer, b"!")

    def clear(self) -> None:
        """Unset it."""
        super().clear()
        while select.select([self._reader], [], [], 0)[0]:
            os.read(self._reader, CHUNK)
