"""Only what differs reaches the terminal, and the terminal shows what was drawn, whatever was sent before."""

from __future__ import annotations

from collections.abc import Iterable

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tui.ui.terminal.ansi_writer import AnsiWriter
from tui.ui.terminal.screen_diff import ScreenDiff

WIDTH = 24
CONSOLE = Console(force_terminal=True, color_system="truecolor")
STYLES = [None, Style(color="red"), Style(color="#10141b", bgcolor="#d3dae3"), Style(bold=True)]
WORDS = ["a", "ab ", "   ", "────", "漢字", "e\u0301", "x漢", "…", "é", "0123456789"]

Line = list[tuple[str, Style | None]]
runs = st.tuples(st.sampled_from(WORDS), st.sampled_from(STYLES))
lines = st.lists(runs, max_size=8)
frames = st.lists(lines, min_size=3, max_size=3)


def strip(line: Line) -> Strip:
    """A line of the terminal's width."""
    return Strip([Segment(text, style) for text, style in line]).adjust_cell_length(WIDTH)


def layout(frame: list[Line]) -> LayoutUpdate:
    """A repaint of everything, each line in two pieces."""
    halves: list[Iterable[Strip]] = [strip(line).divide([11, WIDTH]) for line in frame]
    return LayoutUpdate(halves, Region(0, 0, WIDTH, len(frame)))


def chops(frame: list[Line], y: int, first: int, last: int) -> ChopsUpdate:
    """A repaint of a part of one line."""
    pieces: list[dict[int, Strip | None]] = [{0: None, 11: None} for _ in frame]
    pieces[y] = dict(zip((0, 11), strip(frame[y]).divide([11, WIDTH]), strict=True))
    return ChopsUpdate(pieces, [(y, first, last)], [[11, WIDTH] for _ in frame])


def sent(frame: ScreenDiff, update: ChopsUpdate | LayoutUpdate) -> list[tuple[int, int, str]]:
    """What an update sends: column, line, text."""
    return [
        (patch.x, patch.y, "".join(text for text, _ in patch.cells)) for patch in frame.differences(update)
    ]


class Shown:
    """A terminal."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDTH, 3)
        self._stream = pyte.Stream(self.screen)
        self._stream.feed("\x1b[?7l")  # as the driver does: the last column does not wrap

    def feed(self, text: str) -> None:
        """Take what is sent."""
        self._stream.feed(text)

    @property
    def cells(self) -> list[list[tuple[str, str, str, bool]]]:
        """Every cell with its look; a blank has the same in any ink."""
        rows = ([self.screen.buffer[y][x] for x in range(WIDTH)] for y in range(3))
        return [[(c.data, c.fg if c.data.strip() else "", c.bg, c.bold) for c in row] for row in rows]


def shows(frame: list[Line]) -> list[list[tuple[str, str, str, bool]]]:
    """What a fresh terminal shows of a frame drawn by Textual alone."""
    fresh = Shown()
    fresh.feed(layout(frame).render_segments(CONSOLE))
    return fresh.cells


def paint(terminal: Shown, frame: ScreenDiff, update: ChopsUpdate | LayoutUpdate) -> None:
    """Send what differs."""
    pen = AnsiWriter()
    terminal.feed("".join(patch.render(pen) for patch in frame.differences(update)) + pen.reset())


@settings(max_examples=40, deadline=None)
@given(st.lists(frames, min_size=1, max_size=4))
def test_terminal_shows_the_newest_frame(drawn: list[list[Line]]) -> None:
    frame, terminal = ScreenDiff(), Shown()
    for each in drawn:
        paint(terminal, frame, layout(each))
        assert terminal.cells == shows(each)


@settings(max_examples=40, deadline=None)
@given(frames, lines, st.integers(0, 2), st.booleans())
def test_a_line_painted_alone_is_as_if_all_had_been(
    before: list[Line], line: Line, y: int, again: bool
) -> None:
    frame, terminal = ScreenDiff(), Shown()
    after = [*before[:y], line, *before[y + 1 :]]
    paint(terminal, frame, layout(before))
    paint(terminal, frame, chops(after, y, 0, WIDTH))
    if again:
        paint(terminal, frame, layout(after))
    assert terminal.cells == shows(after)


@settings(max_examples=40, deadline=None)
@given(frames)
def test_what_is_shown_is_not_sent_again(drawn: list[Line]) -> None:
    frame = ScreenDiff()
    sent(frame, layout(drawn))
    assert sent(frame, layout(drawn)) == []
    assert sent(frame, chops(drawn, 1, 0, WIDTH)) == []


def test_a_changed_letter_is_all_that_is_sent() -> None:
    frame = ScreenDiff()
    sent(frame, layout([[("replicas 1", STYLES[1])], [], []]))
    assert sent(frame, layout([[("replicas 2", STYLES[1])], [], []])) == [(9, 0, "2")]


def test_half_of_a_wide_glyph_is_sent_as_the_whole() -> None:
    frame = ScreenDiff()
    sent(frame, layout([[("a漢字", None)], [], []]))
    assert sent(frame, chops([[("ab漢", None)], [], []], 0, 3, 4)) == [(2, 0, "漢")]


def test_distant_changes_are_sent_apart_and_near_ones_together() -> None:
    frame = ScreenDiff()
    sent(frame, layout([[("a    b         c", None)], [], []]))
    assert sent(frame, layout([[("x    y         z", None)], [], []])) == [(0, 0, "x    y"), (15, 0, "z")]


def test_another_look_of_the_same_text_is_sent() -> None:
    frame = ScreenDiff()
    sent(frame, layout([[("ok", STYLES[1])], [], []]))
    assert sent(frame, layout([[("ok", STYLES[3])], [], []])) == [(0, 0, "ok")]


def test_after_forgetting_everything_is_sent() -> None:
    frame = ScreenDiff()
    drawn = layout([[("one", None)], [("two", None)], []])
    everything = sent(frame, drawn)
    frame.forget()
    assert sent(frame, drawn) == everything != []


def test_a_terminal_of_another_size_gets_everything() -> None:
    frame = ScreenDiff()
    sent(frame, layout([[("one", None)], [], []]))
    smaller = LayoutUpdate([[strip([("one", None)])]], Region(0, 0, WIDTH, 1))
    assert sent(frame, smaller) == [(0, 0, "one".ljust(WIDTH))]


def test_parts_that_come_before_any_whole_frame_pass_as_they_are() -> None:
    assert sent(ScreenDiff(), chops([[("one", None)], [], []], 0, 0, 3)) == [(0, 0, "one")]


def test_what_a_terminal_obeys_is_not_sent() -> None:
    patches = ScreenDiff().differences(layout([[("a\x1b[2Jb", None)], [], []]))
    assert "\x1b[2J" not in "".join(patch.render(AnsiWriter()) for patch in patches)
