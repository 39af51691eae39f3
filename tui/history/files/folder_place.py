"""Where a project is recorded in the state folder, and which process does it. Must not know threads."""

from __future__ import annotations

import errno
from contextlib import closing
from pathlib import Path
from typing import Final

from tui import privatefile
from tui.api.text.clean import clean
from tui.fleet.past import Event
from tui.history.files import folder, inbox
from tui.history.files.privacy import DIGEST_MARK, Privacy
from tui.history.records import OWN, Run, Unusable
from tui.history.store import Loaded, Writer
from tui.record_options import RecordOptions

FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class FolderPlace:
    """`Place` of a project's folder. What reads and writes SQLite is imported in the thread that needs it."""

    def __init__(
        self, root: Path, project: str, options: RecordOptions, run: Run, *, gap_after: float
    ) -> None:
        """`root` has a folder for each project's key."""
        self._root, self._project, self._options, self._run = root, project, options, run
        self._gap_after = gap_after
        self._where = root / project
        self._lock = folder.Lock(self._where)
        self._inbox = inbox.Inbox(self._where)
        self._newest = 0
        """Number of the newest event that was read of the process that records."""

    @property
    def where(self) -> Path:
        """The project's folder. It may not be there yet."""
        return self._where

    def refusal(self) -> str:
        """Why nothing can be recorded here at all, in words; empty if it can."""
        kind = folder.network_file_system(self._root)
        if not kind:
            return ""
        return f"{self._root} is on a network file system ({kind}); set XDG_STATE_HOME to a local one"

    def take(self) -> bool:
        """Try to be the process that records; whether it is. Raises `OSError`."""
        self._require_private()
        return self._lock.take()

    def _require_private(self) -> None:
        """A link in place of one of the folders would lead what is recorded to wherever it points."""
        for place in (self._root, self._where):
            privatefile.private_folder(place)

    def last_beat(self) -> float | None:
        """When the process that records has written last, Unix seconds."""
        return self._lock.last_beat()

    def open(self) -> Writer:
        """A writer. Raises `Unusable`, `OSError` and `sqlite3.Error`."""
        from tui.history.files.folder_store import FolderWriter

        return FolderWriter(self._root, self._project, self._options, self._run, gap_after=self._gap_after)

    def leave(self, events: list[Event]) -> None:
        """Leave own events, as they may be kept, for the process that records. Raises `OSError`."""
        self._require_private()
        if own := [event for event in events if event.kind in OWN]:
            kept = Privacy(folder.digest_key(self._where), self._options.metadata, self._options.rooms)
            inbox.leave(self._where, map(kept.event, own))

    def left(self) -> list[Event]:
        """What other processes have left. Shows them that this one writes."""
        self._lock.beat()
        return self._inbox.take()

    def news(self) -> list[Event]:
        """Events that the process that records has kept since the last call, or lately at the first.

        Those about a room whose name is not kept are left out: this process tells of them with its name.
        """
        import sqlite3

        from tui.history.files.event_reader import EventReader

        try:
            with closing(
                EventReader(self._where)
            ) as reader:  # not kept open: it is another file once forgotten
                self._newest, found = reader.newer(self._newest)
        except (OSError, sqlite3.Error, Unusable):
            return []  # nothing is there yet, or that process is of another version
        return [event for event in found if not event.subject.room.startswith(DIGEST_MARK)]

    def forget(self) -> None:
        """Remove all that was recorded. Raises `OSError`."""
        from tui.history.files.retention import forget

        forget(self._where)

    def load(self) -> Loaded | None:
        """What earlier runs knew. Raises `Unusable`, `OSError` and `sqlite3.Error`."""
        if self.refusal():
            return None
        from tui.history.files.folder_store import loaded

        return loaded(self._where)

    def release(self) -> None:
        """Let another process record."""
        self._lock.release()

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """Errors of the place that may pass, such as a full disk."""
        import sqlite3

        return OSError, sqlite3.Error

    def words(self, error: Exception) -> str:
        """What one of them means."""
        number = error.errno if isinstance(error, OSError) else None
        text = str(error)
        if number in FULL or "disk is full" in text:
            return f"the disk is full ({self._where})"
        if number == errno.EROFS or "readonly" in text:
            return f"{self._where} is read-only"
        return clean(f"{self._where}: {error.strerror if isinstance(error, OSError) else text}", limit=300)
