"""Keeps the terminal's cells as sent, so that a repaint sends only cells that differ. Knows no widgets.

Textual repaints whole widgets, and the whole screen when the focus moves, when a dialog opens and for every
change beneath one: 20 kB where a line changed.
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
"""Equal cells between two changes that are sent anyway: moving the cursor takes as many bytes."""

EMOJI: Final = 0x1F000
"""The first code point of characters that some terminals do not know."""

Glyph = tuple[str, Style | None]
"""A character with its combining marks, and its style; later cells of a wide one have empty text."""

_UNKNOWN: Final[Glyph] = ("\0", None)
"""A cell with unknown content; not equal to any that is drawn."""


class ScreenDiff:
    """The cells that were sent to one terminal."""

    def __init__(self) -> None:
        self._rows: list[list[Glyph]] = []

    def forget(self) -> None:
        """Treat the content of the terminal as unknown: the next update is sent whole."""
        self._rows = []

    def differences(self, update: ChopsUpdate | LayoutUpdate) -> Iterator[Patch]:
        """The cells of the update that differ from the terminal's. They count as sent from now on."""
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
        """The parts of `new[first:last]`, cells from column `x` on, that differ from the terminal's."""
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
    """Adjacent cells to be sent."""

    x: int
    y: int
    cells: Sequence[Glyph]

    def render(self, writer: AnsiWriter) -> str:
        """The sequences that draw them."""
        texts = [self._to(0)]
        for style, run in groupby(enumerate(self.cells), key=lambda item: item[1][1]):
            plain: list[str] = []
            for place, (text, _) in run:
                if not is_doubtful(text):
                    plain.append(text)
                    continue
                size = cell_len(text)
                texts.append(writer.write("".join(plain) + " " * size, style) + self._to(place))
                texts.append(writer.write(text, style) + self._to(place + size))
                plain.clear()
            if plain:
                texts.append(writer.write("".join(plain), style))
        return "".join(texts)

    def _to(self, place: int) -> str:
        """The sequence that moves to a cell."""
        return Control.move_to(self.x + place, self.y).segment.text


@lru_cache(maxsize=4096)
def is_doubtful(glyph: str) -> bool:
    """Whether terminals disagree on its width: an emoji, or several characters that make one glyph.

    Its cells are blanked first and the cursor is then moved explicitly, so that a terminal that draws it
    wider or narrower neither shifts the rest of the line nor leaves parts behind.
    """
    if len(glyph) < 2:
        return glyph != "" and ord(glyph) >= EMOJI
    return not all(map(combining, glyph[1:]))


def _placed(strips: Iterable[Strip]) -> dict[int, Strip | None]:
    """The strips of a line by their first column."""
    placed: dict[int, Strip | None] = {}
    x = 0
    for strip in strips:
        placed[x] = strip
        x += strip.cell_length
    return placed


def _cells(strip: Strip) -> list[Glyph]:
    """A strip as a list of one glyph per cell."""
    cells: list[Glyph] = []
    for text, style, _ in strip:
        if text.isascii():
            cells += [(letter, style) for letter in text]
            continue
        for begin, end, size in split_graphemes(text)[0]:
            if size:
                cells += [(text[begin:end], style), *[("", style)] * (size - 1)]
            elif cells:  # a combining mark in another style belongs to the glyph before
                cells[-1] = (cells[-1][0] + text[begin:end], cells[-1][1])
    return cells


def _runs(places: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Start and end of each group of positions with gaps of at most `NEAR`."""
    start = end = -1
    for place in places:
        if start >= 0 and place - end > NEAR:
            yield start, end
            start = -1
        start, end = (place if start < 0 else start), place + 1
    if start >= 0:
        yield start, end


def _whole(cells: Sequence[Glyph], start: int, end: int) -> tuple[int, int]:
    """The range from `start` to before `end`, widened to whole glyphs."""
    while start > 0 and not cells[start][0]:
        start -= 1
    while end < len(cells) and not cells[end][0]:
        end += 1
    return start, end


class _Differences(CompositorUpdate):
    """An update that is compared when it is sent, since Textual may drop it before."""

    def __init__(self, diff: ScreenDiff, update: ChopsUpdate | LayoutUpdate) -> None:
        self._diff = diff
        self._update = update

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The whole update, as Textual draws it."""
        return self._update.__rich_console__(console, options)

    def render_segments(self, console: Console) -> str:
        """The sequences for the cells that differ."""
        writer = AnsiWriter(SYSTEMS.get(console.color_system or "", ColorSystem.TRUECOLOR))
        patches = [patch.render(writer) for patch in self._diff.differences(self._update)]
        return "".join((*patches, writer.reset()))


class DiffApp(SafeApp):
    """An application that sends only cells that differ from the terminal's."""

    def __init__(self) -> None:
        self._diff = ScreenDiff()  # before `super()`, where setting the title refreshes
        super().__init__()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if isinstance(renderable, ChopsUpdate | LayoutUpdate):
            super()._display(screen, _Differences(self._diff, renderable))
        else:
            super()._display(screen, renderable)

    def _prune(self, *nodes: Widget, parent: DOMNode | None = None) -> AwaitRemove:
        """Clear Textual's cache of colours, which would keep the caches of removed widgets alive."""
        StylesCache.get_inner_outer.cache_clear()
        return super()._prune(*nodes, parent=parent)

    def redraw(self) -> None:
        """Repaint the whole terminal."""
        self._diff.forget()
        super().refresh(layout=True)

    def refresh(self, *, repaint: bool = True, layout: bool = False, recompose: bool = False) -> DiffApp:
        """Repaint. Without `layout` the whole terminal, as the driver asks after a stop or dropped output.

        With `layout` it is Textual that asks, as when a dialog closes: the terminal's content is known then.
        """
        if not layout:
            self._diff.forget()
        return super().refresh(repaint=repaint, layout=layout, recompose=recompose)

    async def on_event(self, event: events.Event) -> None:
        """A terminal that was resized may show anything, even when it is back at its first size."""
        if isinstance(event, events.Resize):
            self._diff.forget()
        await super().on_event(event)
