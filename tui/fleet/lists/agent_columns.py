"""The columns of the list of agents: what each shows, sorts by and filters by. Pure, no colours."""

from __future__ import annotations

from collections.abc import Callable

from tui.api.models import Version
from tui.fleet.facts import AgentFacts
from tui.fleet.lists.agent_status import status_cell, status_sign, status_words
from tui.fleet.lists.cells import Cell
from tui.fleet.lists.listing import Column, Filter, SortKey, trend
from tui.fleet.past import Since
from tui.fleet.status import replicas
from tui.fleet.times import how_long, seen, when
from tui.fleet.view import View
from tui.formats import version_tag

HOT = 0.9
"""Share of a limit that is an alarm; above `WARM` it is a warning."""
WARM = 0.7


def _name(row: AgentFacts, view: View) -> Cell:
    name = row.agent.name or "(no name)"
    if row.is_lookalike:
        return Cell(f"{name} ≠", "warn")
    return Cell(name, "text" if row.agent.name else "muted")


def _version(row: AgentFacts, view: View) -> Cell:
    """The whole tag; the time in it where there is no room for that."""
    if row.agent.never_deployed:
        return Cell("none", "muted")
    if row.version.endswith(" mixed"):
        return Cell("mixed", "muted")
    return Cell(row.version, "muted", version_tag(row.version))


def _heat(share: float) -> str:
    return "error" if share >= HOT else "warn" if share >= WARM else "text" if share >= 0 else "muted"


def _since(row: AgentFacts, view: View) -> Cell:
    words, short = how_long(_known(row, view), now=view.now)
    return Cell(words, "muted" if words == "–" else "text", "" if short == words else short)


def _why(row: AgentFacts, view: View) -> Cell:
    reason = view.reasons.get(row.agent.agent_id) if row.status.problem else None
    return Cell("" if reason is None else reason.cause)


def _newest_change_first(row: AgentFacts, view: View) -> SortKey:
    since = _known(row, view)
    earliest = None if since is None else since.at if since.at is not None else since.not_before
    return (-(earliest or 0.0), row.order)


def _known(row: AgentFacts, view: View) -> Since | None:
    return view.past.since(row.agent.agent_id)


def _since_seconds(row: AgentFacts, view: View) -> float | None:
    """For how long it has its status at the most, where that is known."""
    since = _known(row, view)
    earliest = None if since is None else since.at if since.at is not None else since.not_before
    return None if earliest is None else view.now - earliest


def _seen_for(row: AgentFacts, view: View) -> float | None:
    return view.now - row.seen_at if row.seen_at else None


def _deployed_for(row: AgentFacts, view: View) -> float | None:
    return view.now - row.deployed_at if row.deployed_at else None


def _current(row: AgentFacts, view: View) -> Version | None:
    """The version that is deployed, where the agent's versions were asked for."""
    versions = view.fleet.versions.get(row.agent.agent_id, ())
    return next((version for version in versions if version.current), None)


def _attribute(name: str) -> Callable[[AgentFacts, View], Cell]:
    def cell(row: AgentFacts, view: View) -> Cell:
        version = _current(row, view)
        return Cell(version.attributes.get(name, "") if version else "")

    return cell


def _owner(row: AgentFacts, view: View) -> Cell:
    version = _current(row, view)
    return Cell(version.owner if version else "")


def _count(listed: str, noun: str) -> str:
    """A list of several that does not fit, as a number."""
    count = listed.count(",") + 1
    return f"{count} {noun}" if count > 1 else ""


def _first(listed: str, separator: str) -> str:
    """A list of several that does not fit, as its first and how many more."""
    first, _, rest = listed.partition(separator)
    return f"{first} +{rest.count(separator) + 1}" if rest else ""


def _first_event(listed: str) -> str:
    """The first of `crashed ×5 OOM ×1`, and how many more."""
    kinds = listed.count("×")
    return f"{listed[: listed.index(' ', listed.index('×'))]} +{kinds - 1}" if kinds > 1 else ""


AGENT_COLUMNS: tuple[Column[AgentFacts], ...] = (
    Column(
        "status",
        "S",
        1,
        cell=status_sign,
        filter=Filter("status", status_words),
    ),
    Column(
        "name",
        "NAME",
        18,
        want=20,
        grow=3,
        cell=_name,
        sort=lambda row, view: row.order,
        filter=Filter("name", lambda row, view: row.agent.name),
    ),
    Column(
        "id",
        "ID",
        15,
        rank=7,
        cell=lambda row, view: Cell(row.agent.agent_id, "muted"),
        sort=lambda row, view: (row.agent.agent_id,),
        filter=Filter("id", lambda row, view: row.agent.agent_id),
    ),
    Column(
        "regions",
        "REGIONS",
        10,
        grow=1,
        rank=3,
        cell=lambda row, view: Cell(row.regions, short=_count(row.regions, "regions")),
        sort=lambda row, view: (row.regions, row.order),
        filter=Filter("region", lambda row, view: row.regions),
        delta=trend,
    ),
    Column(
        "state",
        "STATUS",
        13,
        grow=2,
        cell=status_cell,
        sort=lambda row, view: row.rank,
        delta=trend,
    ),
    Column(
        "version",
        "VERSION",
        11,
        rank=4,
        cell=_version,
        sort=lambda row, view: (row.version, row.order),
        filter=Filter("version", lambda row, view: row.version),
        delta=trend,
    ),
    Column(
        "replicas",
        "REPLICAS",
        8,
        right=True,
        rank=2,
        falls=True,
        cell=lambda row, view: Cell(row.replicas),
        sort=lambda row, view: (-replicas(row.agent)[0], row.order),
        filter=Filter("replicas", lambda row, view: float(replicas(row.agent)[0])),
        delta=trend,
    ),
    Column(
        "cpu",
        "CPU",
        14,
        right=True,
        rank=6,
        falls=True,
        cell=lambda row, view: Cell(row.cpu, _heat(row.cpu_share)),
        sort=lambda row, view: (-row.cpu_share, row.order),
        filter=Filter("cpu", lambda row, view: row.cpu_share if row.cpu_share >= 0 else None),
    ),
    Column(
        "mem",
        "MEM",
        10,
        right=True,
        rank=5,
        falls=True,
        cell=lambda row, view: Cell(row.mem, _heat(row.mem_share)),
        sort=lambda row, view: (-row.mem_share, row.order),
        filter=Filter("mem", lambda row, view: row.mem_share if row.mem_share >= 0 else None),
    ),
    Column(
        "events",
        "EVENTS",
        11,
        rank=3,
        falls=True,
        cell=lambda row, view: Cell(
            row.events or "–", "warn" if row.events else "muted", _first_event(row.events)
        ),
        sort=lambda row, view: (-row.event_count, row.order),
        filter=Filter("events", lambda row, view: float(row.event_count)),
        delta=trend,
    ),
    Column(
        "since",
        "SINCE",
        5,
        grow=1,
        right=True,
        rank=1,
        cell=_since,
        filter=Filter("since", _since_seconds, moves=True),
        sort=_newest_change_first,
        sorts_by_past=True,
    ),
    Column(
        "why",
        "WHY",
        10,
        want=16,
        grow=4,
        rank=2,
        cell=_why,
        filter=Filter("why"),
    ),
    Column(
        "seen",
        "SEEN",
        5,
        right=True,
        rank=8,
        cell=lambda row, view: Cell(seen(view.now - row.seen_at) if row.seen_at else "never", "muted"),
        filter=Filter("seen", _seen_for, moves=True),
    ),
    Column(
        "deployed",
        "DEPLOYED",
        9,
        right=True,
        rank=9,
        wide=True,
        clock=True,
        cell=lambda row, view: Cell(
            when(row.deployed_at, now=view.now, style=view.times, never="never"), "muted"
        ),
        sort=lambda row, view: (-(row.deployed_at or 0.0), row.order),
        filter=Filter("age", _deployed_for, moves=True),
    ),
    Column(
        "deployments",
        "DEPLOYMENTS",
        11,
        rank=10,
        wide=True,
        cell=lambda row, view: Cell(row.deployments, short=_first(row.deployments, ",")),
        filter=Filter("deployment", lambda row, view: row.deployments),
    ),
    Column("owner", "OWNER", 10, rank=11, wide=True, cell=_owner),
    Column("commit", "COMMIT", 8, rank=12, wide=True, cell=_attribute("git_commit")),
    Column("branch", "BRANCH", 10, rank=13, wide=True, cell=_attribute("git_branch")),
    Column(
        "server",
        "SERVER REGION",
        13,
        rank=14,
        wide=True,
        cell=lambda row, view: Cell(row.server_regions, "muted", _first(row.server_regions, ",")),
    ),
)
