"""Spans of a row → pieces to paint: matches marked, text scrolled sideways. Pure; knows no widget."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec
from rich.style import Style

from tui.logs.expressions import time_limit
from tui.ui.logview.layout import ScreenRow, Span
from tui.ui.logview.sgr import SgrStyle
from tui.ui.widgets.text import width

AT_ONCE: Final = 0.1
"""Seconds of processor time that marking matches may take in one row."""
MATCH: Final = Style(reverse=True)
"""Added to the style of a match."""


class PaintedRow(msgspec.Struct, frozen=True):
    """Everything that one row shows; rows that compare equal are not painted again."""

    row: ScreenRow
    gutter: str = " "
    gutter_tone: str = "muted"
    band: str = ""
    """Background of the cursor's line: empty, `cursor`, or `blurred` without the keyboard."""
    search: re.Pattern[str] | None = None
    shift: int = 0


def pieces(painted: PaintedRow, room: int, *, skip: bool) -> Iterator[tuple[Span, str, bool]]:
    """The pieces of a row that fit into `room` cells: span, text, whether it matches the search.

    With `skip`, matches in the first span are not marked. Raises TooSlow if the search takes too long.
    """
    shift = painted.shift if painted.row.fixed else 0  # notices are not scrolled
    reach = (shift + room) * 4  # at most four characters share a cell (`clean` caps marks at three)
    matches = _matches(painted, reach, skip=skip)
    at = 0
    for number, span in enumerate(painted.row.spans):
        start, at = at, at + len(span.text)
        for text, is_match in _marked(span.text[:reach], start, matches):
            if number >= painted.row.fixed and shift > 0:
                text, shift = _shifted(text, shift)
            if text:
                room -= width(text)
                yield span, text, is_match
            if room <= 0:
                return


def program_style(style: SgrStyle, *, colored: bool) -> Style:
    """What a program's own colours add to a tone."""
    return Style(
        color=(colored and style.color) or None,
        bold=style.bold or None,
        italic=style.italic or None,
        underline=style.underline or None,
    )


def _matches(painted: PaintedRow, reach: int, *, skip: bool) -> list[tuple[int, int]]:
    """Start and end of each match in the text of a row."""
    if painted.search is None or not painted.row.fixed:
        return []
    start = len(painted.row.spans[0].text) if skip else 0
    text = painted.row.text[:reach]
    with time_limit(AT_ONCE):
        return [match.span() for match in painted.search.finditer(text, start) if match.group()]


def _marked(text: str, start: int, matches: list[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    """The text, cut where matches begin and end; `start` is its offset in the row."""
    at = 0
    for low, high in matches:
        low, high = max(low - start, at), min(high - start, len(text))
        if low < high:
            yield text[at:low], False
            yield text[low:high], True
            at = high
    yield text[at:], False


def _shifted(text: str, shift: int) -> tuple[str, int]:
    """The text without its first `shift` cells, and how many cells are still to be removed."""
    if text.isascii():
        return text[shift:], max(0, shift - len(text))
    for index, letter in enumerate(text):
        if shift <= 0:
            return text[index:], 0
        shift -= width(letter)
    return "", shift
