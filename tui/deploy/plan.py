"""What will be deployed, and how far that got. Frozen; no screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tui.operations.shell_commands import lk
from tui.packaging.progress import BuildProgress
from tui.packaging.secrets import SecretToSend
from tui.packaging.steps import BuildStep, StepState

__all__ = ["BuildProgress", "BuildStep", "DeployReport", "Plan", "Stage", "State", "StepState"]


@dataclass(frozen=True, slots=True)
class Plan:
    """One create or deploy, as confirmed."""

    root: Path
    agent_id: str = ""
    """Empty: a new agent is made."""
    recorded: str = ""
    """The agent that the directory's file names; empty without one."""
    deployment: str = ""
    """Empty is production. A new agent always starts there."""
    region: str = ""
    """Only for a new agent: an existing one stays where it is."""
    subdomain: str = ""
    """Of the project, for livekit.toml."""
    secrets: tuple[SecretToSend, ...] = ()
    secrets_file: str = ""
    """Where some of them were read; only to be shown."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    """Of the version."""
    entry_point: str = ""
    """Program for a Dockerfile that is missing; empty leaves files as they are."""
    skips_sdk_check: bool = False
    """It goes on although the SDK's version was refused."""
    project: str = ""
    """Name of the project, for the journal."""
    reason: str = ""
    recorded_in: str = "livekit.toml"
    """The name of the file that names the agent."""

    @property
    def creates(self) -> bool:
        """A new agent is made."""
        return not self.agent_id

    def command(self) -> str:
        """The same with `lk`, as far as it can; secrets by their source only.

        `lk agent deploy` takes no id: it deploys to the agent that a file names (PROTOCOL.md, Versions and
        deployments).
        """
        words = ["agent", "create" if self.creates else "deploy"]
        if self.creates:
            words += ["--region", self.region]
        elif self.deployment:
            words += ["--deployment", self.deployment]
        if self.secrets_file:
            words += ["--secrets-file", self.secrets_file]
        if self.skips_sdk_check:
            words.append("--skip-sdk-check")
        for item in self.secrets:
            if item.is_file:
                words += ["--secret-mount", item.origin or item.name]
        is_recorded = not self.creates and self.agent_id == self.recorded
        if is_recorded and self.recorded_in != "livekit.toml":
            words += ["--config", self.recorded_in]
        command = lk(*words, str(self.root))
        if self.creates or is_recorded:
            return command
        return f"{lk('agent', 'config', '--id', self.agent_id, str(self.root))} && {command}"


class Stage(StrEnum):
    """The stages of a deploy, in order."""

    FILES = "Dockerfile"
    ARCHIVE = "archive"
    ANNOUNCE = "create version"
    UPLOAD = "upload"
    BUILD = "build"
    RECORD = "livekit.toml"


class State(StrEnum):
    """Where a stage stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "not needed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class DeployReport:
    """How far a deploy got."""

    stages: Mapping[Stage, State]
    details: Mapping[Stage, str] = field(default_factory=dict)
    """A line for each stage."""
    done: int = 0
    """Bytes of the running stage."""
    total: int = 0
    build: BuildProgress | None = None
    agent_id: str = ""
    tag: str = ""
    """The version, as far as the service named it."""
    verdict: str = ""
    """Exactly what happened and what did not, once it is over."""
    over: bool = False
    good: bool = False
