"""Where widgets and scenes are tried: a board for one widget, a scene played to its end, what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

from tests.scenes import Scene, known
from tui.fleet.cells import ColumnLayout
from tui.ui import theme
from tui.ui.app import Lktop
from tui.ui.panes.base import Pane
from tui.ui.widgets.lines import Lines
from tui.ui.widgets.table import LineTable
from tui.ui.widgets.themed_widget import ASCII_CLASS

W = TypeVar("W", bound=Widget)


class Watched(LineTable):
    """A table that remembers what it asked to be painted."""

    def __init__(self, columns: Sequence[ColumnLayout]) -> None:
        super().__init__(columns)
        self.painted: list[Region] = []
        self.whole = 0
        """Times that everything was to be painted."""

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Watched:
        """Remember it."""
        self.painted += regions
        self.whole += not regions
        super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return self

    def forget_paint(self) -> None:
        """From now on."""
        self.painted.clear()
        self.whole = 0


class Board(App[None]):
    """One widget on a screen of its own."""

    CSS = "Screen { background: $background; }"

    def __init__(self, widget: Widget, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.set_class(ascii_only, ASCII_CLASS)
        self.widget = widget
        self.heard: list[Message] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our tones in Textual's own themes."""
        return theme.defaults()

    def compose(self) -> ComposeResult:
        """The widget."""
        yield self.widget

    def on_mount(self) -> None:
        """Use a theme of ours."""
        for item in theme.load().themes:
            self.register_theme(item)
        self.theme = theme.DEFAULT

    def on_line_table_moved(self, event: LineTable.Moved) -> None:
        """Remember it."""
        self.heard.append(event)

    on_line_table_opened = on_line_table_moved
    on_line_table_scrolled = on_line_table_moved
    on_line_table_marked = on_line_table_moved


@asynccontextmanager
async def board(
    widget: W, size: tuple[int, int] = (60, 11), *, ascii_only: bool = False
) -> AsyncIterator[tuple[W, Pilot[None]]]:
    """The widget, mounted and with the keyboard."""
    async with Board(widget, ascii_only=ascii_only).run_test(size=size) as pilot:
        widget.focus()
        await pilot.pause()
        yield widget, pilot


@asynccontextmanager
async def playing(
    scene: Scene, size: tuple[int, int] = (120, 40), theme: str = "dark"
) -> AsyncIterator[tuple[Lktop, Pilot[None]]]:
    """A scene after its keys."""
    await asyncio.to_thread(known, scene.scenario, None)  # on an event loop of its own
    app = scene.app(theme)
    async with app.run_test(size=size) as pilot:
        await scene.play()(pilot)
        yield app, pilot


def drawn(widget: LineTable | Lines) -> list[str]:
    """The lines of a widget as it draws them."""
    return [widget.render_line(y).text for y in range(widget.size.height)]


def title(pane: Pane) -> str:
    """A pane's title line."""
    return drawn(pane.query_one("#title", Lines))[0]
