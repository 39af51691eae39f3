"""Cells and the columns they stand in: a text with the name of its tone, no colours and no terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from msgspec import Struct

from tui.fleet.status import Family, Status


class Cell(Struct, frozen=True):
    """A text and the name of its tone. Compared as a whole to find what must be painted again."""

    text: str = ""
    tone: str = "text"
    """One of the tones that themes define."""
    short: str = ""
    """Shown where the text does not fit; without it, the text is cut."""


Cells = tuple[Cell, ...]
"""The cells of a row: one a column, or a single one across all of them."""


@dataclass(frozen=True, slots=True)
class ColumnLayout:
    """A column as the table widget needs it: its title and its share of the width."""

    id: str
    title: str
    width: int
    """Least cells of the terminal."""
    want: int = 0
    """Cells that it gets before columns of a higher rank get any."""
    grow: int = 0
    """Share of the cells that are left over."""
    right: bool = False
    """Aligned to the right."""
    rank: int = 0
    """Columns of the highest rank go first when there is no room; rank 0 never goes."""
    wide: bool = False
    """Only shown in wide mode."""
    clock: bool = False
    """Holds times: needs more room when they are not relative."""
    falls: bool = False
    """Sorted from the largest value down, unless reversed."""
    short_title: str = ""
    """The title where it has less room than it takes."""


GLYPHS: Final = {
    "Running": ("●", "+"),
    "Sleeping": ("z", "z"),
    "Waking": ("◔", "w"),
    "Setting Up": ("◐", "~"),
    "Building": ("◐", "~"),
    "Updating": ("◐", "~"),
    "Scheduling": ("◐", "~"),
    "Deleting": ("◌", "."),
    "Error": ("✗", "X"),
    "CrashLoop": ("↻", "L"),
    "Build Failed": ("▣", "B"),
    "Server Error": ("◆", "S"),
    "Suspended": ("■", "#"),
    "Deleted": ("·", "-"),
    "": ("–", "-"),
}
"""Status → glyph, and the same in ASCII. Each is one cell wide."""
UNKNOWN_GLYPH: Final = ("?", "?")

FAMILY_TONES: Final = {
    Family.HEALTHY: "ok",
    Family.MOVING: "busy",
    Family.SLEEP: "sleep",
    Family.ERROR: "error",
    Family.GONE: "muted",
    Family.UNKNOWN: "warn",
}
"""The only place where a status family gets a tone."""


def status_glyph(status: Status, *, ascii_only: bool = False) -> str:
    """The one-cell sign of a status."""
    pair = GLYPHS.get(status.name, UNKNOWN_GLYPH)
    return pair[1] if ascii_only else pair[0]


def status_tone(status: Status) -> str:
    """The tone of a status."""
    return FAMILY_TONES[status.family]


def tail(identity: str, size: int = 6) -> str:
    """The end of an id, which tells ids apart better than the beginning."""
    return identity if len(identity) <= size + 1 else f"…{identity[-size:]}"
