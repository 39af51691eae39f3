"""The project being watched, and when what it brings is put on the screen. Must not know how that looks.

Nothing waits for a project: neither the screen for its data nor one project for the end of another.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from tui.clock import Clock
from tui.fleet.times import STEP
from tui.session.watched import Watched
from tui.ui.screen import MainScreen

COARSE = 5.0
"""Seconds in which the time that ages are reckoned from moves."""
WAVER = 2.0
"""Seconds by which the skew of two answers in a row may differ: they tell their time in whole seconds."""


class SessionBinding:
    """One project at a time, on the main screen."""

    def __init__(
        self,
        main: MainScreen,
        clock: Clock,
        *,
        is_dry_run: Callable[[], bool],
        later: Callable[[Callable[[], None]], object],
        broken: Callable[[Exception], None],
    ) -> None:
        """`later` calls once the messages at hand are done with; `broken` is told of a fault of ours."""
        self.session: Watched | None = None
        """The project being watched; None before one was chosen."""
        self._main = main
        self._clock = clock
        self._is_dry_run = is_dry_run
        self._later = later
        self._broken = broken
        self._polling: asyncio.Task[None] | None = None
        self._due = False
        self._step = -1.0
        """The step of the monotonic clock that was drawn last."""
        self._now = 0.0
        """The server's time that was drawn last, Unix seconds."""

    def watch(self, session: Watched) -> None:
        """Watch this project from now on, in place of the one before."""
        if self._polling is not None:
            self._polling.cancel()
        self.session = session
        self._main.project = session.project
        self._main.reset()
        if session.logs is not None:
            self._main.logs.connect(session.logs)
        session.store.subscribe(lambda fleet: self._changed(session))
        self._polling = asyncio.create_task(session.run(), name=f"watch {session.project.name}")
        self._polling.add_done_callback(self._ended)
        self._changed(session)

    async def end(self) -> None:
        """Watch nothing any more, and wait until that is so."""
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.gather(self._polling, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """A fault of ours in the poller ends the program, with a traceback, rather than freezing the data."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._broken(error if isinstance(error, Exception) else RuntimeError(repr(error)))

    # ---- data to screen -------------------------------------------------------------------------------

    def _changed(self, session: Watched) -> None:
        """Several changes of one moment are drawn once."""
        if session is self.session and not self._due:
            self._due = True
            self._later(self.draw)

    def tick(self) -> None:
        """Time went on: draw what looks different for that. To be called every second or so."""
        if self._clock.monotonic() // STEP != self._step or (self.session and _is_stale(self.session)):
            self.draw()

    def draw(self) -> None:
        """Also beneath a dialog: what can be seen beside it must not look fresh when it has grown old."""
        self._due = False
        session = self.session
        if session is None or not self._main.is_mounted:
            return
        monotonic = self._clock.monotonic()
        self._step = monotonic // STEP
        self._main.show(
            replace(session.link(), dry_run=self._is_dry_run()),
            replace(
                self._main.view,
                fleet=session.store.fleet,
                now=self._coarse_now(session),
                monotonic=monotonic if _is_stale(session) else self._step * STEP,
            ),
        )

    def _coarse_now(self, session: Watched) -> float:
        """The server's time in steps; it goes back only by more than what the measured skew wavers by."""
        now = self._clock.now() + session.link().skew
        if not -WAVER <= now - self._now < COARSE:
            self._now = now // COARSE * COARSE
        return self._now


def _is_stale(session: Watched) -> bool:
    """Some of what is shown may no longer be true."""
    return any(fresh.stale for fresh in session.store.fleet.freshness.values())
