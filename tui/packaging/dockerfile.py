"""Writes Dockerfile and .dockerignore of a project without them (PROTOCOL.md, Builds)."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tui.packaging import templates
from tui.packaging.detect import ProjectType
from tui.packaging.errors import ProjectError
from tui.packaging.files import create_file, reason, replace_file, shown
from tui.packaging.ignore import DirectoryMatches, Patterns

DOCKERFILE: Final = "Dockerfile"
DOCKERIGNORE: Final = ".dockerignore"

_LIKELY: Final = (("__main__.py", "index.js"), ("main.py", "main.js"), ("agent.py", "agent.js"))
"""Names of programs, the likeliest first."""
_NEEDED: Final = {
    ProjectType.PYTHON_PIP: ("requirements.txt",),
    ProjectType.PYTHON_UV: ("pyproject.toml", "uv.lock"),
    ProjectType.NODE: ("package.json", "pnpm-lock.yaml"),
}
"""What the Dockerfile of a kind copies by name."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was done with the two files."""

    written: tuple[str, ...]
    """Names of files that were created or replaced."""
    kept: tuple[str, ...]
    """Names of files that existed and are unchanged."""
    warnings: tuple[str, ...]
    """One line each, fit for display."""


def entry_points(root: Path, kind: ProjectType) -> tuple[str, ...]:
    """The possible entry points, relative to `root`, the likeliest first.

    Never empty: without any it is the default name. Raises `ProjectError` for an unreadable directory.
    """
    patterns = Patterns(line for line in templates.IGNORED[kind].splitlines() if not line.startswith("#"))
    found = [name for name in _files(root, patterns) if _may_be_program(name, kind)]
    found.sort(key=lambda name: (_rank(name), name))
    return tuple(found) or (f"agent{kind.suffix}",)


def dockerfile(kind: ProjectType, entry_point: str) -> str:
    """The text of a Dockerfile. A Node project is started by its `start` script, not by the entry point."""
    if not entry_point.isprintable():
        raise ProjectError(f"{shown(entry_point)!r} cannot be the name of a program in a Dockerfile")
    # the JSON form of CMD: no shell reads the name
    return templates.DOCKERFILES[kind].replace("@PROGRAM@", json.dumps(entry_point, ensure_ascii=False))


def dockerignore(kind: ProjectType) -> str:
    """The text of a .dockerignore."""
    return templates.IGNORED[kind]


def write_files(root: Path, kind: ProjectType, entry_point: str, *, overwrite: bool = False) -> Written:
    """Write the files that are missing, or both if asked to overwrite. Raises `ProjectError`.

    `lk` replaces an existing .dockerignore when it writes a Dockerfile; here it is kept.
    """
    written: list[str] = []
    kept: list[str] = []
    for name, text in ((DOCKERFILE, dockerfile(kind, entry_point)), (DOCKERIGNORE, dockerignore(kind))):
        path = root / name
        there = os.path.lexists(path)
        if there and not overwrite:
            kept.append(name)
            continue
        try:
            (replace_file if there else create_file)(path, text.encode(), mode=0o644)
        except OSError as error:
            raise ProjectError(f"cannot write {shown(path)}: {reason(error)}; {_so_far(written)}") from None
        written.append(name)
    missing = [name for name in _NEEDED[kind] if not (root / name).exists()] if DOCKERFILE in written else []
    warnings = [
        f"the Dockerfile copies {name}, which is missing: the build will stop there" for name in missing
    ]
    return Written(tuple(written), tuple(kept), tuple(warnings))


def _so_far(written: list[str]) -> str:
    return f"{' and '.join(written)} was written" if written else "nothing was written"


def _files(root: Path, patterns: Patterns) -> list[str]:
    """Regular files that the patterns do not exclude; excluded directories are not read."""
    found: list[str] = []
    pending: list[tuple[str, DirectoryMatches | None]] = [("", None)]
    while pending:
        folder, level = pending.pop()
        try:
            entries = list(os.scandir(root / folder))
        except OSError as error:
            raise ProjectError(f"cannot read {shown(root / folder)}: {reason(error)}") from None
        for entry in entries:
            name = f"{folder}/{entry.name}".lstrip("/")
            if patterns.ignores(name, level):
                continue
            if entry.is_dir(follow_symlinks=False):
                pending.append((name, patterns.enter(name, level)))
            elif entry.is_file(follow_symlinks=False):
                found.append(name)
    return found


def _may_be_program(name: str, kind: ProjectType) -> bool:
    base = name.rpartition("/")[2]
    hidden = base.startswith("__") and base != "__main__.py"
    return base.endswith(kind.suffix) and not hidden and name.isprintable()


def _rank(name: str) -> int:
    base = name.rpartition("/")[2]
    return next((rank for rank, names in enumerate(_LIKELY) if base in names), len(_LIKELY))
