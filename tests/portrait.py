"""A screen as text: its lines, and the style of every cell, so that a difference can be read in a review.

Words stand once per size. Styles stand as runs, `12a 3b` being twelve cells of style a and three of style b;
what the letters mean is told per theme, so that another colour of a tone is a difference of one line.
"""

from __future__ import annotations

import string
from itertools import groupby
from typing import Final

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.app import App
from textual.strip import Strip

Size = tuple[int, int]
"""Columns and rows."""
SIZES: Final = ((80, 24), (200, 50), (120, 40))
"""One pane at a time, much room, the usual: the last is where pictures are taken and other themes worn."""
THEMES: Final = ("mono", "ansi16")
"""Worn after the dark one: no colours at all, and the terminal's own."""
LETTERS: Final = string.ascii_letters + string.digits


class Portrait(SingleFileSnapshotExtension):
    """One text file per test."""

    file_extension = "txt"
    _write_mode = WriteMode.TEXT


def strips(app: App[None]) -> list[Strip]:
    """What is on the screen."""
    return app.screen._compositor.render_strips()


class Drawing:
    """A portrait while it is drawn."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._letters: dict[str, dict[str, str]] = {}

    def words(self, app: App[None]) -> None:
        """The lines; a bar stands after each, since spaces at its end are cells too."""
        lines = (f"{strip.text}|" for strip in strips(app))
        self._parts += [f"== {_size(app)}", *lines, ""]

    def styles(self, app: App[None]) -> None:
        """The style of every cell, lines that look alike told once."""
        letters = self._letters.setdefault(app.theme, {})
        runs = enumerate([_runs(strip, letters) for strip in strips(app)], 1)
        self._parts.append(f"== {_size(app)} in {app.theme}")
        for told, alike in groupby(runs, key=lambda line: line[1]):
            first, *more = (number for number, _ in alike)
            self._parts.append(f"{f'{first}-{more[-1]}' if more else first!s:>5}  {told}")
        self._parts.append("")

    def __str__(self) -> str:
        """Everything, and what the letters mean."""
        parts = list(self._parts)
        for theme, letters in self._letters.items():
            parts += [f"== {theme}", *(f"{letter} = {style}" for style, letter in letters.items()), ""]
        return "\n".join(parts)


def _size(app: App[None]) -> str:
    return f"{app.size.width}x{app.size.height}"


def _runs(strip: Strip, letters: dict[str, str]) -> str:
    found: list[str] = []
    for style, segments in groupby(strip, key=lambda segment: str(segment.style)):
        letter = letters.setdefault(style, LETTERS[len(letters)])
        found.append(f"{sum(segment.cell_length for segment in segments)}{letter}")
    return " ".join(found)
