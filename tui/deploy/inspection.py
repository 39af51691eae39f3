"""What a working directory is, looked at before anything is asked or sent. Changes nothing."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tui.livekit_toml import LivekitToml
from tui.packaging.detect import Detected, detect
from tui.packaging.dockerfile import DOCKERFILE, entry_points
from tui.packaging.errors import BuildError, SdkRefused
from tui.packaging.files import shown
from tui.packaging.gitinfo import GitInfo, read_git
from tui.packaging.project_file import PROJECT_FILE, read_project_file
from tui.packaging.sdk import SdkCheck, check_sdk
from tui.packaging.secrets import find_env_files
from tui.packaging.source import SourceFiles, scan_source

_REGIONS: Final = 32
"""Regional files that are read at most."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """A working directory at one moment."""

    root: Path
    detected: Detected | None = None
    source: SourceFiles | None = None
    git: GitInfo | None = None
    project_file: LivekitToml | None = None
    """What livekit.toml says; None if there is none."""
    regional_files: Mapping[str, LivekitToml] = field(default_factory=dict)
    """File name → what each livekit.NAME.toml says, where there is no livekit.toml."""
    has_dockerfile: bool = False
    entry_points: tuple[str, ...] = ()
    """Programs that a generated Dockerfile could start, likeliest first."""
    env_files: tuple[Path, ...] = ()
    """Files that secrets could be read from."""
    sdk: SdkCheck | None = None
    sdk_refusal: str = ""
    """Why the check of the SDK's version failed; empty if it did not. One may go on without it."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What the service says of regions and SDK versions."""
    problems: tuple[str, ...] = ()
    """Why it cannot be deployed, one line each."""
    warnings: tuple[str, ...] = ()

    def file_of(self, agent_id: str) -> tuple[str, LivekitToml] | None:
        """The file that is about an agent, with its name: livekit.toml, or the regional one that names it."""
        if self.project_file is not None:
            return PROJECT_FILE, self.project_file
        return next((found for found in self.regional_files.items() if found[1].agent_id == agent_id), None)

    @property
    def regions(self) -> tuple[str, ...]:
        """Regions for a new agent; `us-east` where the service names none (PROTOCOL.md, Agents)."""
        named = tuple(name.strip() for name in self.settings.get("available_regions", "").split(","))
        return tuple(name for name in named if name) or ("us-east",)

    def residency(self, region: str) -> str:
        """The warning that goes with a region; empty for most."""
        named = (name.strip() for name in self.settings.get("residency_warning_regions", "").split(","))
        if not region or region not in named:
            return ""
        home = self.settings.get("project_data_region", "") or "another region"
        return f"{region}: data residency rules apply there, and this project's data are in {home}"


async def inspect_directory(
    root: Path, settings: Mapping[str, str], environment: Mapping[str, str], *, problem: str = ""
) -> Inspection:
    """Look at a directory. What cannot be read becomes a problem, never an exception.

    `problem` is one that was found before, such as settings that could not be fetched.
    """
    if not await asyncio.to_thread(os.path.isdir, root):
        return Inspection(root, problems=(f"{shown(root)} is not a directory",))
    git = await read_git(root, environment)
    return await asyncio.to_thread(_look, root, settings, git, problem)


def _look(root: Path, settings: Mapping[str, str], git: GitInfo | None, problem: str) -> Inspection:
    problems: list[str] = [problem] if problem else []
    warnings: list[str] = [git.note] if git and git.note else []
    detected: Detected | None = None
    source: SourceFiles | None = None
    project_file: LivekitToml | None = None
    sdk: SdkCheck | None = None
    sdk_refusal = ""
    programs: tuple[str, ...] = ()
    try:
        detected = detect(root)
        warnings += detected.warnings
        programs = entry_points(root, detected.type)
    except BuildError as error:
        problems.append(str(error))
    try:
        source = scan_source(root)
        # one that is missing is said, and written, apart from these
        warnings += [words for words in source.warnings if not words.startswith(f"there is no {DOCKERFILE}")]
        warnings += [f"left out: {item.name} is a {item.kind}" for item in source.skipped[:5]]
    except BuildError as error:
        problems.append(str(error))
    regional: dict[str, LivekitToml] = {}
    try:
        project_file = read_project_file(root / PROJECT_FILE)
        regional = {} if project_file else _regional_files(root)
    except BuildError as error:
        problems.append(str(error))
    if detected is not None and not problem:  # without settings there is nothing to check by
        try:
            sdk = check_sdk(root, detected.type, settings)
            warnings += sdk.warnings
        except SdkRefused as refusal:
            sdk_refusal = str(refusal)
        except BuildError as error:
            problems.append(str(error))
    return Inspection(
        root=root,
        detected=detected,
        source=source,
        git=git,
        project_file=project_file,
        regional_files=regional,
        has_dockerfile=(root / DOCKERFILE).exists(),
        entry_points=programs,
        env_files=find_env_files(root),
        sdk=sdk,
        sdk_refusal=sdk_refusal,
        settings=dict(settings),
        problems=tuple(problems),
        warnings=tuple(warnings),
    )


def _regional_files(root: Path) -> dict[str, LivekitToml]:
    """The files of an agent that is deployed in several regions, one each. Raises `BuildError`."""
    found = ((path.name, read_project_file(path)) for path in sorted(root.glob("livekit.*.toml"))[:_REGIONS])
    return {name: said for name, said in found if said is not None}
