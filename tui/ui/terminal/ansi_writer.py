"""Styled text as ANSI sequences, which set only attributes that change between pieces. Knows no screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from rich.color import Color, ColorSystem
from rich.style import Style

from tui.ui.terminal.output_guard import drop_controls
from tui.ui.terminal.palette import INDEX

SYSTEMS: Final = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
}
"""By Rich's names."""
RESET: Final = "\x1b[0m"
"""Resets colours and attributes."""


@dataclass(frozen=True, slots=True)
class Sgr:
    """A style as SGR parameters (ECMA-48)."""

    attributes: tuple[str, ...] = ()
    """Bold, italic and so on."""
    foreground: tuple[str, ...] = ("39",)
    background: tuple[str, ...] = ("49",)
    plain: bool = True
    """A space looks the same in any foreground colour."""


@dataclass
class AnsiWriter:
    """Writes styled text and remembers the terminal's current style."""

    colors: ColorSystem = ColorSystem.TRUECOLOR
    _now: Sgr = field(default_factory=Sgr)

    def write(self, text: str, style: Style | None) -> str:
        """The sequences for a text, without control characters."""
        look = _look(style, self.colors) if style is not None else Sgr()
        blank = look.plain and text.isspace()
        return self._change(look, blank=blank) + drop_controls(text)

    def reset(self) -> str:
        """The sequence that resets the style; empty if it is the default."""
        changed, self._now = self._now != Sgr(), Sgr()
        return RESET if changed else ""

    def _change(self, look: Sgr, *, blank: bool) -> str:
        now, codes = self._now, list[str]()
        if look.attributes != now.attributes:
            # not every terminal can end a single attribute
            codes += ["0", *look.attributes]
            now = Sgr()
        if look.background != now.background:
            codes += look.background
        foreground = now.foreground if blank else look.foreground
        if foreground != now.foreground:
            codes += foreground
        self._now = Sgr(look.attributes, foreground, look.background, look.plain)
        return f"\x1b[{';'.join(codes)}m" if codes else ""


@lru_cache(maxsize=1024)
def _look(style: Style, system: ColorSystem) -> Sgr:
    attributes = tuple(_attributes(style))
    return Sgr(
        attributes,
        _codes(style.color, system, foreground=True),
        _codes(style.bgcolor, system, foreground=False),
        not set(attributes) - {"1", "2", "3"},
    )


def _codes(color: Color | None, system: ColorSystem, *, foreground: bool) -> tuple[str, ...]:
    if color is None:
        return ("39",) if foreground else ("49",)
    if system is ColorSystem.EIGHT_BIT and color.triplet is not None:
        # Rich takes the nearest colour by its own measure, and misses half of the greys that were meant
        index = INDEX.get((color.triplet.red, color.triplet.green, color.triplet.blue))
        if index is not None:
            return ("38" if foreground else "48", "5", str(index))
    return color.downgrade(system).get_ansi_codes(foreground)


def _attributes(style: Style) -> Iterator[str]:
    """The SGR parameters of the attributes that are on."""
    switches = (
        (style.bold, "1"),
        (style.dim, "2"),
        (style.italic, "3"),
        (style.underline, "4"),
        (style.blink, "5"),
        (style.blink2, "6"),
        (style.reverse, "7"),
        (style.conceal, "8"),
        (style.strike, "9"),
        (style.underline2, "21"),
        (style.frame, "51"),
        (style.encircle, "52"),
        (style.overline, "53"),
    )
    return (number for on, number in switches if on)
