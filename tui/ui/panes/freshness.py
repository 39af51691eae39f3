"""The age of a pane's data in words, and what an empty pane may say of it. Pure."""

from __future__ import annotations

from typing import Final

from tui.fleet.find import listing_name, unknown_agents, unlisted_agents
from tui.fleet.lists.cells import Cell
from tui.fleet.state import Freshness
from tui.fleet.view import View
from tui.formats import age
from tui.ui.panes.base import LIVE
from tui.ui.widgets.lines import Line

NO_PROJECT: Final = "No project is chosen: press @."
"""What every pane says before one is watched: nothing is being loaded."""


def freshness(view: View, fresh: Freshness) -> Cell:
    """The age of a pane's data in words, saying nothing new as long as polls succeed."""
    if not view.selection.project:
        return Cell("no project", "muted")
    if fresh.absent:
        return Cell("not on this server", "muted")
    if fresh.parked:
        return Cell(f"stopped: {fresh.error} · ctrl+r tries again", "error")
    if view.is_past and fresh.at is None:
        return Cell("not loaded by then", "muted")
    if fresh.at is None:
        return Cell(f"no data: {fresh.error}", "error") if fresh.failures else Cell("loading…", "muted")
    old = view.monotonic - fresh.at
    if fresh.stale:
        return Cell(f"stale {_old(old)} · {_retry(view, fresh)}{fresh.error}", "warn")
    if fresh.failures:
        return Cell("retrying", "muted")
    if view.is_past and old < 90:
        return Cell("recorded", "muted")
    return LIVE if old < 90 else Cell(f"{age(old)} old", "warn")


def as_of(view: View, fresh: Freshness) -> str:
    """How old a "none" is that may be true no longer; empty where it is current."""
    return f" as of {age(view.monotonic - fresh.at)} ago" if fresh.stale and fresh.at is not None else ""


def missing(view: View, fresh: Freshness) -> str:
    """Why nothing was received yet."""
    if fresh.failures:
        return f"Not received: {fresh.error}"
    return "Not loaded by then." if view.is_past else "loading…"


def incomplete(view: View, what: str, agent_id: str) -> Line:
    """What the title over an agent's versions or secrets says of rows that are not among those shown."""
    name, fleet = listing_name(what, agent_id), view.fleet
    count, most = fleet.unreadable_rows.get(name), fleet.cut.get(name)
    words = (f" {count} unreadable" if count else "", "" if most is None else f" cut at {most:,}")
    return tuple(Cell(text, "warn") for text in words if text)


def no_agent(view: View) -> str:
    """Why there is nothing to show of an agent: none is selected, or the one that is, is not listed."""
    if not view.selection.agent_id:
        is_unknown = unknown_agents(view.fleet)
        return missing(view, view.fleet.fresh("agents")) if is_unknown else "No agent selected."
    unknown = unlisted_agents(view.fleet)
    return f"Nothing is known of this agent: {unknown}." if unknown else "This agent is not listed."


def _retry(view: View, fresh: Freshness) -> str:
    if fresh.retry_at is None:
        return ""
    wait = round(fresh.retry_at - view.monotonic)
    return f"retry {fresh.failures + 1} {f'in {wait} s' if wait > 0 else 'now'} · "


def _old(value: float) -> str:
    """Ages of stale data are worth a finer step: it is what the operator waits for."""
    return f"{int(value)} s" if value < 120 else age(value)
