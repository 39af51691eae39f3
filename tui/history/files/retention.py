"""What goes from the folders of recordings: what is too old or too much, or all. Must not know records."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tui.history.files import database
from tui.history.files.event_file import NAME as EVENT_FILE
from tui.history.files.folder import LOCK
from tui.history.files.sample_files import sample_files

TOTAL: Final = 1 << 30
"""Bytes of samples of all projects together."""


def forget(folder: Path) -> None:
    """Remove all that was recorded of a project, and its key. Raises `OSError`."""
    for path in sample_files(folder):
        database.remove(path)
    database.remove(folder / EVENT_FILE)
    for path in folder.iterdir():
        if path.name != LOCK and not path.is_dir():
            path.unlink(missing_ok=True)


def expire(root: Path, project: str, *, hours: float, size: int, days: float, now: float) -> list[Path]:
    """Drop samples that are too old or too many, the oldest file first; returns the project's that are left.

    Other projects' are too old by the same limits: nobody may watch them any more. `now` is Unix seconds.
    Files of this project that are written go last.
    """
    own = sample_files(root / project)
    for path in _others(root, project):
        limit = days * 86_400 if path.name == EVENT_FILE else hours * 3600
        if _changed_at(path) < now - limit:
            database.remove(path)
    while len(own) > 1 and _changed_at(own[0]) < now - hours * 3600:
        database.remove(own.pop(0))
    while len(own) > 1 and sum(map(database.size, own)) > size:
        database.remove(own.pop(0))
    others = sum(map(database.size, (path for path in _others(root, project) if path.name != EVENT_FILE)))
    while len(own) > 1 and sum(map(database.size, own)) + others > TOTAL:
        database.remove(own.pop(0))
    return own


def _others(root: Path, project: str) -> Iterator[Path]:
    for folder in root.iterdir():
        if folder.name != project and folder.is_dir() and not folder.is_symlink():
            yield from sample_files(folder)
            if (folder / EVENT_FILE).exists():
                yield folder / EVENT_FILE


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
