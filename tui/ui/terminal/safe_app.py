"""The base class of the application: Textual without what is unsafe here. Knows no screens.

Remote text cannot trigger actions, a crash prints neither secrets nor escapes, old keys are dropped, and
every exit restores the terminal (`lifecycle`, `driver`, `output_guard`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import ClassVar, Final

from rich.console import RenderableType
from rich.text import Text
from textual.app import ScreenStackError
from textual.dom import DOMNode
from textual.driver import Driver
from textual.events import Event, Key, MouseDown, MouseUp, Paste, Resize
from textual.geometry import Size
from textual.message import Message

from tui.process import CRASHED, printable, traceback_text
from tui.ui.terminal.closing_app import ClosingApp
from tui.ui.terminal.driver import SafeDriver
from tui.ui.terminal.keyboard import PasteDropped
from tui.ui.terminal.lifecycle import GRACE, Lifecycle
from tui.ui.terminal.output_guard import guard_output

STALE: Final = 0.5
"""Seconds after which a click, or a key that confirms, is dropped: the operator saw another screen then."""
_CLEANUP_SECONDS: Final = 0.3
"""Seconds for tasks and threads that are left at the end."""


def key_age(event: Message) -> float:
    """Upper limit of the seconds since a key was pressed or the mouse was used."""
    return time.monotonic() - event.time


class SafeApp(ClosingApp):
    """An application that is safe to leave open on a shared host with production credentials."""

    ENABLE_COMMAND_PALETTE = False
    CLOSE_TIMEOUT = 1.0
    CRASH_ADVICE: ClassVar[str] = ""
    """Text printed after a crash: what may have happened and what to do next."""

    _lifecycle: Lifecycle | None = None
    _stale_notified = 0.0
    _paste_notified = 0.0

    # For the application to override or call

    def on_terminate(self, number: int) -> None:
        """Called at once when a signal ends the program, before anything is unmounted.

        It may interrupt any instruction of the main thread: flush a descriptor here, take no lock.
        """

    def stale_input(self, age: float) -> None:
        """Called when a key or click was dropped for being `age` seconds old."""
        now = time.monotonic()
        if now - self._stale_notified > 2:
            self._stale_notified = now
            text = f"The screen was not answering for {age:.1f} s: a key that confirms was dropped."
            self.notify(text, severity="warning", markup=False)

    def on_paste(self, event: Paste) -> None:
        """A paste without a receiver. Keys that a slow line delayed come all at once and look like one."""
        now = time.monotonic()
        if now - self._paste_notified > 2:
            self._paste_notified = now
            text = "Paste ignored, or keys that came all at once; :find looks up ids."
            self.notify(text, severity="warning", markup=False)

    def on_paste_dropped(self, event: PasteDropped) -> None:
        """A paste that did not arrive whole or in time."""
        self.notify(
            f"The paste was dropped: {event.reason}. Nothing of it was kept.",
            severity="warning",
            markup=False,
        )

    def confirms(self, key: Key) -> bool:
        """Whether a key may confirm something; such a key is dropped when it is old. For the application."""
        return True

    def set_mouse(self, on: bool) -> None:
        """Switch mouse reports on, or off so that the terminal selects text itself."""
        if isinstance(self._driver, SafeDriver):
            self._driver.set_mouse(on)

    @property
    def is_slow(self) -> bool:
        """Output had to be dropped: the line to the terminal is slow, or was."""
        return isinstance(self._driver, SafeDriver) and self._driver.fell_behind > 0

    def send_to_terminal(self, data: str) -> None:
        """Write a control sequence of our own directly. Never for remote text."""
        if self._driver is not None and not self._driver.is_headless:
            self._driver.write(data)

    # Input

    async def on_event(self, event: Event) -> None:
        """Like Textual's, but old clicks are dropped, and old keys that may confirm something.

        Text that is typed into a field confirms nothing.
        """
        is_click = isinstance(event, MouseDown | MouseUp)
        if is_click or (isinstance(event, Key) and not self._is_typing(event) and self.confirms(event)):
            age = key_age(event)
            if age > STALE:
                event.stop()
                self.stale_input(age)
                return
        await super().on_event(event)
        if isinstance(event, Resize):
            self._repaint(event.size)

    def _repaint(self, size: Size) -> None:
        """Repaint when the terminal is back at the size that was drawn last: Textual sees no change.

        The terminal lost what it cut off meanwhile, and unchanged cells would stay empty.
        """
        try:
            if self.screen.size == size:
                self.screen.refresh()
        except ScreenStackError:
            return

    def _is_typing(self, event: Event) -> bool:
        try:
            focused = self.focused
        except ScreenStackError:
            return False
        return (
            isinstance(event, Key)
            and focused is not None
            and focused.check_consume_key(event.key, event.character)
        )

    async def _broker_event(self, event_name: str, event: Event, default_namespace: DOMNode) -> bool:
        """Disabled: an action in a style can only come from markup, and so from remote text."""
        return False

    # What remote text, a palette or a stray binding could call

    async def action_simulate_key(self, key: str) -> None:
        """Disabled: it could press any key."""

    def action_screenshot(self, filename: str | None = None, path: str | None = None) -> None:
        """Disabled: it could write a readable file anywhere."""

    def action_suspend_process(self) -> None:
        """Disabled: some hosts have no shell to resume from; `kill -TSTP` works."""

    def action_command_palette(self) -> None:
        """Disabled: Textual's palette offers screenshots; the application has its own."""

    def action_change_theme(self) -> None:
        """Disabled: it opens Textual's palette."""

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Disabled: a browser would start on the jump host."""

    def copy_to_clipboard(self, text: str) -> None:
        """Keep it for pasting within the program; `tui.ui.terminal.clipboard` sends text to the terminal."""
        self._clipboard = text

    def _set_pointer_shape(self, shape: str) -> None:
        """Disabled: OSC 22 does nothing over SSH and garbles terminals that do not support it."""

    # Start and exit

    def get_driver_class(self) -> type[Driver]:
        """`SafeDriver`, regardless of the environment."""
        return SafeDriver

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """Exit; the watchdog ends the process if that takes longer than the grace period."""
        if self._lifecycle is not None:
            self._lifecycle.start_exit(return_code)
        super().exit(result, return_code, message)

    def panic(self, *renderables: RenderableType) -> None:
        """Exit as after a crash, with a text without control characters."""
        lines = "\n".join("".join(part.text for part in self.console.render(text)) for text in renderables)
        self._crash(printable(lines))

    def _fatal_error(self) -> None:
        error = sys.exc_info()[1] or self._exception
        self._crash(traceback_text(error) if error is not None else "")

    def _crash(self, report: str) -> None:
        self._return_code = CRASHED
        if self._lifecycle is not None:
            self._lifecycle.start_exit(CRASHED)
        if self._lifecycle is not None and self._lifecycle.number:
            # An error of a half mounted or unmounted program that was told to end is logged, not shown.
            logging.getLogger("lktop").error("while ending: %s", report)
        elif not self._exit_renderables:  # the first error is the cause of later ones
            text = (
                f"{report.rstrip()}\nlktop: stopped by an error of its own, shown above. {self.CRASH_ADVICE}"
            )
            self._exit_renderables.append(Text(text.rstrip()))
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        with contextlib.suppress(OSError):  # the terminal is gone
            super()._print_error_renderables()


def run_guarded(
    app: SafeApp, *, mouse: bool = True, grace: float = GRACE, leave: Callable[[int], object] = os._exit
) -> int:
    """Run the application on this terminal; returns the status: 70 after a crash, 128 + n after signal n.

    If a thread is stuck that Python would wait for, as in a name look-up, it ends the process with `leave`
    and does not return. So work for the end belongs into the application's unmounting. Raises RuntimeError if
    this version of Textual cannot be guarded.
    """
    guard_output()
    loop = asyncio.new_event_loop()
    with Lifecycle(app, loop, grace) as lifecycle:
        app._lifecycle = lifecycle
        try:
            app.run(mouse=mouse, loop=loop)
        finally:
            _close(loop)
    status = 128 + lifecycle.number if lifecycle.number else app.return_code or 0
    if _is_thread_left():
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        leave(status)
    return status


def _close(loop: asyncio.AbstractEventLoop) -> None:
    """Close like `asyncio.run`, without waiting for threads of the executor."""
    if tasks := asyncio.all_tasks(loop):
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.wait(tasks, timeout=_CLEANUP_SECONDS))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


def _is_thread_left() -> bool:
    """Whether a thread that Python would wait for still runs after `_CLEANUP_SECONDS`."""
    deadline = time.monotonic() + _CLEANUP_SECONDS
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                return True
    return False
