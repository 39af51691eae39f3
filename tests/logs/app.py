"""A tiny app around a log view, as the product mounts it."""

from __future__ import annotations

from pathlib import Path

from textual.app import App, ComposeResult

from tui.clock import Clock, SystemClock
from tui.fleet.logs.hub import LogHub
from tui.ui import theme
from tui.ui.logview import LogView


class LogApp(App[None]):
    """Only a log view."""

    CSS = "Screen { background: $background; }"

    def __init__(
        self, hub: LogHub | None, *, clock: Clock | None = None, save_dir: Path = Path("/nonexistent")
    ) -> None:
        super().__init__()
        self.view = LogView(hub, clock=clock or SystemClock(), save_dir=save_dir)
        self.heard: list[LogView.Copy | LogView.JumpToJob | LogView.Titled] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our tones in Textual's own themes."""
        return theme.defaults()

    def compose(self) -> ComposeResult:
        """The view."""
        yield self.view

    def on_mount(self) -> None:
        """Use a theme of ours."""
        for found in theme.load().themes:
            self.register_theme(found)
        self.theme = theme.DEFAULT
        self.view.focus()

    def on_reader_copy(self, event: LogView.Copy) -> None:
        """Remember it."""
        self.heard.append(event)

    def on_log_view_jump_to_job(self, event: LogView.JumpToJob) -> None:
        """Remember it."""
        self.heard.append(event)

    def on_log_view_titled(self, event: LogView.Titled) -> None:
        """Remember it."""
        self.heard.append(event)
