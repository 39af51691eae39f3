"""The one row of words under a log: what is followed, hidden, found and covered. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from tui.fleet.cells import Cell
from tui.fleet.times import seen
from tui.formats import whole_seconds
from tui.logs.classify import Level
from tui.logs.log import Counts
from tui.logs.source import Phase, Stream
from tui.ui.logview.layout import Times
from tui.ui.widgets.text import width

PHASES: Final = {
    Phase.IDLE: ("·", "muted"),
    Phase.CONNECTING: ("◔", "busy"),
    Phase.OPEN: ("▲", "ok"),
    Phase.WAITING: ("✗", "error"),
    Phase.ASLEEP: ("z", "sleep"),
    Phase.REFUSED: ("■", "error"),
    Phase.GONE: ("◌", "muted"),
    Phase.ENDED: ("■", "muted"),
}
"""Phase of a stream → sign and tone."""
QUIET: Final = 20.0
"""Seconds without a byte after which a stream is called quiet; it may well be alive."""

DAY: Final = 86_400.0


class Facts(msgspec.Struct, frozen=True):
    """All that the row is made of."""

    counts: Counts
    follow: bool = True
    unseen: int = 0
    unseen_errors: int = 0
    wrap: bool = False
    times: Times = Times.LOCAL
    level: Level = Level.NONE
    filters: tuple[int, int] = (0, 0)
    """On, and in all."""
    held: int = 0
    shown: int = 0
    dropped: int = 0
    search: str = ""
    hit: int = 0
    """Number of the match at the cursor; 0 for none."""
    hits: int = 0
    progress: float = 1.0
    streams: tuple[Stream, ...] = ()
    file: bool = False
    """The lines are read back from a file: none comes any more."""
    now: float = 0.0
    """Monotonic seconds."""
    clock: datetime | None = None
    """The time at `now` in the zone that times are shown in."""
    said: str = ""
    """What an action has to say; stands in for all the rest."""
    said_tone: str = "info"


def bar(facts: Facts, size: int) -> tuple[Cell, ...]:
    """The row, as many of its parts as fit into `size` cells, the least needed left out first."""
    if facts.said:
        return (Cell(f" {facts.said}", facts.said_tone),)
    parts = [part for part in _parts(facts) if part[1]]
    while len(parts) > 1 and _length(parts) > size:
        parts.remove(max(parts, key=lambda part: part[0]))
    cells: list[Cell] = []
    for _, part in parts:
        cells += [Cell(" · " if cells else " ", "muted"), *part]
    return tuple(cells)


def number(value: int) -> str:
    """`18 204`: digits in threes."""
    return f"{value:,}".replace(",", " ")


def _length(parts: Sequence[tuple[int, Sequence[Cell]]]) -> int:
    return sum(3 + sum(width(cell.text) for cell in part) for _, part in parts) - 2


def _parts(facts: Facts) -> list[tuple[int, Sequence[Cell]]]:
    """The parts in order, each with how soon it may go; lower stays longer.

    What hides lines or is in trouble stays longer than what is as ever.
    """
    active, _ = facts.filters
    return [
        (0, _follow(facts)),
        (2, _search(facts)),
        (9, (Cell(f"WRAP {'on' if facts.wrap else 'off'}", "text" if facts.wrap else "muted"),)),
        (8, (Cell(f"TIME {facts.times}{_zone(facts)}", "muted"),)),
        (4 if facts.level else 7, _level(facts)),
        (4 if active else 6, _filter(facts)),
        (3, _lines(facts)),
        (5 if _sound(facts) else 1, _sources(facts)),
    ]


def _sound(facts: Facts) -> bool:
    """Every stream is open, speaks, and has lost nothing; or there is none."""
    return facts.file or all(
        stream.phase is Phase.CLOSED or (stream.phase is Phase.OPEN and not _trouble(stream, facts))
        for stream in facts.streams
    )


def _follow(facts: Facts) -> Sequence[Cell]:
    if facts.follow and facts.file:
        return (Cell("AT ITS END", "ok"),)
    if facts.follow:
        return (Cell("FOLLOW on", "ok"),)
    if not facts.unseen and not facts.unseen_errors:
        return (Cell("FOLLOW off", "warn"),)
    errors = f" ({number(facts.unseen_errors)} error{'s' * (facts.unseen_errors != 1)})"
    tone = "error" if facts.unseen_errors else "accent"
    return (Cell(f"▼ {number(facts.unseen)} new{errors if facts.unseen_errors else ''}", tone),)


def _search(facts: Facts) -> Sequence[Cell]:
    if not facts.search:
        return (Cell(f"filtering {facts.progress:.0%}", "busy"),) if facts.progress < 1 else ()
    place = f"{number(facts.hit) if facts.hit else '–'}/{number(facts.hits)}"
    more = f" {facts.progress:.0%}" if facts.progress < 1 else ""
    return (Cell(f"/{facts.search} {place}{more}", "accent" if facts.hits else "warn"),)


def _zone(facts: Facts) -> str:
    return f" {facts.clock:%Z}" if facts.times is Times.LOCAL and facts.clock is not None else ""


def _level(facts: Facts) -> Sequence[Cell]:
    if not facts.level:
        return (Cell("LEVEL all", "muted"),)
    return (Cell(f"LEVEL ≥{facts.level.name.lower()}", "accent"),)


def _filter(facts: Facts) -> Sequence[Cell]:
    active, every = facts.filters
    return (Cell(f"FILTER {active}/{every}", "accent" if active else "muted"),) if every else ()


def _lines(facts: Facts) -> Sequence[Cell]:
    aside = []
    if facts.held != facts.shown:
        aside.append(f"{number(facts.held - facts.shown)} hidden")
    if facts.dropped:
        aside.append(f"{number(facts.dropped)} dropped")
    if facts.counts.gaps:
        aside.append(f"{number(facts.counts.gaps)} gap{'s' * (facts.counts.gaps != 1)}")
    more = f" ({', '.join(aside)})" if aside else ""
    tone = "warn" if facts.counts.gaps or facts.dropped else "text"
    return (Cell(f"{number(facts.counts.received)} line{'s' * (facts.counts.received != 1)}{more}", tone),)


def _sources(facts: Facts) -> Sequence[Cell]:
    if facts.file:
        return (Cell("file, not live", "muted"),)
    streams = [stream for stream in facts.streams if stream.phase is not Phase.CLOSED]
    if not streams:
        return (Cell("no source", "muted"),)
    opened = sum(stream.phase is Phase.OPEN for stream in streams)
    tone = "text" if opened == len(streams) else "warn"
    cells = [Cell(f"src {opened}/{len(streams)}", tone)]
    for stream in streams:
        sign, sign_tone = PHASES[stream.phase]
        cells.append(Cell(f" {sign}{stream.tag}{_trouble(stream, facts)}", sign_tone))
    return cells


def _trouble(stream: Stream, facts: Facts) -> str:
    words = f" gap {whole_seconds(stream.missed).replace(' ', '')}" if stream.missed >= 0.5 else ""
    quiet = facts.now - (stream.heard or stream.since)
    if stream.phase is Phase.OPEN and quiet >= QUIET:
        words += f" quiet {_how_long(quiet, facts)}"
    return words


def _how_long(quiet: float, facts: Facts) -> str:
    """Since when rather than how long, unless ages are asked for: what is silent then sends nothing."""
    if facts.clock is None or facts.times is Times.RELATIVE:
        return seen(quiet)
    return f"since {facts.clock - timedelta(seconds=quiet):{'%H:%M' if quiet < DAY else '%m-%d'}}"
