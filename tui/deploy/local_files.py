"""livekit.toml and Dockerfile on their own: what exists, what would be written. Sends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tui.api.text.clean import clean
from tui.packaging.detect import detect
from tui.packaging.dockerfile import DOCKERFILE, DOCKERIGNORE, entry_points, write_files
from tui.packaging.errors import BuildError
from tui.packaging.project_file import PROJECT_FILE, read_project_file, write_project_file


class NotWritten(Exception):
    """A file could not be written; the text is one line that says why."""


@dataclass(frozen=True, slots=True)
class FileChanges:
    """What would be written into a directory."""

    root: Path
    problem: str = ""
    """Why nothing can be written; one line."""
    facts: tuple[str, ...] = ()
    there: tuple[str, ...] = ()
    """Names of files that are there already."""
    changes: bool = True
    """Writing would change anything."""
    programs: tuple[str, ...] = ()
    """What a Dockerfile could start, likeliest first."""


def preview_project_file(root: Path, *, subdomain: str, agent_id: str) -> FileChanges:
    """What tying a directory to an agent would change. Blocks for the disk."""
    try:
        found = read_project_file(root / PROJECT_FILE)
    except BuildError as error:
        return FileChanges(root, problem=str(error))
    if not root.is_dir():
        return FileChanges(root, problem=f"{clean(str(root), limit=120)} is not a directory")
    if found is None:
        return FileChanges(root, facts=(f"project {subdomain}", f"agent   {agent_id}"))
    changes = (found.subdomain, found.agent_id) != (subdomain, agent_id) or found.old_format
    facts = (
        _change("project", found.subdomain, subdomain),
        _change("agent  ", found.agent_id, agent_id),
        "comments and everything else in it stay",
    )
    return FileChanges(root, facts=facts, there=(PROJECT_FILE,), changes=changes)


def _change(label: str, old: str, new: str) -> str:
    shown = clean(old, limit=80) or "(none)"
    return f"{label} {new}, as it is" if old == new else f"{label} {shown} → {new}"


def link_directory(root: Path, *, subdomain: str, agent_id: str) -> str:
    """Write livekit.toml; what was done, in a line. Blocks for the disk; raises `NotWritten`."""
    try:
        write_project_file(root / PROJECT_FILE, subdomain=subdomain, agent_id=agent_id)
    except BuildError as error:
        raise NotWritten(str(error)) from None
    return f"{clean(str(root / PROJECT_FILE), limit=200)} names {agent_id}"


def preview_dockerfile(root: Path) -> FileChanges:
    """What kind of project a directory holds and which files it has. Blocks for the disk."""
    try:
        found = detect(root)
        programs = entry_points(root, found.type)
    except BuildError as error:
        return FileChanges(root, problem=str(error))
    there = tuple(name for name in (DOCKERFILE, DOCKERIGNORE) if (root / name).exists())
    facts = [f"{found.type.value}, detected from {found.file}", *found.warnings]
    facts += [f"{name} is there" for name in there]
    return FileChanges(root, facts=tuple(facts), there=there, changes=len(there) < 2, programs=programs)


def write_dockerfile(root: Path, program: str, *, overwrite: bool) -> str:
    """Write what is missing, or both; what was done, in a line. Blocks; raises `NotWritten`."""
    if not program:
        raise NotWritten("program: say which one the Dockerfile starts; nothing was written")
    try:
        done = write_files(root, detect(root).type, program, overwrite=overwrite)
    except BuildError as error:
        raise NotWritten(str(error)) from None
    words = [f"wrote {' and '.join(done.written)} in {clean(str(root), limit=120)}" if done.written else ""]
    words += [f"kept {' and '.join(done.kept)}" if done.kept else "", *done.warnings]
    return "; ".join(filter(None, words))
