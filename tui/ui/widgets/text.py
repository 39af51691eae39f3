"""Text into cells of the terminal: exact widths, signs in ASCII, and remote text as literal content only."""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len, split_graphemes
from textual.content import Content

from tui.api.text.clean import clean

_ASCII: Final = str.maketrans(
    {
        "●": "+",
        "○": "o",
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
        "≤": "<",
        "≠": "!",
        "─": "-",
        "━": "=",
        "−": "-",
        "█": "#",
        "░": ".",
        "▏": "|",
        "▁": "_",
        "•": "*",
        "✂": "%",
        "✎": "#",
        "“": '"',
        "\ufffd": "?",
        "”": '"',
    }
)


def to_ascii(text: str) -> str:
    """Our own signs in ASCII, each one cell wide as before; text from elsewhere stays as it is."""
    return text.translate(_ASCII)


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
    """The text cut to whole glyphs and an ellipsis, with its width: a glyph may be several characters."""
    taken = 0
    for start, _, cells in split_graphemes(text)[0] if size > 0 else ():
        if taken + cells > size - 1:
            return text[:start] + "…", taken + 1
        taken += cells
    return "", 0


def remote(text: str, *, limit: int = 400) -> Content:
    """Text from elsewhere, as content that no markup parser ever sees."""
    return Content(clean(text, limit=limit))


def number(value: int) -> str:
    """A count with its digits in groups of three: `18 204`."""
    return f"{value:,}".replace(",", " ")
