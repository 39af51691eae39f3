"""The questions of the deploy form, and which of them are asked just now. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from tui.deploy.inspection import Inspection
from tui.deploy.plan_builder import DIRTY, NEW, OTHER, QUESTIONS, RESIDENCY, SDK, DeployInput
from tui.operations.fields import Field, FieldKind, Option

YES: Final = "yes"
NO: Final = "no"

_CHOICES: Final[Mapping[str, tuple[str, str]]] = {
    "empty": ("refuse", "skip them"),
    "git": ("add commit and branch", "leave them out"),
    SDK: ("no", "yes, skip the check"),
    DIRTY: ("no", "yes, include uncommitted changes"),
    RESIDENCY: ("no", "yes, in that region"),
    OTHER: ("no", "yes, I mean that agent"),
}
"""Question → the words for no and for yes."""
CHOICES: Final = {name: (Option(NO, (no,)), Option(YES, (yes,))) for name, (no, yes) in _CHOICES.items()}


HELP: Final[Mapping[str, str]] = {
    "root": "where the agent's source is; Enter looks at it",
    "agent": f"an id to deploy to, or {NEW}",
    "deployment": "empty means production",
    "region": "where the new agent runs; it stays there",
    SDK: "the service may refuse or miss an SDK that is too old",
    DIRTY: "the running code will match no commit",
    "program": "what the Dockerfile that is written starts",
    "secrets": "KEY=VALUE lines; empty sets none",
    "typed": "KEY=VALUE lines, typed or pasted blind; they win over the file",
    "mounts": "files of 1 MiB at the most, mounted under /etc/secrets/",
    "empty": "secrets without a value",
    "attributes": "of the version: name=value … or a JSON object",
    "git": "commit and branch, as attributes of the version",
}


def fields(root: str, given: DeployInput) -> tuple[Field, ...]:
    """Every question, with what was answered last time."""
    skip, own = (YES if flag else NO for flag in (given.skip_empty, given.own_attributes))
    asked = (
        Field("root", "directory", value=root),
        Field("agent", "agent", value=given.agent),
        Field("deployment", "deployment", value=given.deployment),
        Field("region", "region", value=given.region),
        Field(SDK, "SDK check", FieldKind.CHOICE, value=YES if SDK in given.agreed else NO),
        Field(DIRTY, "uncommitted", FieldKind.CHOICE, value=NO),
        Field(RESIDENCY, "residency", FieldKind.CHOICE, value=NO),
        Field(OTHER, "sure?", FieldKind.CHOICE, value=NO),
        Field("program", "program", value=given.entry_point),
        Field("secrets", "secrets file", value=given.secrets_file),
        Field("typed", "secrets", FieldKind.SECRET),
        Field("mounts", "mount files", value=given.mounts),
        Field("empty", "empty ones", FieldKind.CHOICE, value=skip),
        Field("attributes", "attributes", value=given.attributes),
        Field("git", "git metadata", FieldKind.CHOICE, value=own),
    )
    return tuple(replace(field, help=HELP.get(field.id, "")) for field in asked)


def visible(inspection: Inspection | None, given: DeployInput, asked: Iterable[str]) -> dict[str, bool]:
    """Which questions are asked as things stand."""
    creates = given.agent == NEW
    has_secrets = bool(given.secrets_file or given.typed or given.mounts)
    return {
        "deployment": not creates,
        "region": creates,
        "program": inspection is not None and not inspection.has_dockerfile and not inspection.problems,
        "empty": has_secrets,
        "git": inspection is not None and inspection.git is not None and bool(inspection.git.commit),
        **{name: name in asked for name in QUESTIONS},
    }
