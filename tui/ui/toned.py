"""Tones as Rich styles, so that the theme and the style sheet decide what a tone looks like."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual.widget import Widget

from tui.ui.theme import TONES

_TONE_CSS = "\n".join(
    f"    & > .tone--{tone} {{ color: $tone-{tone}; text-style: $tone-{tone}-style; }}" for tone in TONES
)


class Toned(Widget, inherit_css=False):
    """A widget that draws its own lines in tones.

    `tone--ok` and so on are component classes; `tone--cursor` and `tone--blurred` are the row under the
    cursor with and without the keyboard.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"tone--{tone}" for tone in (*TONES, "cursor", "blurred")}

    DEFAULT_CSS = (
        "Toned {\n"
        + _TONE_CSS
        + """
    & > .tone--cursor { background: $cursor; }
    & > .tone--blurred { background: $cursor-blurred; }
}"""
    )

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._tone_styles: dict[tuple[str, str], Style] = {}

    def tone_style(self, tone: str, row: str = "") -> Style:
        """The style of a tone; `row` is empty, `cursor` or `blurred`."""
        found = self._tone_styles.get((tone, row))
        if found is None:
            style = self.rich_style + self.get_component_rich_style(f"tone--{tone}", partial=True)
            if row:
                band = self.get_component_rich_style(f"tone--{row}", partial=True)
                style += Style(bgcolor=band.bgcolor)
            found = self._tone_styles[tone, row] = style
        return found

    def on_mount(self) -> None:
        """Draw anew once the styles of another theme are there."""
        self.app.theme_changed_signal.subscribe(self, lambda theme: self.restyle())

    def restyle(self) -> None:
        """Forget the styles and draw everything again."""
        self._tone_styles.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        """Styles changed by the style sheet, such as on focus."""
        super().notify_style_update()
        self._tone_styles.clear()
