"""Severity of a line, and the mark that is kept of each row: one byte. Reads no lines."""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final


class Level(IntEnum):
    """Severity of a line, in order."""

    NONE = 0
    DEBUG = 1
    INFO = 2
    WARN = 3
    ERROR = 4
    CRITICAL = 5


LEVEL_BITS: Final = 0x07
PART: Final = 0x08
"""The row is part of a message of several lines, such as a frame of a traceback: not an error by itself."""
NOTICE: Final = 0x10
"""The row is a notice of the program: a place in the log without bytes."""
CUT: Final = 0x20
"""The row is a piece of a line: its end never came."""

ERRORS: Final = re.compile(
    b"[%c%c%c%c]" % (Level.ERROR, Level.CRITICAL, CUT | Level.ERROR, CUT | Level.CRITICAL)
)
"""Finds the rows of error level and above in a run of marks, each message once."""

LEVELS: dict[object, Level] = {
    "TRACE": Level.DEBUG,
    "TRC": Level.DEBUG,
    "VERBOSE": Level.DEBUG,
    "FINEST": Level.DEBUG,
    "FINER": Level.DEBUG,
    "FINE": Level.DEBUG,
    "SILLY": Level.DEBUG,
    "DEBUG": Level.DEBUG,
    "DBG": Level.DEBUG,
    "DBUG": Level.DEBUG,
    "DEV": Level.DEBUG,  # livekit-agents' own level between debug and info
    "INFO": Level.INFO,
    "INF": Level.INFO,
    "INFORMATION": Level.INFO,
    "INFORMATIONAL": Level.INFO,
    "CONFIG": Level.INFO,
    "NOTICE": Level.INFO,
    "SUCCESS": Level.INFO,
    "WARN": Level.WARN,
    "WRN": Level.WARN,
    "WARNING": Level.WARN,
    "ERROR": Level.ERROR,
    "ERR": Level.ERROR,
    "FAIL": Level.ERROR,
    "SEVERE": Level.ERROR,
    "CRITICAL": Level.CRITICAL,
    "CRIT": Level.CRITICAL,
    "FATAL": Level.CRITICAL,
    "FTL": Level.CRITICAL,
    "PANIC": Level.CRITICAL,
    "PNC": Level.CRITICAL,
    "DPANIC": Level.CRITICAL,
    "ALERT": Level.CRITICAL,
    "EMERG": Level.CRITICAL,
    "EMERGENCY": Level.CRITICAL,
    # pino, which the Node agents log with, writes numbers
    10: Level.DEBUG,
    20: Level.DEBUG,
    30: Level.INFO,
    40: Level.WARN,
    50: Level.ERROR,
    60: Level.CRITICAL,
}
"""What loggers call their levels, or the numbers that they write."""
LEVELS |= {
    spelled: level
    for name, level in LEVELS.items()
    if isinstance(name, str)
    for spelled in (name.lower(), name.capitalize())
}
LETTERS: Final[dict[str, Level]] = {
    "V": Level.DEBUG,
    "T": Level.DEBUG,
    "D": Level.DEBUG,
    "I": Level.INFO,
    "W": Level.WARN,
    "E": Level.ERROR,
    "C": Level.CRITICAL,
    "F": Level.CRITICAL,
    "A": Level.CRITICAL,
}
"""What loggers that write one letter mean by it."""


def level_named(name: object) -> Level:
    """The level that a logger's word or number stands for; NONE if it is unknown."""
    found = LEVELS.get(name)
    if found is None and isinstance(name, str):
        return LEVELS.get(name.strip().upper(), Level.NONE)
    return found or Level.NONE
