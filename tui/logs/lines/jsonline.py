"""The fields of a line of JSON, and the names that loggers give to level, time and message. Reads no text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from tui.logs.lines.levels import LETTERS, Level, level_named

FAILURES: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises for a line that is not JSON, or is made to break it."""

MESSAGE: Final = ("message", "msg", "event")
LEVEL: Final = ("level", "severity", "levelname")
LOGGER: Final = ("name", "logger")
TIME: Final = ("timestamp", "time", "ts", "asctime", "@timestamp")
BASIC: Final = frozenset((*MESSAGE, *LEVEL))
"""A line with one of these fields is a record."""
OTHER_MESSAGE: Final = ("@message", "@m", "@mt", "MESSAGE", "Message", "short_message", "fields.message")
"""hclog, Serilog, journald, .NET, GELF, Rust's tracing."""
OTHER_LEVEL: Final = (
    *("log.level", "level.name", "lvl", "loglevel", "log_level", "LogLevel", "@level", "@l"),
    *("severityText", "severity_text", "SeverityText"),
)
"""ECS, loguru, log15, .NET, hclog, Serilog, OpenTelemetry."""
OTHER_TIME: Final = (
    *("time.timestamp", "@t", "t.$date", "Timestamp", "time_iso8601", "datetime", "timeMillis", "date"),
    *("timestamp.seconds", "instant.epochSecond", "__REALTIME_TIMESTAMP", "timeUnixNano", "created"),
)
"""loguru, Serilog, MongoDB, .NET, nginx, monolog, log4j, Fluent Bit, GCP, journald, OpenTelemetry."""
OTHER_NAMES: Final = (
    {
        name
        for other in (*OTHER_MESSAGE, *OTHER_LEVEL, *OTHER_TIME)
        for name in (other, other.partition(".")[0])
    }
    | {"record", "PRIORITY", "s", "severityNumber"}
) - {*MESSAGE, *LEVEL, *TIME}
"""A line with one of these fields is read with more care."""

DEPTH: Final = 2
"""Objects around a record that are looked into, such as a container runtime's and loguru's."""
_CUT_LEVEL: Final = re.compile(
    rb'"(?:level|severity|levelname|log\.level|lvl|loglevel|log_level|@level|@l)"\s*:\s*"?(\w+)'
)
_SYSLOG: Final = (*(Level.CRITICAL,) * 3, Level.ERROR, Level.WARN, Level.INFO, Level.INFO, Level.DEBUG)
"""By priority."""
_OTEL: Final = (Level.DEBUG, Level.DEBUG, Level.INFO, Level.WARN, Level.ERROR, Level.CRITICAL)
"""By severity number, four to a level."""
_split = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_text = msgspec.json.Decoder(str).decode


def fields_of(raw: bytes) -> dict[str, str]:
    """The fields of a JSON object: strings unquoted, everything else as written; empty if invalid."""
    try:
        return {name: _value(bytes(value)) for name, value in _split(raw).items()}
    except FAILURES:
        pass
    try:  # the standard library accepts half of a surrogate pair, bad UTF-8, NaN
        found = json.loads(raw.decode("utf-8", "replace"), parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: v if isinstance(v, str) else json.dumps(v, ensure_ascii=False) for name, v in found.items()}


def _value(raw: bytes) -> str:
    return _text(raw) if raw[:1] == b'"' else raw.decode()


def inner_fields(text: str) -> dict[str, str]:
    """The fields of a value that is an object; empty if it is none."""
    return fields_of(text.encode("utf-8", "surrogatepass")) if text.startswith("{") else {}


def field(found: Mapping[str, str], *names: str) -> tuple[str, str]:
    """Name and value of the first field that says something; `a.b` is also the `b` of an object `a`."""
    return next(saying(found, names), ("", ""))


def scalar(found: Mapping[str, str], *names: str) -> tuple[str, str]:
    """The same of fields that are no objects."""
    return next((pair for pair in saying(found, names) if not pair[1].startswith("{")), ("", ""))


def saying(found: Mapping[str, str], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name and value of every one of these fields that says something."""
    for name in names:
        text = found.get(name, "")
        if not text and "." in name:
            outer, _, inner = name.partition(".")
            text = inner_fields(found.get(outer, "")).get(inner, "")
        if text and text != "null":
            yield name, text


def number(text: str) -> str | float:
    """The value as a number if it is one: pino writes levels and times as numbers."""
    if not text[:1].isdigit() or len(text) > 20:
        return text
    try:
        return float(text)
    except ValueError:
        return text


def level_in(found: Mapping[str, str]) -> Level:
    """The level that fields name; NONE if none does."""
    if text := scalar(found, *LEVEL, *OTHER_LEVEL)[1]:
        return level_named(number(text))
    if (priority := found.get("PRIORITY", "")).isdigit():
        return _SYSLOG[min(int(priority[:2]), 7)]
    if (severity := found.get("severityNumber", "")).isdigit():
        return _OTEL[min((max(int(severity[:2]), 1) - 1) // 4, 5)]
    if "t" in found:  # MongoDB
        return LETTERS.get(found.get("s", "")[:1], Level.NONE)
    return Level.NONE


def cut_level(raw: bytes) -> Level:
    """The level that the beginning of an object names: its end never came, or it is not quite JSON."""
    found = _CUT_LEVEL.search(raw)
    return level_named(number(found[1].decode("ascii", "replace"))) if found else Level.NONE


def wrapped(found: Mapping[str, str]) -> bytes:
    """The program's own line in the object that a collector or loguru put around it, or nothing."""
    if ("log" not in found and "record" not in found) or not BASIC.isdisjoint(found):
        return b""
    if found.get("record", "").startswith("{"):
        return found["record"].encode("utf-8", "surrogatepass")
    return found.get("log", "").rstrip("\r\n").encode("utf-8", "surrogatepass")
