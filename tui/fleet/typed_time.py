"""A time as an operator types it: `14:02`, `-5m`, `3m ago`. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

TIME_HINT: Final = "14:02, 14:02:11, -5m, -90s, -2h or 2026-11-21 14:02"
"""What may be typed."""
_AGO: Final = re.compile(r"([-+]?)\s*(\d{1,6})\s*([smhd])(?:\s+ago)?")
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})([.,]\d{1,6})?)?\s*(Z|z)?")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def typed_time(text: str, *, now: float, zone: tzinfo | None) -> float | None:
    """Unix seconds of a time as typed, None if invalid. A time of day is the last one before `now`."""
    text = text.strip()
    if found := _AGO.fullmatch(text):
        seconds = int(found[2]) * _UNITS[found[3]]
        return now + seconds if found[1] == "+" else now - seconds
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
    except (ValueError, OverflowError):  # the latter for years beyond time stamps
        return None


def precision(text: str) -> float:
    """Seconds that a time as typed is precise to."""
    text = text.strip()
    if found := _AGO.fullmatch(text):
        return 1.0 if found[3] == "s" else 60.0
    clock = text.replace("T", " ").rpartition(" ")[2]
    fraction = re.search(r":\d\d[.,](\d{1,6})", clock)
    return 10.0 ** -len(fraction[1]) if fraction else 1.0 if clock.count(":") > 1 else 60.0
