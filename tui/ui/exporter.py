"""Takes texts and pictures out of the program, off the event loop, and tells the operator how that went."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tui import privatefile
from tui.clock import Clock
from tui.fleet.times import TimeStyle, clock_time
from tui.ui.announcer import Say
from tui.ui.launch import Launch
from tui.ui.terminal import clipboard, screenshot
from tui.ui.terminal.safe_app import SafeApp

SHOWN = 40
"""Characters below which a copied text is shown in the message."""


class Exporter:
    """One for the application."""

    def __init__(self, app: SafeApp, launch: Launch, clock: Clock, say: Say) -> None:
        self._app = app
        self._launch = launch
        self._clock = clock
        self._say = say

    def copy(self, text: str) -> None:
        """Copy a text out of the terminal, saying by which way."""
        self._app.run_worker(self._copy(text), exclusive=False)

    async def _copy(self, text: str) -> None:
        outcome = await asyncio.to_thread(
            clipboard.copy, text, self._launch.terminal, self._launch.state_dir, self._send_from_thread
        )
        shown = f" {text}" if len(text) < SHOWN and "\n" not in text else ""
        self._say(f"copied{shown}: {outcome}")

    def _send_from_thread(self, data: str) -> None:
        self._app.call_from_thread(self._app.send_to_terminal, data)

    def save_picture(self) -> None:
        """Save the screen as SVG, in a file for this user alone."""
        path = self._launch.state_dir / "screenshots" / f"lktop-{self._stamp()}.svg"
        work = partial(screenshot.save, self._app.export_screenshot(), path)
        self._app.run_worker(self._save("picture", path, work), exclusive=False)

    async def save_table(self, name: str, text: str, left_out: str = "") -> None:
        """Save a table of a name, in a file for this user alone; `left_out` says why it is not the whole."""
        path = self._launch.state_dir / "lists" / f"{name}-{self._stamp()}.csv"
        await self._save("list", path, partial(privatefile.save, path, text.encode()), left_out)

    def _stamp(self) -> str:
        return clock_time(self._clock.now(), TimeStyle.UTC, zone=False).translate(str.maketrans(" :", "-."))

    async def _save(self, what: str, path: Path, work: Callable[[], None], left_out: str = "") -> None:
        try:
            await asyncio.to_thread(work)
        except OSError as error:
            self._say(f"{what} not saved in {clipboard.with_tilde(path)}: {error.strerror}", tone="error")
        else:
            saved = f"{what} saved: {clipboard.with_tilde(path)}"
            self._say(f"{saved}; {left_out}" if left_out else saved, tone="warn" if left_out else "text")
