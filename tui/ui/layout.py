"""Which panes a screen has room for. Pure: sizes and names in, names out."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tui.ui.panes import DETAILS, PANES

ALL_FROM = (110, 30)
"""Columns and rows from which every pane is on the screen; below, one at a time."""
LEAST = (60, 15)
"""Columns and rows below which nothing useful fits."""

NAMES = tuple(cls.NAME.lower() for cls in PANES)
"""Panes by name, in the order of their numbers."""
SHARING = tuple(cls.NAME.lower() for cls in DETAILS)
"""Those that share a place."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What is on the screen."""

    current: str = "agents"
    """The pane that has the keyboard, or had it last."""
    detail: str = "status"
    """The one in front of those that share a place."""
    maximised: bool = False
    """The current pane has the whole screen, by the operator's wish."""
    width: int = 0
    height: int = 0

    def at(self, name: str) -> Layout:
        """The same with the keyboard in another pane."""
        return replace(self, current=name, detail=name if name in SHARING else self.detail)

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
        return name not in SHARING or name == self.detail

    def tabs(self, name: str) -> tuple[str, ...]:
        """The panes behind this one, in full, shortened, and as numbers; empty if there are none."""
        if self.single or name not in SHARING:
            return ()
        others = [cls for cls in DETAILS if cls.NAME.lower() != name]
        forms = ([f"{cls.NUMBER} {cls.NAME[:size]}".strip() for cls in others] for size in (None, 3, 0))
        return tuple("".join(f" · {words}" for words in form) for form in forms)

    def complaint(self) -> Sequence[str]:
        """Why nothing is shown, in lines that fit."""
        words = f"{self.width}×{self.height} is too small: lktop needs {LEAST[0]}×{LEAST[1]}. ctrl+q quits."
        return textwrap.wrap(words, max(1, self.width))
