"""When a line says that it was written. Knows no levels, and nothing of the lines around it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

import msgspec

from tui.logs.lines.envelope import bare, colourless, json_start
from tui.logs.lines.jsonline import DEPTH, FAILURES, OTHER_TIME, TIME, fields_of, number, saying, wrapped

EARLIEST: Final = 946_684_800.0
"""Year 2000: an earlier time is a mistake or a duration."""
LATEST: Final = 4_102_444_800.0
"""Year 2100."""
AHEAD: Final = 3600.0
"""Seconds by which a line's clock may be ahead of this machine's: a time without a date is then today's."""
HEAD: Final = 160
"""Bytes of a line of text in which a time begins."""

_ZONE: Final = r"(?: ?(?:Z|UTC|GMT)|\s?[+-]\d\d:?\d\d(?!\d))?"
_CLOCK: Final = r"[0-2]\d:[0-5]\d(?::[0-6]\d(?:[.,]\d{1,9})?)?"
_MONTHS: Final = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_MONTH: Final = {name: place for place, name in enumerate(_MONTHS.split("|"), 1)}


@cache
def _time() -> re.Pattern[str]:
    """A time. Compiled when it is needed, as that takes a moment of the start."""
    return re.compile(
        r"(?<![\w.])(?:"
        # 2026-08-11T09:05:24.118Z, 2026/08/11 09:05:24,118 +0200
        r"(?P<iso>(?:19|20)\d\d(?P<sign>[-/])\d\d(?P=sign)\d\d[T _]" + _CLOCK + _ZONE + r")"
        # 28/Nov/2026:10:00:05 +0000, 28 Nov 2026 10:00:05.123, Sat Nov 28 10:00:05.123 2026
        r"|(?P<day>\d\d)[/ ](?P<mon>" + _MONTHS + r")[/ ](?P<year>20\d\d)[: ]"
        r"(?P<at>" + _CLOCK + r")(?P<zone>" + _ZONE + r")"
        r"|(?P<cmon>" + _MONTHS + r") (?P<cday>[ \d]\d) (?P<cat>" + _CLOCK + r")(?: (?P<cyear>20\d\d))?"
        # 1795000000.123, E0000 00:00:1795000000.123456
        r"|(?:[IWEF]\d{4} 00:00:)?(?P<unix>1\d{9}(?:\.\d{1,9})?|1\d{12})(?![\w-])"
        # E1128 10:00:05.123456, 11-28 10:00:05.123
        r"|[IWEF]?(?P<kmon>[01]\d)-?(?P<kday>[0-3]\d) (?P<kat>" + _CLOCK + r")"
        # 10:00:05.123, 10:00AM
        r"|(?P<only>[0-2]\d:[0-5]\d:[0-6]\d(?:[.,]\d{1,9})?|[01]?\d:[0-5]\d(?= ?[AP]M))(?P<half> ?[AP]M)?"
        r")",
        re.ASCII,
    )


_FIRST: Final = re.compile(r"20\d\d-\d\d-\d\d[T ]" + _CLOCK + _ZONE + r"(?=[\s|])", re.ASCII)
"""How most lines of text begin."""


@cache
def _leads() -> re.Pattern[str]:
    """What may stand before a time: brackets, a level, an address, a name set off from it."""
    return re.compile(
        r"(?:<\d+>\d?|[\s\[(<|,>'\":-]"
        r"|\[[^\]]*\](?=[\s\[]|$)"
        r"|(?:TRACE|DEBUG|DEV|INFO|NOTICE|WARN(?:ING)?|ERROR|ERR|CRITICAL|FATAL|LOG|[VDIWEFAC])(?=[\s\[:,|-]|$)"
        r"|(?:level|lvl|severity)=\w+"
        r"|(?:@?timestamp|time|ts|t|asctime|date|datetime)[=:]"
        r"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b"
        r"|\d+(?:\.\d+){3}(?::\d+)?(?=\s)|[0-9a-fA-F]*:[0-9a-fA-F:]+(?=\s)"  # an address
        r"|\d+:[A-Z](?=\s)|\d{1,7}(?=[\s:])"  # redis, a process
        r"|[\w./-]+ +\|"
        r"|[\w.]+ ?[-:|] ?$"
        r")*+",
        re.ASCII,
    )


_CUT_TIME: Final = re.compile(rb'"(?:timestamp|time|ts|asctime|@timestamp)"\s*:\s*"?([^",}]{10,40})[",}]')
LOOKED_AT: Final = 4096
"""Bytes of an object without an end in which a time is looked for."""


class Header(msgspec.Struct, gc=False):
    """The fields that most lines of JSON have their time in."""

    timestamp: str | int | float | None = None
    time: str | int | float | None = None
    ts: str | int | float | None = None


_header = msgspec.json.Decoder(Header).decode


def time_of(line: bytes, received: float | None = None, depth: int = DEPTH) -> float | None:
    """When a line says that it was written, Unix seconds.

    A time without a date or a year is completed from when the line was `received`, if that is given.
    """
    start = json_start(line)
    if start >= 0:
        raw = line[start:] if start else line
        try:
            header = _header(raw)
        except FAILURES:
            header = Header()
        moment = parse_time(header.timestamp or header.time or header.ts)
        if moment is not None:
            return moment
        found = fields_of(raw)
        moment = _time_in(found, received, depth) if found else _time_of_cut(raw)
        if moment is not None:
            return moment
    return _in_text(bare(line)[: HEAD * 2].decode("latin-1"), received)


def begins_with_time(text: str) -> bool:
    """Whether a line of text begins with a time, dated or not."""
    return _at_head(text) is not None


def _time_in(found: Mapping[str, str], received: float | None, depth: int) -> float | None:
    inner = wrapped(found) if depth else b""
    if inner and (moment := time_of(inner, received, depth - 1)) is not None:
        return moment
    return time_field(found, received)[1]


def _time_of_cut(raw: bytes) -> float | None:
    """The time at the beginning of an object whose end never came."""
    match = _CUT_TIME.search(raw, 0, LOOKED_AT)
    return parse_time(number(match[1].decode("latin-1"))) if match else None


def time_field(found: Mapping[str, str], received: float | None = None) -> tuple[str, float | None]:
    """Name and value in Unix seconds of the first field that holds a time."""
    for name, text in saying(found, (*TIME, *OTHER_TIME)):
        moment = parse_time(number(text)) or _in_text(text, received)
        if moment is not None:
            return name, moment
    return "", None


def _in_text(text: str, received: float | None) -> float | None:
    if match := _FIRST.match(text):
        return parse_time(_with_zone(match[0].replace(",", ".")))
    head = colourless(text[: HEAD * 2])[:HEAD]
    match = _at_head(head)
    if match is None:
        return None
    if iso := match["iso"]:
        text = iso.replace("/", "-").replace(",", ".").replace("_", "T")
        return parse_time(_with_zone(text))
    if unix := match["unix"]:
        return parse_time(float(unix))
    if match["year"]:
        stamp = f"{match['year']}-{_MONTH[match['mon']]:02}-{match['day']}"
        return parse_time(_with_zone(f"{stamp} {_text(match['at'])}{_text(match['zone'])}"))
    if match["cyear"]:
        return parse_time(f"{match['cyear']}-{_dated(match, 'cmon', 'cday')} {_text(match['cat'])}")
    return None if received is None else _completed(match, received)


def _at_head(text: str) -> re.Match[str] | None:
    match = _time().search(text, 0, HEAD)
    return match if match and _leads().fullmatch(text, 0, match.start()) else None


def _text(found: str) -> str:
    return found.replace(",", ".")


def _with_zone(text: str) -> str:
    """ISO 8601 without what only other formats have: a space before the zone, UTC and GMT."""
    if text[-1].isdigit() and " " not in text[16:]:
        return text
    head, zone = text[:16], text[16:]
    zone = zone.replace("UTC", "Z").replace("GMT", "Z").replace(" ", "")
    return head + zone


def _dated(match: re.Match[str], month: str, day: str) -> str:
    named = match[month]
    return f"{_MONTH.get(named) or int(named):02}-{int(match[day]):02}"


def _completed(match: re.Match[str], received: float) -> float | None:
    """The last such time before a line was received; the clock of who wrote it may be ahead by `AHEAD`."""
    now = datetime.fromtimestamp(received + AHEAD, UTC)
    if match["only"]:
        clock, half = _text(match["only"]).zfill(5), (match["half"] or "").strip()
        moment = parse_time(f"{now:%Y-%m-%d} {clock}")
        if moment is None:
            return None
        hour = int(clock[:2])
        moment += 43_200 * ((half == "PM" and hour < 12) - (half == "AM" and hour == 12))
        return moment if moment <= now.timestamp() else moment - timedelta(days=1).total_seconds()
    month, day, clock = ("cmon", "cday", "cat") if match["cmon"] else ("kmon", "kday", "kat")
    for year in (now.year, now.year - 1):
        moment = parse_time(f"{year}-{_dated(match, month, day)} {_text(match[clock])}")
        if moment is not None and moment <= now.timestamp():
            return moment
    return None


def parse_time(value: object) -> float | None:
    """Unix seconds of an ISO 8601 text or of a number of s, ms, µs or ns; None for anything else."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
            # a time without a zone is the server's, and servers run on UTC
            seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError, OSError):
            return None
        return seconds if EARLIEST <= seconds < LATEST else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        for unit in (1.0, 1e3, 1e6, 1e9):
            if EARLIEST <= value / unit < LATEST:
                return value / unit
    return None
