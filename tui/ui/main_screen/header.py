"""The two lines on top: the project, where it comes from, its state, and the age of the data. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tui.fleet.coverage import coverage_words
from tui.fleet.find import unlisted_agents
from tui.fleet.lists.agent_status import status_counts
from tui.fleet.lists.cells import Cell
from tui.fleet.state import Freshness
from tui.fleet.times import TimeStyle, zone_name
from tui.fleet.view import View
from tui.formats import age, whole_seconds
from tui.project import Project
from tui.session.watched import Link
from tui.ui.widgets.lines import Line, spread
from tui.ui.widgets.text import fit
from tui.ui.widgets.text import width as text_width

SLOW = 0.5
"""Seconds of latency from which it is shown."""
FAR = ((86_400, "1 d"), (3_600, "1 h"), (300, "5 m"), (30, "30 s"))
"""Seconds by which a clock is wrong, in words. Finer steps would change while nothing happens."""
LISTS = ("agents", "rooms")
"""The sources that the others depend on."""
NAME = 20
"""Cells that the name of a project gets at least, if it needs them."""


def header(view: View, project: Project | None, link: Link, width: int) -> tuple[Line, Line]:
    """Both lines, for a terminal of this width."""
    return (
        _who_and_how_many(project, link, view, width),
        spread(_where(project, link), _line_state(view, link, width) if project else (), width),
    )


def _who_and_how_many(project: Project | None, link: Link, view: View, width: int) -> Line:
    """Project and locks are never cut, since changes depend on them; the counts are cut first."""
    brand = Cell(" lktop ", "accent")
    if project is None:
        return (brand, Cell(" no project chosen: press @", "warn"))
    tone = "warn" if project.danger else "text"
    name, marks = Cell(f" {project.name} ", tone), _marks(project, link)
    total, *counts = _counts(view)
    for who, many in (
        ((brand, name, *marks), (total, *counts)),
        ((brand, name, *marks), counts),
        ((name, *marks), counts),
    ):
        if _size(who) + _size(many) < width:
            return spread(who, tuple(many), width)
    least = min(len(project.name), max(NAME, width - _size(marks) - _size(counts) - len("   ")))
    short = Cell(f" {fit(project.name, least)} ", tone)
    return spread((short, *marks), _worst(counts, width - _size((short, *marks)) - 1), width)


def _marks(project: Project, link: Link) -> Line:
    """What an operator must know before changing something: production, locks, dry run."""
    cells = []
    if link.past:
        cells.append(Cell(f" PAST {link.past} ", "alarm"))
    if project.danger:
        cells.append(Cell(" PRODUCTION ", "alarm"))
    if project.read_only and link.unlocked:
        cells.append(Cell(f" unlocked {age(link.unlocked)}", "error"))
    elif project.read_only:
        cells.append(Cell(" read-only", "info"))
    if link.dry_run:
        cells.append(Cell(" dry run", "warn"))
    return tuple(cells)


def _size(line: Sequence[Cell]) -> int:
    return sum(text_width(cell.text) for cell in line)


def _worst(counts: Sequence[Cell], room: int) -> Line:
    """The worst counts, as many as fit, and a sign that there are more."""
    kept = list(counts)
    while kept and _size(kept) + len("… ") > room:
        kept.pop()
    return (*kept, Cell("… ", "muted")) if kept else ()


def _where(project: Project | None, link: Link) -> Line:
    if project is None:
        return ()
    return (Cell(f" {link.hosts or project.url}", "muted"), Cell(f" · {project.source}", "muted"))


def _counts(view: View) -> list[Cell]:
    """The number of agents, and of each kind of status, the worst first as in the list."""
    agents = len(view.fleet.agents)
    is_stale = view.fleet.fresh("agents").stale  # then they are as old as the rows, and as pale
    signs = status_counts(view.fleet).items()
    counted = (Cell(f"{sign.text}{count:,} ", "muted" if is_stale else sign.tone) for sign, count in signs)
    is_none = view.fleet.fresh("agents").at is not None and not unlisted_agents(view.fleet)
    return [Cell(f"agents {agents:,}  " if agents or is_none else ""), *counted]


def _line_state(view: View, link: Link, width: int) -> Line:
    """The state of data and connection, the worst last; the first parts go when there is no room."""
    cells: list[Cell] = []
    if view.times is not TimeStyle.RELATIVE:
        cells.append(Cell(f"times in {zone_name(view.times)}  ", "muted"))
    for name in (name for name in ("agents", "dispatches", "rooms") if name in view.fleet.cut):
        most = view.fleet.cut[name]
        cells.append(Cell(f"{name} cut at {most:,}  ", "warn"))
    if link.latency > SLOW:
        cells.append(Cell(f"slow, {link.latency:.1f} s  ", "warn"))
    if link.slowed_to is not None:
        words = f"slowed to {link.slowed_to} of {link.budget} requests a minute: LiveKit answered 429  "
        cells.append(Cell(words, "warn"))
    elif link.used > 0.8 * link.budget and coverage_words(view.fleet.coverage, view.monotonic):
        cells.append(Cell(f"all of {link.budget} requests a minute used  ", "muted"))
    if abs(link.skew) > 30:
        far = next(words for least, words in FAR if abs(link.skew) > least)
        words = f"clock over {far} {'behind' if link.skew > 0 else 'ahead'}  "
        cells.append(Cell(words, "error" if abs(link.skew) > 50 else "warn"))
    cells.append(_freshness(view, width))
    while len(cells) > 1 and _size(cells) >= width:
        del cells[0]
    return tuple(cells)


def _freshness(view: View, width: int) -> Cell:
    agents = view.fleet.fresh("agents")
    if words := _staleness(view):
        return Cell(words if text_width(words) < width else fit(words, width - 1), "error")
    rooms = view.fleet.coverage
    coverage = coverage_words(rooms, view.monotonic)
    if view.is_past:  # how old the rooms were is seen in each of them
        is_partly = coverage and rooms.polled < rooms.total
        return Cell(f"recorded · {coverage} " if is_partly else "recorded ", "muted")
    if agents.at is None and not agents.absent:
        return Cell("connecting… ", "muted")
    if any(fresh.failures and not fresh.absent for fresh in map(view.fleet.fresh, LISTS)):
        return Cell("retrying ", "muted")
    return Cell(f"{coverage} ", "info") if coverage else Cell("live ", "ok")


def _staleness(view: View) -> str:
    """What is stale, since when and why; empty if nothing is."""
    known = {name: fresh for name, fresh in view.fleet.freshness.items() if not fresh.absent}
    stale = [name for name, fresh in known.items() if fresh.stale or (name in LISTS and _never_came(fresh))]
    if not stale:
        return ""
    old = min((at for name in stale if (at := known[name].at) is not None), default=None)
    since = f"STALE {whole_seconds(int(view.monotonic - old))} old" if old is not None else "NO DATA"
    some = f"{len(stale)} of {len(known)} sources" if len(stale) > 3 else ", ".join(sorted(stale))
    what = "everything" if len(stale) == len(known) > 1 else some
    why = max((known[name] for name in stale), key=lambda fresh: fresh.failures).error
    return f"{since}: {what} · {why} " if why else f"{since}: {what} "


def _never_came(fresh: Freshness) -> bool:
    """The first poll failed, so the reason is known although there is no data."""
    return fresh.at is None and fresh.failures > 0
