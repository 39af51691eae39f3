"""A time as an operator types it: `14:02`, `-5m`, `2026-11-21 14:02:11`. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

FORMS: Final = "14:02, 14:02:11, -5m, -90s, -2h or 2026-11-21 14:02"
"""What can be typed."""
_AGO: Final = re.compile(r"([-+])\s*(\d{1,6})\s*([smhd])")
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})([.,]\d{1,6})?)?\s*(Z|z)?")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def moment(text: str, *, now: float, zone: tzinfo | None) -> float | None:
    """Unix seconds of what was typed; a time of day is the last one before `now`. None if it is no time."""
    text = text.strip()
    if found := _AGO.fullmatch(text):
        seconds = int(found[2]) * _UNITS[found[3]]
        return now - seconds if found[1] == "-" else now + seconds
    if found := _CLOCK.fullmatch(text):
        where = UTC if found[5] else zone
        fraction = float((found[4] or "0").replace(",", "."))
        hour, minute, second = (int(part or 0) for part in found.group(1, 2, 3))
        if hour > 23 or minute > 59 or second > 59:
            return None
        today = datetime.fromtimestamp(now, where).replace(
            hour=hour, minute=minute, second=second, microsecond=round(fraction * 1e6)
        )
        return (today if today.timestamp() <= now else today - timedelta(days=1)).timestamp()
    try:
        stamp = datetime.fromisoformat(text)
        return (stamp if stamp.tzinfo or zone is None else stamp.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):  # the latter for years that no time stamp reaches
        return None
