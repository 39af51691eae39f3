"""Colours that a program printed: SGR parameters → the style that is shown. Must not make text invisible.

Foreground colours, bold, italic and underline are used. Backgrounds, blinking, concealment and black are left
out: each of them makes lines unreadable on some terminals.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from tui.ui.terminal import palette

_NAMES: Final = ("", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


class SgrStyle(msgspec.Struct, frozen=True):
    """The style that a program asked for, on top of our tone."""

    color: str = ""
    """A colour as Rich names it; empty for the colour of the tone."""
    bold: bool = False
    italic: bool = False
    underline: bool = False


PLAIN: Final = SgrStyle()


def apply_sgr(style: SgrStyle, parameters: str) -> SgrStyle:
    """The style after a terminal in this style has received these parameters."""
    codes = [
        int(code) if code.isdigit() and len(code) < 4 else 0
        for code in parameters.replace(":", ";").split(";")
    ]
    while codes:
        code = codes.pop(0)
        if code in (38, 48):
            color, codes = _extended(codes)
            style = replace(style, color=color) if code == 38 else style
        else:
            style = _simple(style, code)
    return style


def _simple(style: SgrStyle, code: int) -> SgrStyle:
    match code:
        case 0:
            return PLAIN
        case 1:
            return replace(style, bold=True)
        case 3:
            return replace(style, italic=True)
        case 4:
            return replace(style, underline=True)
        case 22:
            return replace(style, bold=False)
        case 23:
            return replace(style, italic=False)
        case 24:
            return replace(style, underline=False)
        case 30 | 39:
            return replace(style, color="")
        case _ if 31 <= code <= 37:
            return replace(style, color=_NAMES[code - 30])
        case 90:
            return replace(style, color="bright_black")
        case _ if 91 <= code <= 97:
            return replace(style, color=f"bright_{_NAMES[code - 90]}")
    return style


def _extended(codes: list[int]) -> tuple[str, list[int]]:
    """The colour of `38;5;n` or `38;2;r;g;b`, and the codes after it."""
    match codes:
        case [5, number, *rest]:
            return (f"color({number})" if number < 256 and _is_visible(*_palette_rgb(number)) else ""), rest
        case [2, red, green, blue, *rest]:
            return (f"#{red:02x}{green:02x}{blue:02x}" if _is_visible(red, green, blue) else ""), rest
    return "", []


def _is_visible(red: int, green: int, blue: int) -> bool:
    """It is a valid colour and not close to black."""
    return max(red, green, blue) <= 255 and red + green + blue > 96


def _palette_rgb(number: int) -> palette.Rgb:
    """Red, green and blue of a palette colour; of the first 16, which vary, all but black count as white."""
    if number in palette.FIXED:
        return palette.rgb(number)
    return (255, 255, 255) if number else (0, 0, 0)
