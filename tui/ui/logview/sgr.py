"""Colours that a program printed: SGR parameters → what of them is shown. Must not hide any text.

Taken are foreground colours and weights. Backgrounds, blinking and concealment are left out, and so is black:
on some terminal each of them can make a line unreadable.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

_NAMES: Final = ("", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


LEVELS: Final = (0, 95, 135, 175, 215, 255)
"""What a colour of the palette can have of red, green or blue."""


class Look(msgspec.Struct, frozen=True):
    """How a piece of text wants to look, beyond its tone."""

    color: str = ""
    """A colour as Rich names it; empty for the tone's own."""
    bold: bool = False
    italic: bool = False
    underline: bool = False


PLAIN: Final = Look()


def after(look: Look, parameters: str) -> Look:
    """The look once a terminal that looked like `look` has been sent these parameters."""
    codes = [
        int(code) if code.isdigit() and len(code) < 4 else 0
        for code in parameters.replace(":", ";").split(";")
    ]
    while codes:
        code = codes.pop(0)
        if code in (38, 48):
            color, codes = _extended(codes)
            look = replace(look, color=color) if code == 38 else look
        else:
            look = _simple(look, code)
    return look


def _simple(look: Look, code: int) -> Look:
    match code:
        case 0:
            return PLAIN
        case 1:
            return replace(look, bold=True)
        case 3:
            return replace(look, italic=True)
        case 4:
            return replace(look, underline=True)
        case 22:
            return replace(look, bold=False)
        case 23:
            return replace(look, italic=False)
        case 24:
            return replace(look, underline=False)
        case 30 | 39:
            return replace(look, color="")
        case _ if 31 <= code <= 37:
            return replace(look, color=_NAMES[code - 30])
        case 90:
            return replace(look, color="bright_black")
        case _ if 91 <= code <= 97:
            return replace(look, color=f"bright_{_NAMES[code - 90]}")
    return look


def _extended(codes: list[int]) -> tuple[str, list[int]]:
    """The colour of `38;5;n` or `38;2;r;g;b`, and the codes after it."""
    match codes:
        case [5, number, *rest]:
            return (f"color({number})" if number < 256 and _seen(*_of_palette(number)) else ""), rest
        case [2, red, green, blue, *rest]:
            return (f"#{red:02x}{green:02x}{blue:02x}" if _seen(red, green, blue) else ""), rest
    return "", []


def _seen(red: int, green: int, blue: int) -> bool:
    """It is a colour, and none that is next to black."""
    return max(red, green, blue) <= 255 and red + green + blue > 96


def _of_palette(number: int) -> tuple[int, int, int]:
    """Red, green and blue of the colours that are the same in every terminal; the first 16 are its own."""
    if number < 16:
        return (255, 255, 255) if number else (0, 0, 0)
    if number >= 232:
        return (8 + 10 * (number - 232),) * 3
    red, green, blue = ((number - 16) // size % 6 for size in (36, 6, 1))
    return LEVELS[red], LEVELS[green], LEVELS[blue]
