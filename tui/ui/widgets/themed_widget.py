"""Tones as Rich styles: the theme decides what a tone looks like."""

from __future__ import annotations

from typing import Final

from rich.color import Color as RichColor
from rich.style import Style
from textual.color import Color
from textual.widget import Widget

from tui.ui.widgets.text import to_ascii

ASCII_CLASS: Final = "-ascii"
"""Style class of the application while it draws with ASCII alone."""


class ThemedWidget(Widget, inherit_css=False):
    """A widget that draws its own lines in tones.

    Tones are read from the theme's variables. As component classes they would be matched against the style
    sheet again, eleven for each widget, at every change of focus: that was two thirds of the start-up time.
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._tone_styles: dict[tuple[str, str], Style] = {}

    def tone_style(self, tone: str, highlight: str = "") -> Style:
        """The style of a tone; `highlight` is `cursor`, without the focus `blurred`, or empty."""
        found = self._tone_styles.get((tone, highlight))
        if found is None:
            variables = self.app.theme_variables
            style = self.rich_style + Style(color=_rich(variables[f"tone-{tone}"]))
            style += Style.parse(variables[f"tone-{tone}-style"])
            if highlight:
                name = "cursor" if highlight == "cursor" else "cursor-blurred"
                style += Style(bgcolor=_rich(variables[name])) + Style.parse(variables[f"{name}-style"])
                if name == "cursor" and (text := variables["cursor-text"]):
                    style += Style(color=_rich(text), dim=False)
            found = self._tone_styles[tone, highlight] = style
        return found

    @property
    def has_keyboard(self) -> bool:
        """It has the focus, and no dialog lies over it; where colours can be mixed, that dims it anyway."""
        return self.has_focus and (self.screen.is_active or not self.app.current_theme.ansi)

    def keyboard_changed(self) -> None:
        """Another screen came on top, or went: draw the cursor as `has_keyboard` says, if there is one."""

    def encode(self, text: str) -> str:
        """The text as it is drawn: our own signs in ASCII, if the application draws with ASCII alone."""
        return text if text.isascii() or not self.app.has_class(ASCII_CLASS) else to_ascii(text)

    def on_mount(self) -> None:
        """Draw again whenever the theme changes."""
        self.app.theme_changed_signal.subscribe(self, lambda theme: self.restyle())

    def on_unmount(self) -> None:
        """Unsubscribe: until the next change of theme, the signal would keep this widget alive."""
        self.app.theme_changed_signal.unsubscribe(self)

    def restyle(self) -> None:
        """Forget the styles and draw everything again."""
        self._tone_styles.clear()
        self.refresh()

    def notify_style_update(self) -> None:
        """The style sheet changed the styles, for instance on focus."""
        super().notify_style_update()
        self._tone_styles.clear()


def _rich(color: str) -> RichColor | None:
    parsed = Color.parse(color)
    return parsed.rich_color if parsed.a else None
