"""Shows what changed while no key was pressed, until the next input. Must not know how it is derived."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import Event, MouseMove
from textual.screen import ModalScreen, Screen

from tui.analysis.away import LINES, Absence, AwaySummary, summarize
from tui.clock import Clock
from tui.fleet.lists.cells import Cell
from tui.fleet.past import Past
from tui.fleet.times import when
from tui.fleet.view import View
from tui.ui.attention import Attention
from tui.ui.widgets.lines import Line, Lines, spread
from tui.ui.widgets.text import fit, width

QUIET: Final = 0.4
"""Seconds after the input that closed the summary, and after each that was ignored since, in which more is
ignored: the letters of a typed command are no keys of the screen behind.
"""
NAME_WIDTH: Final = 28
"""Most cells for the name of what changed."""


class AwayScreen(ModalScreen[None]):
    """The summary over the main screen. It has no keys: any input closes it."""

    AUTO_FOCUS = ""

    DEFAULT_CSS = """
    AwayScreen > #away { width: 100; max-width: 96%; height: 9; border: round $edge-focus; padding: 0 1; }
    AwayScreen > #away { background: $background; }
    AwayScreen #away-lines { height: 7; }
    """

    def __init__(self, since: str, summary: AwaySummary) -> None:
        """`since`: when the last key came before it, in words."""
        super().__init__()
        self._shown = (since, summary)

    def compose(self) -> ComposeResult:
        """A title, the lines, what to do next."""
        with Vertical(id="away"):
            yield Lines(id="away-lines")

    def show(self, since: str, summary: AwaySummary) -> None:
        """Show what is known by now."""
        if self._shown != (since, summary):
            self._shown = (since, summary)
            if self.is_mounted:
                self._draw()

    def on_mount(self) -> None:
        """Draw once there is a width."""
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        """Fit the lines to the new width."""
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        since, summary = self._shown
        title = Cell(f"Changed since you last pressed a key, {since}", "accent")
        names = min(NAME_WIDTH, max((width(line[1].text) for line in summary.lines), default=0))
        shown: list[Line] = [(title,), *(_joined(line, names) for line in summary.lines)]
        shown += [()] * (LINES + 1 - len(shown))
        more = f"and {summary.more} more · " if summary.more else ""
        shown.append((Cell(f"{more}any key closes this · then 7 shows the timeline", "muted"),))
        lines = self.query_one(Lines)
        lines.set_lines([spread(line, (), lines.size.width) for line in shown])


def _joined(line: Line, names: int) -> Line:
    sign, name, *words = line
    parts = [sign, Cell(f" {fit(name.text, names)}  ", name.tone)]
    for index, word in enumerate(words):
        parts += [Cell(" · ", "muted"), word] if index else [word]
    return tuple(parts)


class AwayNotice:
    """Opens the summary after an absence, and closes it with the first input that comes."""

    def __init__(self, attention: Attention, clock: Clock, *, show: Callable[[AwayScreen], object]) -> None:
        """`show` puts the summary on top of the main screen."""
        self._attention, self._clock, self._show = attention, clock, show
        self._screen: AwayScreen | None = None
        self._seen: tuple[Past, float, bool] | None = None
        """What was summed up: a past, the last key before the absence, and whether that is over."""
        self._summary = AwaySummary(())
        self._quiet_until = float("-inf")
        """Seconds on the clock of inputs."""

    def update(self, view: View, *, is_free: bool) -> None:
        """Open the summary if it is due and nothing is in its way, or bring it up to date."""
        now = self._clock.monotonic()
        away = self._attention.absence(now)
        if away is None or view.is_past or not (is_free or self._screen):
            self._seen = None
            return
        is_over = away[1] < now
        # what the server's clock dates a little ahead is not left out
        until = view.unix(away[1]) if is_over else float("inf")
        absence = Absence(since=view.unix(away[0]), until=until)
        past, *rest = self._seen or (None,)
        if past is not view.past or rest != [away[0], is_over]:  # of a large fleet it takes a while
            self._seen, self._summary = (view.past, away[0], is_over), summarize(view, absence)
        since = when(absence.since, now=view.now, style=view.clock_style)
        if self._screen is not None:
            self._screen.show(since, self._summary)
        elif self._summary.lines:
            self._screen = AwayScreen(since, self._summary)
            self._show(self._screen)
        elif is_over:
            self._attention.told()

    def takes(self, event: Event, top: Screen[object] | None) -> bool:
        """Whether an input closed the summary, or came so soon after that it does nothing either."""
        if isinstance(event, MouseMove):
            return False
        if isinstance(top, AwayScreen) and top is self._screen:
            top.dismiss()
            self._screen = None
            self._attention.told()
        elif event.time >= self._quiet_until:
            return False
        self._quiet_until = event.time + QUIET
        return True
