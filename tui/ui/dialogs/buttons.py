"""Buttons of one line: which one has the keyboard shows in its form, not in its colour alone."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from tui.ui.keys.bindings import bindings
from tui.ui.keys.contexts import BUTTON
from tui.ui.widgets.text import width
from tui.ui.widgets.themed_widget import ThemedWidget


class Press(ThemedWidget, can_focus=True):
    """One button. Enter or a click presses it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(BUTTON)

    DEFAULT_CSS = "Press { height: 1; width: auto; margin: 0 2 0 0; }"

    class Pressed(Message):
        """It was pressed."""

        def __init__(self, button: Press) -> None:
            super().__init__()
            self.button = button

        @property
        def control(self) -> Press:
            """The button."""
            return self.button

    def __init__(self, id: str, label: str, tone: str = "text") -> None:
        super().__init__(id=id)
        self.label = label
        self.tone = tone

    def say(self, label: str, tone: str) -> None:
        """Change its label."""
        if (label, tone) != (self.label, self.tone):
            self.label, self.tone = label, tone
            self.refresh(layout=True)

    def get_content_width(self, container: object, viewport: object) -> int:
        """The label with its brackets."""
        return width(self.label) + 6

    def render_line(self, y: int) -> Strip:
        """`[  Cancel  ]`, or with the keyboard `[> Cancel <]`."""
        text = f"[> {self.label} <]" if self.has_focus else f"[  {self.label}  ]"
        style = self.tone_style(self.tone, "cursor" if self.has_focus else "")
        return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, self.tone_style("text"))

    def action_press(self) -> None:
        """Say that it was pressed."""
        self.post_message(self.Pressed(self))

    def on_click(self, event: events.Click) -> None:
        """As Enter."""
        event.stop()
        self.action_press()

    def on_focus(self) -> None:
        """Show it."""
        self.refresh()

    def on_blur(self) -> None:
        """Show it."""
        self.refresh()
