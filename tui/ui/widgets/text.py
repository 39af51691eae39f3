"""Text into cells of the terminal: exact widths, glyphs, and remote text as literal content only."""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len, split_graphemes
from textual.content import Content

from tui.api.clean import clean
from tui.fleet.status import Family, Status

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
"""Status → glyph, and the same in ASCII (product.md b12). Each is one cell wide."""
UNKNOWN_GLYPH: Final = ("?", "?")

TONE_OF: Final = {
    Family.HEALTHY: "ok",
    Family.MOVING: "busy",
    Family.SLEEP: "sleep",
    Family.ERROR: "error",
    Family.GONE: "muted",
    Family.UNKNOWN: "warn",
}
"""The only place where a status family gets a look."""

_ASCII: Final = str.maketrans(
    {
        "●": "+",
        "◔": "w",
        "◐": "~",
        "◌": ".",
        "✗": "X",
        "↻": "L",
        "▣": "B",
        "◆": "S",
        "■": "#",
        "·": ".",
        "–": "-",
        "—": "-",
        "…": "~",
        "▌": "|",
        "▎": "|",
        "│": "|",
        "┃": "#",
        "▲": "^",
        "▼": "v",
        "Δ": "*",
        "▾": "v",
        "▸": ">",
        "✓": "y",
        "→": ">",
        "×": "x",
        "↑": "^",
        "↓": "v",
        "└": "`",
        "├": "|",
        "←": "<",
        "≥": ">",
        "≠": "!",
        "─": "-",
        "█": "#",
        "░": ".",
        "▏": "|",
        "•": "*",
        "✂": "%",
        "✎": "#",
        "“": '"',
        "”": '"',
    }
)


def to_ascii(text: str) -> str:
    """Our own signs in ASCII, each one cell wide as before; what others wrote stays."""
    return text.translate(_ASCII)


def glyph(status: Status, *, ascii_only: bool = False) -> str:
    """The one-cell sign of a status."""
    pair = GLYPHS.get(status.name, UNKNOWN_GLYPH)
    return pair[1] if ascii_only else pair[0]


def tone(status: Status) -> str:
    """The tone of a status."""
    return TONE_OF[status.family]


def width(text: str) -> int:
    """Cells that a text takes."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, size: int, *, right: bool = False) -> str:
    """Exactly `size` cells: cut with an ellipsis or filled with spaces, whatever the characters' widths."""
    if text.isascii():
        if len(text) > size:
            return text[: size - 1] + "…" if size > 0 else ""
        return text.rjust(size) if right else text.ljust(size)
    taken = cell_len(text)
    if taken > size:
        text, taken = _cut(text, size)
    fill = " " * (size - taken)
    return fill + text if right else text + fill


def _cut(text: str, size: int) -> tuple[str, int]:
    """Whole glyphs and an ellipsis, with the cells they take: a glyph may be several characters."""
    taken = 0
    for start, _, cells in split_graphemes(text)[0] if size > 0 else ():
        if taken + cells > size - 1:
            return text[:start] + "…", taken + 1
        taken += cells
    return "", 0


def tail(identity: str, size: int = 6) -> str:
    """The end of an id, which tells ids apart better than the beginning."""
    return identity if len(identity) <= size + 1 else f"…{identity[-size:]}"


def remote(text: str, *, limit: int = 400) -> Content:
    """Text that is not ours, as content that no markup parser ever sees."""
    return Content(clean(text, limit=limit))
