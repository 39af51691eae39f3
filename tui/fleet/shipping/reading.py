"""From what was typed to a plan, or to one line that says what is wrong. Reads a secrets file, sends nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tui.build.errors import BuildError
from tui.build.gitinfo import version_attributes
from tui.build.secrets import SecretSet, collect
from tui.fleet.shipping.plan import Plan
from tui.fleet.shipping.survey import Survey
from tui.fleet.target import Target

NEW = "new"
"""Typed in place of an agent's id."""
_DEPLOYMENT = re.compile(r"^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$")
"""What documents and servers both take (contract.md §3.11)."""
_AGENT = re.compile(r"^CA_[A-Za-z0-9]{1,40}$")


class BadInput(ValueError):
    """Something typed that nothing can be sent with; its text says what to do."""


@dataclass(frozen=True, slots=True)
class Given:
    """What was typed."""

    agent: str = ""
    deployment: str = ""
    region: str = ""
    secrets_file: str = ""
    attributes: str = ""
    entry_point: str = ""
    reason: str = ""
    skip_empty: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """A plan and what is worth knowing about it."""

    plan: Plan
    notes: tuple[str, ...]


def subdomain(url: str) -> str:
    """The first label of a project's host, by which livekit.toml names it (contract.md §5.1)."""
    return (urlsplit(url).hostname or "").partition(".")[0]


def make_plan(given: Given, survey: Survey, target: Target) -> Made:
    """The plan for what was typed. Raises `BadInput`. Blocks for the secrets file."""
    if survey.problems:
        raise BadInput(survey.problems[0])
    creates = given.agent == NEW
    if not creates and not _AGENT.match(given.agent):
        raise BadInput("agent: type its id, CA_…, or new")
    if given.deployment and not _DEPLOYMENT.match(given.deployment):
        raise BadInput("deployment: letters, digits, - and . only, 63 at the most")
    if given.deployment == "production":
        raise BadInput("deployment: leave it empty for production")
    notes: list[str] = []
    if creates:
        notes += _create_notes(given, survey)
    else:
        notes += _deploy_notes(given, survey, target)
    if not survey.has_dockerfile and not given.entry_point:
        raise BadInput("program: there is no Dockerfile, so say which program a generated one starts")
    secrets = _secrets(given)
    notes += [f"secret {item.name} left out: {item.reason}" for item in secrets.refused]
    notes += secrets.warnings
    if secrets.secrets:
        names = ", ".join(item.name for item in secrets.secrets[:8])
        notes.append(
            f"sets {len(secrets.secrets)} secrets: {names}{' …' if len(secrets.secrets) > 8 else ''}"
        )
    plan = Plan(
        root=survey.root,
        agent_id="" if creates else given.agent,
        deployment="" if creates else given.deployment,
        region=given.region if creates else "",
        subdomain=subdomain(target.url),
        secrets=secrets.secrets,
        attributes=version_attributes(survey.git, _attributes(given.attributes)),
        entry_point="" if survey.has_dockerfile else given.entry_point,
        project=target.name,
        reason=given.reason,
    )
    return Made(plan, tuple(notes))


def _create_notes(given: Given, survey: Survey) -> list[str]:
    if given.region not in survey.regions:
        raise BadInput(f"region: there are {', '.join(survey.regions)}")
    if given.deployment:
        raise BadInput("deployment: a new agent starts in production; leave it empty")
    notes = [survey.residency(given.region)] if survey.residency(given.region) else []
    if survey.project_file is not None and survey.project_file.agent_id:
        known = survey.project_file.agent_id
        notes.insert(0, f"livekit.toml names {known}: a second agent is made and takes its place there")
    return notes


def _deploy_notes(given: Given, survey: Survey, target: Target) -> list[str]:
    notes: list[str] = []
    file = survey.project_file
    if file is not None and file.agent_id and file.agent_id != given.agent:
        notes.append(f"livekit.toml names another agent, {file.agent_id}")
    if file is not None and file.subdomain and file.subdomain != subdomain(target.url):
        raise BadInput(
            f"livekit.toml is of project {file.subdomain}, this is {subdomain(target.url)}: nothing is sent"
        )
    if given.deployment:
        notes.append("redeploying a named deployment ends its running sessions at once")
    else:
        notes.append("production: new instances start first, old ones drain for up to an hour")
    return notes


def _secrets(given: Given) -> SecretSet:
    if not given.secrets_file:
        return SecretSet()
    try:
        path = Path(given.secrets_file).expanduser()
        return collect(file=path, empty="skip" if given.skip_empty else "refuse")
    except BuildError as error:
        raise BadInput(str(error)) from None


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in text.split():
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise BadInput(f"attributes: {word!r} is not name=value")
        found[name] = value
    return found
