"""The columns of the lists of one agent: its deployments, versions and secrets. Pure, no colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from tui.api.models import Agent, Deployment, SecretInfo, Version, instant
from tui.fleet.facts import cpu_text, mem_text
from tui.fleet.lists.cells import Cell, Cells, status_glyph, status_tone
from tui.fleet.lists.listing import Column, Filter, row_cells, unlisted_cells
from tui.fleet.past import deployment_key
from tui.fleet.status import status
from tui.fleet.times import TimeStyle, clock_time, how_long, rfc3339, short_time, when
from tui.fleet.view import View

R = TypeVar("R")


def detail_cells(
    columns: Sequence[Column[R]],
    row: R,
    view: View,
    unlisted: Mapping[str, float | None] | None,
    *,
    key: str,
    mark: str,
) -> Cells:
    """The cells of a version or secret, in `unlisted` by its `key` if the newest list lacks it.

    The column `mark` then says so.
    """
    cells = row_cells(columns, row, view)
    if unlisted is None or key not in unlisted:
        return cells
    at = unlisted[key]
    since = "" if at is None else f" since {short_time(view.unix(at), now=view.now, style=view.clock_style)}"
    return unlisted_cells(columns, cells, {mark: Cell(f"not read{since}", "warn", "not read")})


class DeploymentRow(NamedTuple):
    """A deployment with the agent that it belongs to."""

    agent: Agent
    deployment: Deployment


def _observed_name(row: DeploymentRow, view: View) -> Cell:
    observed = instant(row.deployment.last_scraped_at) is not None
    return Cell(row.deployment.agent_name if observed else "--")


def _status_word(row: DeploymentRow, view: View) -> Cell:
    state = status(row.deployment.status)
    return Cell(state.name or "not observed", status_tone(state))


def _replicas(row: DeploymentRow, view: View) -> Cell:
    item = row.deployment
    return Cell(f"{item.replicas} / {item.min_replicas} / {item.max_replicas}")


def _time(at: float | None, view: View) -> Cell:
    """As `lk` prints it, unless the operator asked for another zone."""
    if view.times is TimeStyle.LOCAL and at is not None:
        return Cell(clock_time(at, view.times), "muted")
    return Cell(rfc3339(at), "muted")


def _since(row: DeploymentRow, view: View) -> Cell:
    agent, item = row
    key = deployment_key(agent.agent_id, item.region, item.deployment)
    known = view.past.since(key)
    if known is None and len(agent.agent_deployments) == 1:
        known = view.past.since(agent.agent_id)
    words, short = how_long(known, now=view.now)
    return Cell(words, short=short if short != words else "")


def _glyph(row: DeploymentRow, view: View) -> Cell:
    state = status(row.deployment.status)
    return Cell(status_glyph(state), status_tone(state))


DEPLOYMENT_COLUMNS: tuple[Column[DeploymentRow], ...] = (
    Column("status", "S", 1, cell=_glyph),
    Column("region", "REGION", 9, grow=1, cell=lambda row, view: Cell(row.deployment.region)),
    Column(
        "deployment",
        "DEPLOYMENT",
        11,
        grow=1,
        cell=lambda row, view: Cell(row.deployment.name),
    ),
    Column("state", "STATUS", 12, cell=_status_word),
    Column("since", "SINCE", 6, want=11, rank=4, cell=_since),
    Column("name", "NAME", 10, grow=1, rank=4, cell=_observed_name),
    Column(
        "version", "VERSION", 14, cell=lambda row, view: Cell(row.deployment.version or row.agent.version)
    ),
    Column("cpu", "CPU", 15, right=True, rank=2, cell=lambda row, view: Cell(cpu_text(row.deployment))),
    Column("mem", "MEM", 12, right=True, rank=2, cell=lambda row, view: Cell(mem_text(row.deployment))),
    Column("replicas", "REPLICAS", 11, right=True, cell=_replicas),
    Column(
        "deployed",
        "DEPLOYED AT",
        20,
        rank=3,
        cell=lambda row, view: _time(instant(row.agent.deployed_at), view),
    ),
    Column(
        "observed",
        "LAST OBSERVED",
        20,
        rank=1,
        cell=lambda row, view: _time(instant(row.deployment.last_scraped_at), view),
    ),
    Column(
        "server",
        "SERVER REGION",
        13,
        rank=6,
        cell=lambda row, view: Cell(row.deployment.server_region, "muted"),
    ),
)


def _role(version: Version, view: View) -> Cell:
    """What a version does now; the flags are the reliable signals."""
    flags = {"current": version.current, "active": version.active, "draining": version.draining}
    words = [word for word, is_set in flags.items() if is_set]
    tone = "ok" if version.current else "busy" if version.draining else "text" if words else "muted"
    return Cell(" ".join(words) or "–", tone, short=words[0] if words else "–")


def _commit(version: Version, view: View) -> Cell:
    dirty = " dirty" if version.attributes.get("git_tree") else ""
    return Cell(version.attributes.get("git_commit", "–") + dirty, "warn" if dirty else "text")


_SHOWN_APART = {"git_commit", "git_branch", "git_tree"}


def _other_attributes(version: Version, view: View) -> Cell:
    rest = sorted(item for item in version.attributes.items() if item[0] not in _SHOWN_APART)
    return Cell(" ".join(f"{name}={value}" for name, value in rest))


def _version_status(version: Version, view: View) -> Cell:
    return Cell(version.status or "–", status_tone(status(version.status)) if version.status else "muted")


def _deployed(version: Version, view: View) -> Cell:
    at = instant(version.deployed_at)
    return Cell(when(at, now=view.now, style=view.times, never="never"), "muted")


def _created(item: Version | SecretInfo, view: View) -> Cell:
    return Cell(when(instant(item.created_at), now=view.now, style=view.times), "muted")


def _newest_first(at: datetime | None) -> tuple[float]:
    return (-(instant(at) or 0.0),)


VERSION_COLUMNS: tuple[Column[Version], ...] = (
    Column(
        "version",
        "VERSION",
        14,
        cell=lambda version, view: Cell(version.version, "accent" if version.current else "text"),
        sort=lambda version, view: (version.version,),
        filter=Filter("version"),
    ),
    Column(
        "role",
        "ROLE",
        8,
        grow=1,
        cell=_role,
        sort=lambda version, view: (not version.current, not version.active, not version.draining),
        filter=Filter("role"),
    ),
    Column(
        "status",
        "STATUS",
        9,
        rank=2,
        cell=_version_status,
        sort=lambda version, view: (status(version.status).severity,),
        filter=Filter("status"),
    ),
    Column("commit", "COMMIT", 8, rank=1, cell=_commit, filter=Filter("commit")),
    Column(
        "branch",
        "BRANCH",
        8,
        grow=2,
        rank=3,
        cell=lambda version, view: Cell(version.attributes.get("git_branch", "–")),
        sort=lambda version, view: (version.attributes.get("git_branch", ""),),
        filter=Filter("branch"),
    ),
    Column(
        "owner",
        "OWNER",
        8,
        grow=1,
        rank=5,
        cell=lambda version, view: Cell(version.owner or "–"),
        sort=lambda version, view: (version.owner,),
        filter=Filter("owner"),
    ),
    Column(
        "created",
        "CREATED",
        8,
        right=True,
        rank=4,
        clock=True,
        cell=_created,
        sort=lambda version, view: _newest_first(version.created_at),
    ),
    Column(
        "deployed",
        "DEPLOYED",
        8,
        right=True,
        clock=True,
        cell=_deployed,
        sort=lambda version, view: _newest_first(version.deployed_at),
    ),
    Column("attributes", "ATTRIBUTES", 10, grow=2, rank=6, wide=True, cell=_other_attributes),
)

_SECRET_KINDS = {
    "AGENT_SECRET_KIND_FILE": "file",
    "AGENT_SECRET_KIND_ENVIRONMENT": "env",
    # servers are reported to answer unknown for environment variables
    "AGENT_SECRET_KIND_UNKNOWN": "env",
}


def _kind(secret: SecretInfo, view: View) -> Cell:
    return Cell(_SECRET_KINDS.get(str(secret.kind), str(secret.kind)), "muted")


def _updated(secret: SecretInfo, view: View) -> Cell:
    return Cell(when(instant(secret.updated_at), now=view.now, style=view.times))


def _note(secret: SecretInfo, view: View) -> Cell:
    """Whether the secret changed after the selected agent was deployed."""
    updated = instant(secret.updated_at)
    deployed = instant(view.agent.deployed_at) if view.agent else None
    return Cell("since deploy" if updated and deployed and updated > deployed else "", "warn")


SECRET_COLUMNS: tuple[Column[SecretInfo], ...] = (
    Column(
        "name",
        "NAME",
        16,
        grow=3,
        cell=lambda secret, view: Cell(secret.name),
        sort=lambda secret, view: (secret.name,),
    ),
    Column("kind", "KIND", 5, cell=_kind, sort=lambda secret, view: (_kind(secret, view).text,)),
    Column(
        "created",
        "CREATED",
        8,
        right=True,
        rank=1,
        clock=True,
        cell=_created,
        sort=lambda secret, view: _newest_first(secret.created_at),
    ),
    Column(
        "updated",
        "UPDATED",
        8,
        right=True,
        clock=True,
        cell=_updated,
        sort=lambda secret, view: _newest_first(secret.updated_at),
    ),
    Column("note", "NOTE", 8, grow=1, rank=2, cell=_note),
)
