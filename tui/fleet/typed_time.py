"""A time as an operator types it: `14:02`, `-5m`, `3m ago`. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

TIME_HINT: Final = "14:02, 14:02:11, -5m, -90s, -2h or 2026-11-21 14:02"
"""What may be typed."""
_AGO: Final = re.compile(r"([-+]?)\s*(\d{1,6})\s*([smhd])(?:\s+ago)?")
_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})([.,]\d{1,6})?)?\s*([Zz]|[-+]\d{2}:\d{2})?")
_OFFSET: Final = re.compile(r"([Zz]|[-+]\d{2}:\d{2})$")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def typed_times(text: str, *, now: float, zone: tzinfo | None) -> Sequence[float]:
    """What a time as typed may mean: two moments in the hour that occurs twice, none if it is invalid.

    Unix seconds, in order. A time of day is the last one before `now`.
    """
    text = text.strip()
    if found := _AGO.fullmatch(text):
        seconds = int(found[2]) * _UNITS[found[3]]
        return (now + seconds if found[1] == "+" else now - seconds,)
    try:
        if found := _CLOCK.fullmatch(text):
            where = zone if not found[5] else UTC if found[5] in "Zz" else _zone(found[5])
            return _last_of_day(found, now, where)
        stamp = datetime.fromisoformat(text)
        aware = stamp if stamp.tzinfo or zone is None else stamp.replace(tzinfo=zone)
        return _moments(aware)
    except (ValueError, OverflowError):  # the latter for years beyond time stamps
        return ()


def _zone(offset: str) -> tzinfo:
    return datetime.strptime(offset, "%z").tzinfo or UTC


def _last_of_day(found: re.Match[str], now: float, where: tzinfo | None) -> Sequence[float]:
    """The last such time of day. Raises `ValueError` if there is none."""
    fraction = float((found[4] or "0").replace(",", "."))
    hour, minute, second = (int(part or 0) for part in found.group(1, 2, 3))
    today = datetime.fromtimestamp(now, where).replace(
        hour=hour, minute=minute, second=second, microsecond=round(fraction * 1e6)
    )
    past = tuple(at for at in _moments(today) if at <= now)
    return past or _moments(today - timedelta(days=1))


def _moments(wall: datetime) -> Sequence[float]:
    """The moments at which clocks show this, in order; one if they skip it."""
    first, second = wall.replace(fold=0).timestamp(), wall.replace(fold=1).timestamp()
    return (first, second) if first < second else (first,)  # a time that is skipped has them the other way


def which_of(text: str, moments: Sequence[float], zone: tzinfo | None) -> Sequence[str]:
    """A time of an hour that occurs twice, as it is typed to mean one of the two."""
    return [f"{text.strip()}{_offset(at, zone)}" for at in moments]


def _offset(at: float, zone: tzinfo | None) -> str:
    digits = f"{datetime.fromtimestamp(at, zone).astimezone(zone):%z}"
    return f"{digits[:3]}:{digits[3:5]}"


def precision(text: str) -> float:
    """Seconds that a time as typed is precise to."""
    text = text.strip()
    if found := _AGO.fullmatch(text):
        return 1.0 if found[3] == "s" else 60.0
    clock = _OFFSET.sub("", text.replace("T", " ").rpartition(" ")[2])
    fraction = re.search(r":\d\d[.,](\d{1,6})", clock)
    return 10.0 ** -len(fraction[1]) if fraction else 1.0 if clock.count(":") > 1 else 60.0
