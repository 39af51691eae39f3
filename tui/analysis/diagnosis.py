"""Why a broken agent is broken, in one line: what is known of it, put together. Pure.

What was not asked or not read is said to be so; it is never taken for none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from msgspec import Struct

from tui.analysis.missing_variable import BRIEF, brief, missing_variable
from tui.api.models import Agent, Deployment, Version, instant
from tui.fleet.find import read_in_part, read_secrets, read_versions
from tui.fleet.past import Past, Since
from tui.fleet.reason import BUILD_LOG, LOG, Reason
from tui.fleet.state import Fleet
from tui.fleet.status import Family, status, worst
from tui.formats import version_tag

ROLL_BACK: Final = "rollback"
RESTART: Final = "restart"
ADD_SECRET: Final = "new_secret"
"""Ids of operations that may come next."""
SOON: Final = 3600.0
"""Seconds after a deploy within which what breaks is put down to it."""
UNUSABLE: Final = ("Building", "Build Failed")
"""Statuses of versions that cannot be rolled back to."""

_CRASHED: Final = "AGENT_EVENT_TYPE_APPLICATION_CRASHED"
_MEMORY: Final = "AGENT_EVENT_TYPE_RESTARTED_HIGH_MEMORY_USAGE"
_DISK: Final = "AGENT_EVENT_TYPE_RESTARTED_HIGH_DISK_USAGE"
_WORDS: Final = {
    "CrashLoop": "crashing",
    "Error": "in error",
    "Build Failed": "build failed",
    "Server Error": "failing on LiveKit's side",
    "Suspended": "suspended by LiveKit",
}
_NOT_OURS: Final = ("Server Error", "Suspended")
"""Statuses that neither a version nor a log explains."""


class Deploy(Struct, frozen=True, gc=False):
    """What the list of an agent's versions says."""

    owner: str = ""
    """Who deployed the current one."""
    branch: str = ""
    """The git branch that it was built from."""
    earlier: str = ""
    """The newest other version that ran and can run again; empty if there is none."""


class Evidence(Struct, frozen=True, gc=False):
    """All that a diagnosis rests on. Times in Unix seconds by the server's clock."""

    status: str
    since: Since | None = None
    """Since when it has that status; None if that is not known."""
    version: str = ""
    """The current version; empty if nothing was ever deployed."""
    deployed_at: float | None = None
    """When that was deployed."""
    deploy: Deploy | None = None
    """None if its versions were not asked for."""
    secrets: frozenset[str] | None = None
    """Names of its secrets; None if they were not asked for."""
    error: str | None = None
    """The newest error in its log, empty if there was none; None if its log was not read."""
    crashes: int = 0
    """Of the deployments that have the status, as the next three."""
    memory: int = 0
    """Restarts because of memory."""
    disk: int = 0
    """Restarts because the disk was full."""
    replicas: int = 0
    least: int = 0
    """Replicas that are asked for at the least."""
    read_in_part: frozenset[str] = frozenset()
    """Which of its listings, "versions" and "secrets", may hold more than what was read."""
    secrets_at: float | None = None
    """When its secrets were listed, if that is long ago."""


def evidence(agent: Agent, fleet: Fleet, past: Past, outdated: Mapping[str, float]) -> Evidence:
    """What is known of a broken agent. `outdated` says when secrets were listed, by agent, if long ago."""
    state = worst(agent)
    rows = [row for row in agent.agent_deployments if status(row.status) == state]
    id, logged = agent.agent_id, fleet.log_errors.get(agent.agent_id)
    versions = read_versions(fleet, id) if id in fleet.versions else None
    secrets = read_secrets(fleet, id) if id in fleet.secrets else None
    deployed_at = instant(agent.deployed_at)
    if logged is not None and logged.deployed_at != deployed_at:
        logged = None
    return Evidence(
        status=state.name,
        since=past.since(id),
        version="" if agent.never_deployed else agent.version,
        deployed_at=deployed_at,
        deploy=None if versions is None else _deploy(versions),
        secrets=None if secrets is None else frozenset(secret.name for secret in secrets),
        secrets_at=outdated.get(agent.agent_id),
        read_in_part=frozenset(
            what for what in ("versions", "secrets") if read_in_part(fleet, what, agent.agent_id)
        ),
        error=None if logged is None else logged.text,
        crashes=_count(rows, _CRASHED),
        memory=_count(rows, _MEMORY),
        disk=_count(rows, _DISK),
        replicas=sum(row.replicas for row in rows),
        least=sum(row.min_replicas for row in rows),
    )


def _deploy(versions: Iterable[Version]) -> Deploy:
    current = next((version for version in versions if version.current), Version())
    earlier = (
        version.version
        for version in versions  # newest first
        if version.deployed_at is not None
        and not version.current
        and status(version.status).name not in UNUSABLE
    )
    return Deploy(current.owner, current.attributes.get("git_branch", ""), next(earlier, ""))


def _count(rows: Iterable[Deployment], kind: str) -> int:
    return sum(event.count for row in rows for event in row.events if event.type == kind)


def is_broken(agent: Agent) -> bool:
    """Whether an agent has a diagnosis."""
    return worst(agent).problem


def diagnose(known: Evidence, clock: Callable[[float], str]) -> Reason:
    """Put evidence together; `clock` words a time in Unix seconds, to the minute."""
    said, unknown = _log(known, clock)
    begun = f"{_status(known)} {_since(known.since, clock)}"
    deploy = _after_deploy(known)
    asked = () if known.deploy is not None or not deploy else ("versions not asked",)
    asked = ("versions read in part",) if deploy and "versions" in known.read_in_part else asked
    parts = [f"{begun}, {deploy}" if deploy else begun, *said, *unknown, *asked]
    return Reason(
        text=" · ".join(parts),
        cause=_cause(known, said, unknown),
        next_operation_id=_next(known),
    )


# ---- since when, after what -----------------------------------------------------------------------------


def _status(known: Evidence) -> str:
    state = status(known.status)
    if state.family is Family.UNKNOWN:
        return f"{known.status}, which LiveKit does not document,"
    return _WORDS.get(state.name, state.name)


def _since(since: Since | None, clock: Callable[[float], str]) -> str:
    if since is None or (since.at is None and since.not_before is None and since.not_after is None):
        return "since an unknown time"
    return _since_when(since, (lambda at: f"~{clock(at)}") if since.is_clock_unknown else clock)


def _since_when(since: Since, clock: Callable[[float], str]) -> str:
    if since.at is not None:
        return f"since {clock(since.at)}"
    least = None if since.not_after is None else clock(since.not_after)
    most = None if since.not_before is None else clock(since.not_before)
    if most is None:
        return f"since {least} or earlier"
    if least is None:
        return f"since {most} or later"
    if least == most:
        return f"since {most}"
    day = "today " if " " in most and " " not in least else ""  # or the date would stand for both
    return f"since some time between {most} and {day}{least}"


def _after_deploy(known: Evidence) -> str:
    """How it began in relation to the deploy of the version that runs."""
    if not known.version or known.status in ("Build Failed", *_NOT_OURS):
        return ""
    words = f"version {version_tag(known.version)}{_who(known)}"
    since, deployed = known.since, known.deployed_at
    if since is None or deployed is None:
        return f"with {words}"
    if since.at is not None:
        return (
            f"{_span(since.at - deployed)} after {words}" if since.at >= deployed else f"before {words} came"
        )
    if since.not_before is not None and since.not_before >= deployed:
        return f"after {words}"
    if since.not_after is not None and since.not_after < deployed:
        return f"before {words} came"
    return f"with {words}"


def _who(known: Evidence) -> str:
    said = () if known.deploy is None else (known.deploy.owner, known.deploy.branch)
    words = ", ".join(filter(None, said))
    return f" ({words})" if words else ""


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes < 1:
        return "right"
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} d"


def _is_by_deploy(known: Evidence) -> bool:
    """It began soon after the deploy, as far as that is known, and not before."""
    since, deployed = known.since, known.deployed_at
    if since is None or deployed is None or not known.version or known.status == "Build Failed":
        return False
    earliest = since.at if since.at is not None else since.not_before
    latest = since.at if since.at is not None else since.not_after
    return earliest is not None and earliest >= deployed and latest is not None and latest - deployed <= SOON


# ---- what the log and the server say --------------------------------------------------------------------


def _log(known: Evidence, clock: Callable[[float], str]) -> tuple[list[str], list[str]]:
    """What is said of it, and what of that is not known."""
    if known.status == "Build Failed":
        left = "1 replica" if known.replicas == 1 else f"{known.replicas} replicas"
        running = f"{left} of the previous version {'runs' if known.replicas == 1 else 'run'}"
        return ["the build log says why", *([running] if known.replicas else [])], []
    if known.status in _NOT_OURS:
        return [], []
    said, unknown = [], []
    if known.error:
        said.append(known.error)
    if known.memory:
        said.append(f"restarted for memory ×{known.memory}")
    if known.disk:
        said.append(f"restarted for a full disk ×{known.disk}")
    if name := missing_variable(known.error or ""):
        dated = "" if known.secrets_at is None else f" at {clock(known.secrets_at)}"
        if known.secrets is None:
            unknown.append("secrets not asked")
        elif name in known.secrets:
            said.append(f"a secret of that name{dated}")
        elif "secrets" in known.read_in_part:
            unknown.append("secrets read in part")
        else:
            said.append(f"no secret of that name{dated}")
    if known.error == "":
        said.append("no error in its log")
    elif known.error is None:
        unknown.append("log not read")
    if not known.error and known.crashes:
        said.append(f"crashed ×{known.crashes}")
    elif known.status == "Error" and not known.crashes and known.replicas < max(known.least, 1):
        said.append(f"no crash counted, {known.replicas} of {known.least} replicas: may be scaled down")
    return said, unknown


def _cause(known: Evidence, said: list[str], unknown: list[str]) -> str:
    if known.status in _NOT_OURS:
        return _WORDS[known.status].partition(" ")[2].removeprefix("on ")
    after = f"after {version_tag(known.version)}{_who(known)}" if _is_by_deploy(known) else ""
    if known.status == "Build Failed":
        said = ["see build log", *said[1:]]
    if known.error:
        name = brief(known.error)
        said = [f"{name} {after}".strip() if len(name) <= BRIEF else known.error, *said[1:]]
    elif after:
        said = [after, *said]
    return " · ".join(said or unknown)


# ---- what comes next ------------------------------------------------------------------------------------


def _next(known: Evidence) -> str:
    if known.status == "Build Failed":
        return BUILD_LOG
    if known.status in _NOT_OURS:
        return ""
    if _is_by_deploy(known) and known.deploy is not None and known.deploy.earlier:
        return ROLL_BACK
    if (
        (name := missing_variable(known.error or ""))
        and known.secrets is not None
        and name not in known.secrets
        and "secrets" not in known.read_in_part
    ):
        return ADD_SECRET
    if known.status == "Error" and not known.crashes and not known.error:
        return RESTART
    return LOG
