"""Opens what was recorded of a project. Imports SQLite only when asked to; not to be called on the loop."""

from __future__ import annotations

from pathlib import Path

from tui.history.records import Unusable
from tui.history.store import Reader
from tui.record_options import RecordOptions
from tui.session.watched import NoHistory


def opened(where: Path) -> Reader:
    """A project's folder, an hour's file of it or an export, for reading. Raises `NoHistory`."""
    import sqlite3

    from tui.history.files.export import ExportReader
    from tui.history.files.folder_store import FolderReader
    from tui.history.files.hour_reader import HourReader
    from tui.history.files.sample_files import SUFFIX

    try:
        if where.is_dir():
            return FolderReader(where)
        return HourReader(where) if where.suffix == SUFFIX else ExportReader(where)
    except FileNotFoundError:
        raise NoHistory(f"nothing was recorded there: {where}") from None
    except sqlite3.Error as error:
        raise NoHistory(f"what was recorded cannot be read: {where}: {error}") from error
    except (Unusable, OSError) as error:
        raise NoHistory(f"what was recorded cannot be read: {error}") from error


def exported(reader: Reader, since: float, until: float, path: Path, options: RecordOptions) -> int:
    """Write a part of a recording into a new file, and close the recording; returns how many samples.

    Times are Unix seconds by the server's clock. Raises `NoHistory`.
    """
    import sqlite3

    from tui.history.files.export import write

    try:
        return write(reader, since, until, path, options)
    except FileExistsError:
        raise NoHistory(f"not written: {path} is there already") from None
    except OSError as error:
        raise NoHistory(f"not written: {error.filename or path}: {error.strerror or error}") from error
    except (Unusable, sqlite3.Error) as error:
        raise NoHistory(f"not written: {error}") from error
    finally:
        reader.close()


def newest(root: Path) -> Path:
    """The folder of the project that was recorded last. Raises `NoHistory`."""
    try:
        folders = [path for path in root.iterdir() if path.is_dir() and not path.is_symlink()]
    except OSError as error:
        raise NoHistory(f"nothing was recorded in {root}: {error.strerror}") from None
    written = {folder: at for folder in folders if (at := _written_at(folder)) is not None}
    if not written:
        raise NoHistory(f"nothing was recorded in {root}")
    return max(written, key=lambda folder: written[folder])


def _written_at(folder: Path) -> float | None:
    """When a project was recorded last, Unix seconds; None where nothing of it is left or can be read."""
    from tui.history.files.event_file import NAME
    from tui.history.files.sample_files import sample_files

    try:
        files = (*sample_files(folder), *folder.glob(f"{NAME}*"))
        return max((path.stat().st_mtime for path in files), default=None)
    except OSError:
        return None
