"""Reads what is recorded of the history of projects."""

from __future__ import annotations

from functools import partial
from typing import Final

from tui.config.table import Table, read_or
from tui.record_options import RecordOptions

RECORD_LIMITS: Final = {
    "record_hours": (24.0, 1.0, 720.0),
    "record_mib": (256.0, 16.0, 65_536.0),
    "event_days": (30.0, 1.0, 3_650.0),
    "event_mib": (128.0, 8.0, 65_536.0),
}
"""Default, least and most of what bounds a recording."""


def record_options(top: Table, notices: list[str]) -> RecordOptions | None:
    """What is recorded. What cannot be read of the switches records nothing, or nobody in clear."""
    if not read_or(lambda: top.flag("record", True), False, notices):
        return None
    limits = {
        name: read_or(partial(top.number, name, *limits), limits[0], notices)
        for name, limits in RECORD_LIMITS.items()
    }
    return RecordOptions(
        hours=limits["record_hours"],
        mib=limits["record_mib"],
        days=limits["event_days"],
        event_mib=limits["event_mib"],
        metadata=read_or(lambda: top.flag("record_metadata", False), False, notices),
        rooms=read_or(lambda: top.flag("record_rooms", True), False, notices),
    )
