"""The panes of the main screen: where each stands and which has the keyboard. Knows no header, no prompt."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from textual.containers import Container

from tui.fleet.view import View
from tui.ui.main_screen.layout import Layout
from tui.ui.panes.base import Pane, PaneSetup, Place

P = TypeVar("P", bound=Pane)


class PaneArea(Container):
    """Every pane, each in its place. Those without room are hidden, not removed."""

    def __init__(self, setup: PaneSetup) -> None:
        self.arranged = Layout()
        """What has room now."""
        self.panes = {cls.NAME.lower(): cls.create(setup) for cls in self.arranged.panes}
        """By name in lower case."""
        self._places = {
            place: Container(*(pane for pane in self.panes.values() if pane.PLACE is place), id=place.value)
            for place in Place
        }
        super().__init__(*self._places.values(), id="body")

    def of(self, kind: type[P]) -> P:
        """The pane of this kind."""
        return next(pane for pane in self.panes.values() if isinstance(pane, kind))

    @property
    def current(self) -> Pane:
        """The pane that has the keyboard, or had it last."""
        return self.panes[self.arranged.current]

    @property
    def is_maximised(self) -> bool:
        """Whether the current pane has the whole screen, by the operator's wish."""
        return self.arranged.maximised

    @property
    def stops(self) -> list[str]:
        """The names of the panes that Tab leads to: on the screen, or all where there is one at a time."""
        return [name for name in self.arranged.names if self.arranged.single or self.arranged.shows(name)]

    def keyboard_at(self, name: str) -> None:
        """From now on this pane is the current one."""
        self.arranged = self.arranged.at(name)

    def toggle_maximised(self) -> None:
        """The current pane alone, or all again."""
        self.arranged = replace(self.arranged, maximised=not self.arranged.maximised)

    def set_rooms_only(self, rooms_only: bool) -> None:
        """Whether the server has no Cloud Agents API: then the tree gets the room."""
        self.arranged = replace(self.arranged, rooms_only=rooms_only)

    def place(self, width: int, height: int) -> Layout:
        """Show the panes that have room on a screen of this size."""
        here = self.arranged = replace(self.arranged, width=width, height=height)
        for name, pane in self.panes.items():
            pane.display = here.shows(name)
            pane.tabs = here.tabs(name)
        for place, container in self._places.items():
            container.display = here.shows_any(place)
        self.set_class(here.single, "-single")
        self.set_class(here.rooms_only and not here.single, "-rooms")
        self.set_class(not here.shows_any(Place.BOTTOM_RIGHT), "-no-log")
        return here

    def draw_titles(self, view: View) -> None:
        """Say which pane has the keyboard."""
        for name, pane in self.panes.items():
            pane.set_class(name == self.arranged.current, "-focused")
            if pane.display:
                pane.show(view)
