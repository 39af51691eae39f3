"""From what was typed to a plan, or to a line that says what is wrong. Reads secrets files, sends nothing."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tui.deploy.inspection import Inspection
from tui.deploy.plan import Plan
from tui.livekit_toml import LivekitToml
from tui.packaging.errors import BuildError
from tui.packaging.gitinfo import version_attributes
from tui.packaging.project_file import PROJECT_FILE
from tui.packaging.secrets import SecretSet, collect, parse_text
from tui.project import Project
from tui.secret import Secret

NEW: Final = "new"
"""Typed in place of an agent's id."""
DIRTY: Final = "dirty"
RESIDENCY: Final = "residency"
OTHER: Final = "other"
SDK: Final = "sdk"
QUESTIONS: Final = (SDK, DIRTY, RESIDENCY, OTHER)
"""Ids of what has to be agreed to before anything is sent."""

_NAMED: Final = 8
"""Secrets that a note names before it only counts."""
_DEPLOYMENT: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?")
"""Names that documentation and servers both accept (PROTOCOL.md, Versions and deployments)."""
_AGENT: Final = re.compile(r"CA_[A-Za-z0-9]{1,40}")


class InvalidInput(ValueError):
    """Something typed that nothing can be sent with; its text says what to do."""


@dataclass(frozen=True, slots=True)
class DeployInput:
    """What was typed."""

    agent: str = ""
    deployment: str = ""
    region: str = ""
    secrets_file: str = ""
    typed: Secret = field(default_factory=lambda: Secret(""))
    """KEY=VALUE lines."""
    mounts: str = ""
    """Paths of files to mount, as shell words."""
    attributes: str = ""
    """`name=value` words, or a JSON object of texts."""
    entry_point: str = ""
    reason: str = ""
    skip_empty: bool = False
    own_attributes: bool = False
    """Leave git's attributes out."""
    agreed: frozenset[str] = frozenset()
    """Ids of questions that were answered with yes."""
    confirmation: str = ""
    """What was typed to name the target, where that is asked for."""


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """A plan and what is worth knowing about it."""

    plan: Plan
    notes: tuple[str, ...] = ()
    questions: tuple[tuple[str, str], ...] = ()
    """Id and words of what has to be agreed to first."""
    to_type: tuple[str, ...] = ()
    """What has to be typed first, any of these: a mistake is dear there. Empty for nothing."""

    def missing(self, given: DeployInput) -> str:
        """What is still to be agreed to or typed, in words; empty if the plan may go."""
        for name, words in self.questions:
            if name not in given.agreed:
                return f"confirm above: {words}"
        if self.to_type and given.confirmation not in self.to_type:
            return f"type {' or '.join(self.to_type)} to confirm"
        return ""


OPTIONS: Final = ("deployment", "region", "secrets", "mounts", "attributes", "empty", "git", "sdk")
"""What a command line may answer beforehand, by the ids of the questions. None is a secret."""


def with_options(given: DeployInput, options: Mapping[str, str]) -> DeployInput:
    """The input with what a command line answered, by the names in `OPTIONS`."""
    return replace(
        given,
        deployment=options.get("deployment", given.deployment),
        region=options.get("region", given.region),
        mounts=options.get("mounts", given.mounts),
        attributes=options.get("attributes", given.attributes),
        secrets_file=options.get("secrets", given.secrets_file),
        skip_empty=options["empty"] == "skip" if "empty" in options else given.skip_empty,
        own_attributes=options["git"] == "no" if "git" in options else given.own_attributes,
        agreed=given.agreed | {SDK} if options.get("sdk") == "skip" else given.agreed,
    )


def subdomain(url: str) -> str:
    """The first label of a project's host, by which livekit.toml names it."""
    return (urlsplit(url).hostname or "").partition(".")[0]


def build_plan(
    given: DeployInput, inspection: Inspection, target: Project, names: tuple[str, ...] = ()
) -> PlanDraft:
    """The plan for what was typed. Raises `InvalidInput`. Blocks for the secrets files.

    `names` may be typed to confirm the agent that is deployed to; its id may always be.
    """
    if inspection.problems:
        raise InvalidInput(inspection.problems[0])
    creates = given.agent == NEW
    _check(given, inspection, target, creates=creates)
    secrets = _secrets(given, inspection.root)
    recorded_in, file = inspection.file_of(given.agent) or (PROJECT_FILE, LivekitToml())
    plan = Plan(
        root=inspection.root,
        agent_id="" if creates else given.agent,
        recorded=file.agent_id,
        recorded_in=recorded_in,
        deployment=given.deployment,
        region=given.region if creates else "",
        subdomain=subdomain(target.url),
        secrets=secrets.secrets,
        secrets_file=str(_path(inspection.root, given.secrets_file)) if given.secrets_file else "",
        attributes=version_attributes(
            None if given.own_attributes else inspection.git, _attributes(given.attributes)
        ),
        entry_point="" if inspection.has_dockerfile else given.entry_point,
        skips_sdk_check=bool(inspection.sdk_refusal),
        project=target.name,
        reason=given.reason,
    )
    notes = (*_effects(plan), *_secret_notes(secrets))
    return PlanDraft(plan, notes, _questions(plan, inspection), _to_type(plan, target, names))


def _to_type(plan: Plan, target: Project, names: tuple[str, ...]) -> tuple[str, ...]:
    """What confirms the target: in production always, elsewhere an agent that no file here names."""
    if plan.creates:
        return (target.name,) if target.danger else ()
    return tuple(dict.fromkeys((*names, plan.agent_id))) if target.danger or not plan.recorded else ()


def _check(given: DeployInput, inspection: Inspection, target: Project, *, creates: bool) -> None:
    """What can be judged without reading a file. Raises `InvalidInput`."""
    if not creates and not _AGENT.fullmatch(given.agent):
        raise InvalidInput(f"agent: type its id, CA_…, or {NEW}")
    if given.deployment and not _DEPLOYMENT.fullmatch(given.deployment):
        raise InvalidInput("deployment: letters, digits, - and . only, 63 at the most")
    if given.deployment == "production":
        raise InvalidInput("deployment: the name production is reserved; leave it empty for production")
    if creates and given.deployment:
        raise InvalidInput("deployment: a new agent starts in production; leave it empty")
    if creates and given.region not in inspection.regions:
        raise InvalidInput(f"region: there are {', '.join(inspection.regions)}")
    name, file = inspection.file_of(given.agent) or ("", LivekitToml())
    if file.subdomain and file.subdomain.lower() != subdomain(target.url):
        raise InvalidInput(
            f"{name} is of project {file.subdomain}, this is {subdomain(target.url)}: nothing is sent"
        )
    if not inspection.has_dockerfile and not given.entry_point:
        raise InvalidInput("program: there is no Dockerfile, so say which program a generated one starts")


def _questions(plan: Plan, inspection: Inspection) -> tuple[tuple[str, str], ...]:
    """Questions that `lk` asks too, and the agent that livekit.toml names."""
    found: list[tuple[str, str]] = []
    if inspection.sdk_refusal:
        found.append((SDK, "deploy without the SDK version check"))
    if inspection.git is not None and inspection.git.dirty:
        found.append((DIRTY, "include uncommitted changes: the running code will match no commit"))
    if warning := inspection.residency(plan.region):
        found.append((RESIDENCY, warning))
    named = inspection.project_file.agent_id if inspection.project_file else ""
    if named and plan.creates:
        found.append((OTHER, f"create a second agent, which replaces {named} in livekit.toml"))
    elif named and named != plan.agent_id:
        found.append((OTHER, f"livekit.toml names another agent, {named}"))
    return tuple(found)


def _effects(plan: Plan) -> tuple[str, ...]:
    if plan.creates:
        return (f"creates an agent in {plan.region}; livekit.toml is written once it is built",)
    if plan.deployment:
        return (f"deployment {plan.deployment}: its running sessions end at once when it is replaced",)
    return ("production: new instances start first, old ones drain for up to an hour",)


def _secret_notes(secrets: SecretSet) -> tuple[str, ...]:
    notes = [f"secret {item.name} left out: {item.reason}" for item in secrets.refused]
    notes += secrets.warnings
    if count := len(secrets.secrets):
        names = ", ".join(item.name for item in secrets.secrets[:_NAMED])
        more = f" and {count - _NAMED} more" if count > _NAMED else ""
        notes.append(f"sets {count} {'secret' if count == 1 else 'secrets'}: {names}{more}")
    return tuple(notes)


def _secrets(given: DeployInput, root: Path) -> SecretSet:
    """Everything that is to be set; paths are taken from the project's directory."""
    try:
        typed = parse_text(given.typed.reveal(), "typed secrets") if given.typed else SecretSet()
        found = collect(
            mounts=[_path(root, word) for word in _words(given.mounts)],
            typed=typed.secrets,
            file=_path(root, given.secrets_file) if given.secrets_file else None,
            empty="skip" if given.skip_empty else "refuse",
        )
    except BuildError as error:
        raise InvalidInput(str(error)) from None
    return SecretSet(found.secrets, found.refused, (*typed.warnings, *found.warnings))


def _path(root: Path, text: str) -> Path:
    return root / os.path.expanduser(text)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise InvalidInput("mounts: a quote is not closed") from None


def _attributes(text: str) -> dict[str, str]:
    if text.startswith("{"):
        return _json_attributes(text)
    found: dict[str, str] = {}
    for word in text.split():
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise InvalidInput(f"attributes: {word!r} is not name=value")
        found[name] = value
    return found


def _json_attributes(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidInput("attributes: this is not a JSON object") from None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise InvalidInput("attributes: a JSON object needs a text for each name")
    return found
