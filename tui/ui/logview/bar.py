"""The bar below a log: following, filters, search, counts, streams; and why there are no lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from tui.fleet.lists.cells import Cell
from tui.fleet.times import seen
from tui.formats import whole_seconds
from tui.logs.lines.levels import Level
from tui.logs.log import Counts
from tui.logs.source import StreamPhase, StreamState
from tui.ui.logview.layout import TimeFormat
from tui.ui.logview.model import LogModel
from tui.ui.widgets.text import number, width

PHASES: Final = {
    StreamPhase.IDLE: ("·", "muted"),
    StreamPhase.CONNECTING: ("◔", "busy"),
    StreamPhase.OPEN: ("▲", "ok"),
    StreamPhase.WAITING: ("✗", "error"),
    StreamPhase.ASLEEP: ("z", "sleep"),
    StreamPhase.REFUSED: ("■", "error"),
    StreamPhase.GONE: ("◌", "muted"),
    StreamPhase.ENDED: ("■", "muted"),
}
"""Phase of a stream → its sign and tone."""
QUIET: Final = 20.0
"""Seconds without a byte after which a stream is called quiet; it may still be open."""
LOST: Final = 0.5
"""Seconds missing in a stream from which that is said."""
DAY: Final = 86_400.0


_LINES: Final = 3
"""The rank of the count of lines. Before that goes, streams in trouble, the last part, are said in short."""
ALWAYS: Final = -1
"""The rank of what is never left out of the bar: lines are hidden, and nothing else says so."""


class BarState(msgspec.Struct, frozen=True):
    """Everything the bar shows."""

    counts: Counts
    follow: bool = True
    unseen: int = 0
    unseen_errors: int = 0
    wrap: bool = False
    times: TimeFormat = TimeFormat.LOCAL
    level: Level = Level.NONE
    filters: tuple[int, int] = (0, 0)
    """Filters that apply, and all filters."""
    held: int = 0
    shown: int = 0
    dropped: int = 0
    search: str = ""
    match: int = 0
    """Number of the match at the cursor, from 1; 0 if the cursor is on none."""
    matches: int = 0
    progress: float = 1.0
    streams: tuple[StreamState, ...] = ()
    file: bool = False
    """The log is read back from a file: no line comes any more."""
    now: float = 0.0
    """Monotonic seconds."""
    clock: datetime | None = None
    """Date and time at `now`, in the zone that times are shown in."""
    said: str = ""
    """What the last key has to say; shown instead of everything else."""
    said_tone: str = "info"


def bar_cells(state: BarState, size: int) -> tuple[Cell, ...]:
    """The bar in `size` cells; the least important parts are left out first, a minimum level never."""
    if state.said:
        level = (Cell(" ", "muted"), *_level(state), Cell(" ·", "muted")) if state.level else ()
        return (*level, Cell(f" {state.said}", state.said_tone))
    parts = [part for part in _parts(state) if part[1]]
    in_short = None if _is_healthy(state) else _sources_in_short(state)
    while len(parts) > 1 and _length(parts) > size:
        least = max(parts, key=lambda part: part[0])
        if least[0] > _LINES or in_short is None:
            parts.remove(least)
        else:
            parts[-1], in_short = (parts[-1][0], in_short), None
    cells: list[Cell] = []
    for _, part in parts:
        cells += [Cell(" · " if cells else " ", "muted"), *part]
    return tuple(cells)


def state_of(model: LogModel, said: str = "", said_tone: str = "info") -> BarState:
    """The state of a model, with what is to be said instead of it."""
    page, log, finder, matches = model.page, model.log, model.finder, model.finder.matches
    return BarState(
        counts=log.counts,
        follow=page.follow,
        unseen=page.unseen,
        unseen_errors=page.unseen_errors,
        wrap=model.options.wrap,
        times=model.options.times,
        level=finder.criteria.level,
        filters=finder.filter_counts,
        held=log.end - log.first,
        shown=len(page.rows),
        dropped=log.dropped,
        search=finder.pattern.source if finder.pattern else "",
        match=matches.rank(page.cursor) + 1 if matches is not None and page.cursor in matches else 0,
        matches=len(matches) if matches is not None else 0,
        progress=finder.progress,
        streams=tuple(log.streams.values()),
        file=model.is_file,
        now=model.clock.monotonic(),
        clock=datetime.fromtimestamp(model.clock.now()).astimezone(model.options.clock_zone),
        said=said,
        said_tone=said_tone,
    )


def why_empty(model: LogModel, no_log: str) -> str:
    """Why there are no lines to show; empty if there are. `no_log` is the reason if no log is open."""
    rows, log, finder = model.page.rows, model.log, model.finder
    notices = log.notices  # they pass every filter
    if len(rows) > len(notices) or any(rows[index] not in notices for index in range(len(rows))):
        return ""
    if held := finder.lines_held:
        looked = "" if finder.progress >= 1 else f" · {finder.progress:.0%} looked at"
        asked = finder.describe() or "cleared with C"
        return f"0 of {number(held)} shown – filter: {asked}{looked}\nEsc shows all"
    if len(rows):
        return ""  # a notice says why
    waiting = [stream for stream in log.streams.values() if stream.phase is not StreamPhase.CLOSED]
    return "\n".join(f"{stream.source.label}: {_phase_words(stream)}" for stream in waiting) or no_log


def _phase_words(stream: StreamState) -> str:
    if stream.phase is StreamPhase.OPEN:
        return "open; nothing was received yet"
    return f"{stream.phase}{f' ({stream.reason})' if stream.reason else '…'}"


def _length(parts: Sequence[tuple[int, Sequence[Cell]]]) -> int:
    return sum(3 + sum(width(cell.text) for cell in part) for _, part in parts) - 2


def _parts(state: BarState) -> list[tuple[int, Sequence[Cell]]]:
    """The parts in order, each with its rank; parts with a higher rank are left out first.

    What hides lines, and streams in trouble, rank lower than what is as usual.
    """
    active, _ = state.filters
    return [
        (0, _follow(state)),
        (2, _search(state)),
        (9, (Cell(f"WRAP {'on' if state.wrap else 'off'}", "text" if state.wrap else "muted"),)),
        (8, (Cell(f"TIME {state.times}{_zone(state)}", "muted"),)),
        (ALWAYS if state.level else 7, _level(state)),
        (4 if active else 6, _filter(state)),
        (_LINES, _lines(state)),
        (5 if _is_healthy(state) else 1, _sources(state)),
    ]


def _is_healthy(state: BarState) -> bool:
    """Every stream is open, is not quiet and has lost nothing; or there is none."""
    return state.file or all(
        stream.phase is StreamPhase.CLOSED
        or (stream.phase is StreamPhase.OPEN and not _trouble(stream, state))
        for stream in state.streams
    )


def _follow(state: BarState) -> Sequence[Cell]:
    if state.follow and state.file:
        return (Cell("AT ITS END", "ok"),)
    if state.follow:
        return (Cell("FOLLOW on", "ok"),)
    if not state.unseen and not state.unseen_errors:
        return (Cell("FOLLOW off", "warn"),)
    errors = f" ({number(state.unseen_errors)} error{'s' * (state.unseen_errors != 1)})"
    tone = "error" if state.unseen_errors else "accent"
    return (Cell(f"▼ {number(state.unseen)} new{errors if state.unseen_errors else ''}", tone),)


def _search(state: BarState) -> Sequence[Cell]:
    if not state.search:
        return (Cell(f"filtering {state.progress:.0%}", "busy"),) if state.progress < 1 else ()
    place = f"{number(state.match) if state.match else '–'}/{number(state.matches)}"
    more = f" {state.progress:.0%}" if state.progress < 1 else ""
    return (Cell(f"/{state.search} {place}{more}", "accent" if state.matches else "warn"),)


def _zone(state: BarState) -> str:
    return f" ({state.clock:%Z})" if state.times is TimeFormat.LOCAL and state.clock is not None else ""


def _level(state: BarState) -> Sequence[Cell]:
    if not state.level:
        return (Cell("LEVEL all", "muted"),)
    return (Cell(f"LEVEL ≥{state.level.name.lower()}", "accent"),)


def _filter(state: BarState) -> Sequence[Cell]:
    active, every = state.filters
    return (Cell(f"FILTER {active}/{every}", "accent" if active else "muted"),) if every else ()


def _lines(state: BarState) -> Sequence[Cell]:
    aside = []
    if state.held != state.shown:
        aside.append(f"{number(state.held - state.shown)} hidden")
    if state.dropped:
        aside.append(f"{number(state.dropped)} dropped")
    if state.counts.gaps:
        aside.append(f"{number(state.counts.gaps)} gap{'s' * (state.counts.gaps != 1)}")
    if not state.counts.received and not state.file and any(map(_is_wanted, state.streams)):
        return (Cell("no line received", "text"),)
    more = f" ({', '.join(aside)})" if aside else ""
    tone = "warn" if state.counts.gaps or state.dropped else "text"
    return (Cell(f"{number(state.counts.received)} line{'s' * (state.counts.received != 1)}{more}", tone),)


def _is_wanted(stream: StreamState) -> bool:
    return stream.phase is not StreamPhase.CLOSED


def _sources(state: BarState) -> Sequence[Cell]:
    if state.file:
        return (Cell("file, not live", "muted"),)
    streams = list(filter(_is_wanted, state.streams))
    if not streams:
        return (Cell("no source", "muted"),)
    opened = sum(stream.phase is StreamPhase.OPEN for stream in streams)
    tone = "text" if opened == len(streams) else "warn"
    cells = [Cell(f"src {opened}/{len(streams)}", tone)]
    for stream in streams:
        sign, sign_tone = PHASES[stream.phase]
        cells.append(Cell(f" {sign}{stream.tag}{_trouble(stream, state)}", sign_tone))
    return cells


def _sources_in_short(state: BarState) -> Sequence[Cell]:
    """How many streams are open, quiet or have lost lines, unless the count of lines says that.

    Each by its name takes more room.
    """
    first, *_ = _sources(state)
    streams = list(filter(_is_wanted, state.streams))
    quiet = sum(_is_quiet(stream, state) for stream in streams)
    gaps = 0 if state.counts.gaps else sum(stream.missed >= LOST for stream in streams)
    troubles = (f" {quiet} quiet" if quiet else "", f" {gaps} with a gap" if gaps else "")
    return (first, *(Cell(words, "warn") for words in troubles if words))


def _trouble(stream: StreamState, state: BarState) -> str:
    words = f" gap {whole_seconds(stream.missed).replace(' ', '')}" if stream.missed >= LOST else ""
    return words + (
        f" quiet {_quiet_words(_unheard(stream, state), state)}" if _is_quiet(stream, state) else ""
    )


def _is_quiet(stream: StreamState, state: BarState) -> bool:
    return stream.phase is StreamPhase.OPEN and _unheard(stream, state) >= QUIET


def _unheard(stream: StreamState, state: BarState) -> float:
    """Seconds without a byte."""
    return state.now - (stream.heard or stream.since)


def _quiet_words(quiet: float, state: BarState) -> str:
    """Since when, or with relative times how long. A point in time never changes: no repaints."""
    if state.clock is None or state.times is TimeFormat.RELATIVE:
        return seen(quiet)
    return f"since {state.clock - timedelta(seconds=quiet):{'%H:%M' if quiet < DAY else '%m-%d'}}"
