"""Chooses what `lktop replay` opens, and the moment that it begins at. Must not know the screen."""

from __future__ import annotations

from pathlib import Path

from tui.clock import SystemClock
from tui.fleet.state import Fleet
from tui.fleet.typed_time import TIME_HINT, typed_times, which_of
from tui.project import Project
from tui.secret import Secret
from tui.session.recordings import newest, opened
from tui.session.replayed import Replay
from tui.session.watched import NoHistory, Watched


def place(file: str, root: Path, project: Project | None) -> Path:
    """What is opened: the file that is named, the project's folder, or the one recorded last.

    Raises `NoHistory`.
    """
    if file:
        return Path(file).absolute()
    if project is not None and (root / project.key).is_dir():
        return root / project.key
    return newest(root)


def project_of(path: Path, known: Project | None) -> Project:
    """What is shown as the project. It has no credentials."""
    name = known.name if known is not None and path.name == known.key else path.stem[:24]
    address = known.url if known is not None and path.name == known.key else ""
    return Project(name, address, address, "", Secret(""), str(path), read_only=True)


def beginning(path: Path, text: str) -> float:
    """The moment to begin at, Unix seconds; without `text` the newest. Relative to the newest sample.

    Raises `NoHistory`, also for a text that is no time.
    """
    reader = opened(path)
    try:
        last, problems = reader.samples.last, reader.samples.problems
    finally:
        reader.close()
    if last is None:
        raise NoHistory(f"no samples in {path}{''.join(f': {problem}' for problem in problems[:1])}")
    found = typed_times(text, now=last.at, zone=None) if text else (last.at,)
    if not found:
        raise NoHistory(f"--at {text}: no time; give {TIME_HINT}")
    if len(found) > 1:
        raise NoHistory(f"--at {text}: that hour came twice; give {' or '.join(which_of(text, found, None))}")
    return found[0]


def watched(project: Project, path: Path) -> Watched:
    """The recording as a project that is watched."""
    return Replay(project, Fleet(), clock=SystemClock(), read=lambda: opened(path))
