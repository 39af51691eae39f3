"""A screen as text: its lines, and the style of every cell, so that a difference can be read.

Words stand once per size, in one theme or, in the usual size, in several. Styles stand as runs, `12a 3b`
being twelve cells of look a and three of look b; what a look is in a theme is told at the end, so that
another colour of a tone is a difference of one line.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual._context import visible_screen_stack
from textual.app import App
from textual.drivers.headless_driver import HeadlessDriver
from textual.events import Resize
from textual.geometry import Region
from textual.geometry import Size as Extent
from textual.pilot import Pilot
from textual.strip import Strip

from tests.idle import handled

Size = tuple[int, int]
"""Columns and rows."""
SIZES: Final = ((80, 24), (200, 50), (120, 40))
"""One pane at a time, much room, the usual: the last is where pictures are taken."""
THEMES: Final = ("dark", "mono", "ansi16")
"""Worn in the usual size: many colours, none at all, the terminal's own. The first is worn in the others too,
and pictures are taken in it."""
LETTERS: Final = string.ascii_letters + string.digits

Cells = tuple[str, ...]
"""A look: one style per theme that was worn in that size."""


class Portrait(SingleFileSnapshotExtension):
    """One text file per test."""

    file_extension = _file_extension = "txt"
    _write_mode = WriteMode.TEXT


def strips(app: App[None], *, alone: bool = False) -> list[Strip]:
    """What is on the screen; `alone`, without the screens beneath a dialog."""
    visible_screen_stack.set([] if alone else app._background_screens)
    return app.screen._compositor.render_strips()


async def resize(pilot: Pilot[None], size: Size) -> None:
    """Give a program without a terminal another size, without the rest that `Pilot.resize_terminal` takes."""
    app, extent = pilot.app, Extent(*size)
    assert isinstance(app._driver, HeadlessDriver)
    app._driver._size = extent
    app.post_message(Resize(extent, extent))
    await handled(app)
    app._check_resize()  # or it would wait for more of the kind


class Drawing:
    """A portrait while it is drawn."""

    def __init__(self) -> None:
        self._looks: dict[str, dict[str, list[Strip]]] = {}

    def look(self, app: App[None], *, alone: bool = False) -> None:
        """Draw the screen as it is, in its size and its theme; `alone`, only the dialog on it."""
        where, lines = f"{app.size.width}x{app.size.height}", strips(app, alone=alone)
        if alone:
            box = Region.from_union([part.region for part in app.screen.children if part.region])
            where = f"{where}, from column {box.x + 1} of line {box.y + 1}"
            lines = [line.crop(box.x, box.right) for line in lines[box.y : box.bottom]]
        self._looks.setdefault(where, {})[app.theme] = lines

    def __str__(self) -> str:
        """Everything, and what the letters mean."""
        letters: dict[Cells, str] = {}
        parts: list[str] = []
        themes = max(map(list, self._looks.values()), key=len)
        for size, looks in self._looks.items():
            here = [theme for theme in themes if theme in looks]
            worded: list[list[str]] = []
            for theme in here:
                words = [
                    f"{line.text}|" for line in looks[theme]
                ]  # a bar, since spaces at the end are cells too
                if words not in worded:
                    parts += [f"== {size}{f' in {theme}' if worded else ''}", *words, ""]
                    worded.append(words)
            parts += [f"== {size}, styles", *_map([looks[theme] for theme in here], letters), ""]
        for number, theme in enumerate(themes):
            parts += [f"== {theme}", *_legend(letters, number), ""]
        return "\n".join(parts)


def _map(looks: Sequence[list[Strip]], letters: dict[Cells, str]) -> list[str]:
    """The runs of each line, lines that look alike told once."""
    found: list[str] = []
    lines = enumerate([_runs(strips, letters) for strips in zip(*looks, strict=True)], 1)
    for told, alike in groupby(lines, key=lambda line: line[1]):
        first, *more = (number for number, _ in alike)
        found.append(f"{f'{first}-{more[-1]}' if more else first!s:>5}  {told}")
    return found


def _runs(strips: Sequence[Strip], letters: dict[Cells, str]) -> str:
    found: list[str] = []
    for look, cells in groupby(zip(*map(_cells, strips), strict=True)):
        found.append(f"{sum(1 for _ in cells)}{letters.setdefault(look, _letter(len(letters)))}")
    return " ".join(found)


def _cells(strip: Strip) -> list[str]:
    """The style of each cell."""
    found: list[str] = []
    for segment in strip:
        found += [str(segment.style)] * segment.cell_length
    return found


def _letter(number: int) -> str:
    more, last = divmod(number, len(LETTERS))
    return f"{LETTERS[more - 1] if more else ''}{LETTERS[last]}"


def _legend(letters: dict[Cells, str], theme: int) -> list[str]:
    """Each style of a theme, after the letters that have it."""
    named: dict[str, list[str]] = {}
    for look, letter in letters.items():
        if theme < len(look):
            named.setdefault(look[theme], []).append(letter)
    return [f"{' '.join(found)} = {style}" for style, found in named.items()]
