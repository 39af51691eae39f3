"""Rows of a list as text, Markdown and CSV, for the clipboard and for files. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Final

from tui.ui.widgets.text import width

Rows = Sequence[Sequence[str]]
"""The texts of cells, the titles of their columns first."""


def as_text(rows: Rows) -> str:
    """Columns below each other."""
    count = max(map(len, rows), default=0)
    sizes = [max((width(row[at]) for row in rows if len(row) == count), default=0) for at in range(count)]

    def line(row: Sequence[str]) -> str:
        padded = (text + " " * max(0, size - width(text)) for text, size in zip(row, sizes, strict=False))
        return "  ".join(padded).rstrip()

    return "\n".join(map(line, rows))


def as_markdown(rows: Rows) -> str:
    """A table."""
    lines = ["| " + " | ".join(text.replace("|", "\\|") for text in row) + " |" for row in rows]
    return "\n".join([*lines[:1], "|" + "---|" * len(rows[0]), *lines[1:]]) if rows else ""


def as_csv(rows: Rows) -> str:
    """Comma-separated values, as RFC 4180 has them."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows([*map(_harmless, row)] for row in rows)
    return written.getvalue()


def _harmless(text: str) -> str:
    """A name that a spreadsheet would take for a formula is quoted, as OWASP says."""
    return f"'{text}" if text[:1] in FORMULA and text[1:] else text


FORMULA: Final = ("=", "+", "-", "@")
"""Signs with which spreadsheets begin a formula."""
FORMS: Final[Sequence[tuple[str, str, Callable[[Rows], str]]]] = (
    ("t", "text", as_text),
    ("m", "Markdown", as_markdown),
    ("c", "CSV", as_csv),
)
"""Letter, words, and the form."""
