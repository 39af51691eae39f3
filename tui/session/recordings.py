"""Opens what was recorded of a project. Imports SQLite only when asked to; not to be called on the loop."""

from __future__ import annotations

from pathlib import Path

from tui.history.records import Unusable
from tui.history.store import Reader
from tui.session.watched import NoHistory


def opened(where: Path) -> Reader:
    """A project's folder for reading. Raises `NoHistory`."""
    import sqlite3

    from tui.history.folder_store import FolderReader

    try:
        return FolderReader(where)
    except FileNotFoundError:
        raise NoHistory("nothing was recorded of this project yet") from None
    except (Unusable, OSError, sqlite3.Error) as error:
        raise NoHistory(f"what was recorded cannot be read: {error}") from error
