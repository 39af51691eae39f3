"""Colours are named when they change, and the terminal shows each text in the style that it was given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color, ColorSystem
from rich.console import Console
from rich.style import Style
from rich.text import Text

from tui.ui.terminal.ansi_writer import RESET, AnsiWriter

CONSOLE = Console()
RED = Style(color="red", bgcolor="#10141b")
BLUE = Style(color="blue", bgcolor="#10141b")
colors = st.sampled_from([None, "red", "bright_blue", "#77828f", "color(120)", "default"])
switches = st.sampled_from([None, True, False])
styles = st.none() | st.builds(
    Style, color=colors, bgcolor=colors, bold=switches, dim=switches, underline=switches, reverse=switches
)


def colors_of(style: Style) -> tuple[Color | None, Color | None]:
    """Ink and ground."""
    return style.color, style.bgcolor


def look(style: Style) -> tuple[object, ...]:
    """What one sees of a style on a letter."""
    shown = (style.bold, style.dim, style.underline, style.reverse)
    named = (
        color.get_ansi_codes() if color and color.name != "default" else () for color in colors_of(style)
    )
    return (*named, *map(bool, shown))


@given(st.lists(st.tuples(st.sampled_from(["a", "bc", " d"]), styles), max_size=12))
def test_every_letter_has_its_look(pieces: list[tuple[str, Style | None]]) -> None:
    pen = AnsiWriter()
    shown = Text.from_ansi("".join(pen.write(text, style) for text, style in pieces) + pen.reset() + "z")
    wanted = [look(style or Style()) for text, style in pieces for letter in text if letter != " "]
    seen = [
        look(shown.get_style_at_offset(CONSOLE, at)) for at, letter in enumerate(shown.plain) if letter != " "
    ]
    assert seen == [*wanted, look(Style())]


@pytest.mark.parametrize("style", [RED, Style(reverse=True), Style(underline=True)])
def test_the_same_style_is_named_once(style: Style) -> None:
    pen = AnsiWriter()
    assert pen.write("a", style).startswith("\x1b[")
    assert pen.write("b", style) == "b"


def test_only_the_ink_is_named_when_the_ground_stays() -> None:
    pen = AnsiWriter()
    pen.write("a", RED)
    assert pen.write("b", BLUE) == "\x1b[34mb"


def test_spaces_do_not_change_the_ink_but_underlined_ones_do() -> None:
    pen = AnsiWriter()
    pen.write("a", RED)
    assert pen.write("  ", BLUE) == "  "
    assert pen.write("a", RED) == "a"
    assert pen.write(" ", BLUE + Style(underline=True)).endswith("34m ")


def test_a_pen_that_wrote_in_no_colour_needs_no_reset() -> None:
    pen = AnsiWriter()
    assert pen.write("a", None) + pen.reset() == "a"
    pen.write("a", RED)
    assert pen.reset() == RESET
    assert pen.reset() == ""


def test_sixteen_colours_are_what_the_terminal_is_sent() -> None:
    assert AnsiWriter(ColorSystem.STANDARD).write("a", Style(color="#ff0000")) == "\x1b[31ma"


def test_what_a_terminal_obeys_is_dropped() -> None:
    assert "\x1b" not in AnsiWriter().write("a\x1b]52;c;x\x07b", None)


def test_links_are_not_written() -> None:
    assert "evil" not in AnsiWriter().write("a", Style(link="https://evil.example"))
