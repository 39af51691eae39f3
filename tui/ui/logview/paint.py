"""A row's spans → the pieces that are painted: matches marked, text moved sideways. Pure; knows no widget."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec
from rich.style import Style

from tui.logs.expressions import time_limit
from tui.ui.logview.layout import Row, Span
from tui.ui.logview.sgr import Look
from tui.ui.widgets.text import width

AT_ONCE: Final = 0.1
"""Seconds of processor time that a search may take in a row on the screen."""
HIT: Final = Style(reverse=True)
"""Added to what matches the search."""


class Drawn(msgspec.Struct, frozen=True):
    """What a row of the screen shows, compared to find what must be painted."""

    row: Row
    gutter: str = " "
    gutter_tone: str = "muted"
    band: str = ""
    """The cursor's band: empty, `cursor` or `blurred`."""
    search: re.Pattern[str] | None = None
    shift: int = 0


def pieces(drawn: Drawn, room: int, *, skip: bool) -> Iterator[tuple[Span, str, bool]]:
    """What to paint of a row in `room` cells: span, text, a match or not; with `skip` not in the first.

    Raises TooSlow where the search takes too long.
    """
    shift = drawn.shift if drawn.row.fixed else 0  # words of ours stay in place
    reach = (shift + room) * 4  # at most four characters share a cell (`clean` caps marks at three)
    hits = _hits(drawn, reach, skip=skip)
    at = 0
    for number, span in enumerate(drawn.row.spans):
        start, at = at, at + len(span.text)
        for text, hit in _marked(span.text[:reach], start, hits):
            if number >= drawn.row.fixed and shift > 0:
                text, shift = _shifted(text, shift)
            if text:
                room -= width(text)
                yield span, text, hit
            if room <= 0:
                return


def look_style(look: Look, *, colored: bool) -> Style:
    """What a program's own look adds to a tone."""
    return Style(
        color=(colored and look.color) or None,
        bold=look.bold or None,
        italic=look.italic or None,
        underline=look.underline or None,
    )


def _hits(drawn: Drawn, reach: int, *, skip: bool) -> list[tuple[int, int]]:
    """Where the search matches in a row, as (start, end) of its text."""
    if drawn.search is None or not drawn.row.fixed:
        return []
    start = len(drawn.row.spans[0].text) if skip else 0
    text = drawn.row.text[:reach]
    with time_limit(AT_ONCE):
        return [match.span() for match in drawn.search.finditer(text, start) if match.group()]


def _marked(text: str, start: int, hits: list[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    """The text cut where hits begin and end; `start` is its place in the row."""
    at = 0
    for low, high in hits:
        low, high = max(low - start, at), min(high - start, len(text))
        if low < high:
            yield text[at:low], False
            yield text[low:high], True
            at = high
    yield text[at:], False


def _shifted(text: str, shift: int) -> tuple[str, int]:
    """The text without its first `shift` cells, and how many are still to go."""
    if text.isascii():
        return text[shift:], max(0, shift - len(text))
    for index, letter in enumerate(text):
        if shift <= 0:
            return text[index:], 0
        shift -= width(letter)
    return "", shift
