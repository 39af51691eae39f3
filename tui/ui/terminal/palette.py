"""The 256 colours of xterm's palette as red, green and blue. Knows no theme and no style."""

from __future__ import annotations

from typing import Final

Rgb = tuple[int, int, int]
"""Red, green and blue, 0 to 255 each."""

FIXED: Final = range(16, 256)
"""Indices of the colours that are the same on every terminal; the first 16 are the terminal's own."""
LEVELS: Final = (0, 95, 135, 175, 215, 255)
"""Values of red, green and blue in the colour cube, 16 to 231."""
GREYS: Final = 232
"""The first of the 24 greys."""


def rgb(index: int) -> Rgb:
    """A colour of the cube or of the grey ramp. Raises `ValueError` for the first 16, which vary."""
    if index not in FIXED:
        raise ValueError(f"{index} is none of the colours {FIXED.start} to {FIXED.stop - 1}")
    if index >= GREYS:
        return (8 + 10 * (index - GREYS),) * 3
    red, green, blue = ((index - FIXED.start) // size % 6 for size in (36, 6, 1))
    return LEVELS[red], LEVELS[green], LEVELS[blue]


INDEX: Final = {rgb(index): index for index in FIXED}
"""The index of each colour of the cube and the ramp; no two of them are equal."""
