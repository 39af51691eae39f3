"""Glyphs on whose width terminals disagree shift nothing and leave nothing behind."""

from __future__ import annotations

import pyte
import pytest
from rich.segment import Segment
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tui.ui.terminal.ansi_writer import AnsiWriter
from tui.ui.terminal.screen_diff import ScreenDiff, is_doubtful

GLYPHS = ("☎️", "👩‍👩‍👧‍👦", "🇳🇱", "👍🏽", "1️⃣", "🫩", "नि", "e\u0301", "漢", "…")


def send(frame: ScreenDiff, stream: pyte.Stream, text: str) -> None:
    """Draw a line of twelve cells."""
    line = Strip([Segment(text)]).adjust_cell_length(12)
    for patch in frame.differences(LayoutUpdate([[line]], Region(0, 0, 12, 1))):
        stream.feed(patch.render(AnsiWriter()))


@pytest.mark.parametrize("glyph", GLYPHS)
def test_what_comes_after_is_where_it_belongs(glyph: str) -> None:
    """pyte takes every character for itself, as old terminals do."""
    screen = pyte.Screen(12, 1)
    frame, stream = ScreenDiff(), pyte.Stream(screen)
    send(frame, stream, "xxxxxxxxxxxx")
    send(frame, stream, f"{glyph}|{glyph}{glyph}|")
    size = Strip([Segment(glyph)]).cell_length
    row = screen.buffer[0]
    assert row[size].data == "|" and row[3 * size + 1].data == "|"
    assert all(row[place].data == " " for place in range(3 * size + 2, 12)), "nothing of what was there"
    send(frame, stream, "abcdefghijkl")
    assert "".join(row[place].data for place in range(12)) == "abcdefghijkl", "nothing of the glyph"


def test_ordinary_text_costs_no_more_for_it() -> None:
    assert not any(map(is_doubtful, ("a", "é", "漢", "●", "…", "e\u0301", "")))
    assert all(map(is_doubtful, GLYPHS[:6]))
