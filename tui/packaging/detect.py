"""Detects the kind of agent project in a directory (PROTOCOL.md, Builds). Writes nothing."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from tui.packaging.errors import ProjectError
from tui.packaging.files import NotReadable, read_text, shown


class ProjectType(StrEnum):
    """The kinds that a Dockerfile can be generated for."""

    PYTHON_PIP = "python.pip"
    PYTHON_UV = "python.uv"
    NODE = "node"

    @property
    def is_python(self) -> bool:
        """Whether the agent is a Python program."""
        return self is not ProjectType.NODE

    @property
    def suffix(self) -> str:
        """The suffix of its programs."""
        return ".py" if self.is_python else ".js"


@dataclass(frozen=True, slots=True)
class Detected:
    """A kind of project, and the file that decided."""

    type: ProjectType
    file: str
    """The file that decided."""
    warnings: tuple[str, ...] = ()
    """One line each, fit for display."""


_BY_FILE: Final = (
    ("package.json", ProjectType.NODE),
    ("uv.lock", ProjectType.PYTHON_UV),
    ("poetry.lock", ProjectType.PYTHON_PIP),
    ("Pipfile.lock", ProjectType.PYTHON_PIP),
    ("requirements.txt", ProjectType.PYTHON_PIP),
)
"""The first existing file decides."""
_PIP_TOOLS: Final = ("poetry", "pdm", "hatch")


def detect(root: Path) -> Detected:
    """The kind of the project in `root`, whose subdirectories do not count. Raises `ProjectError`."""
    for file, found in _BY_FILE:
        if (root / file).exists():
            return Detected(found, file, tuple(_doubts(root, found)))
    if (root / "pyproject.toml").exists():
        return _by_pyproject(root / "pyproject.toml")
    raise ProjectError(
        f"{shown(root)} holds no agent project: there is no package.json, requirements.txt, pyproject.toml"
        " or lock file in it"
    )


def _by_pyproject(path: Path) -> Detected:
    try:
        tools = tomllib.loads(read_text(path) or "").get("tool", {})
    except (NotReadable, tomllib.TOMLDecodeError) as error:
        warning = f"{path.name} cannot be read ({error}): taken for a pip project"
        return Detected(ProjectType.PYTHON_PIP, path.name, (warning,))
    names = set(tools) if isinstance(tools, dict) else set()
    is_uv = "uv" in names and names.isdisjoint(_PIP_TOOLS)
    return Detected(ProjectType.PYTHON_UV if is_uv else ProjectType.PYTHON_PIP, path.name)


def _doubts(root: Path, found: ProjectType) -> list[str]:
    python = [file for file, kind in _BY_FILE if kind.is_python] + ["pyproject.toml"]
    beside = [file for file in python if (root / file).exists()]
    if found is ProjectType.NODE and beside:
        return [
            f"package.json makes this a Node project although there is {beside[0]}; if it is not, remove it"
        ]
    return []
