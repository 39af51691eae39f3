"""Writes transitions that many agents have in common, within SQLite. Must not know why they are alike.

When a large fleet breaks there are two hundred thousand. Made row by row in Python they take two seconds, and
the loop has to share the interpreter with that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

from tui.fleet.past import Since
from tui.fleet.transitions import Alike
from tui.history.files.event_tables import OUR_CLOCK

_SUBJECTS: Final = "temp.alike JOIN name USING (text)"


class AlikeTransitions:
    """The rows of some subjects at a time, which are named first."""

    def __init__(self, file: sqlite3.Connection) -> None:
        """`file` is open for its one writer."""
        self._file = file
        file.execute("PRAGMA temp_store=MEMORY")
        file.execute("CREATE TEMP TABLE alike(text TEXT)")

    def name(self, ids: Sequence[str]) -> None:
        """Say which subjects the next rows are of."""
        self._file.execute("DELETE FROM temp.alike")
        self._file.executemany("INSERT INTO temp.alike VALUES(?)", zip(ids))
        self._file.execute(
            "INSERT INTO name(text) SELECT text FROM temp.alike"
            " WHERE NOT EXISTS (SELECT 1 FROM name WHERE name.text = alike.text)"
        )

    def add(self, alike: Alike, before: int, after: int) -> None:
        """Keep a transition of each; `before` and `after` are the numbers of its statuses."""
        self._file.execute(
            f"INSERT OR REPLACE INTO transition SELECT id, ?, ?, ?, ? FROM {_SUBJECTS}",
            (alike.at, before, after, alike.not_before),
        )
        if alike.is_clock_unknown:
            self._mark_clock(alike.at)

    def keep_since(self, since: Since) -> None:
        """Keep since when each has its status now."""
        *values, is_clock_unknown = (getattr(since, name) for name in Since.__struct_fields__)
        self._file.execute(f"INSERT OR REPLACE INTO since SELECT id, ?, ?, ?, ?, ? FROM {_SUBJECTS}", values)
        if is_clock_unknown:
            self._mark_clock(since.not_after if since.at is None else since.at)

    def _mark_clock(self, at: float | None) -> None:
        if at is not None:
            self._file.execute(f"INSERT OR IGNORE INTO {OUR_CLOCK} SELECT id, ? FROM {_SUBJECTS}", (at,))
