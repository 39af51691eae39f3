"""Times in words, coarse enough that a quiet screen stays byte for byte the same."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from tui.fleet.past import Since
from tui.formats import age

NO_AGE = age(0.0)
"""The word for an age below a minute."""
STEP = 15.0
"""Seconds in which the screen's clock moves; ages are coarser still."""


class TimeStyle(StrEnum):
    """How times are shown."""

    RELATIVE = "relative"
    LOCAL = "local"
    UTC = "utc"

    @property
    def next(self) -> TimeStyle:
        """The style after this one."""
        styles = list(TimeStyle)
        return styles[(styles.index(self) + 1) % len(styles)]


def seen(seconds: float) -> str:
    """How long ago something was observed, in steps so coarse that the words of recent data rarely change."""
    steps = ((120, "<2m"), (300, "2m+"), (600, "5m+"), (1800, "10m+"), (3600, "30m+"), (86_400, "1h+"))
    return next((words for limit, words in steps if seconds < limit), "1d+")


def zone_name(style: TimeStyle) -> str:
    """The zone of times shown in a style."""
    return "UTC" if style is TimeStyle.UTC else datetime.now().astimezone().strftime("%Z (%z)")


def time_title() -> str:
    """The title of a column of local times that have a date and no zone of their own."""
    return f"TIME ({datetime.now().astimezone():%Z})"


def clock_time(at: float, style: TimeStyle, *, zone: bool = True) -> str:
    """A time of day with its date and zone; `at` in Unix seconds."""
    if style is TimeStyle.UTC:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S" + ("Z" if zone else ""))
    local = datetime.fromtimestamp(at).astimezone()
    return local.strftime("%Y-%m-%d %H:%M:%S") + (local.strftime(" %Z") if zone else "")


def short_time(at: float, *, now: float, style: TimeStyle) -> str:
    """`14:02:11` today, `11-21 14:02` this year, `2025-11-21` else: eleven cells at the most."""
    zone = UTC if style is TimeStyle.UTC else None
    then, today = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone)
    if then.date() == today.date():
        return then.strftime("%H:%M:%S")
    return then.strftime("%m-%d %H:%M" if then.year == today.year else "%Y-%m-%d")


def second_of(at: float, *, now: float, style: TimeStyle) -> str:
    """`14:02:11` today, `11-21 14:02:11` on another day."""
    zone = UTC if style is TimeStyle.UTC else None
    then, today = datetime.fromtimestamp(at, zone), datetime.fromtimestamp(now, zone)
    return then.strftime("%H:%M:%S" if then.date() == today.date() else "%m-%d %H:%M:%S")


def rfc3339(at: float | None, never: str = "--") -> str:
    """Whole seconds in UTC, as `lk` prints them."""
    return never if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def when(at: float | None, *, now: float, style: TimeStyle, never: str = "–") -> str:
    """A time in the style that the operator chose; both arguments in Unix seconds."""
    if at is None:
        return never
    return age(now - at) if style is TimeStyle.RELATIVE else short_time(at, now=now, style=style)


def how_long(since: Since | None, *, now: float) -> tuple[str, str]:
    """For how long a status holds, in full and in a few cells; `now` in Unix seconds.

    `13m` was seen to change, `9m–5h` lies between two answers, `≥13m` was so before, `≤13m deploy` is not
    older than the deploy. `~` before it: the server's clock was not known then.
    """
    if since is None:
        return "–", "–"
    words, short = _how_long(since, now)
    return (f"~{words}", f"~{short}") if since.is_clock_unknown and words != "–" else (words, short)


def _how_long(since: Since, now: float) -> tuple[str, str]:
    if since.at is not None:
        words = age(now - since.at)
        return words, words
    least = None if since.not_after is None else age(now - since.not_after)
    most = None if since.not_before is None else age(now - since.not_before)
    if most is None:
        words = "–" if least is None or least == NO_AGE else f"≥{least}"  # "not less than 0" says nothing
        return words, words
    if least is None or least == NO_AGE:
        words = most if most == NO_AGE else f"≤{most}"
    else:
        words = most if least == most else f"{least}–{most}"
    short = most if most == NO_AGE else f"≤{most}"  # "less than" says it already
    return f"{words} {since.evidence}".rstrip(), short
