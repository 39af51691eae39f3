"""Shows a project's past in place of its present, and leads through it. Must not know how it is recorded."""

from __future__ import annotations

import gc
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Final

from msgspec import Struct

from tui.clock import Clock
from tui.fleet.lists.event_columns import subject_words
from tui.fleet.past import Event, Subject
from tui.fleet.state import Fleet
from tui.session.playback import Playback
from tui.session.registry import SessionRegistry
from tui.session.replayed import PAST, Replay
from tui.session.watched import NoHistory, Watched
from tui.ui.main_screen.screen import MainScreen
from tui.ui.main_screen.time_bar import SPEEDS, Position

FRAME: Final = 0.1
"""Seconds from one look for another sample to the next while time passes."""
NEWEST: Final = float("inf")


class TimeTravel:
    """Goes into the past of the project that is shown, moves in it, and comes back."""

    def __init__(
        self,
        main: MainScreen,
        registry: SessionRegistry,
        clock: Clock,
        *,
        say: Callable[[str], None],
        later: Callable[[Coroutine[object, object, None]], None],
        open_later: Callable[[Coroutine[object, object, bool]], None],
    ) -> None:
        """`say` tells the operator; `later` runs work to its end beside the loop of messages.

        `open_later` does so too, and keys wait meanwhile; it is told whether there is something to take them.
        """
        self._main, self._registry, self._clock = main, registry, clock
        self._say, self._later, self._open_later = say, later, open_later
        self._live: Watched | None = None
        """The session whose past is shown."""
        self.playback: Playback | None = None
        """Where one is in it; None while now is shown."""
        self._speed = SPEEDS[0]
        self._playing: Pace | None = None
        """How time passes; None while it does not."""
        self._is_opening = False
        self._moves = 0
        """Moves under way, while which no garbage is collected: what they make is kept."""
        self._collects = False
        """The collector is to be enabled after them."""

    @property
    def is_on(self) -> bool:
        """Whether the past is shown."""
        return self.playback is not None

    @property
    def now(self) -> float:
        """The present, Unix seconds by the server's clock; of a recording, its end."""
        playback, session = self.playback, self._live or self._registry.selected
        if session is None:
            return self._clock.now()
        if self._live is not None and self._live.refusal and playback is not None and playback.extent:
            return playback.extent.last
        return session.moment.unix

    def toggle(self) -> None:
        """Into the past; there, give the bar the keyboard; with it, back to now."""
        bar = self._main.time_bar
        if not self.is_on:
            self.enter(NEWEST)
        elif bar.has_focus:
            self.leave()
        else:
            bar.focus()

    def enter(self, at: float) -> None:
        """Show what was known at a time, Unix seconds by the server's clock."""
        if self.playback is not None:
            self._stop()
            self._later(self._moved(self.playback.seek(at)))
            self._main.time_bar.focus()
        elif (session := self._registry.selected) is not None and not self._is_opening:
            self._is_opening = True
            self._open_later(self._open(session, at))

    def leave(self) -> None:
        """Show now again."""
        playback, live = self.playback, self._live
        if playback is None or live is None:
            return
        if live.refusal:
            self._say("this is a recording: there is no live view; q quits")
            return
        self._close(playback, live)

    def end(self) -> None:
        """Another project is shown from now on."""
        if self.playback is not None and self._live is not None:
            self._close(self.playback, self._live)

    def _close(self, playback: Playback, live: Watched) -> None:
        self._stop()
        self.playback = self._live = None
        self._main.show_past(False)
        self._main.logs.stand_at(None)
        key = live.project.key
        if self._registry.live(key) is live:
            self._registry.show(key, None)
            live.select(self._main.view.selection)
        playback.close()

    def move(self, way: str, by: int) -> None:
        """Go to another moment, as a key of the bar says."""
        playback = self.playback
        if playback is None:
            return
        if way == "play":
            self._toggle_play()
        elif way == "speed":
            index = SPEEDS.index(self._speed) + by
            self._speed = SPEEDS[min(len(SPEEDS) - 1, max(0, index))]
            if self._playing is not None:
                self._play(playback)
            self._draw("" if self._playing is not None else f"p plays at ×{self._speed:g}")
        elif way in ("event", "problem"):
            self._stop()
            self._later(self._to_event(playback.event(by, problems=way == "problem"), way))
        else:
            self._stop()
            moves = {
                "sample": lambda: playback.step(by),
                "minute": lambda: playback.minute(by),
                "end": lambda: playback.end(newest=by > 0),
            }
            self._later(self._moved(moves[way]()))

    # ---- into it --------------------------------------------------------------------------------------

    async def _open(self, session: Watched, at: float) -> bool:
        """Returns whether the past is shown."""
        try:
            await self._show(session, at)
        finally:
            self._is_opening = False
        return self.is_on

    async def _show(self, session: Watched, at: float) -> None:
        try:
            reader = await session.open_recording()
        except NoHistory as problem:
            self._say(f"no past to show: {problem}")
            return
        replay = Replay(
            session.project,
            Fleet(),
            clock=self._clock,
            logs=session.logs,
            noted=partial(self._note, session),
            refusal=session.refusal or PAST,
        )
        playback = Playback(replay, reader, lambda: session.past)
        was_recorded = await playback.seek(at)
        if session is not self._registry.selected:  # the operator went to another project meanwhile
            playback.close()
            return
        if not was_recorded:
            playback.close()
            self._say("no past to show: nothing was recorded of this project yet")
            return
        if problems := reader.samples.problems:
            more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
            self._say(f"a part of the recording cannot be read: {problems[0]}{more}")
        self._live, self.playback = session, playback
        replay.select(self._main.view.selection)
        self._registry.show(session.project.key, replay)
        self._main.show_past(True, leads_to_now=not session.refusal)
        self._draw()

    # ---- in it ----------------------------------------------------------------------------------------

    async def _moved(self, moving: Coroutine[object, object, bool]) -> None:
        self._pause_collector()
        try:
            self._draw_later("" if await moving else "no further sample")
        finally:
            self._main.call_after_refresh(self._resume_collector)

    async def _to_event(self, moving: Coroutine[object, object, Event | None], what: str) -> None:
        event = await moving
        words = f"{subject_words(event) or 'project'}: {event.text}" if event else f"no further {what}"
        self._draw_later(words)

    def _pause_collector(self) -> None:
        """Another moment is ten thousand new objects: the collector would search them again and again."""
        self._moves += 1
        if gc.isenabled():
            gc.disable()
            self._collects = True

    def _resume_collector(self) -> None:
        """What was moved to is drawn."""
        self._moves -= 1
        if self._collects and not self._moves:
            gc.enable()
            self._collects = False

    def _note(self, session: Watched, text: str, subject: Subject, by: str) -> str:
        """Add a note at the time that is shown."""
        at = self.playback.at if self.playback is not None else session.moment.unix
        return session.note(text, subject, by, at)

    def _draw_later(self, words: str) -> None:
        """Draw the bar with the panes, which were told of the move before: all of them are one frame."""
        self._main.call_later(self._draw, words)

    def _draw(self, words: str = "") -> None:
        playback = self.playback
        if playback is None or playback.stamp is None or playback.extent is None:
            return
        position = Position(
            playback.at,
            playback.extent,
            gap=playback.gap,
            is_unrecorded=playback.is_unrecorded,
            speed=self._speed if self._playing is not None else 0.0,
            words=words,
            problems=playback.problems,
            is_clock_unknown=playback.stamp.skew is None,
        )
        self._main.time_bar.show_position(position, self._main.view.times)
        if self._playing is None:
            self._main.logs.stand_at(playback.at)

    # ---- letting time pass ----------------------------------------------------------------------------

    def _toggle_play(self) -> None:
        if self._playing is not None:
            self._stop()
        elif self.playback is not None:
            self._play(self.playback)
        self._draw()

    def _stop(self) -> None:
        self._playing = None

    def _play(self, playback: Playback) -> None:
        """Let time pass from the moment that is shown, at the present speed, until the newest sample."""
        pace = self._playing = Pace(playback.at, self._clock.monotonic(), self._speed)
        self._later(self._pass(playback, pace))

    async def _pass(self, playback: Playback, pace: Pace) -> None:
        while self._playing is pace:
            await self._clock.sleep(FRAME)
            if self._playing is not pace:
                return  # a key has led elsewhere
            self._pause_collector()
            try:
                await playback.pass_to(pace.at(self._clock.monotonic()))
            finally:
                self._main.call_after_refresh(self._resume_collector)
            if self._playing is pace:
                self._playing = None if playback.is_at_end else pace
                self._draw_later("" if self._playing else "the newest sample")


class Pace(Struct, frozen=True, eq=False):
    """How time passes."""

    begun: float
    """The moment that was shown when it began, Unix seconds."""
    since: float
    """When it began, monotonic."""
    speed: float
    """Seconds of the recording that pass in a second."""

    def at(self, monotonic: float) -> float:
        """The moment to be shown then."""
        return self.begun + (monotonic - self.since) * self.speed
