"""The watched projects, and when their data is put on the screen. Must not know how it looks there.

Nothing waits for a project: the screen does not wait for its data, nor one project for the end of another.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tui.clock import Clock
from tui.fleet.times import STEP
from tui.fleet.view import View
from tui.project import Project
from tui.session.registry import Connect, SessionRegistry
from tui.session.watched import Watched
from tui.ui.attention import Attention
from tui.ui.main_screen.screen import MainScreen

COARSE = 5.0
"""Seconds: the step in which the time moves that ages are computed from."""
WAVER = 2.0
"""Seconds by which the skew of two answers in a row may differ: they give their time in whole seconds."""


class SessionBinding:
    """Shows the selected project on the main screen."""

    def __init__(
        self,
        main: MainScreen,
        clock: Clock,
        *,
        connect: Connect,
        is_dry_run: Callable[[], bool],
        later: Callable[[Callable[[], None]], object],
        broken: Callable[[Exception], None],
    ) -> None:
        """`later` calls once the waiting messages are handled; `broken` is called with a bug in a session."""
        self.registry = SessionRegistry(connect, changed=self._changed, broken=broken)
        self._main = main
        self._clock = clock
        self._is_dry_run = is_dry_run
        self.attention = Attention()
        """When the operator was last here."""
        self._later = later
        self._due = False
        self._step = -1.0
        """The step of the monotonic clock that was drawn last."""
        self._now = 0.0
        """The server's time that was drawn last, Unix seconds."""
        self._offset: float | None = None
        """The server's Unix time minus our monotonic one, seconds."""

    def watch(self, project: Project) -> None:
        """Show this project, and watch the one shown before no longer.

        Raises `BadTarget`; the project shown before then stays.
        """
        before = self.registry.selected
        session = self.registry.open(project)
        self.registry.select(project.key)
        if before is not None and before.project.key != project.key:
            self.registry.close(before.project.key)
        self._main.reset(project)
        if session.logs is not None:
            self._main.logs.connect(session.logs)
        self._changed(session)

    # ---- data to screen -------------------------------------------------------------------------------

    def _changed(self, session: Watched) -> None:
        """Several changes of one moment are drawn once; what is not shown is not drawn."""
        if session is self.registry.selected and not self._due:
            self._due = True
            self._later(self.draw)

    def tick(self) -> None:
        """Draw what looks different because time has passed. To be called about every second."""
        session = self.registry.selected
        if self._clock.monotonic() // STEP != self._step or (session and _is_stale(session)):
            self.draw()

    def draw(self) -> None:
        """Show what is known now. Also beneath a dialog, so that old data beside it does not look fresh."""
        self._due = False
        session = self.registry.selected
        if session is None or not self._main.is_mounted:
            return
        self._step = self._clock.monotonic() // STEP
        link = replace(session.link(), dry_run=self._is_dry_run())
        view = replace(
            self._main.view,
            fleet=session.store.fleet,
            fleets=self.registry.fleets,
            past=session.past,
            reasons=session.reasons(self._main.view.times),
            is_past=bool(link.past),
        )
        self._main.show(link, self._at_past(view, session) if link.past else self._at_now(view, session))

    def _at_now(self, view: View, session: Watched) -> View:
        monotonic = self._clock.monotonic()
        return replace(
            view,
            now=self._coarse_now(session),
            monotonic=monotonic if _is_stale(session) else self._step * STEP,
            left_at=self.attention.left_at(monotonic),
            unix_offset=self._unix_offset(session, monotonic),
        )

    def _at_past(self, view: View, session: Watched) -> View:
        """At a moment of the past: ages are those of then."""
        moment = session.moment
        offset = moment.unix - moment.monotonic
        return replace(view, now=moment.unix, monotonic=moment.monotonic, unix_offset=offset)

    def _coarse_now(self, session: Watched) -> float:
        """The server's time in steps. It goes back only by more than the measured skew varies."""
        now = self._clock.now() + session.link().skew
        if not -WAVER <= now - self._now < COARSE:
            self._now = now // COARSE * COARSE
        return self._now

    def _unix_offset(self, session: Watched, monotonic: float) -> float:
        """It changes by more than the measured skew varies, or not at all."""
        offset = self._clock.now() + session.link().skew - monotonic
        if self._offset is None or abs(offset - self._offset) > WAVER:
            self._offset = offset
        return self._offset


def _is_stale(session: Watched) -> bool:
    """Some of the data shown may no longer be true."""
    return any(fresh.stale for fresh in session.store.fleet.freshness.values())
