"""What the terminal shows, cell by cell, so that a repaint sends only what differs. Knows not what is drawn.

Textual repaints whole widgets, and the whole screen when the keyboard moves on, when a dialog opens and for
every change beneath one: 20 kB where a line changed. Painting again what is there sends nothing from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Final
from unicodedata import combining

from msgspec import Struct
from rich.cells import cell_len, split_graphemes
from rich.color import ColorSystem
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.control import Control
from rich.style import Style
from textual import events
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual._styles_cache import StylesCache
from textual.await_remove import AwaitRemove
from textual.dom import DOMNode
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from tui.ui.terminal.ansi_writer import SYSTEMS, AnsiWriter
from tui.ui.terminal.safe_app import SafeApp

NEAR: Final = 8
"""Equal cells between two changes that are sent again: moving the cursor over them takes as many bytes."""

EMOJI: Final = 0x1F000
"""The first character of those that are newer than some terminals."""

Glyph = tuple[str, Style | None]
"""A character with the marks on it, and its look; the cells after the first of a wide one have no text."""

_UNKNOWN: Final[Glyph] = ("\0", None)
"""A cell of which nothing is known; equal to nothing that is drawn."""


class ScreenDiff:
    """The cells of one terminal as they were sent."""

    def __init__(self) -> None:
        self._rows: list[list[Glyph]] = []

    def forget(self) -> None:
        """Take nothing for granted: what comes next is sent whole."""
        self._rows = []

    def differences(self, update: ChopsUpdate | LayoutUpdate) -> Iterator[Patch]:
        """What the update shows that the terminal does not; once taken, it counts as shown."""
        if isinstance(update, ChopsUpdate):
            chops, spans = list(update.chops), update.spans
        else:
            width, height = update.region.size
            if len(self._rows) != height or len(self._rows[0]) != width:
                self._rows = [[_UNKNOWN] * width for _ in range(height)]
            chops = [_placed(line) for line in update.strips]
            spans = [(y, 0, width) for y in range(height)]
        for y, first, last in spans:
            for x, strip in chops[y].items():
                if strip is not None and x < last and first < x + strip.cell_length:
                    yield from self._changed(y, x, _cells(strip), first - x, last - x)

    def _changed(self, y: int, x: int, new: list[Glyph], first: int, last: int) -> Iterator[Patch]:
        """The parts from `first` to before `last` of cells at column `x` that differ from what is shown."""
        first, last = _whole(new, max(first, 0), min(last, len(new)))
        if not self._rows:
            yield Patch(x + first, y, new[first:last])
            return
        row = self._rows[y]
        if row[x + first : x + last] == new[first:last]:
            return
        for start, end in _runs(place for place in range(first, last) if row[x + place] != new[place]):
            start, end = _whole(new, start, end)
            row[x + start : x + end] = new[start:end]
            yield Patch(x + start, y, new[start:end])


class Patch(Struct, frozen=True):
    """Neighbouring cells to be sent."""

    x: int
    y: int
    cells: Sequence[Glyph]

    def render(self, pen: AnsiWriter) -> str:
        """The sequences that paint them."""
        texts = [self._to(0)]
        for style, run in groupby(enumerate(self.cells), key=lambda item: item[1][1]):
            plain: list[str] = []
            for place, (text, _) in run:
                if not is_doubtful(text):
                    plain.append(text)
                    continue
                size = cell_len(text)
                texts.append(pen.write("".join(plain) + " " * size, style) + self._to(place))
                texts.append(pen.write(text, style) + self._to(place + size))
                plain.clear()
            if plain:
                texts.append(pen.write("".join(plain), style))
        return "".join(texts)

    def _to(self, place: int) -> str:
        """The sequence that moves to a cell."""
        return Control.move_to(self.x + place, self.y).segment.text


@lru_cache(maxsize=4096)
def is_doubtful(glyph: str) -> bool:
    """Whether terminals disagree on its width: an emoji, or several characters that make one glyph.

    Its cells are wiped first and those after it are gone to by their number: a terminal that makes it wider
    or narrower neither shifts the rest of the line nor leaves a bit of it behind.
    """
    if len(glyph) < 2:
        return glyph != "" and ord(glyph) >= EMOJI
    return not all(map(combining, glyph[1:]))


def _placed(strips: Iterable[Strip]) -> dict[int, Strip | None]:
    """The strips of a line by the column where each begins."""
    placed: dict[int, Strip | None] = {}
    x = 0
    for strip in strips:
        placed[x] = strip
        x += strip.cell_length
    return placed


def _cells(strip: Strip) -> list[Glyph]:
    """A strip as one glyph a cell."""
    cells: list[Glyph] = []
    for text, style, _ in strip:
        if text.isascii():
            cells += [(letter, style) for letter in text]
            continue
        for begin, end, size in split_graphemes(text)[0]:
            if size:
                cells += [(text[begin:end], style), *[("", style)] * (size - 1)]
            elif cells:  # a mark on the glyph before, of another style
                cells[-1] = (cells[-1][0] + text[begin:end], cells[-1][1])
    return cells


def _runs(places: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and past-the-last place of each group of places that are near one another."""
    start = end = -1
    for place in places:
        if start >= 0 and place - end > NEAR:
            yield start, end
            start = -1
        start, end = (place if start < 0 else start), place + 1
    if start >= 0:
        yield start, end


def _whole(cells: Sequence[Glyph], start: int, end: int) -> tuple[int, int]:
    """The places from `start` to before `end`, widened to whole glyphs."""
    while start > 0 and not cells[start][0]:
        start -= 1
    while end < len(cells) and not cells[end][0]:
        end += 1
    return start, end


class _Differences(CompositorUpdate):
    """An update that is compared when it is sent and not before: Textual may yet drop it."""

    def __init__(self, frame: ScreenDiff, update: ChopsUpdate | LayoutUpdate) -> None:
        self._frame = frame
        self._update = update

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As Textual's own: all of it."""
        return self._update.__rich_console__(console, options)

    def render_segments(self, console: Console) -> str:
        """What has to be sent."""
        pen = AnsiWriter(SYSTEMS.get(console.color_system or "", ColorSystem.TRUECOLOR))
        patches = [patch.render(pen) for patch in self._frame.differences(self._update)]
        return "".join((*patches, pen.reset()))


class FramedApp(SafeApp):
    """An application that sends only what differs from what its terminal shows."""

    def __init__(self) -> None:
        self._frame = ScreenDiff()  # first, for setting the title refreshes already
        super().__init__()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if isinstance(renderable, ChopsUpdate | LayoutUpdate):
            super()._display(screen, _Differences(self._frame, renderable))
        else:
            super()._display(screen, renderable)

    def _prune(self, *nodes: Widget, parent: DOMNode | None = None) -> AwaitRemove:
        """What a widget drew goes with it: Textual's cache of colours has widgets' own caches as its keys."""
        StylesCache.get_inner_outer.cache_clear()
        return super()._prune(*nodes, parent=parent)

    def redraw(self) -> None:
        """Draw everything anew, over whatever the terminal shows."""
        self._frame.forget()
        super().refresh(layout=True)

    def refresh(self, *, repaint: bool = True, layout: bool = False, recompose: bool = False) -> FramedApp:
        """Everything anew, as the driver wants it after a stop or when the terminal had fallen behind.

        Textual asks for a layout with it, when a dialog goes: what the terminal shows is still known then.
        """
        if not layout:
            self._frame.forget()
        return super().refresh(repaint=repaint, layout=layout, recompose=recompose)

    async def on_event(self, event: events.Event) -> None:
        """As before; a terminal that was resized may show anything, even back at its first size."""
        if isinstance(event, events.Resize):
            self._frame.forget()
        await super().on_event(event)
