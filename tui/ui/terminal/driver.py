"""Bytes to and from the terminal, where Textual's own driver dies, spins or blocks. Knows not what is drawn.

Built on `textual.drivers.linux_driver`; the private names it relies on are watched by `tests/test_guards.py`.
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
"""Seconds between two looks at the terminal when nobody types: 4 wake-ups a second."""
TICK: Final = 0.05
"""The same shortly after a key, when an Escape may still turn out to be the start of a sequence."""
TYPING: Final = 0.5
"""Seconds that a key counts as just typed."""
SLACK: Final = 0.1
"""Seconds by which a look may be late before what it finds counts as typed earlier."""
CHUNK: Final = 4096
BATCH: Final = 256
"""Messages handed to the event loop before it has to catch up: input may come faster than it is handled."""

ReturnType = TypeVar("ReturnType")


class SafeDriver(LinuxDriver):
    """Textual's driver, with output that never blocks the event loop and input that may be anything."""

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
        """Times that the terminal did not take what was drawn, and was drawn anew."""
        self._stopped = False
        """Suspended by SIGTSTP, and not resumed yet."""
        self._raw: list[int | list[bytes | int]] | None = None

    # Output

    def write(self, data: str) -> None:
        """Send to the terminal; dropped while it does not read, and drawn anew when it does."""
        if self._output is not None:
            self._output.write(data)

    def start_application_mode(self) -> None:
        """Take the terminal over."""
        self._output = Output(self._caught_up, RESET)
        self._output.start()
        self.write(MOUSE_OFF)  # a program that was killed here may have left it on
        self._writer_thread = None
        start: Callable[[], None] = super().start_application_mode
        start()
        if self._writer_thread is None:  # we are in the background, or there is no terminal
            self.close()
            return
        self._writer_thread.stop()  # ours writes
        self._stopped = False
        self._raw = self._attributes()

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        if self._output is not None:
            self._output.skip()
        super().stop_application_mode()

    def close(self) -> None:
        """Wait until all is written."""
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
        """Call it in the event loop, which may be gone by now."""
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
        """After a stop that we did not see, or a SIGCONT out of nowhere.

        Entering application mode once more would start a second set of threads, so only what a shell may have
        changed meanwhile is set again.
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
        """Read keys until told to stop; notices a hang-up, and keys that waited while nobody could read."""
        keyboard = Keyboard()
        decode = getincrementaldecoder("utf-8")("replace").decode
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
                # A full buffer means that there is more of the same age.
                known_empty = typed if len(data) == CHUNK else time.monotonic()
                messages += keyboard.feed(decode(data), now)
            elif now - asked <= timeout + SLACK:
                known_empty = now
            else:  # a signal that ends a stop ends the wait too, which then finds nothing without looking
                known_empty = asked
            messages += keyboard.tick(now)
            self._deliver(messages, typed)

    def _read(self) -> bytes | None:
        """What was typed; None after a hang-up, which without a controlling terminal raises no signal."""
        try:
            data = os.read(self.fileno, CHUNK)
        except OSError:
            data = b""
        if data:
            return data
        if not os.isatty(self.fileno):
            return None
        # An end-of-file typed while a shell had the line discipline changed, or we are in the background.
        self.exit_event.wait(TICK)
        return data

    def _deliver(self, messages: list[Message], typed: float) -> None:
        """Hand messages to the app, a batch at a time, stamped with when they may have been typed."""
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
        """Set it and wake who waits."""
        super().set()
        os.write(self._writer, b"!")

    def clear(self) -> None:
        """Unset it."""
        super().clear()
        while select.select([self._reader], [], [], 0)[0]:
            os.read(self._reader, CHUNK)
