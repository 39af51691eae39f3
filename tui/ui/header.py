"""The two lines on top: which project, from where, how it is, how current that is. Pure functions."""

from __future__ import annotations

from tui.fleet.state import View
from tui.fleet.status import STATUSES, status
from tui.fleet.target import Target
from tui.fleet.times import TimeStyle, age, zone_name
from tui.fleet.watch import Link
from tui.ui.lines import Line, spread
from tui.ui.rows import Cell
from tui.ui.text import fit, glyph, tone

SLOW = 0.5
"""Seconds of latency from which it is worth saying."""
FAR = ((86_400, "1 d"), (3_600, "1 h"), (300, "5 m"), (30, "30 s"))
"""Seconds by which a clock is wrong, in words: finer ones would move while nothing happens."""
LAG = 60.0
"""Seconds since a room was asked about from which that is late."""


def header(view: View, target: Target | None, link: Link, width: int) -> tuple[Line, Line]:
    """Both lines, for a terminal of so many cells."""
    return (
        spread(_who(target, link), _counts(view), width),
        spread(_where(target, link), _line_state(view, link, width) if target else (), width),
    )


def _who(target: Target | None, link: Link) -> Line:
    if target is None:
        return (Cell(" lktop ", "accent"), Cell(" no project chosen", "warn"))
    cells = [Cell(" lktop ", "accent"), Cell(f" {target.name} ", "warn" if target.danger else "text")]
    if target.danger:
        cells.append(Cell(" PRODUCTION ", "error"))
    if target.read_only and link.unlocked:
        cells.append(Cell(f" unlocked {age(link.unlocked)}", "error"))
    elif target.read_only:
        cells.append(Cell(" read-only", "info"))
    if link.dry_run:
        cells.append(Cell(" dry run", "warn"))
    return tuple(cells)


def _where(target: Target | None, link: Link) -> Line:
    if target is None:
        return ()
    return (Cell(f" {link.hosts or target.url}", "muted"), Cell(f" · {target.source}", "muted"))


def _counts(view: View) -> Line:
    agents = view.fleet.agents
    counts = view.fleet.statuses
    cells = [Cell(f"agents {len(agents)}  ", "text")] if agents else []
    known = [state for state in STATUSES if counts.get(state.name)]
    others = sorted(name for name in counts if name and status(name) not in STATUSES)
    signs: dict[tuple[str, str], int] = {}
    for state in (*known, *(status(name) for name in others)):
        sign = (glyph(state), tone(state))
        signs[sign] = signs.get(sign, 0) + counts[state.name]
    cells += [Cell(f"{sign}{count} ", look) for (sign, look), count in signs.items()]
    return tuple(cells)


def _line_state(view: View, link: Link, width: int) -> Line:
    """The worst thing to know about the data; quiet words when there is none."""
    fleet = view.fleet
    cells: list[Cell] = []
    if view.times is not TimeStyle.RELATIVE:
        cells.append(Cell(f"times in {zone_name(view.times)}  ", "muted"))
    if abs(link.skew) > 30:
        far = next(words for least, words in FAR if abs(link.skew) > least)
        words = f"clock over {far} {'behind' if link.skew > 0 else 'ahead'}  "
        cells.append(Cell(words, "error" if abs(link.skew) > 50 else "warn"))
    if link.latency > SLOW:
        cells.append(Cell(f"slow, {link.latency:.1f} s  ", "warn"))
    if link.used > 0.9 * link.budget and _lags(view):
        cells.append(Cell(f"all of {link.budget} requests a minute used  ", "warn"))
    agents = fleet.fresh("agents")
    if words := _staleness(view):
        cells.append(Cell(words if len(words) < width else fit(words, width - 1), "error"))
    elif agents.at is None and not agents.absent:
        cells.append(Cell("connecting… ", "muted"))
    else:
        cells.append(Cell("live ", "ok"))
    return tuple(cells)


def _lags(view: View) -> bool:
    """Rooms wait for their turn. Until they do, a budget that is used up is one that is made use of."""
    coverage = view.fleet.coverage
    oldest = view.monotonic if coverage.oldest is None else coverage.oldest
    return coverage.polled < coverage.total or view.monotonic - oldest > LAG


def _staleness(view: View) -> str:
    """What is stale, since when and why; empty while nothing is."""
    known = view.fleet.freshness
    stale = [name for name, fresh in known.items() if fresh.stale]
    if not stale:
        return ""
    old = min((at for name in stale if (at := known[name].at) is not None), default=None)
    since = f" {_seconds(view.monotonic - old)} old" if old is not None else ""
    some = f"{len(stale)} of {len(known)} sources" if len(stale) > 3 else ", ".join(sorted(stale))
    what = "everything" if len(stale) == len(known) > 1 else some
    why = max((known[name] for name in stale), key=lambda fresh: fresh.failures).error
    return f"STALE{since}: {what} · {why} " if why else f"STALE{since}: {what} "


def _seconds(value: float) -> str:
    return f"{int(value)} s" if value < 120 else age(value)
