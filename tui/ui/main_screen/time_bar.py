"""The bar of the past: which moment is shown, of how much, and the keys that lead to others. Pure drawing
and keys; must not know how a recording is read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Final

from textual.binding import BindingType
from textual.message import Message

from tui.fleet.lists.cells import Cell
from tui.fleet.times import TimeStyle, second_of
from tui.session.playback import Extent
from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import TIME_BAR
from tui.ui.widgets.lines import Line, Lines
from tui.ui.widgets.text import fit, width

SPEEDS: Final = (1.0, 5.0, 20.0, 60.0)
"""Seconds of the recording that pass in a second."""
UNRECORDED: Final = "nothing recorded then: as it was before"
ERROR: Final = "▲"
MORE_ERRORS: Final = "━"
WORDS: Final = 3
"""The part of the bar that words of an event take: one of so many."""
LEAST: Final = 10
"""Cells that the line of time has at least, or it is left out."""


class Position:
    """What the bar shows."""

    def __init__(
        self,
        at: float,
        extent: Extent,
        *,
        gap: str = "",
        is_unrecorded: bool = False,
        speed: float = 0.0,
        words: str = "",
        problems: Sequence[float] = (),
        is_clock_unknown: bool = False,
    ) -> None:
        """Times are Unix seconds by the server's clock; `speed` is 0 while nothing plays.

        `gap` is why the sample does not follow on the one before; `is_unrecorded` says that nothing was
        recorded at that time; `words` is what else is to be said; `problems` are the times of errors.
        `is_clock_unknown`: the server's clock was not known then, and the moment is by this machine's.
        """
        self.at = at
        self.extent = extent
        self.gap = UNRECORDED if is_unrecorded else gap
        self.speed = speed
        self.words = words
        self.problems = problems
        self.is_clock_unknown = is_clock_unknown


def bar(position: Position, size: int, style: TimeStyle) -> Line:
    """The bar in `size` cells: the moment, the line of time with its gaps, what there is to say."""
    extent, lit = position.extent, style if style is not TimeStyle.RELATIVE else TimeStyle.LOCAL

    def clock(at: float) -> str:
        return second_of(at, now=extent.last, style=lit)

    here = Cell(f"{'~' if position.is_clock_unknown else ' '}{clock(position.at)} ", "accent")
    first, last = Cell(f" {clock(extent.first)} ", "muted"), Cell(f" {clock(extent.last)} ", "muted")
    said = [f"▸ ×{position.speed:g}"] if position.speed else []
    said += [words for words in (position.gap, position.words) if words]
    text = f" {' · '.join(said)} " if said else ""
    if said and not position.gap:  # of one size, so that the line stays as it is from event to event
        text = fit(text, size // WORDS)
    more = Cell(text, "warn" if position.gap else "info")
    room = size - sum(width(cell.text) for cell in (here, first, last, more))
    if room < LEAST:
        return (here, more)
    return (here, first, *line_of_time(position, room), last, more)


def line_of_time(position: Position, size: int) -> list[Cell]:
    """The time from the first to the last sample: a mark where one is, gaps as gaps, and errors.

    Errors side by side are one stretch with a mark where it begins, so that many of them leave a line.
    """
    extent = position.extent
    span = max(extent.last - extent.first, 1e-9)

    def cell_of(at: float) -> int:
        return min(size - 1, max(0, int((at - extent.first) / span * size)))

    signs = ["─"] * size
    for gap in extent.gaps:
        first, last = cell_of(gap.since), cell_of(gap.until)
        signs[first : last + 1] = "░" * (last - first + 1)
    begin, end = extent.first, extent.last
    # in one go: there may be thousands
    for cell in {int((at - begin) / span * size) for at in position.problems if begin <= at <= end}:
        signs[min(size - 1, cell)] = ERROR
    line = re.sub(f"{ERROR}+", lambda found: ERROR + MORE_ERRORS * (len(found[0]) - 1), "".join(signs))
    mark = cell_of(position.at)
    return [*_in_tones(line[:mark], "info"), Cell("●", "accent"), *_in_tones(line[mark + 1 :], "muted")]


def _in_tones(signs: str, tone: str) -> list[Cell]:
    """A stretch of the line, in which errors stand out."""
    parts = re.split(f"([{ERROR}{MORE_ERRORS}]+)", signs)
    return [Cell(part, "error" if part[0] in (ERROR, MORE_ERRORS) else tone) for part in parts if part]


class TimeBar(Lines):
    """The bar, which has the keyboard while one goes through the past."""

    can_focus = True
    BINDINGS: ClassVar[list[BindingType]] = bindings(TIME_BAR)
    DEFAULT_CSS = "TimeBar { height: 1; width: 1fr; display: none; }"

    class Moved(Message):
        """A key was pressed that leads to another moment."""

        def __init__(self, way: str, by: int) -> None:
            super().__init__()
            self.way = way
            """`sample`, `minute`, `event`, `problem`, `end`, `speed` or `play`."""
            self.by = by

    class TimeWanted(Message):
        """The operator wants to name a time."""

    class Left(Message):
        """The operator wants to see now again."""

    def __init__(self) -> None:
        super().__init__(id="time-bar")
        self._shown: tuple[Position, TimeStyle] | None = None
        self.leads_to_now = True
        """There is a now to go back to; a file that is replayed has none."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where there is no now, its keys mean what they mean in the pane behind."""
        return action != "leave" or self.leads_to_now

    def takes(self, key: str) -> bool:
        """Whether a key means something to the bar."""
        found = self._bindings.key_to_bindings.get(key, ())
        return any(self.check_action(binding.action, ()) for binding in found)

    def show_position(self, position: Position, style: TimeStyle) -> None:
        """Show where one is."""
        self._shown = (position, style)
        self.set_lines([bar(position, self.size.width or self.app.size.width, style)])

    def on_resize(self) -> None:
        """The line of time has other room."""
        if self._shown is not None:
            self.show_position(*self._shown)

    def action_sample(self, by: int) -> None:
        """The next or the previous sample."""
        self.post_message(self.Moved("sample", by))

    def action_minute(self, by: int) -> None:
        """A minute on or back."""
        self.post_message(self.Moved("minute", by))

    def action_event(self, by: int) -> None:
        """The next or the previous event."""
        self.post_message(self.Moved("event", by))

    def action_problem(self, by: int) -> None:
        """The next or the previous problem."""
        self.post_message(self.Moved("problem", by))

    def action_oldest(self) -> None:
        """The oldest sample."""
        self.post_message(self.Moved("end", -1))

    def action_newest(self) -> None:
        """The newest sample."""
        self.post_message(self.Moved("end", 1))

    def action_play(self) -> None:
        """Let time pass, or stop it."""
        self.post_message(self.Moved("play", 0))

    def action_speed(self, by: int) -> None:
        """Let it pass faster or slower."""
        self.post_message(self.Moved("speed", by))

    def action_time(self) -> None:
        """Ask for a time."""
        self.post_message(self.TimeWanted())

    def action_leave(self) -> None:
        """Back to now."""
        self.post_message(self.Left())
