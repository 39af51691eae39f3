"""Which panes a screen has room for. Pure: sizes and panes in, names out."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tui.ui.panes import PANES
from tui.ui.panes.base import Pane, Place

ALL_FROM = (110, 30)
"""Columns and rows from which every place is on the screen; below, one pane at a time."""
LEAST = (60, 15)
"""Columns and rows below which nothing useful fits."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What is on the screen."""

    current: str = "agents"
    """The pane that has the keyboard, or had it last."""
    front: Mapping[Place, str] = field(default_factory=dict)
    """The pane in front in a place that several share; the first of them where nothing is said."""
    maximised: bool = False
    """The current pane has the whole screen, by the operator's wish."""
    rooms_only: bool = False
    """The server has no Cloud Agents API: the tree is all that it fills, and gets the room."""
    width: int = 0
    height: int = 0
    panes: tuple[type[Pane], ...] = field(default_factory=lambda: tuple(PANES))

    @property
    def names(self) -> tuple[str, ...]:
        """Every pane by name, in the order of their numbers."""
        return tuple(cls.NAME.lower() for cls in self.panes)

    @property
    def first(self) -> str:
        """The pane to begin with, and to come back to."""
        return "dispatches" if self.rooms_only else "agents"

    def at(self, name: str) -> Layout:
        """The same with the keyboard in another pane."""
        return replace(self, current=name, front={**self.front, self._place(name): name})

    def _place(self, name: str) -> Place:
        return next(cls.PLACE for cls in self.panes if cls.NAME.lower() == name)

    def _sharing(self, place: Place) -> list[type[Pane]]:
        return [cls for cls in self.panes if cls.PLACE is place]

    @property
    def too_small(self) -> bool:
        """There is only room for a line that says so."""
        return self.width < LEAST[0] or self.height < LEAST[1]

    @property
    def single(self) -> bool:
        """One pane at a time."""
        return self.maximised or self.width < ALL_FROM[0] or self.height < ALL_FROM[1]

    def shows(self, name: str) -> bool:
        """Whether a pane is on the screen."""
        if self.single:
            return name == self.current
        place = self._place(name)
        if place is Place.BOTTOM_RIGHT and self.rooms_only and place not in self.front:
            return False  # only a log that was kept or saved could be read there
        return name == self.front.get(place, self._sharing(place)[0].NAME.lower())

    @property
    def shown(self) -> tuple[str, ...]:
        """The panes on the screen."""
        return () if self.too_small else tuple(filter(self.shows, self.names))

    def shows_any(self, place: Place) -> bool:
        """Whether a pane of this place is on the screen."""
        return any(self.shows(cls.NAME.lower()) for cls in self._sharing(place))

    def tabs(self, name: str) -> tuple[str, ...]:
        """The panes behind this one, in full, shortened, and as numbers; empty if there are none."""
        others = [cls for cls in self._sharing(self._place(name)) if cls.NAME.lower() != name]
        if self.single or not others:
            return ()
        forms = ([f"{cls.NUMBER} {cls.NAME[:size]}".strip() for cls in others] for size in (None, 3, 0))
        return tuple("".join(f" · {words}" for words in form) for form in forms)

    def complaint(self) -> Sequence[str]:
        """Why nothing is shown, in lines that fit."""
        words = f"{self.width}×{self.height} is too small: lktop needs {LEAST[0]}×{LEAST[1]}. ctrl+q quits."
        return textwrap.wrap(words, max(1, self.width))
